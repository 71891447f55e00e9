"""A topic: its attributes, and what SNS takes for them."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

import msgspec

from cairn.cloudwatch.sns import refusals, retries
from cairn.cloudwatch.sns.arns import TopicId
from cairn.cloudwatch.sns.policies import default_policy
from cairn.core.policy import Kind, MalformedPolicy, parse_policy

DISPLAY_NAME_CHARACTERS_MAX = 100
POLICY_BYTES_MAX = 30_720

_FEEDBACK = re.compile(
    r"(Application|Firehose|HTTP|Lambda|SQS)(SuccessFeedbackRoleArn|SuccessFeedbackSampleRate|FailureFeedbackRoleArn)"
)
_ROLE = re.compile(r"arn:aws[a-z-]*:iam::\d{12}:role/.+")
_BOOLEAN = ("true", "false")
_SETTABLE = (
    "DeliveryPolicy",
    "DisplayName",
    "KmsMasterKeyId",
    "Policy",
    "SignatureVersion",
    "TracingConfig",
    "ContentBasedDeduplication",
    "FifoThroughputScope",
    "ArchivePolicy",
    "DataProtectionPolicy",
)


class Topic(msgspec.Struct, frozen=True, kw_only=True):
    """A row of the same names."""

    id: int
    topic: TopicId
    attributes: dict[str, str]
    """Those that were set."""

    @property
    def arn(self) -> str:
        return self.topic.arn

    @property
    def is_fifo(self) -> bool:
        return self.topic.is_fifo

    @property
    def policy(self) -> str:
        return self.attributes.get("Policy") or default_policy(self.arn, self.topic.account)

    @property
    def kms_key(self) -> str:
        """As it was named; empty where messages are not encrypted."""
        return self.attributes.get("KmsMasterKeyId", "")

    @property
    def signature_version(self) -> str:
        return self.attributes.get("SignatureVersion", "1")

    def described(self, confirmed: int, pending: int, deleted: int) -> dict[str, str]:
        """As GetTopicAttributes answers it."""
        answer = {
            "Policy": self.policy,
            "Owner": self.topic.account,
            "SubscriptionsPending": str(pending),
            "TopicArn": self.arn,
            "EffectiveDeliveryPolicy": retries.effective_topic_policy(self.attributes.get("DeliveryPolicy", "")),
            "SubscriptionsConfirmed": str(confirmed),
            "DisplayName": "",
            "SubscriptionsDeleted": str(deleted),
        }
        if self.is_fifo:
            answer |= {"FifoTopic": "true", "ContentBasedDeduplication": "false"}
        return answer | {name: value for name, value in self.attributes.items() if value or name == "DisplayName"}


def check_attributes(given: Mapping[str, str], topic: TopicId) -> dict[str, str]:
    """The attributes of a new topic. Raises InvalidParameter, `Attributes Reason: ...`."""
    found = {}
    for name, value in given.items():
        if name == "FifoTopic":
            if value not in _BOOLEAN:
                raise _bad(f"FifoTopic: Invalid value [{value}]. Must be true or false.")
            continue
        if not _is_settable(name):
            raise _bad(f"Unknown attribute: {name}")
        problem = _problem(name, value, topic)
        if problem:
            raise _bad(problem)
        found[name] = value
    return found


def check_attribute(name: str, value: str, topic: TopicId) -> None:
    """Raise InvalidParameter unless SetTopicAttributes takes this."""
    if not _is_settable(name) or name == "DataProtectionPolicy":
        raise refusals.invalid("AttributeName")
    problem = _problem(name, value, topic)
    if problem:
        raise refusals.invalid(problem)


def check_policy(text: str) -> None:
    """Raise InvalidParameter unless a topic may have this policy."""
    problem = _policy_problem(text)
    if problem:
        raise refusals.invalid(problem)


def _bad(problem: str) -> Any:
    return refusals.invalid(f"Attributes Reason: {problem}")


def _is_settable(name: str) -> bool:
    return name in _SETTABLE or _FEEDBACK.fullmatch(name) is not None


def _problem(name: str, value: str, topic: TopicId) -> str:
    """What is wrong with a value; empty if nothing."""
    match name:
        case "Policy":
            return _policy_problem(value)
        case "DeliveryPolicy":
            return _delivery_problem(value)
        case "DisplayName":
            return "" if len(value) <= DISPLAY_NAME_CHARACTERS_MAX and value.isprintable() else "DisplayName"
        case "SignatureVersion":
            return _one_of(name, value, ("1", "2"))
        case "TracingConfig":
            return _one_of(name, value, ("PassThrough", "Active"))
        case "ContentBasedDeduplication":
            if not topic.is_fifo:
                return "Content-based deduplication can only be set for FIFO topics"
            return "" if value in _BOOLEAN else f"{name}: Invalid value [{value}]. Must be true or false."
        case "FifoThroughputScope":
            if not topic.is_fifo:
                return "FifoThroughputScope can only be set for FIFO topics"
            return _one_of(name, value, ("Topic", "MessageGroup"))
        case "ArchivePolicy" if value and value != "{}":
            raise refusals.unsupported("the archive of a FIFO topic")
    if name.endswith("SampleRate"):
        in_range = value.isdecimal() and len(value) <= 3 and int(value) <= 100
        return "" if in_range else f"{name}: it must be a number from 0 to 100"
    if name.endswith("RoleArn"):
        return "" if not value or _ROLE.fullmatch(value) else f"{name}: it must be the ARN of a role"
    return ""


def _one_of(name: str, value: str, allowed: tuple[str, ...]) -> str:
    return "" if value in allowed else f"{name}: Invalid value [{value}]. Must be one of {', '.join(allowed)}."


def _policy_problem(text: str) -> str:
    if len(text.encode("utf-8", "surrogatepass")) > POLICY_BYTES_MAX:
        return "Policy: it is too long"
    try:
        parsed = parse_policy(text, Kind.RESOURCE)
    except MalformedPolicy as error:
        return f"Policy Error: {error}"
    wrong = [each.sid for each in parsed.statements if each.resources is None and not each.not_resources]
    return "Policy statement must contain resources" if wrong else ""


def _delivery_problem(text: str) -> str:
    try:
        if text:
            retries.check_topic_policy(text)
    except retries.BadPolicy as error:
        return f"DeliveryPolicy: {error}"
    return ""
