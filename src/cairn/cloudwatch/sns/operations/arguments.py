"""What operations read of their input in the same way."""

from __future__ import annotations

import base64
from collections.abc import Mapping
from typing import Any

from cairn.cloudwatch.sns import refusals
from cairn.cloudwatch.sns.arns import TopicId, topic_of
from cairn.wire.operation import Context

Params = dict[str, Any]
Answer = Mapping[str, Any]


def is_signed(context: Context) -> bool:
    """Whether it is known who calls: some operations take a token in place of a signature."""
    return bool(context.identity.arn)


def topic_argument(context: Context, params: Params, member: str = "TopicArn") -> TopicId:
    """The topic that a call is on. Raises InvalidParameter: it is none, or of another region than the call's."""
    found = topic_of(params[member], member)
    if is_signed(context) and found.region != context.region:
        raise refusals.invalid(member)
    return found


def read_token(text: str | None) -> str:
    """Where the page that a NextToken was given with ended; empty stands before all."""
    if not text:
        return ""
    try:
        return base64.urlsafe_b64decode(text.encode("ascii")).decode()
    except ValueError:
        raise refusals.invalid("NextToken") from None


def write_token(place: str) -> str:
    return base64.urlsafe_b64encode(place.encode()).decode()
