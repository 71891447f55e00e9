"""Tokens of pages: where a page ended, and which request it belongs to."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Mapping
from typing import Any

import msgspec

from cairn.cloudwatch.metrics import refusals
from cairn.core.decoding import UNREADABLE
from cairn.wire.operation import Context


def write_token(context: Context, input: Mapping[str, Any], place: tuple[int, int]) -> str:
    """A token of the request for the page behind a place."""
    return base64.urlsafe_b64encode(msgspec.json.encode([_request(context, input), *place])).decode()


def read_token(context: Context, input: Mapping[str, Any]) -> tuple[int, int] | None:
    """The place behind which the page of the request's token begins; None without one.

    Raises:
        AwsError: the token is not one of this request's.
    """
    token = input.get("NextToken")
    if not token:
        return None
    try:
        request, *place = msgspec.json.decode(base64.urlsafe_b64decode(token), type=tuple[str, int, int])
    except (ValueError, *UNREADABLE):
        raise refusals.invalid_token() from None
    if request != _request(context, input):
        raise refusals.invalid_token()
    return place[0], place[1]


def _request(context: Context, input: Mapping[str, Any]) -> str:
    """What names a request, whatever page of it is asked for."""
    asked = {name: value for name, value in sorted(input.items()) if name not in ("NextToken", "MaxDatapoints")}
    text = msgspec.json.encode([context.account, context.region, asked])
    return hashlib.sha256(text).hexdigest()[:16]
