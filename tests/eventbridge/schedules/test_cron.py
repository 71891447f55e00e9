"""Cron expressions against the plainest evaluation there is: is this minute one of them, minute by minute."""

from __future__ import annotations

import calendar
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

from hypothesis import given, settings
from hypothesis import strategies as st

from cairn.core.clock import utc
from cairn.core.errors import AwsError
from cairn.eventbridge.schedules import parse

Test = Callable[[datetime], bool]
Said = tuple[str, Test]
"""A field as it is written, and whether a minute fits it."""

MONTHS = ["JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC"]
WEEKDAYS = ["SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT"]


def weekday(moment: datetime) -> int:
    """1 is Sunday."""
    return moment.isoweekday() % 7 + 1


def last_day(moment: datetime) -> int:
    return calendar.monthrange(moment.year, moment.month)[1]


def nearest_weekday(moment: datetime, day: int) -> datetime | None:
    """Of all days from Monday to Friday in the month the one that is nearest to a day of it."""
    if day > last_day(moment):
        return None
    days = [moment.replace(day=each) for each in range(1, last_day(moment) + 1)]
    return min((each for each in days if each.isoweekday() < 6), key=lambda each: abs(each.day - day))


@st.composite
def lists(draw: st.DrawFn, of: Callable[[datetime], int], low: int, high: int, names: list[str] | None = None) -> Said:
    """A list of numbers, ranges and steps."""
    parts = [draw(one_part(low, high, names)) for _ in range(draw(st.integers(1, 3)))]
    text = ",".join(text for text, _ in parts)
    return text, lambda moment: any(fits(of(moment)) for _, fits in parts)


@st.composite
def one_part(draw: st.DrawFn, low: int, high: int, names: list[str] | None) -> tuple[str, Callable[[int], bool]]:
    number = st.integers(low, high)
    a, b, step = draw(number), draw(number), draw(st.integers(1, min(high, 12)))

    def said(value: int) -> str:
        return draw(st.sampled_from([names[value - 1], names[value - 1].lower(), str(value)])) if names else str(value)

    match draw(st.integers(0, 5)):
        case 0:
            return "*", lambda value: True
        case 1:
            return f"*/{step}", lambda value: (value - low) % step == 0
        case 2:
            return f"{said(a)}/{step}", lambda value: value >= a and (value - a) % step == 0
        case 3 if a <= b:
            return f"{said(a)}-{said(b)}/{step}", lambda value: a <= value <= b and (value - a) % step == 0
        case 4 if high < 100:
            return f"{said(a)}-{said(b)}", lambda value: a <= value <= b if a <= b else value >= a or value <= b
        case _:
            return said(a), lambda value: value == a


@st.composite
def day_fields(draw: st.DrawFn) -> tuple[str, str, Test]:
    """Day-of-month and day-of-week, and which days fit."""
    day, which, nth = draw(st.integers(1, 31)), draw(st.integers(1, 7)), draw(st.integers(1, 5))
    match draw(st.integers(0, 8)):
        case 0:
            return "L", "?", lambda moment: moment.day == last_day(moment)
        case 1:
            return "LW", "?", lambda moment: moment == nearest_weekday(moment, last_day(moment))
        case 2:
            return f"{day}W", "?", lambda moment: moment == nearest_weekday(moment, day)
        case 3:
            return f"L-{day - 1}", "?", lambda moment: moment.day == last_day(moment) - (day - 1)
        case 4:
            return "?", "L", lambda moment: weekday(moment) == 7
        case 5:
            name = draw(st.sampled_from([WEEKDAYS[which - 1], str(which)]))
            return "?", f"{name}L", lambda moment: weekday(moment) == which and moment.day > last_day(moment) - 7
        case 6:
            return "?", f"{which}#{nth}", lambda moment: weekday(moment) == which and (moment.day - 1) // 7 == nth - 1
        case 7:
            text, fits = draw(lists(weekday, 1, 7, WEEKDAYS))
            return "?", text, fits
        case _:
            text, fits = draw(lists(lambda moment: moment.day, 1, 31))
            return text, "?", fits


MOMENTS = st.integers(1_700_000_000, 1_900_000_000)


@given(day_fields(), lists(lambda moment: moment.month, 1, 12, MONTHS), lists(lambda m: m.year, 1970, 2199), MOMENTS)
@settings(max_examples=150, deadline=None)
def test_the_next_day_is_the_first_that_fits(days: tuple[str, str, Test], months: Said, years: Said, now: int) -> None:
    day, of_week, fits = days
    due = parse(f"cron(0 0 {day} {months[0]} {of_week} {years[0]})").next_after(now, 0)
    moment = utc(now).replace(hour=0, minute=0, second=0, microsecond=0)
    for _ in range(1500):
        moment += timedelta(days=1)
        if fits(moment) and months[1](moment) and years[1](moment):
            assert due == int(moment.timestamp())
            return
    assert due is None or due > moment.timestamp()


@given(lists(lambda m: m.minute, 0, 59), lists(lambda m: m.hour, 0, 23), lists(weekday, 1, 7, WEEKDAYS), MOMENTS)
@settings(max_examples=150, deadline=None)
def test_the_next_minute_is_the_first_that_fits(minutes: Said, hours: Said, weekdays: Said, now: int) -> None:
    due = parse(f"cron({minutes[0]} {hours[0]} ? * {weekdays[0]} *)").next_after(now, 0)
    moment = datetime.fromtimestamp(now // 60 * 60, UTC)
    for _ in range(8 * 24 * 60):
        moment += timedelta(minutes=1)
        if minutes[1](moment) and hours[1](moment) and weekdays[1](moment):
            assert due == int(moment.timestamp())
            return
    raise AssertionError("nothing fits within a week")


@given(st.text("0123456789*/,-?LW#MON ", max_size=24))
def test_no_text_makes_it_fail_otherwise(text: str) -> None:
    try:
        parse(f"cron({text})").next_after(1_700_000_000, 0)
    except AwsError as error:
        assert error.code == "ValidationException"
