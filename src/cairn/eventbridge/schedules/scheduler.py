"""The loop that fires rules on a schedule.

It follows the rules as they are put, enabled, disabled and deleted, and keeps when each is due. That a rule's targets
are owed an event and when it is next due are one transaction: a due time is met once. One that passed while nothing ran
is met late, once, however many passed; the event has the time at which it was due.
"""

from __future__ import annotations

import logging
import math
import uuid

import sqlalchemy as sa
from prometheus_client import Counter

from cairn.core.clock import Clock, iso_seconds
from cairn.core.errors import AwsError
from cairn.core.failpoints import failpoint
from cairn.core.state import State
from cairn.eventbridge.buses.tables import buses
from cairn.eventbridge.event import DEFAULT, BusEvent, envelope
from cairn.eventbridge.routing import Router
from cairn.eventbridge.rules import rows
from cairn.eventbridge.rules.rule import DISABLED, Rule
from cairn.eventbridge.rules.tables import rules
from cairn.eventbridge.schedules.schedule import Schedule, parse
from cairn.eventbridge.schedules.tables import schedules

log = logging.getLogger(__name__)

LATE = Counter("cairn_schedules_late", "Times that rules on a schedule were due and fired long after.")

POLL_S = 0.5
"""How soon a rule that was put, changed or disabled is seen."""
LATE_S = 30.0
"""A rule that fires so long after it was due is said to be late."""
FIRED_A_STEP = 100
"""Rules that fire in one transaction."""

_IDS = uuid.UUID("3c7c1c55-8a43-4b0e-a0f5-6a7e0f0b2d19")


class Scheduler:
    """A `core.loops.Step`. Of many processes that run it each due time is met once."""

    name = "schedules"

    def __init__(self, state: State, router: Router, clock: Clock) -> None:
        self._state = state
        self._router = router
        self._clock = clock
        self._followed: int | None = None
        """The revision of the rules as they are followed."""
        self._next = math.inf
        """When the first rule is due."""

    def step(self) -> float:
        """Fire what is due. Returns the seconds until there may be more."""
        self._follow()
        if self._next > self._clock.now():
            return min(self._next - self._clock.now(), POLL_S)
        self._fire()
        return 0.0

    def _follow(self) -> None:
        """Have a row for each enabled rule with a schedule, and none else."""
        with self._state.read() as connection:
            revision = _revision(connection)
        if revision == self._followed:
            return
        with self._state.write() as connection:
            revision = _revision(connection)
            wanted = {rule.row: rule for rule in rows.select(connection, *_SCHEDULED)}
            known = {row.rule: row.expression for row in connection.execute(sa.select(schedules))}
            gone = [row for row in known if row not in wanted or wanted[row].schedule != known[row]]
            connection.execute(sa.delete(schedules).where(schedules.c.rule.in_(gone)))
            new = [rule for row, rule in wanted.items() if row not in known or row in gone]
            if new:
                connection.execute(sa.insert(schedules), [self._begun(rule) for rule in new])
            self._next = _first_due(connection)
        self._followed = revision

    def _begun(self, rule: Rule) -> dict[str, object]:
        """The row of a rule that is on its schedule from now on."""
        now = self._clock.now()
        since = math.ceil(now)
        schedule = _schedule(rule)
        due = schedule.next_after(now, since) if schedule is not None else None
        return {"rule": rule.row, "expression": rule.schedule, "since": since, "due": due}

    def _fire(self) -> None:
        """Fire the rules that have been due longest."""
        now = self._clock.now()
        with self._state.write() as connection:
            is_due = sa.select(schedules).where(schedules.c.due <= now).order_by(schedules.c.due, schedules.c.rule)
            due = connection.execute(is_due.limit(FIRED_A_STEP).with_for_update()).all()
            by_row = {rule.row: rule for rule in rows.select(connection, rules.c.id.in_([row.rule for row in due]))}
            for row in due:
                rule = by_row.get(row.rule)
                is_same = rule is not None and rule.is_enabled and rule.schedule == row.expression
                schedule = _schedule(rule) if rule is not None and is_same else None
                if rule is not None and schedule is not None:
                    self._tell_late(rule, now - row.due)
                    self._router.fire(connection, rule, _event(rule, row.due))
                next_due = schedule.next_after(now, row.since) if schedule is not None else None
                connection.execute(sa.update(schedules).where(schedules.c.rule == row.rule).values(due=next_due))
            self._next = _first_due(connection)
            failpoint("schedules.firing")
        failpoint("schedules.fired")

    def _tell_late(self, rule: Rule, late_s: float) -> None:
        if late_s >= LATE_S:
            LATE.inc()
            log.warning("%s fires %.0f s after it was due; what it missed meanwhile is left out", rule.arn, late_s)


_SCHEDULED = (rules.c.schedule != "", rules.c.state != DISABLED, buses.c.name == DEFAULT)


def _revision(connection: sa.Connection) -> int:
    """Grows with each change of a default bus's rule; default buses are never deleted."""
    return connection.scalar(sa.select(sa.func.sum(buses.c.revision)).where(buses.c.name == DEFAULT)) or 0


def _first_due(connection: sa.Connection) -> float:
    first = connection.scalar(sa.select(sa.func.min(schedules.c.due)))
    return math.inf if first is None else float(first)


def _schedule(rule: Rule) -> Schedule | None:
    """None where it cannot be read, as another version's may be."""
    try:
        return parse(rule.schedule)
    except AwsError:
        log.error("the schedule of %s cannot be read: %s", rule.arn, rule.schedule)
        return None


def _event(rule: Rule, due: int) -> BusEvent:
    ident = str(uuid.uuid5(_IDS, f"{rule.arn} {rule.row} {due}"))
    source, detail_type = "aws.events", "Scheduled Event"
    return BusEvent(
        id=ident,
        source=source,
        detail_type=detail_type,
        account=rule.bus.account,
        region=rule.bus.region,
        envelope=envelope(
            id=ident,
            detail_type=detail_type,
            source=source,
            account=rule.bus.account,
            time=iso_seconds(due),
            region=rule.bus.region,
            resources=[rule.arn],
            detail=b"{}",
        ),
    )
