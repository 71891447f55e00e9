"""Tokens for the next page, opaque to whoever gets them."""

from __future__ import annotations

import base64
from typing import Any, TypeVar

import msgspec

from cairn.cloudwatch.logs import refusals
from cairn.core.decoding import UNREADABLE

T = TypeVar("T")

LISTED_MAX = 50
"""Groups, streams or policies of a page, unless fewer are asked for."""


def token(scope: list[Any], place: Any) -> str:
    """A token for what comes behind a place, good for the same question alone."""
    return base64.urlsafe_b64encode(msgspec.json.encode([scope, place])).decode()


def read_token(text: str | None, scope: list[Any], kind: type[T]) -> T | None:
    """The place that a token was made with; None: there was no token.

    Raises:
        AwsError: InvalidParameterException: it was not made here, or for another question.
    """
    if text is None:
        return None
    try:
        of, place = msgspec.json.decode(base64.urlsafe_b64decode(text), type=tuple[list[Any], kind])  # type: ignore[valid-type]
    except (ValueError, *UNREADABLE):
        raise refusals.invalid_token() from None
    if of != scope:
        raise refusals.invalid_token()
    return place
