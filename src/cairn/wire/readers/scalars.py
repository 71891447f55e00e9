"""Scalars as text (URIs, queries, headers, XML, forms) and the one error that all readers raise."""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Callable
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING, Any

import msgspec

if TYPE_CHECKING:  # `cairn verify` reads XML, and starts without what takes long to load
    from botocore.model import Shape

Reader = Callable[[Any], Any]
"""Turns a value as the wire has it into one of botocore's types, or raises `Malformed`."""

_INTEGER = re.compile(r"[+-]?\d{1,40}")
_LONG_MIN, _LONG_MAX = -(1 << 63), (1 << 63) - 1
_SPECIAL_FLOATS = {"NaN": float("nan"), "Infinity": float("inf"), "-Infinity": float("-inf")}


class Malformed(Exception):
    """The input is not what the model says; its text is for the client."""


class NotWellFormed(Malformed):
    """The body is not even JSON, XML or CBOR."""


def text_reader(shape: Shape) -> Reader:
    """The reader of a scalar that stands as text. Timestamps are taken in any of AWS's formats."""
    return _BY_TYPE.get(shape.type_name, _string)


def read_timestamp(value: float | str | datetime) -> datetime:
    """An aware datetime (UTC) of seconds since the epoch, ISO 8601 or an HTTP date."""
    try:
        if isinstance(value, datetime):
            moment = value
        elif isinstance(value, str):
            moment = _from_text(value.strip())
        elif isinstance(value, bool):
            raise ValueError
        else:
            # In two parts: seconds and microseconds in one float would lose the last digit far from the epoch.
            seconds = int(value // 1)
            moment = datetime.fromtimestamp(seconds, UTC).replace(
                microsecond=min(round((value - seconds) * 1e6), 999_999)
            )
        return moment.astimezone(UTC) if moment.tzinfo is not None else moment.replace(tzinfo=UTC)
    except (ValueError, OverflowError, OSError, TypeError) as error:
        raise Malformed(f"{_shown(value)} is not a timestamp") from error


def read_base64(value: Any) -> bytes:
    try:
        return base64.b64decode("".join(value.split()), validate=True)
    except (binascii.Error, ValueError, AttributeError) as error:
        raise Malformed(f"{_shown(value)} is not base64") from error


def read_json_value(text: str) -> Any:
    """A header with the trait `jsonvalue`: JSON in base64."""
    try:
        return msgspec.json.decode(read_base64(text))
    except (msgspec.DecodeError, msgspec.ValidationError, UnicodeDecodeError, RecursionError) as error:
        raise Malformed("not JSON in base64") from error


def whole(value: int) -> int:
    """An integer as services have them, in 64 bits."""
    if _LONG_MIN <= value <= _LONG_MAX:
        return value
    raise Malformed(f"{_shown(value)} is out of range")


def special_float(text: str) -> float:
    if text in _SPECIAL_FLOATS:
        return _SPECIAL_FLOATS[text]
    raise Malformed(f"{_shown(text)} is not a number")


def _from_text(text: str) -> datetime:
    if text[4:5] == "-":
        return datetime.fromisoformat(text)
    if text[:1].isalpha():
        return parsedate_to_datetime(text)
    return read_timestamp(float(text))


def _string(text: str) -> str:
    return text


def _integer(text: str) -> int:
    if _INTEGER.fullmatch(text.strip()):
        return whole(int(text))
    raise Malformed(f"{_shown(text)} is not an integer")


def _float(text: str) -> float:
    text = text.strip()
    if text in _SPECIAL_FLOATS:
        return _SPECIAL_FLOATS[text]
    try:
        return float(text)
    except ValueError as error:
        raise Malformed(f"{_shown(text)} is not a number") from error


def _boolean(text: str) -> bool:
    lowered = text.strip().lower()
    if lowered in ("true", "false"):
        return lowered == "true"
    raise Malformed(f"{_shown(text)} is not a boolean")


def _shown(value: Any) -> str:
    text = str(value)
    return repr(text if len(text) <= 64 else text[:64] + "…")


_BY_TYPE: dict[str, Reader] = {
    "integer": _integer,
    "long": _integer,
    "float": _float,
    "double": _float,
    "boolean": _boolean,
    "timestamp": read_timestamp,
    "blob": read_base64,
}
