"""Why an alarm is in its state: the sentence and the data that AWS's clients show and parse.

The sentences are those that AWS's alarms are quoted with in public issues; where none is, they follow the same form.
"""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from typing import Any

import msgspec

from cairn.cloudwatch.alarms.evaluation import (
    ALARM,
    BREACHING,
    COMPARISONS,
    INSUFFICIENT_DATA,
    Criterion,
    Judgement,
    Point,
)
from cairn.core.clock import utc

INITIAL = "Unchecked: Initial alarm creation"

REASON_CHARACTERS_MAX = 1_023
DATA_CHARACTERS_MAX = 4_000
POINTS_SHOWN_MAX = 5
"""Points in a sentence; from so many on it says that they are the most recent."""


def reason(criterion: Criterion, judgement: Judgement, *, of: bool) -> str:
    """The sentence for a judgement that has a state.

    Args:
        of: whether the alarm says how many points of how many make an alarm.
    """
    if judgement.state == INSUFFICIENT_DATA:
        return f"Insufficient Data: {_count(criterion.periods, 'datapoint')} {_were(criterion.periods)} unknown."
    alarm = judgement.state == ALARM
    shown = [point for point in reversed(judgement.used) if criterion.breaches(point) == alarm]
    if not shown:
        received = _count(len(judgement.used), "datapoint") if judgement.used else "no datapoints"
        were = _were(len(judgement.used)) if judgement.used else "were"
        periods = _count(criterion.periods, "period")
        return f"Threshold Crossed: {received} {were} received for {periods}{_filled(criterion, judgement)}."
    count = f"{len(shown)} out of the last {criterion.periods} datapoints" if of else _count(len(shown), "datapoint")
    said = f"{_were(len(shown))} {_compared(criterion, shown, alarm)}{_filled(criterion, judgement)}"
    points = ", ".join(
        f"{number(point.value)} ({utc(point.start):%d/%m/%y %H:%M:%S})" for point in shown[:POINTS_SHOWN_MAX]
    )
    crossed = "Threshold Crossed" if criterion.threshold is not None else "Thresholds Crossed"
    if len(shown) < POINTS_SHOWN_MAX:
        text = f"{crossed}: {count} [{points}] {said}"
    else:
        which = "which crossed" if alarm else "which did not cross"
        text = f"{crossed}: {count} {said}. The most recent datapoints {which} the threshold: [{points}]"
    if of:
        least = criterion.to_alarm if alarm else criterion.periods - criterion.to_alarm + 1
        turn = "OK -> ALARM" if alarm else "ALARM -> OK"
        text += f" (minimum {_count(least, 'datapoint')} for {turn} transition)"
    return f"{text}."


def _compared(criterion: Criterion, shown: Sequence[Point], alarm: bool) -> str:
    comparison, no = COMPARISONS[criterion.comparison], "" if alarm else "not "
    if criterion.threshold is not None:
        return f"{no}{comparison.said} the threshold ({number(criterion.threshold)})"
    parts = []
    for side, (said, name) in enumerate(((comparison.lower, "lower"), (comparison.upper, "upper"))):
        if said:
            values = ", ".join(number(point.band[side]) for point in shown[:POINTS_SHOWN_MAX] if point.band is not None)
            parts.append(f"{no}{said} the {name} thresholds [{values}]")
    return " or ".join(parts)


