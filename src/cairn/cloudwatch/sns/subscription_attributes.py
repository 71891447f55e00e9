"""The attributes of subscriptions, and what SNS takes for them."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping

from cairn.cloudwatch.sns import refusals, retries
from cairn.cloudwatch.sns.arns import FIFO
from cairn.cloudwatch.sns.filter_policy import NestedPolicy, PolicyError, parse_filter_policy
from cairn.cloudwatch.sns.subscription import ATTRIBUTES, BODY
from cairn.core.errors import AwsError

SETTABLE = (
    "DeliveryPolicy",
    "FilterPolicy",
    "FilterPolicyScope",
    "RawMessageDelivery",
    "RedrivePolicy",
    "SubscriptionRoleArn",
    "ReplayPolicy",
)
RAW_PROTOCOLS = ("http", "https", "sqs", "firehose")

_ROLE = re.compile(r"arn:aws[a-z-]*:iam::\d{12}:role/.+")
_QUEUE = re.compile(r"arn:aws[a-z-]*:sqs:[a-z0-9-]+:\d{12}:[A-Za-z0-9_-]{1,80}(\.fifo)?")

Wrong = Callable[[str], AwsError]
"""An error with a text: operations word it differently."""


def check_new(given: Mapping[str, str], protocol: str, endpoint: str, topic: str) -> dict[str, str]:
    """The attributes of a new subscription. Raises InvalidParameter, `Attributes Reason: ...`."""

    def wrong(text: str) -> AwsError:
        return refusals.invalid(f"Attributes Reason: {text}")

    for name in given:
        if name not in SETTABLE:
            raise wrong(f"Unknown attribute: {name}")
    found: dict[str, str] = {}
    for name in sorted(given, key=lambda name: name != "FilterPolicyScope"):
        found = with_attribute(found, name, given[name], protocol, endpoint, topic, wrong)
    if protocol == "firehose" and not found.get("SubscriptionRoleArn"):
        raise wrong("SubscriptionRoleArn: it is required for this protocol")
    return found


def with_attribute(
    now: Mapping[str, str],
    name: str,
    value: str,
    protocol: str,
    endpoint: str,
    topic: str,
    wrong: Wrong = refusals.invalid,
) -> dict[str, str]:
    """The attributes `now` with one changed; an empty value takes a policy away. Raises InvalidParameter."""
    if name not in SETTABLE:
        raise refusals.invalid("AttributeName")
    _CHECKS[name](now, value, protocol, endpoint, topic, wrong)
    left = {other: text for other, text in now.items() if other != name}
    if name == "FilterPolicy" and value in ("", "{}"):
        return left
    return left | ({name: value} if value else {})


def _delivery(now: Mapping[str, str], value: str, protocol: str, endpoint: str, topic: str, wrong: Wrong) -> None:
    if not value:
        return
    if protocol not in ("http", "https"):
        raise wrong("DeliveryPolicy: a delivery policy can be set for http and https endpoints only")
    try:
        retries.check_subscription_policy(value)
    except retries.BadPolicy as error:
        raise wrong(f"DeliveryPolicy: {error}") from error


def _filter(now: Mapping[str, str], value: str, protocol: str, endpoint: str, topic: str, wrong: Wrong) -> None:
    if value in ("", "{}"):
        return
    try:
        parse_filter_policy(value, body=now.get("FilterPolicyScope") == BODY)
    except NestedPolicy as error:
        raise refusals.invalid(str(error)) from error
    except PolicyError as error:
        raise wrong(f"FilterPolicy: {error}") from error


def _scope(now: Mapping[str, str], value: str, protocol: str, endpoint: str, topic: str, wrong: Wrong) -> None:
    if value not in (ATTRIBUTES, BODY):
        raise wrong(f"FilterPolicyScope: Invalid value [{value}]. Please use either MessageBody or MessageAttributes")
    if now.get("FilterPolicy"):
        _filter({"FilterPolicyScope": value}, now["FilterPolicy"], protocol, endpoint, topic, wrong)


def _raw(now: Mapping[str, str], value: str, protocol: str, endpoint: str, topic: str, wrong: Wrong) -> None:
    if value.lower() not in ("true", "false"):
        raise wrong(f"RawMessageDelivery: Invalid value [{value}]. Must be true or false.")
    if value.lower() == "true" and protocol not in RAW_PROTOCOLS:
        raise wrong(f"RawMessageDelivery: Raw message delivery is not supported for {protocol}")


def _redrive(now: Mapping[str, str], value: str, protocol: str, endpoint: str, topic: str, wrong: Wrong) -> None:
    if not value:
        return
    try:
        policy = json.loads(value)
    except (ValueError, RecursionError) as error:
        raise wrong(f"RedrivePolicy: failed to parse JSON. {error}") from error
    queue = policy.get("deadLetterTargetArn") if isinstance(policy, dict) else None
    if not isinstance(queue, str) or not _QUEUE.fullmatch(queue):
        raise wrong("RedrivePolicy: deadLetterTargetArn is an invalid arn")
    if queue.split(":")[3] != topic.split(":")[3]:
        raise wrong("RedrivePolicy: deadLetterTargetArn must be in the region of the topic")
    if topic.endswith(FIFO) and endpoint.endswith(FIFO) and not queue.endswith(FIFO):
        raise wrong("RedrivePolicy: must use a FIFO queue as DLQ for a FIFO Subscription to a FIFO Topic.")
    if not topic.endswith(FIFO) and queue.endswith(FIFO):
        raise wrong("RedrivePolicy: must use a standard queue as DLQ for a subscription to a standard Topic.")


def _role(now: Mapping[str, str], value: str, protocol: str, endpoint: str, topic: str, wrong: Wrong) -> None:
    if protocol != "firehose":
        raise wrong("SubscriptionRoleArn: it can be set for firehose endpoints only")
    if not _ROLE.fullmatch(value):
        raise wrong("SubscriptionRoleArn: it is an invalid arn")


def _replay(now: Mapping[str, str], value: str, protocol: str, endpoint: str, topic: str, wrong: Wrong) -> None:
    if value:
        raise refusals.unsupported("replaying a topic's archive")


_CHECKS = {
    "DeliveryPolicy": _delivery,
    "FilterPolicy": _filter,
    "FilterPolicyScope": _scope,
    "RawMessageDelivery": _raw,
    "RedrivePolicy": _redrive,
    "SubscriptionRoleArn": _role,
    "ReplayPolicy": _replay,
}
