"""Delivery: the sink that turns the journal into log files in buckets.

At the end of each slot every trail's stretch of the journal is gathered, staged as a plan, spooled, put into the
bucket and recorded (`gather`, `plans`, `shipment`). Trails that stand at the same position share one reading. A plan
that was staged and not carried out, by a crash or by a bucket that refuses, is gathered again from the journal by the
same code and carried out again under the same names. A trail with such a plan waits for it; no other trail does.
"""

from __future__ import annotations

import logging
import math
from collections import defaultdict
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from cairn.cloudtrail import flush, plans, spans
from cairn.cloudtrail.flush import Flush, FlushFailure
from cairn.cloudtrail.gather import GATHER_BYTES_MAX, Reader, Taker, gather
from cairn.cloudtrail.logfile import slot_end
from cairn.cloudtrail.plans import Plan
from cairn.cloudtrail.shipment import Shipper, Spool, SpooledFile
from cairn.cloudtrail.spans import Span
from cairn.cloudtrail.trail import Trail
from cairn.cloudtrail.trails import by_row
from cairn.core.clock import Clock
from cairn.core.config import Delivery as Settings
from cairn.core.failpoints import failpoint
from cairn.core.journal.journal import Bounds, Journal, JournalEntry
from cairn.core.lanes import Lanes, Trouble
from cairn.core.objects import ObjectStore
from cairn.core.state import State

log = logging.getLogger(__name__)

POLL_S = 0.5
"""How soon a flush, or a trail that began to log, is seen."""
STRETCHES_A_STEP = 8
"""Stretches of the journal that a step gathers, before it looks again at what is due."""
SETTLE_S = 0.1
"""How long a step waits for jobs under way before it looks for other work."""


@dataclass(frozen=True)
class _View:
    """The saved state as a step finds it."""

    trails: dict[int, Trail]
    spans: list[Span]
    """Unfinished ones, the oldest of a trail first."""
    staged: list[Plan]
    flushes: list[Flush]
    journal: Bounds
    """What the journal held just before."""

    def wanted(self, span: Span) -> list[Flush]:
        """The flushes that wait for a span."""
        return [flush for flush in self.flushes if flush.concerns(self.trails[span.trail].arn, span)]