def data(
    criterion: Criterion, judgement: Judgement, now: float, *, period: int, statistic: str = "", unit: str = ""
) -> str:
    """StateReasonData. The oldest points are left out where they would not fit."""
    said: dict[str, Any] = {"version": "1.0", "queryDate": timestamp(now)}
    if judgement.used:
        said["startDate"] = timestamp(judgement.used[0].start)
    if unit:
        said["unit"] = unit
    if statistic:
        said["statistic"] = statistic
    said |= {
        "period": period,
        "recentDatapoints": [float(point.value) for point in judgement.used],
        **_thresholds(criterion, judgement),
        "evaluatedDatapoints": _evaluated(judgement),
    }
    text = msgspec.json.encode(said).decode()
    while len(text) > DATA_CHARACTERS_MAX:
        said["evaluatedDatapoints"] = said["evaluatedDatapoints"][: len(said["evaluatedDatapoints"]) * 3 // 4]
        for name in _RECENT & said.keys():
            said[name] = said[name][-max(len(said[name]) * 3 // 4, 1) :]
        text = msgspec.json.encode(said).decode()
    return text


def composite(triggers: Sequence[tuple[str, str, float]]) -> tuple[str, str]:
    """Sentence and data of a composite alarm, of the alarms whose turns made it turn: ARN, state, when.

    AWS is known to name one; the newest is taken, and all are in the data.
    """
    arn, state, when = max(triggers, key=lambda trigger: trigger[2])
    children = [{"arn": arn, "state": {"value": state, "timestamp": timestamp(when)}} for arn, state, when in triggers]
    return f"{arn} transitioned to {state} at {spoken(when)}", _fitting(children)


def composite_defined(arn: str, verb: str, state: str) -> str:
    """Of a composite alarm that was `created` or `updated`, and turned at once."""
    return f"{arn} was {verb} and its alarm rule evaluates to {state}"


def composite_unreadable(arn: str, why: str) -> str:  # (ours)
    """Of a composite alarm whose rule is none any more."""
    return f"{arn} cannot be evaluated: {why}"


def timestamp(seconds: float) -> str:
    """`2024-01-01T00:00:00.000+0000`, as alarms write times."""
    milliseconds = round(seconds * 1000)
    return f"{utc(milliseconds // 1000):%Y-%m-%dT%H:%M:%S}.{milliseconds % 1000:03d}+0000"


def spoken(seconds: float) -> str:
    """`Wednesday 10 November, 2021 02:45:55 UTC`."""
    return f"{utc(seconds):%A %d %B, %Y %H:%M:%S} UTC"


def number(value: float) -> str:
    """A number as AWS's sentences have it, which is as Java writes doubles: `1.0`, `1.073741824E9`."""
    text = repr(float(value))
    if value == 0 or 1e-3 <= abs(value) < 1e7:
        return text
    sign, digits, exponent = Decimal(text).normalize().as_tuple()
    assert isinstance(exponent, int)
    first, rest = digits[0], "".join(map(str, digits[1:])) or "0"
    return f"{'-' if sign else ''}{first}.{rest}E{exponent + len(digits) - 1}"


_RECENT = {"recentDatapoints", "recentLowerThresholds", "recentUpperThresholds"}


def _thresholds(criterion: Criterion, judgement: Judgement) -> dict[str, Any]:
    if criterion.threshold is not None:
        return {"threshold": float(criterion.threshold)}
    bands = [point.band for point in judgement.used if point.band is not None]
    return {
        "recentLowerThresholds": [float(low) for low, _ in bands],
        "recentUpperThresholds": [float(high) for _, high in bands],
    }


def _evaluated(judgement: Judgement) -> list[dict[str, Any]]:
    """The newest first; a missing one has no value."""
    missing = [(start, None) for start in judgement.missing]
    places: list[tuple[float, Point | None]] = [(point.start, point) for point in judgement.used]
    places = sorted([*places, *missing], key=lambda place: -place[0])
    said = []
    for start, point in places:
        entry: dict[str, Any] = {"timestamp": timestamp(start)}
        if point is not None:
            if point.samples is not None:
                entry["sampleCount"] = float(point.samples)
            entry["value"] = float(point.value)
        said.append(entry)
    return said


def _fitting(children: list[dict[str, Any]]) -> str:
    while True:
        text = msgspec.json.encode({"triggeringAlarms": children}).decode()
        if len(text) <= DATA_CHARACTERS_MAX:
            return text
        children = children[1:]


def _filled(criterion: Criterion, judgement: Judgement) -> str:
    if not judgement.filled:
        return ""
    kind = "Breaching" if criterion.treatment == BREACHING else "NonBreaching"
    count = _count(judgement.filled, "missing datapoint")
    return f" and {count} {_were(judgement.filled)} treated as [{kind}]"


def _count(count: int, what: str) -> str:
    return f"{count} {what}" if count == 1 else f"{count} {what}s"


def _were(count: int) -> str:
    return "was" if count == 1 else "were"
