"""Scalars as text (headers, XML) and the times of AWS's formats."""

from __future__ import annotations

import base64
from collections.abc import Callable
from datetime import UTC, datetime
from email.utils import format_datetime
from typing import Any

from botocore.model import Shape

Moment = datetime | float | int
"""An operation may return a time as a datetime or as seconds since the epoch."""


class Unwritable(Exception):
    """An operation returned what its model does not have: a mistake of ours, not the client's."""


def as_datetime(moment: Moment) -> datetime:
    if isinstance(moment, datetime):
        return moment.astimezone(UTC) if moment.tzinfo is not None else moment.replace(tzinfo=UTC)
    return datetime.fromtimestamp(moment, UTC)


def as_epoch(moment: Moment) -> float:
    """Seconds since the epoch, milliseconds kept."""
    return round(moment.timestamp() if isinstance(moment, datetime) else float(moment), 3)


def as_iso(moment: Moment) -> str:
    """`2023-07-10T11:42:07.120Z`, the milliseconds only where there are any."""
    time = as_datetime(moment)
    return time.strftime("%Y-%m-%dT%H:%M:%S") + (f".{time.microsecond // 1000:03}Z" if time.microsecond else "Z")


def as_http_date(moment: Moment) -> str:
    return format_datetime(as_datetime(moment).replace(microsecond=0), usegmt=True)


def as_base64(value: bytes | str) -> str:
    return base64.b64encode(value.encode() if isinstance(value, str) else value).decode()


def text_writer(shape: Shape, *, timestamp: str) -> Callable[[Any], str]:
    """The writer of a scalar as text; `timestamp` is the format where the model names none."""
    if shape.type_name == "timestamp":
        return TIMESTAMPS[shape.serialization.get("timestampFormat", timestamp).lower()]
    if shape.type_name == "boolean":
        return lambda value: "true" if value else "false"
    if shape.type_name == "blob":
        return as_base64
    if shape.type_name in ("float", "double"):
        return as_number
    return str


def as_number(value: float) -> str:
    """A float; those that are no number by their names."""
    return _SPECIAL.get(str(value)) or repr(value)


_SPECIAL = {"nan": "NaN", "inf": "Infinity", "-inf": "-Infinity"}

TIMESTAMPS: dict[str, Callable[[Any], str]] = {
    "iso8601": as_iso,
    "rfc822": as_http_date,
    "unixtimestamp": lambda moment: f"{as_epoch(moment):g}" if as_epoch(moment) % 1 else str(int(as_epoch(moment))),
}
