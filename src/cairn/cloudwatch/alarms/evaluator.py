"""The loop that evaluates metric alarms when they are due, and when their metrics have changed.

At each step of its grid an alarm looks at periods that end there (`windows`). Between the steps it looks again as soon
as data has arrived for one of its metrics: data that is late counts then, and a period that still runs counts if
nothing can take back any more that it breaches. What an alarm turns to, its history and what it owes are one
transaction, and so is how far its grid was evaluated. After a pause the steps that were missed are caught up one by
one, with what is known by then.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

import msgspec
import sqlalchemy as sa

from cairn.cloudwatch.alarms import reasons, rows, windows
from cairn.cloudwatch.alarms.alarm import METRIC_ALARM, Alarm, MetricSettings
from cairn.cloudwatch.alarms.composites import Composites
from cairn.cloudwatch.alarms.data import AlarmData, DataError, Reader, Value
from cairn.cloudwatch.alarms.evaluation import ALARM, Criterion, Judgement, Point, judge
from cairn.cloudwatch.alarms.tables import alarms, positions
from cairn.cloudwatch.alarms.transitions import turn
from cairn.core.clock import Clock
from cairn.core.failpoints import failpoint
from cairn.core.state import State

log = logging.getLogger(__name__)

POLL_S = 0.25
CATCH_UP_S = 3_600.0
"""How far back missed steps are caught up."""
LOOK_BACK_S = 180.0
"""How far back new data makes an alarm look again at once; what is older counts at the next step."""
AGAIN_SHORT_S, AGAIN_S = 0.5, 2.0
"""Pause between two looks at the same alarm because of new data: with periods of seconds, and others."""
TURNS_MAX = 200
"""Turns in a transaction, which keeps others from writing."""

EVALUATION_ERROR = "EVALUATION_ERROR"


@dataclass(slots=True)
class _Watch:
    """An alarm as it is known here."""

    alarm: Alarm
    settings: MetricSettings
    criterion: Criterion
    reader: Reader
    step: int
    runs: bool
    """Whether a period that still runs may count."""
    amounts: dict[str, Mapping[int, float]] = field(default_factory=dict)
    """What there was of its metrics when it was last looked at."""
    changed: bool = False
    not_before: float = 0.0


@dataclass(frozen=True, slots=True)
class _Outcome:
    watch: _Watch
    judgement: Judgement | None
    """None: its data cannot be computed."""


class AlarmEvaluator:
    """Evaluates all alarms. `step` is for one thread."""

    name = "alarms"

    def __init__(self, state: State, data: AlarmData, clock: Clock) -> None:
        self._state = state
        self._data = data
        self._clock = clock
        self._composites = Composites(state, clock)
        self._watches: dict[int, _Watch] = {}
        self._positions: dict[int, float] | None = None
        self._revision: int | None = None
        self._data_revision: int | None = None

    def step(self) -> float:
        """Evaluate what is due. Returns the seconds until it should be called again."""
        now = self._clock.now()
        self._refresh()
        self._evaluate_steps(now)
        self._evaluate_changes(now)
        self._composites.evaluate(now)
        return POLL_S

    def _refresh(self) -> None:
        """Take over what others have changed."""
        revision = self._state.revision()
        if revision == self._revision:
            return
        with self._state.read() as connection:
            known = sa.select(alarms.c.id, alarms.c.generation).where(alarms.c.kind == METRIC_ALARM)
            generations: dict[int, int] = {row.id: row.generation for row in connection.execute(known)}
            if self._positions is None:
                self._positions = {row.step: row.evaluated for row in connection.execute(sa.select(positions))}
            stale = [
                row
                for row, generation in generations.items()
                if row not in self._watches or self._watches[row].alarm.generation != generation
            ]
            for first in range(0, len(stale), rows.NAMES_A_QUERY):
                for alarm in rows.select(connection, alarms.c.id.in_(stale[first : first + rows.NAMES_A_QUERY])):
                    self._watch(alarm)
        for row in self._watches.keys() - generations.keys():
            del self._watches[row]
        self._revision = revision

    def _watch(self, alarm: Alarm) -> None:
        settings = alarm.settings
        assert isinstance(settings, MetricSettings)
        before = self._watches.get(alarm.row)
        if before is not None and before.settings == settings:
            before.alarm = alarm
            return
        reader = self._data.reader(alarm.id, settings)
        runs = not reader.computed and windows.may_be_final(settings.stat, settings.comparison_operator)
        self._watches[alarm.row] = _Watch(
            alarm,
            settings,
            settings.criterion,
            reader,
            windows.step_s(settings.period_s, settings.evaluation_periods, computed=reader.computed),
            runs,
        )

    def _evaluate_steps(self, now: float) -> None:
        assert self._positions is not None
        by_step: dict[int, list[_Watch]] = {}
        for watch in self._watches.values():
            by_step.setdefault(watch.step, []).append(watch)
        for step, watches in by_step.items():
            end = windows.boundary(now, step)
            last = max(self._positions.setdefault(step, end), windows.boundary(now - CATCH_UP_S, step))
            while last < end:
                last += step
                there = [watch for watch in watches if watch.alarm.configured <= last]
                if there or last == end:
                    self._turn([self._look(watch, last, now) for watch in there], now, step=step, evaluated=last)
                self._positions[step] = last

    def _evaluate_changes(self, now: float) -> None:
        revision = self._data.revision()
        if revision != self._data_revision:
            self._notice(now)
            self._data_revision = revision
        changed = [watch for watch in self._watches.values() if watch.changed and watch.not_before <= now]
        outcomes = []
        for watch in changed:
            watch.changed = False
            watch.not_before = now + (AGAIN_SHORT_S if watch.step == windows.SHORT_STEP_S else AGAIN_S)
            outcomes.append(self._look(watch, windows.boundary(now, watch.step), now))
        self._turn(outcomes, now)

    def _notice(self, now: float) -> None:
        """Find the alarms whose metrics have more data than when they were last looked at."""
        keys = {key for watch in self._watches.values() for key in watch.reader.keys}
        if not keys:
            return
        since = (now - LOOK_BACK_S) // windows.MINUTE_S * windows.MINUTE_S
        amounts = self._data.amounts(keys, since)
        for watch in self._watches.values():
            for key in watch.reader.keys:
                found, known = amounts.get(key, {}), watch.amounts.get(key, {})
                if any(amount != known.get(minute, 0.0) for minute, amount in found.items()):
                    watch.changed = True
                watch.amounts[key] = found

    def _look(self, watch: _Watch, end: float, now: float) -> _Outcome:
        """What the periods that end with `end` say, or later ones that have not ended, if that is certain."""
        ends = [end]
        if watch.runs and end == windows.boundary(now, watch.step):
            ends = [*windows.running(now, watch.step), end]
        try:
            for each, values in zip(ends, self._read(watch, ends), strict=True):
                if each == end or self._is_certain(watch, values[-1]):
                    judgement = self._judge(watch, each, values)
                    if each == end or judgement.state == ALARM:
                        return _Outcome(watch, judgement)
        except DataError as error:
            if not watch.alarm.evaluation:
                log.warning("%s cannot be evaluated: %s", watch.alarm.id.arn, error)
        except sa.exc.SQLAlchemyError:
            raise  # of all alarms, not of this one: the step is done again
        except Exception:  # an error of ours in one alarm must not silence those of everybody else
            if not watch.alarm.evaluation:
                log.exception("%s cannot be evaluated", watch.alarm.id.arn)
        return _Outcome(watch, None)

    def _is_certain(self, watch: _Watch, newest: Value | None) -> bool:
        """Whether a period that still runs breaches whatever data it still gets."""
        return (
            newest is not None
            and windows.is_final(watch.settings.stat, newest.least)
            and watch.criterion.breaches(Point(0.0, newest.value))
        )

    def _read(self, watch: _Watch, ends: Sequence[float]) -> Iterator[list[Value | None]]:
        """The periods that end with each of these, the latest first."""
        count = watch.settings.evaluation_periods + windows.PERIODS_MORE
        if watch.settings.period_s != watch.step:
            yield from (watch.reader.read(end, count) for end in ends)
            return
        later = int(ends[0] - ends[-1]) // watch.step  # they are the same periods, some of them
        values = watch.reader.read(ends[0], count + later)
        for end in ends:
            last = len(values) - int(ends[0] - end) // watch.step
            yield values[last - count : last]

    def _judge(self, watch: _Watch, end: float, values: list[Value | None]) -> Judgement:
        starts = windows.starts(end, watch.settings.period_s, watch.settings.evaluation_periods)
        points = [
            Point(start, value.value, value.samples, value.band) if value is not None else None
            for start, value in zip(starts, values, strict=True)
        ]
        return judge(watch.criterion, points, starts)

    def _turn(
        self, outcomes: Sequence[_Outcome], now: float, *, step: int | None = None, evaluated: float = 0.0
    ) -> None:
        """Write what alarms turn to and, in the last of these transactions, how far a grid was evaluated."""
        turning = [outcome for outcome in outcomes if _turns(outcome)]
        groups = [turning[first : first + TURNS_MAX] for first in range(0, len(turning), TURNS_MAX)]
        if step is not None and not groups:
            groups.append([])
        for number, group in enumerate(groups, 1):
            with self._state.write() as connection:
                for outcome in group:
                    after = self._write(connection, outcome, now)
                    if after is not None:
                        outcome.watch.alarm = after
                    else:
                        outcome.watch.changed = True  # somebody changed it meanwhile: look again
                if step is not None and number == len(groups):
                    _move(connection, step, evaluated)
        if turning:
            failpoint("alarms.turned")

    def _write(self, connection: sa.Connection, outcome: _Outcome, now: float) -> Alarm | None:
        alarm, judgement, settings = outcome.watch.alarm, outcome.judgement, outcome.watch.settings
        if judgement is None or judgement.state in (None, alarm.state.value):
            after = msgspec.structs.replace(alarm, evaluation=EVALUATION_ERROR if judgement is None else "")
            written = rows.update(connection, after)
            return msgspec.structs.replace(after, generation=alarm.generation + 1) if written else None
        assert judgement.state is not None
        criterion = outcome.watch.criterion
        reason = reasons.reason(criterion, judgement, of=settings.datapoints_to_alarm is not None)
        data = reasons.data(
            criterion,
            judgement,
            now,
            period=settings.period_s,
            statistic=settings.stat,
            unit=settings.unit or "",
        )
        return turn(connection, alarm, judgement.state, reason[: reasons.REASON_CHARACTERS_MAX], data, now)


def _turns(outcome: _Outcome) -> bool:
    """Whether there is anything to write."""
    alarm, judgement = outcome.watch.alarm, outcome.judgement
    if judgement is None:
        return alarm.evaluation != EVALUATION_ERROR
    return judgement.state not in (None, alarm.state.value) or alarm.evaluation != ""


def _move(connection: sa.Connection, step: int, evaluated: float) -> None:
    known = sa.update(positions).where(positions.c.step == step).values(evaluated=evaluated)
    if connection.execute(known).rowcount == 0:
        connection.execute(sa.insert(positions).values(step=step, evaluated=evaluated))
