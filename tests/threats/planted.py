"""An account with one of everything that Cairn keeps, and calls that name all of it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple

from botocore.model import Shape
from tests.contract.waiting import wait_until
from tests.running import Cairn
from tests.threats.planting import PLANTERS
from tests.threats.served import Keys, Own, answer_of, client_of, made_up, own_operations

from cairn.wire.models import operation_model

_MOVES_BY_ITSELF = frozenset(
    {"DescribeAlarmHistory", "GetMetricData", "ListInsightsMetricData", "ListMetrics", "ListPublicKeys", "LookupEvents"}
)


class Planted(NamedTuple):
    """The account."""

    account: str
    keys: Keys
    names: dict[str, dict[str, Any]]
    """What calls may name, by service, and by the member of an input that names it."""
    arns: dict[str, dict[str, Any]]
    """The same, where an ARN can stand for the name."""
    tokens: dict[Own, str]
    """By the operation that pages with it."""
    event: str
    """Id of an event of its history."""


def plant(cairn: Cairn, account: str, keys: Keys) -> Planted:
    """Make one of everything in `account`."""
    names: dict[str, dict[str, Any]] = {}
    arns: dict[str, dict[str, Any]] = {}
    for service, planter in PLANTERS.items():
        names[service], arns[service] = planter(cairn, account, keys)
    trail = cairn.client("cloudtrail", **keys)
    wanted = [{"AttributeKey": "EventName", "AttributeValue": "CreateTrail"}]
    event = wait_until(lambda: trail.lookup_events(LookupAttributes=wanted)["Events"])[0]
    names["cloudtrail"]["LookupAttributes"] = [{"AttributeKey": "EventId", "AttributeValue": event["EventId"]}]
    return Planted(account, keys, names, arns, _tokens(cairn, keys, names), event["EventId"])


def inputs(own: Own, planted: Planted) -> Iterator[dict[str, Any]]:
    """Inputs of an operation that name what is in the account: as few members as there must be, then one more each."""
    shape = operation_model(own.service, own.operation).input_shape
    if shape is None:
        yield {}
        return
    for known in (planted.names[own.service], planted.arns[own.service]):
        least = made_up(own)
        least |= {name: _value(shape.members[name], known[name]) for name in shape.required_members if name in known}
        yield least
        for name, member in shape.members.items():
            if name in known and name not in shape.required_members:
                yield least | {name: _value(member, known[name])}


def portrait(cairn: Cairn, keys: Keys) -> dict[Own, str]:
    """What every operation that reads answers the account's owner, as far as it needs no input."""
    found = {}
    for own in own_operations():
        shape = operation_model(own.service, own.operation).input_shape
        reads = own.operation.startswith(("Describe", "List", "Get")) and own.operation not in _MOVES_BY_ITSELF
        if reads and not (shape is not None and shape.required_members):
            found[own] = answer_of(client_of(cairn, own.service, keys), own, {}).text
    return found


def _value(shape: Shape, value: Any) -> Any:
    if shape.type_name == "list" and not isinstance(value, list):
        return list(value) if isinstance(value, dict) else [value]
    return value


def _tokens(cairn: Cairn, keys: Keys, names: dict[str, dict[str, Any]]) -> dict[Own, str]:
    """Tokens of second pages, of every operation that gives one to a page of one thing."""
    found = {}
    for own in own_operations():
        shape = operation_model(own.service, own.operation).input_shape
        members = {name.lower(): name for name in (shape.members if shape is not None else ())}
        limit = next(
            (members[name] for name in ("limit", "maxresults", "maxrecords", "maxitems") if name in members), ""
        )
        token = members.get("nexttoken", "")
        if not limit or not token:
            continue
        assert shape is not None
        known = names[own.service]
        given = made_up(own)
        given |= {name: _value(shape.members[name], known[name]) for name in shape.required_members if name in known}
        client = client_of(cairn, own.service, keys)
        for more in (
            {},
            {name: known[name] for name in ("logGroupName", "EventBusName") if name in shape.members and name in known},
        ):
            try:
                page = client._make_api_call(own.operation, given | more | {limit: 1})
            except client.exceptions.ClientError:
                continue
            following = next(
                (page[name] for name in ("NextToken", "nextToken", "nextForwardToken") if page.get(name)), ""
            )
            if following:
                found[own] = following
    return found
