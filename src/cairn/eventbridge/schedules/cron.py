"""AWS's cron expressions: minutes, hours, day-of-month, month, day-of-week, year, in UTC."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime

from cairn.core.clock import utc
from cairn.eventbridge.schedules.days import days
from cairn.eventbridge.schedules.fields import HOUR, MINUTE, MONTH, YEAR, numbers

FIELDS = 6
MINUTE_S = 60


class Cron:
    """A compiled expression.

    Args:
        fields: the six of them.

    Raises:
        ValueError: they are not six, or one says nothing that is allowed.
    """

    def __init__(self, fields: Sequence[str]) -> None:
        if len(fields) != FIELDS:
            raise ValueError(f"a cron expression has {FIELDS} fields, not {len(fields)}")
        # AWS lets a field end with a comma: people write the six as a list.
        minutes, hours, day, months, weekday, years = (field.rstrip(",") for field in fields)
        self._minutes = numbers(minutes, MINUTE)
        self._hours = numbers(hours, HOUR)
        self._months = numbers(months, MONTH)
        self._years = numbers(years, YEAR)
        self._days = days(day, weekday)

    def next_after(self, moment: float, since: int) -> int | None:
        """The next whole minute that it allows; what it has allowed `since` does not matter."""
        first = utc((moment // MINUTE_S + 1) * MINUTE_S)
        found = next(self._from(first), None)
        return int(found.timestamp()) if found is not None else None

    def _from(self, first: datetime) -> Iterator[datetime]:
        """The minutes that it allows, from `first` on."""
        for day in self._dates(first):
            for hour in self._hours:
                for minute in self._minutes:
                    found = day.replace(hour=hour, minute=minute)
                    if found >= first:
                        yield found

    def _dates(self, first: datetime) -> Iterator[datetime]:
        """The beginnings of the days that it allows, from the day of `first` on."""
        today = first.replace(hour=0, minute=0)
        for year in self._years:
            if year < today.year:
                continue
            for month in self._months:
                if (year, month) < (today.year, today.month):
                    continue
                for number in self._days(year, month):
                    if (day := datetime(year, month, number, tzinfo=UTC)) >= today:
                        yield day
