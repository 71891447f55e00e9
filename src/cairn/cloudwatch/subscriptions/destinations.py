"""Where log events can go: which ARNs are destinations, and what is asked of whoever reaches them."""

from __future__ import annotations

import re
from enum import Enum
from typing import Protocol

import msgspec

from cairn.cloudwatch.subscriptions import refusals
from cairn.core.errors import CairnError

_ARN = re.compile(
    r"arn:aws[a-z-]*:(?P<vendor>[a-z0-9-]+):(?P<region>[a-z0-9-]*):(?P<account>\d{12}|):(?P<resource>\S{1,1024})"
)


class Kind(Enum):
    """What a destination is. AWS has no queues; they are ours."""

    FUNCTION = "lambda"
    STREAM = "kinesis"
    FIREHOSE = "firehose"
    QUEUE = "sqs"


_RESOURCES = {
    Kind.FUNCTION: "function:",
    Kind.STREAM: "stream/",
    Kind.FIREHOSE: "deliverystream/",
    Kind.QUEUE: "",
}
_WITH_ROLE = (Kind.STREAM, Kind.FIREHOSE)


class Destination(msgspec.Struct, frozen=True):
    """One destination."""

    arn: str
    kind: Kind
    account: str
    region: str
    name: str
    """Of the stream, function (with its alias or version) or queue."""
    role: str = ""
    """The ARN of the role to reach it with; empty for a function."""

    @classmethod
    def parse(cls, arn: str, role: str = "") -> Destination:
        """The destination of an ARN.

        Raises:
            AwsError: InvalidParameterException: it is none, or the role does not fit it.
        """
        found = _ARN.fullmatch(arn)
        vendor = found["vendor"] if found else ""
        if found is None or vendor not in {kind.value for kind in Kind}:
            raise refusals.not_a_destination(vendor)
        kind = Kind(vendor)
        prefix = _RESOURCES[kind]
        if not found["region"] or not found["account"] or not found["resource"].startswith(prefix):
            raise refusals.not_a_destination(vendor)
        if kind is Kind.FUNCTION and role:
            raise refusals.role_not_wanted(vendor)
        if kind in _WITH_ROLE and not role:
            raise refusals.role_missing(vendor)
        return cls(arn, kind, found["account"], found["region"], found["resource"].removeprefix(prefix), role)


class DestinationError(CairnError):
    """The destination did not take a message.

    Args:
        code: its error code; empty if nothing answered.
        too_large: it takes no message of this size, however often it is asked.
    """

    def __init__(self, code: str, message: str, *, too_large: bool = False) -> None:
        super().__init__(message)
        self.code = code
        self.too_large = too_large


class Destinations(Protocol):
    """Whoever reaches destinations, as CloudWatch Logs."""

    def deliver(self, destination: Destination, payload: bytes, *, group_arn: str, partition_key: str) -> None:
        """Hand a payload over, which is gzip of JSON; what returns has been taken.

        Args:
            group_arn: of the log group that it comes from.
            partition_key: what spreads messages over a stream's shards.

        Raises:
            DestinationError: it was not taken, or CloudWatch Logs may not deliver there for that group.
        """

    def check(self, destination: Destination, *, group_arn: str) -> None:
        """Raise unless a function is there and lets CloudWatch Logs call it; others are checked by a delivery.

        Raises:
            DestinationError: it is not, or does not.
        """
