"""A subscription: who hears of a topic's messages, and which of them."""

from __future__ import annotations

import json
from collections.abc import Mapping
from functools import lru_cache
from typing import Any, Literal

import msgspec
import sqlalchemy as sa

from cairn.cloudwatch.sns.filter_policy import FilterPolicy, PolicyError, parse_filter_policy
from cairn.cloudwatch.sns.filter_policy.matching import PRESENT
from cairn.cloudwatch.sns.message import Attribute, Message
from cairn.cloudwatch.sns.tables import subscriptions

State = Literal["pending", "confirmed", "ended"]
BODY = "MessageBody"
ATTRIBUTES = "MessageAttributes"
TOKEN_S = 3 * 86400.0
"""For how long a subscription can be confirmed; whoever does not is forgotten."""

_POLICIES_KEPT = 4096

Rejection = Literal[
    "MessageAttributes", "NoMessageAttributes", "InvalidAttributes", "MessageBody", "InvalidMessageBody"
]
"""What of a message a filter policy did not let through, as SNS's metrics call it."""


class Subscription(msgspec.Struct, frozen=True, kw_only=True):
    """A row of the same names."""

    id: int
    topic: int
    arn: str
    owner: str
    principal: str
    protocol: str
    endpoint: str
    attributes: dict[str, str]
    state: State
    authenticated: bool
    guarded: bool
    token: str
    created: float

    @property
    def is_raw(self) -> bool:
        return self.attributes.get("RawMessageDelivery") == "true"

    @property
    def dead_letter_queue(self) -> str:
        """ARN of the queue for what cannot be delivered; empty where there is none."""
        policy = self.attributes.get("RedrivePolicy", "")
        return str(json.loads(policy).get("deadLetterTargetArn", "")) if policy else ""

    @property
    def topic_arn(self) -> str:
        return self.arn.rpartition(":")[0]

    def rejection(self, message: Message) -> Rejection | None:
        """Why its filter policy does not let a message through; None if it does, or there is none."""
        text = self.attributes.get("FilterPolicy", "")
        if not text:
            return None
        of_body = self.attributes.get("FilterPolicyScope") == BODY
        policy = _policy(text, of_body)
        if of_body:
            return self._rejection_of_body(message, policy)
        if policy is not None and policy.matches({name: _value(each) for name, each in message.attributes.items()}):
            return None
        if not message.attributes:
            return "NoMessageAttributes"
        is_broken = any(each.kind == "String.Array" and _value(each) is PRESENT for each in message.attributes.values())
        return "InvalidAttributes" if is_broken else "MessageAttributes"

    def _rejection_of_body(self, message: Message, policy: FilterPolicy | None) -> Rejection | None:
        try:
            body = json.loads(message.body(self.protocol))
        except (ValueError, RecursionError):
            return "InvalidMessageBody"
        if not isinstance(body, dict):
            return "InvalidMessageBody"
        return None if policy is not None and policy.matches(body) else "MessageBody"


def select(connection: sa.Connection, *conditions: sa.ColumnElement[bool]) -> list[Subscription]:
    """Subscriptions, the oldest first."""
    rows = connection.execute(sa.select(subscriptions).where(*conditions).order_by(subscriptions.c.id)).mappings()
    return [of_row(row) for row in rows]


def of_row(row: Mapping[Any, Any]) -> Subscription:
    return Subscription(**{**row, "attributes": msgspec.json.decode(row["attributes"])})


@lru_cache(_POLICIES_KEPT)
def _policy(text: str, body: bool) -> FilterPolicy | None:
    try:
        return parse_filter_policy(text, body=body)
    except PolicyError:  # the scope was changed, and the policy does not fit the new one
        return None


def _value(attribute: Attribute) -> Any:
    """What an attribute is compared as."""
    match attribute.kind:
        case "String":
            return attribute.value
        case "String.Array":
            return _array(attribute.value)
        case "Number":
            return float(attribute.value)
        case _:
            return PRESENT


def _array(text: str) -> Any:
    try:
        found = json.loads(text)
    except (ValueError, RecursionError):
        return PRESENT
    return found if isinstance(found, list) else PRESENT
