"""Where messages go: the protocols, what may be an endpoint of each, and what stands behind them."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol
from urllib.parse import urlsplit

from cairn.cloudwatch.sns import refusals
from cairn.cloudwatch.sns.arns import FIFO, TopicId
from cairn.cloudwatch.sns.message import Attribute
from cairn.cloudwatch.sns.publishing import FIFO_PROTOCOLS
from cairn.wire.outgoing import names_private

PROTOCOLS = ("http", "https", "email", "email-json", "sqs", "lambda", "firehose")
CONFIRMED_BY_PEOPLE = frozenset({"http", "https", "email", "email-json"})
ENDPOINT_CHARACTERS_MAX = 2048
PRIVATE_SETTING = "sns.allow_private_endpoints"

_ELSEWHERE = {"sms": "text messages", "application": "mobile push"}
_EMAIL = re.compile(r"[^\s@<>,;:\"\\\x00-\x1f]{1,64}@[A-Za-z0-9](?:[A-Za-z0-9.-]{0,251}[A-Za-z0-9])?")
_QUEUE = re.compile(r"arn:aws[a-z-]*:sqs:[a-z0-9-]+:\d{12}:[A-Za-z0-9_-]{1,80}(\.fifo)?")
_FUNCTION = re.compile(r"arn:aws[a-z-]*:lambda:[a-z0-9-]+:\d{12}:function:[A-Za-z0-9_-]+(:[A-Za-z0-9$_-]+)?")
_STREAM = re.compile(r"arn:aws[a-z-]*:firehose:[a-z0-9-]+:\d{12}:deliverystream/[A-Za-z0-9_.-]{1,64}")


class EndpointError(Exception):
    """A delivery failed.

    Args:
        final: whether trying again would change nothing, since whoever is asked does not want it.
        unreachable: whether nobody answered at all, so that others to the same endpoint need not be tried now.
    """

    def __init__(self, message: str, *, final: bool = False, unreachable: bool = False) -> None:
        super().__init__(message)
        self.final = final
        self.unreachable = unreachable


@dataclass(frozen=True, slots=True)
class QueueMessage:
    """What is sent to a queue."""

    body: str
    attributes: Mapping[str, Attribute]
    group: str = ""
    deduplication: str = ""


class AwsEndpoints(Protocol):
    """Queues, functions and streams. Each method raises `EndpointError`."""

    def send(self, queue: str, topic: str, message: QueueMessage) -> None:
        """Send to the queue of this ARN for a topic, as far as the queue's policy lets SNS."""

    def invoke(self, function: str, topic: str, payload: bytes) -> None:
        """Invoke the function of this ARN for a topic, as far as its policy lets SNS."""

    def put(self, stream: str, topic: str, role: str, data: bytes) -> None:
        """Put a record to the delivery stream of this ARN for a topic, as far as the role lets SNS."""


def check_endpoint(protocol: str, endpoint: str, topic: TopicId, *, allow_private: bool) -> None:
    """Raise InvalidParameter unless a topic's messages can go there."""
    if protocol in _ELSEWHERE:
        raise refusals.unsupported(f"subscriptions by {protocol} ({_ELSEWHERE[protocol]})")
    if protocol not in PROTOCOLS:
        raise refusals.invalid(f"Amazon SNS does not support this protocol string: {protocol}")
    if topic.is_fifo and protocol not in FIFO_PROTOCOLS:
        raise refusals.invalid(f"Invalid protocol type: {protocol}")
    if not endpoint or len(endpoint) > ENDPOINT_CHARACTERS_MAX:
        raise refusals.invalid("Endpoint")
    match protocol:
        case "http" | "https":
            _check_url(protocol, endpoint, allow_private)
        case "email" | "email-json":
            if not _EMAIL.fullmatch(endpoint):
                raise refusals.invalid("Email address")
        case "sqs":
            if not _QUEUE.fullmatch(endpoint):
                raise refusals.invalid("SQS endpoint ARN")
            if endpoint.endswith(FIFO) and not topic.is_fifo:
                raise refusals.invalid(
                    "Invalid parameter: Endpoint Reason: FIFO SQS Queues can not be subscribed to standard SNS topics"
                )
        case "lambda":
            if not _FUNCTION.fullmatch(endpoint):
                raise refusals.invalid("Lambda endpoint ARN")
        case "firehose":
            if not _STREAM.fullmatch(endpoint):
                raise refusals.invalid("Firehose endpoint ARN")


def account_of(protocol: str, endpoint: str) -> str:
    """The account that an endpoint belongs to; empty where it is not in AWS."""
    return "" if protocol in CONFIRMED_BY_PEOPLE else endpoint.split(":")[4]


def _check_url(protocol: str, endpoint: str, allow_private: bool) -> None:
    try:
        parts = urlsplit(endpoint)
        host, _ = parts.hostname, parts.port
    except ValueError:
        raise refusals.invalid("Endpoint Reason: it is no URL") from None
    if parts.scheme.lower() != protocol:
        raise refusals.invalid("Endpoint must match the specified protocol")
    if not host or not endpoint.isprintable() or " " in endpoint or not endpoint.isascii():
        raise refusals.invalid("Endpoint Reason: it is no URL")
    if not allow_private and names_private(host):  # what a name stands for is looked at before each delivery
        raise refusals.invalid(f"Endpoint Reason: {host} is a private address, which {PRIVATE_SETTING} allows")
