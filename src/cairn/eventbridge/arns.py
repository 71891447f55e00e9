"""Names and ARNs of buses and rules, as calls give them."""

from __future__ import annotations

import re

import msgspec

from cairn.eventbridge import refusals
from cairn.eventbridge.event import DEFAULT, BusId, partition

_NAME = re.compile(r"[/.\-_A-Za-z0-9]{1,256}")
_ACCOUNT = re.compile(r"\d{12}")


class RuleId(msgspec.Struct, frozen=True):
    """A rule of a bus."""

    bus: BusId
    name: str


def bus_named(text: str | None, account: str, region: str) -> BusId:
    """The bus that a name means to who gives it, or that an ARN means to everybody.

    Args:
        text: None: the default bus.

    Raises:
        AwsError: it is an ARN of something else, or of another region.
    """
    if text is None or not text.startswith("arn:"):
        return BusId(account, region, text or DEFAULT)
    found = resource_of(text)
    if not isinstance(found, BusId):
        raise refusals.not_an_arn(text)
    if found.region != region:
        raise refusals.invalid_parameter("EventBusName", f"The event bus is not in the region {region}.")  # (ours)
    return found


def resource_of(arn: str) -> BusId | RuleId:
    """The bus or rule that an ARN names.

    Raises:
        AwsError: it is neither's.
    """
    parts = arn.split(":", 5)
    if len(parts) != 6 or parts[0] != "arn" or parts[2] != "events" or not _ACCOUNT.fullmatch(parts[4]):
        raise refusals.not_an_arn(arn)
    _, part, _, region, account, path = parts
    kind, _, name = path.partition("/")
    if part != partition(region) or not _NAME.fullmatch(name):
        raise refusals.not_an_arn(arn)
    if kind == "event-bus":
        return BusId(account, region, name)
    if kind == "rule":
        bus, _, rule = name.rpartition("/")  # names of partners' buses have slashes, those of rules none
        return RuleId(BusId(account, region, bus or DEFAULT), rule)
    raise refusals.not_an_arn(arn)
