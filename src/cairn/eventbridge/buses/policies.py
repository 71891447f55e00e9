"""The policy of an event bus: who else may put events on it or manage rules there."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec

from cairn.core.decoding import UNREADABLE
from cairn.core.policy import Kind, MalformedPolicy, Principal, Request, evaluate_alone, parse_policy
from cairn.core.policy.keys import Value
from cairn.core.records.identity import Identity
from cairn.eventbridge import refusals
from cairn.eventbridge.event import BusId, partition

POLICY_BYTES_MAX = 10_240
ACTION = "events:PutEvents"
"""The only action that PutPermission can give without a whole policy."""


def statement(bus: BusId, sid: str, principal: str, condition: Mapping[str, str] | None) -> dict[str, Any]:
    """What lets an account, or with `*` everybody, put events on a bus.

    Args:
        condition: Type, Key and Value.
    """
    who = principal if principal == "*" else {"AWS": f"arn:{partition(bus.region)}:iam::{principal}:root"}
    made: dict[str, Any] = {"Sid": sid, "Effect": "Allow", "Principal": who, "Action": ACTION, "Resource": bus.arn}
    if condition is not None:
        made["Condition"] = {condition["Type"]: {condition["Key"]: condition["Value"]}}
    return made


def with_statement(policy: str, new: Mapping[str, Any]) -> str:
    """A policy with one more statement, in the place of one of the same Sid."""
    document = _document(policy)
    statements = _statements(document)
    places = [place for place, each in enumerate(statements) if each.get("Sid") == new["Sid"]]
    if places:
        statements[places[0]] = dict(new)
    else:
        statements.append(dict(new))
    return _text({**document, "Statement": statements})


def without_statement(policy: str, sid: str) -> str | None:
    """A policy without the statement of that Sid, empty if that was its last; None if it has none."""
    document = _document(policy)
    statements = _statements(document)
    kept = [each for each in statements if each.get("Sid") != sid]
    if len(kept) == len(statements):
        return None
    return _text({**document, "Statement": kept}) if kept else ""


def check(policy: str) -> None:
    """Raise the error of a policy that no bus can have."""
    if len(policy.encode("utf-8", "surrogatepass")) > POLICY_BYTES_MAX:
        raise refusals.policy_too_long(POLICY_BYTES_MAX)
    try:
        parse_policy(policy, Kind.RESOURCE)
        _document(policy)  # which is stricter: half of a surrogate pair is none
    except (MalformedPolicy, *UNREADABLE) as error:
        raise refusals.invalid_parameter("Policy", str(error)) from error


def account_may(policy: str, action: str, resource: str, identity: Identity, keys: Mapping[str, Value]) -> bool:
    """Whether a bus's policy lets somebody of another account act.

    Args:
        resource: ARN of the bus, or of one of its rules.
        keys: condition keys of the call.
    """
    try:
        parsed = parse_policy(policy, Kind.RESOURCE) if policy else None
    except MalformedPolicy:
        return False
    return (
        parsed is not None and evaluate_alone(Request(Principal.of(identity), action, resource, keys), parsed).allowed
    )


def _document(policy: str) -> dict[str, Any]:
    found: dict[str, Any] = msgspec.json.decode(policy) if policy else {"Version": "2012-10-17", "Statement": []}
    return found


def _statements(document: Mapping[str, Any]) -> list[dict[str, Any]]:
    found = document.get("Statement", [])
    return [found] if isinstance(found, dict) else list(found)


def _text(document: Mapping[str, Any]) -> str:
    return msgspec.json.encode(document).decode()
