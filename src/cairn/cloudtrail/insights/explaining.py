"""Why something is an insight, in words."""

from __future__ import annotations

from collections.abc import Sequence

from cairn.cloudtrail.insights.attributions import AGENT, ERROR, NO_ERROR, RESOURCE, TOP, USER
from cairn.cloudtrail.insights.detector import END_MINUTES, INSIGHT_MINUTES_MAX
from cairn.cloudtrail.insights.reading import Contribution, Reading, Value
from cairn.cloudtrail.insights.series import ERROR_RATE
from cairn.core.clock import iso_seconds

_HEADINGS = {USER: "Who", AGENT: "With what", ERROR: "Errors", RESOURCE: "On what"}
_MINUTES_A_DAY = 1440
_MINUTES_AN_HOUR = 60


def sentences(reading: Reading, now: float, points: Sequence[tuple[int, int]] = ()) -> list[str]:
    """What happened, what was usual, how much that is, and whether it goes on: a sentence each.

    Args:
        now: in seconds since the epoch.
        points: when a minute around it begins, in seconds since the epoch, and its calls.
    """
    return [_what(reading), _usual(reading), _happened(reading), _state(reading, now, points)]


def contributions(reading: Reading) -> list[tuple[str, list[str]]]:
    """Who and what contributed: a heading and lines, for each attribution that has any."""
    return [
        (_HEADINGS.get(one.attribute, one.attribute), _lines(one, reading.average))
        for one in reading.contributions
        if one.insight or one.baseline
    ]


def calls_a_minute(calls: float) -> str:
    """`0.003`, `1.25`, `41`, `1,200`."""
    if calls >= 100 or calls == int(calls):
        return f"{calls:,.0f}"
    return f"{calls:.3g}"


def _what(reading: Reading) -> str:
    where = f"account {reading.account}, {reading.region}"
    calls = f"{reading.name} ({reading.source})"
    if reading.type == ERROR_RATE:
        return f"Calls of {calls} failed with {reading.error_code} unusually often in {where}."
    of = f" by data events of {reading.trail}" if reading.trail else ""
    return f"{calls} was called unusually often in {where}{of}."


def _usual(reading: Reading) -> str:
    if reading.baseline_minutes <= 0:
        return f"Usually there are {calls_a_minute(reading.baseline)} calls a minute."
    measured = f"the {_span(reading.baseline_minutes)} before, since {iso_seconds(reading.baseline_start)}"
    if reading.baseline <= 0:
        return f"Usually there are none: there was no such call in {measured}."
    return f"Usually there are {calls_a_minute(reading.baseline)} calls a minute: the average of {measured}."


def _happened(reading: Reading) -> str:
    span = f"in {_span(reading.minutes)} from {iso_seconds(reading.start)}"
    calls = round(reading.average * reading.minutes)
    happened = f"There were {calls:,} calls {span}: {calls_a_minute(reading.average)} a minute"
    if reading.times is None:
        return f"{happened}."
    return f"{happened}, {_factor(reading.times)} times the usual."


def _state(reading: Reading, now: float, points: Sequence[tuple[int, int]]) -> str:
    if reading.end is not None:
        return f"It was over at {iso_seconds(reading.end)}."
    if now - reading.start > (INSIGHT_MINUTES_MAX + 2 * END_MINUTES) * 60:
        return "No end of it is known: nobody looked for one any more."
    since = sum(calls for at, calls in points if at >= reading.start)
    so_far = f": {since:,} calls so far" if since else ""
    return f"It goes on, or has ended less than {END_MINUTES} minutes ago{so_far}."


def _lines(contribution: Contribution, average: float) -> list[str]:
    usual = {value.value: value.average for value in contribution.baseline}
    lines = [_line(value, usual, average, contribution.attribute) for value in contribution.insight]
    now = {value.value for value in contribution.insight}
    gone = [value for value in contribution.baseline if value.value not in now]
    return lines + [f"{_named(value)}: none now, usually {calls_a_minute(value.average)} a minute" for value in gone]


def _line(value: Value, usual: dict[str, float], average: float, attribute: str) -> str:
    share = f" ({min(value.average / average, 1):.0%})" if average > 0 else ""
    line = f"{_named(value, attribute)}: {calls_a_minute(value.average)} a minute{share}"
    before = usual.get(value.value)
    if before is not None:
        return f"{line}, usually {calls_a_minute(before)}"
    return f"{line}, {'new' if len(usual) < TOP else f'not among the {TOP} most usual'}"


def _named(value: Value, attribute: str = ERROR) -> str:
    return "no error" if attribute == ERROR and value.value == NO_ERROR else value.value


def _factor(times: float) -> str:
    return f"{times:,.0f}" if times >= 10 else f"{times:.1f}"


def _span(minutes: int) -> str:
    """`one minute`, `25 minutes`, `3.5 hours`, `7 days`."""
    if minutes == 1:
        return "one minute"
    if minutes < 3 * _MINUTES_AN_HOUR:
        return f"{minutes} minutes"
    if minutes < 2 * _MINUTES_A_DAY:
        return f"{minutes / _MINUTES_AN_HOUR:.3g} hours"
    return f"{minutes / _MINUTES_A_DAY:.3g} days"
