"""ARNs of topics and subscriptions: reading those that calls give."""

from __future__ import annotations

import re

import msgspec

from cairn.cloudwatch.sns import refusals

FIFO = ".fifo"
_NAME = re.compile(r"[A-Za-z0-9_-]{1,256}")
_ACCOUNT = re.compile(r"\d{12}")


class TopicId(msgspec.Struct, frozen=True):
    """A topic of an account in a region."""

    account: str
    region: str
    name: str

    @property
    def arn(self) -> str:
        return f"arn:{partition(self.region)}:sns:{self.region}:{self.account}:{self.name}"

    @property
    def is_fifo(self) -> bool:
        return self.name.endswith(FIFO)


def partition(region: str) -> str:
    """The part of AWS that a region is in."""
    if region.startswith("cn-"):
        return "aws-cn"
    return "aws-us-gov" if region.startswith("us-gov-") else "aws"


def check_name(name: str, *, fifo: bool) -> None:
    """Raise InvalidParameter unless a topic may be called so."""
    bare = name.removesuffix(FIFO) if fifo else name
    if not _NAME.fullmatch(bare) or len(name) > 256:
        if not fifo and name.endswith(FIFO) and _NAME.fullmatch(name.removesuffix(FIFO)):
            raise refusals.invalid("Topic Name")
        raise refusals.invalid("Topic Name")
    if fifo and not name.endswith(FIFO):
        raise refusals.invalid(
            "Fifo Topic names must end with .fifo and must be made up of only uppercase and "
            "lowercase ASCII letters, numbers, underscores, and hyphens, and must be between 1 and "
            "256 characters long."
        )


def topic_of(arn: str, member: str = "TopicArn") -> TopicId:
    """The topic that an ARN names.

    Args:
        member: the input's member that gives it, for the message.

    Raises:
        AwsError: InvalidParameter: it is no topic's ARN.
    """
    parts = arn.split(":")
    if len(parts) < 6:
        raise refusals.invalid(f"{member} Reason: An ARN must have at least 6 elements, not {len(parts)}")
    if len(parts) != 6 or parts[0] != "arn" or parts[2] != "sns" or not _ACCOUNT.fullmatch(parts[4]):
        raise refusals.invalid(member)
    found = TopicId(parts[4], parts[3], parts[5])
    if found.arn != arn:
        raise refusals.invalid(member)
    return found


def check_subscription(arn: str) -> None:
    """Raise InvalidParameter unless it can be a subscription's ARN."""
    parts = arn.split(":")
    if len(parts) < 6:
        raise refusals.invalid(f"SubscriptionArn Reason: An ARN must have at least 6 elements, not {len(parts)}")
    if len(parts) != 7 or parts[0] != "arn" or parts[2] != "sns":
        raise refusals.invalid("SubscriptionId")
