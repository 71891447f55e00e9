"""An event on its way to a bus (spec 9)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import msgspec

DEFAULT = "default"
"""The bus that every account has in every region."""
TIME_BYTES = 14
"""What the time of an event counts for (spec 9.2)."""

_encoder = msgspec.json.Encoder()


class BusId(msgspec.Struct, frozen=True, order=True):
    """An event bus of an account in a region."""

    account: str
    region: str
    name: str = DEFAULT

    @property
    def arn(self) -> str:
        return f"arn:{partition(self.region)}:events:{self.region}:{self.account}:event-bus/{self.name}"


class BusEvent(msgspec.Struct, frozen=True, kw_only=True):
    """What rules are matched with and targets are sent."""

    id: str
    """A UUID."""
    source: str
    detail_type: str
    account: str
    """Of who sent it, which is not the bus's where it came from another account."""
    region: str
    envelope: bytes
    """The whole event as one line of JSON."""
    withheld: bool = False
    """Whether only rules see it whose state is ENABLED_WITH_ALL_CLOUDTRAIL_MANAGEMENT_EVENTS."""
    replay: str = ""
    """The name of the replay that it comes from."""
    hops: tuple[str, ...] = ()
    """How it came from other buses: `account` from one of the same region, `region` from one of another."""

    def parse(self) -> dict[str, Any]:
        """The envelope as a dictionary."""
        found: dict[str, Any] = msgspec.json.decode(self.envelope)
        return found


def envelope(
    *,
    id: str,
    detail_type: str,
    source: str,
    account: str,
    time: str,
    region: str,
    resources: Sequence[str],
    detail: bytes,
    replay: str = "",
) -> bytes:
    """An event in the form and order that rules and targets see it in.

    Args:
        time: as `2026-11-28T12:00:00Z`.
        detail: a JSON object, taken over as it stands.
        replay: the name of the replay that it comes from.
    """
    fields: dict[str, Any] = {
        "version": "0",
        "id": id,
        "detail-type": detail_type,
        "source": source,
        "account": account,
        "time": time,
        "region": region,
    }
    if replay:
        fields["replay-name"] = replay
    return _encoder.encode(fields | {"resources": list(resources), "detail": msgspec.Raw(detail)})


def partition(region: str) -> str:
    """The part of AWS that a region is in."""
    if region.startswith("cn-"):
        return "aws-cn"
    return "aws-us-gov" if region.startswith("us-gov-") else "aws"