class Delivery:
    """The delivery of all trails. `step` is for one thread; of many processes that deliver at once, each does what
    another has not staged, and a plan that two carry out is recorded once."""

    name = "delivery"

    def __init__(
        self,
        state: State,
        journal: Journal,
        store: ObjectStore,
        spool: Path,
        settings: Settings,
        clock: Clock,
    ) -> None:
        self._state = state
        self._journal = journal
        self._settings = settings
        self._clock = clock
        self._reader = Reader(journal)
        self._spool = Spool(spool / "delivery")
        self._shipper = Shipper(state, store, clock)
        self._lanes: Lanes[int] = Lanes(clock)
        self._spooled: dict[int, list[SpooledFile]] = {}  # by plan
        self._look_at: dict[int, float] = {}  # by span: nothing can be due for it before
        self._looked = 0.0  # when, by the wall clock
        self._flush_seen: dict[int, float] = {}  # by flush, monotonic

    def step(self) -> float:
        """Deliver what is due, a bounded stretch a trail. Returns the seconds until there may be more to do."""
        self._lanes.settle(SETTLE_S)
        view = self._load()
        progress = self._resume(view)
        progress |= self._advance(view)
        self._answer_flushes()
        return 0.0 if progress or not self._lanes.idle else POLL_S

    @property
    def position(self) -> int:
        """The journal position before which nothing waits for delivery: what may be trimmed."""
        end = self._journal.bounds().next
        with self._state.read() as connection:
            return min((span.cursor for span in spans.unfinished(connection)), default=end)

    def troubles(self) -> dict[str, Trouble]:
        """Trails whose delivery fails now, by ARN."""
        with self._state.read() as connection:
            trails = by_row(connection, list(self._lanes.troubles))
        return {trails[row].arn: trouble for row, trouble in list(self._lanes.troubles.items())}

    def close(self) -> None:
        """End the uploads in progress, and begin no other. What is staged is carried out at the next start."""
        self._lanes.close()

    def _load(self) -> _View:
        bounds = self._journal.bounds()
        with self._state.read() as connection:
            unfinished = spans.unfinished(connection)
            known = {span.id for span in unfinished}  # another process may end a span between two of these reads
            staged = [plan for plan in plans.staged(connection) if plan.span in known]
            trails = by_row(connection, {span.trail for span in unfinished})
            view = _View(trails, unfinished, staged, flush.pending(connection), bounds)
        now = self._clock.monotonic()
        self._flush_seen = {found.id: self._flush_seen.get(found.id, now) for found in view.flushes}
        if self._clock.now() < self._looked:  # the clock was set back
            self._look_at.clear()
        self._looked = self._clock.now()
        self._look_at = {span.id: self._look_at[span.id] for span in unfinished if span.id in self._look_at}
        return view

    # -- plans that are staged already

    def _resume(self, view: _View) -> bool:
        """Carry out staged plans whose time has come, gathering again what is not spooled."""
        by_id = {span.id: span for span in view.spans}
        again: dict[tuple[int, int], list[Plan]] = defaultdict(list)
        progress = False
        for plan in view.staged:
            if self._lanes.busy(plan.trail) or self._given_up(plan, view.trails[plan.trail]):
                continue
            if not self._may_try(plan, by_id[plan.span], view):
                continue
            progress = True
            if plan.id in self._spooled:
                self._start(plan, view.trails[plan.trail])
            else:
                again[plan.first, plan.next].append(plan)
        for (first, end), group in list(again.items())[:STRETCHES_A_STEP]:
            takers = [Taker(by_id[plan.span], first, plan.file_bytes_max) for plan in group]
            gather(self._reader, first, takers, partial(_at_or_behind, end), None)
            for plan, taker in zip(group, takers, strict=True):
                if taker.events != plan.events:
                    log.error("of %d events planned for delivery the journal still has %d", plan.events, taker.events)
                self._spool_and_start(plan, view.trails[plan.trail], taker)
        return progress

    def _may_try(self, plan: Plan, span: Span, view: _View) -> bool:
        """Whether it is time: at once, then after the trail's pause, or when a flush asks for it meanwhile."""
        trouble = self._lanes.troubles.get(plan.trail)
        if trouble is None or self._clock.monotonic() >= trouble.retry_at:
            return True
        return any(self._flush_seen[wanted.id] > trouble.failed_at for wanted in view.wanted(span))

    def _given_up(self, plan: Plan, trail: Trail) -> bool:
        """Abandon a plan that has failed for as long as delivery is retried."""
        now = self._clock.now()
        if plan.trail not in self._lanes.troubles or now - plan.recorded < self._settings.retry_for:
            return False
        with self._state.write() as connection:
            plans.abandon(connection, plan, now)
        log.error("gave up delivering %d events for %s: the bucket refused them for too long", plan.events, trail.arn)
        self._drop(plan)
        return True

    # -- stretches of the journal that no plan covers yet

    def _advance(self, view: _View) -> bool:
        """Gather, for every trail that is due, what comes next. Returns whether any came further."""
        waiting = {plan.trail for plan in view.staged}
        groups: dict[tuple[int, int, bool], list[Span]] = defaultdict(list)
        for span in view.spans:
            if span.trail in waiting or self._lanes.busy(span.trail):
                continue
            waiting.add(span.trail)  # its later spans wait for this one
            cut = bool(view.wanted(span))
            if cut or self._clock.now() >= self._look_at.get(span.id, 0.0):
                groups[span.cursor, span.id if span.late else 0, cut].append(span)
        # Those that are up to date come first: a trail far behind holds them up by a few stretches at the most.
        progress = False
        for (first, _, cut), group in sorted(groups.items(), reverse=True)[:STRETCHES_A_STEP]:
            progress |= self._stretch(first, group, view, cut=cut)
        return progress

    def _stretch(self, first: int, group: list[Span], view: _View, *, cut: bool) -> bool:
        """Gather and stage a stretch for spans that stand at `first`; `cut`: even if its slot has not ended."""
        now = self._clock.now()
        entry = self._reader.first(first)
        slot = slot_end(entry.time if entry else now, self._settings.interval)
        if entry is not None and slot > now and not cut:
            return self._look_again(group, slot)
        if first < view.journal.first:
            log.error("the journal let go of positions %d to %d before they were delivered", first, view.journal.first)
        limit = min((span.limit for span in group if span.limit is not None), default=None)
        closes = group[0].closes if group[0].late else math.inf
        takers = [Taker(span, first, self._settings.file_bytes_max) for span in group]
        got = gather(self._reader, first, takers, partial(_halts, slot, limit, closes), GATHER_BYTES_MAX)
        reached = max(got.next, view.journal.next) if got.at_end else got.next  # what is not there is lost
        reached = reached if limit is None else min(reached, limit)
        finished = (got.refused.time if got.refused else now if got.at_end else 0.0) > closes
        if reached == first and not finished:
            return self._look_again(group, slot_end(now, self._settings.interval))
        self._stage(takers, view.trails, got.oldest, reached, slot=math.ceil(min(slot, now)), finished=finished)
        return True

    def _look_again(self, group: list[Span], when: float) -> bool:
        self._look_at |= {span.id: when for span in group}
        return False

    def _stage(
        self, takers: list[Taker], trails: dict[int, Trail], oldest: float, reached: int, *, slot: int, finished: bool
    ) -> None:
        """Stage what was gathered, in one transaction for all, and begin to carry it out."""
        staged: list[tuple[Plan, Taker]] = []
        with self._state.write() as connection:
            idle = [taker.span for taker in takers if not taker.drafts]
            spans.advance(connection, idle, reached, finished=finished)
            for taker in takers:
                if not taker.drafts:
                    continue
                plan = plans.stage(
                    connection,
                    taker.span,
                    next=reached,
                    slot=slot,
                    file_bytes_max=self._settings.file_bytes_max,
                    recorded=oldest,
                    events=taker.events,
                    finished=finished,
                )
                if plan is not None:
                    staged.append((plan, taker))
        failpoint("delivery.staged")
        for plan, taker in staged:
            self._spool_and_start(plan, trails[plan.trail], taker)

    # -- carrying out

    def _spool_and_start(self, plan: Plan, trail: Trail, taker: Taker) -> None:
        self._spooled[plan.id] = self._spool.write(plan, taker.drafts)
        failpoint("delivery.spooled")
        self._start(plan, trail)

    def _start(self, plan: Plan, trail: Trail) -> None:
        self._lanes.start(plan.trail, partial(self._ship, plan, trail))

    def _ship(self, plan: Plan, trail: Trail) -> None:
        """Runs in a lane's thread. Where it raises, the plan stays staged and spooled."""
        self._shipper.ship(trail, plan, self._spooled[plan.id])
        self._drop(plan)

    def _drop(self, plan: Plan) -> None:
        self._spooled.pop(plan.id, None)
        self._spool.drop(plan)

    def _answer_flushes(self) -> None:
        """Answer the flushes for which everything is delivered, or has failed since they were asked for."""
        if not self._flush_seen:
            return
        view = self._load()
        for asked in view.flushes:
            waiting = [span for span in view.spans if asked in view.wanted(span)]
            failures = {span.trail: self._failed_since(span.trail, self._flush_seen[asked.id]) for span in waiting}
            if all(failures.values()):
                told = [FlushFailure(view.trails[trail].arn, error) for trail, error in failures.items()]
                with self._state.write() as connection:
                    flush.answer(connection, asked, told)

    def _failed_since(self, trail: int, since: float) -> str:
        trouble = self._lanes.troubles.get(trail)
        return trouble.error if trouble is not None and trouble.failed_at >= since else ""


def _halts(slot: float, limit: int | None, closes: float, entry: JournalEntry) -> bool:
    """Whether a stretch ends before `entry`."""
    return entry.time >= slot or entry.time > closes or (limit is not None and entry.position >= limit)


def _at_or_behind(position: int, entry: JournalEntry) -> bool:
    return entry.position >= position
