"""Times inside parameters and replies, in the three ways in which services write them (spec 1.4)."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from cairn.core.clock import utc

_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")

Formatter = Callable[[Any], Any]


def moment(value: Any) -> datetime | None:
    """A time as parsers give it (aware or naive datetime, seconds, ISO text) as a datetime in UTC, or None."""
    if isinstance(value, datetime):
        return value.astimezone(UTC) if value.tzinfo is not None else value.replace(tzinfo=UTC)
    if isinstance(value, bool):
        return None
    try:
        if isinstance(value, int | float):
            return utc(value)
        if isinstance(value, str):
            return moment(datetime.fromisoformat(value))
    except (ValueError, OverflowError):
        return None
    return None


def _java(value: Any, separator: str) -> Any:
    when = moment(value)
    if when is None:
        return value if isinstance(value, str | int | float) else None
    hour = when.hour % 12 or 12
    half = "AM" if when.hour < 12 else "PM"
    return (
        f"{_MONTHS[when.month - 1]} {when.day}, {when.year}{separator} {hour}:{when.minute:02}:{when.second:02} {half}"
    )


def long_date(value: Any) -> Any:
    """`Jul 10, 2023, 12:07:59 PM`, as most services have it."""
    return _java(value, ",")


def long_date_without_comma(value: Any) -> Any:
    """`Jul 10, 2023 12:25:04 PM`, as IAM and RDS have it."""
    return _java(value, "")


def epoch_ms(value: Any) -> Any:
    """Milliseconds since the epoch, as EC2's older operations have it."""
    when = moment(value)
    return None if when is None else round(when.timestamp() * 1000)


def epoch_s(value: Any) -> Any:
    """Seconds since the epoch, as JSON protocols have it on the wire: a whole number unless there are fractions."""
    when = moment(value)
    if when is None:
        return None
    seconds = when.timestamp()
    return int(seconds) if seconds.is_integer() else seconds


def iso(value: Any) -> Any:
    """`2023-07-10T12:27:13.431264Z`, with as many fractions as there are."""
    when = moment(value)
    if when is None:
        return value if isinstance(value, str) else None
    return when.replace(tzinfo=None).isoformat() + "Z"


def iso_ms(value: Any) -> Any:
    """`2023-07-10T11:55:14.000Z`, as EC2 has it on the wire."""
    when = moment(value)
    return None if when is None else when.replace(tzinfo=None).isoformat(timespec="milliseconds") + "Z"
