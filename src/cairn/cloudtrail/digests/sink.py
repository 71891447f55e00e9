"""The sink that makes digest files: it reads the log of delivered files and proves it, window by window.

At the end of each window the next digest of every account and region that a trail delivered for is staged (`chains`)
and put into the trail's bucket. After an ended period's last log file comes its last digest. A trail whose bucket
refuses waits for it; no other trail does, and delivery of log files never waits for a digest.
"""

from __future__ import annotations

import logging
import math
from collections import defaultdict
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from functools import partial
from typing import TypeVar

import sqlalchemy as sa

from cairn.cloudtrail.digests import chains, periods, requests
from cairn.cloudtrail.digests.backfill import next_window
from cairn.cloudtrail.digests.chains import LATE_S, DigestRow, Place, Window
from cairn.cloudtrail.digests.keys import Keys
from cairn.cloudtrail.digests.periods import Period
from cairn.cloudtrail.digests.putting import Putter
from cairn.cloudtrail.digests.requests import Request
from cairn.cloudtrail.flush import FlushFailure
from cairn.cloudtrail.logfile import slot_end
from cairn.cloudtrail.trail import Trail
from cairn.cloudtrail.trails import by_row
from cairn.core.clock import Clock
from cairn.core.failpoints import failpoint
from cairn.core.lanes import Lanes, Trouble
from cairn.core.objects import ObjectStore
from cairn.core.state import State

log = logging.getLogger(__name__)

POLL_S = 0.5
"""How soon a request, or a trail that stopped, is seen."""
SETTLE_S = 0.1
CHAINS_MAX = 50
"""Chains in a transaction: 50 signatures take 0.1 s, for which nobody else can write."""


@dataclass(frozen=True)
class _View:
    """The saved state as a step finds it."""

    trails: dict[int, Trail]
    periods: dict[int, list[Period]]
    """Unfinished ones, by trail, the oldest first."""
    staged: dict[int, list[DigestRow]]
    """By trail."""
    requests: list[Request]

    def wanted(self, period: Period) -> list[Request]:
        """The requests that wait for a period."""
        return [request for request in self.requests if request.concerns(self.trails[period.trail].arn, period)]


class Digests:
    """The digest files of all trails. `step` is for one thread; of two processes that step at once each makes what
    the other has not staged, and a digest that both put is the same object."""

    name = "digests"

    def __init__(
        self,
        state: State,
        store: ObjectStore,
        keys: Keys,
        clock: Clock,
        *,
        interval_s: float,
        backfill_after_s: float,
        retry_for_s: float,
    ) -> None:
        self._state = state
        self._putter = Putter(state, store, clock)
        self._keys = keys
        self._clock = clock
        self._interval_s = interval_s
        self._backfill_after_s = backfill_after_s
        self._retry_for_s = retry_for_s
        self._lanes = Lanes(clock, "digests")
        self._look_at: dict[int, float] = {}  # by period: nothing is due for it before
        self._looked = 0.0  # when, by the wall clock
        self._places: dict[int, tuple[int, set[Place]]] = {}  # by period: looked for as far as this row
        self._seen: dict[int, float] = {}  # by request, monotonic

    def step(self) -> float:
        """Make and put what is due. Returns the seconds until there may be more to do."""
        self._lanes.settle(SETTLE_S)
        view = self._load()
        progress = self._carry_out(view)
        progress |= self._advance(view)
        self._answer()
        return 0.0 if progress or not self._lanes.idle else POLL_S

    def troubles(self) -> dict[str, Trouble]:
        """Trails whose digests fail now, by ARN."""
        with self._state.read() as connection:
            trails = by_row(connection, list(self._lanes.troubles))
        return {trails[row].arn: trouble for row, trouble in list(self._lanes.troubles.items())}

    def close(self) -> None:
        """End the uploads in progress, and begin no other. What is staged is carried out at the next start."""
        self._lanes.close()

    def _load(self) -> _View:
        with self._state.read() as connection:
            staged, unfinished = chains.staged(connection), periods.unfinished(connection)
            pending = requests.pending(connection)
            trails = by_row(connection, {row.trail for row in staged} | {period.trail for period in unfinished})
        now = self._clock.monotonic()
        self._seen = {request.id: self._seen.get(request.id, now) for request in pending}
        if self._clock.now() < self._looked:  # the clock was set back
            self._look_at.clear()
        self._looked = self._clock.now()
        known = {period.id for period in unfinished}
        for cache in (self._look_at, self._places):
            for gone in cache.keys() - known:
                del cache[gone]
        return _View(trails, _by_trail(unfinished), _by_trail(staged), pending)

    # -- digests that are staged already

    def _carry_out(self, view: _View) -> bool:
        """Put staged digests whose time has come."""
        progress = False
        for number, rows in view.staged.items():
            trail = view.trails[number]
            if self._lanes.busy(number) or not self._may_try(number, view):
                continue
            progress = True
            if number in self._lanes.troubles and number in view.periods:
                rows = [row for row in rows if not self._abandoned(row, trail, view)]
            if rows:
                self._lanes.start(number, partial(self._putter.put, trail, rows))
        return progress

    def _may_try(self, trail: int, view: _View) -> bool:
        """Whether it is time: at once, then after the trail's pause, or when a request asks for it meanwhile."""
        trouble = self._lanes.troubles.get(trail)
        if trouble is None or self._clock.monotonic() >= trouble.retry_at:
            return True
        asked = [request for period in view.periods.get(trail, []) for request in view.wanted(period)]
        return any(self._seen[request.id] > trouble.failed_at for request in asked)

    def _abandoned(self, row: DigestRow, trail: Trail, view: _View) -> bool:
        """Take a digest that its bucket refused out of its chain, where the trail delivers elsewhere by now: the next
        has its files. Where there will be no next, give it up once delivery has been retried for long enough."""
        with self._state.read() as connection:
            key = chains.key_for(connection, trail, row.place, row.end, backfill=row.backfill)
        moved = (row.bucket, row.key) != (trail.settings.bucket, key)
        now = self._clock.now()
        (period,) = (period for period in view.periods[row.trail] if period.id == row.period)
        given_up = not moved and period.ended is not None and now - row.staged >= self._retry_for_s
        if not moved and not given_up:
            return False
        with self._state.write() as connection:
            chains.abandon(connection, row)
            if given_up:
                periods.finish(connection, period, now)
        if given_up:
            log.error("gave up the last digest of %s, %s: the bucket refused it for too long", trail.arn, row.region)
        return True

    # -- windows that have ended

    def _advance(self, view: _View) -> bool:
        """Stage, for every trail that has none staged, what is due. Returns whether there was any."""
        progress = False
        for number, unfinished in view.periods.items():
            if number in view.staged or self._lanes.busy(number):
                continue
            period = unfinished[0]  # its later ones wait for this one
            asked = view.wanted(period)
            if asked or period.ended is not None or self._clock.now() >= self._look_at.get(period.id, 0.0):
                progress |= self._stage(view.trails[number], period, asked)
        return progress

    def _stage(self, trail: Trail, period: Period, asked: list[Request]) -> bool:
        """Stage the digests of a period that are due, and finish it after its last. Returns whether there was any."""
        with self._state.read() as connection:
            last = periods.complete(connection, period)
            if period.ended is not None and not last:
                return False  # its last files are still on their way
            places = self._looked_for(connection, trail, period)
            due = self._due(connection, period, places, asked)
        if not due and not last:
            return False
        keys = {region: self._keys.signing_key(region) for region in {place.region for place, _ in due[:CHAINS_MAX]}}
        with self._state.write() as connection:
            if periods.reload(connection, period) != period:
                return True  # it was ended or finished meanwhile: look again
            window = self._window(connection, period, early=bool(asked))
            due = self._due(connection, period, places, asked)
            for place, before in due[:CHAINS_MAX]:
                if place.region in keys:
                    chosen = next_window(before, window, interval_s=self._interval_s, after_s=self._backfill_after_s)
                    chains.stage(connection, trail, period, place, before, chosen, keys[place.region])
            if last and not due:
                periods.finish(connection, period, self._clock.now())
        failpoint("digests.staged")
        return True

    def _looked_for(self, connection: sa.Connection, trail: Trail, period: Period) -> set[Place]:
        """The places that have chains: the trail's home, and where it delivered a file within the period."""
        home = Place(trail.id.account, trail.id.home_region)
        reached, found = self._places.get(period.id, (period.after_file, {home}))
        upto = self._last_file(connection, period)
        found = found | chains.places(connection, period, reached, upto)
        self._places[period.id] = (upto, found)
        return found

    def _due(
        self, connection: sa.Connection, period: Period, places: Collection[Place], asked: list[Request]
    ) -> list[tuple[Place, DigestRow | None]]:
        """The places whose next digest is due, each with the last of its chain. Notes when others may be."""
        latest = chains.latest(connection, period)
        last_file = self._last_file(connection, period)
        now = self._clock.now()
        due: list[tuple[Place, DigestRow | None]] = []
        then = math.inf
        for place in sorted(places):
            row = latest.get(place)
            if row is not None and row.outcome == "staged":
                then = now
            elif period.ended is not None:
                if row is None or row.last_file < last_file or row.end < period.ended:
                    due.append((place, row))
            else:
                start = chains.begin_of(period) if row is None else row.end
                ends = slot_end(start, self._interval_s)
                if now >= ends or (now > start and any(_lacks(row, request) for request in asked)):
                    due.append((place, row))
                then = min(then, ends)
        self._look_at[period.id] = now if due else then
        if now + self._interval_s + LATE_S < then < math.inf:
            log.error("the clock is %d s behind the last digest of trail %d: none until then", then - now, period.trail)
        return due

    def _window(self, connection: sa.Connection, period: Period, *, early: bool) -> Window:
        """Where the next digests end, for an ended period the last ones."""
        now = self._clock.now()
        end = slot_end(now, self._interval_s) - self._interval_s
        if early or now - end > LATE_S:
            end = now
        return Window(math.ceil(period.ended or end), self._last_file(connection, period), now)

    def _last_file(self, connection: sa.Connection, period: Period) -> int:
        return period.last_file if period.last_file is not None else periods.last_file(connection, period.trail)

    def _answer(self) -> None:
        """Answer the requests whose digests are in their buckets, or have failed since they were asked for."""
        if not self._seen:
            return
        view = self._load()
        for request in view.requests:
            waiting = [
                number
                for number, unfinished in view.periods.items()
                if any(request in view.wanted(period) and self._waits(request, period, view) for period in unfinished)
            ]
            failures = {number: self._failed_since(number, self._seen[request.id]) for number in waiting}
            if all(failures.values()):
                told = [FlushFailure(view.trails[number].arn, error) for number, error in failures.items()]
                with self._state.write() as connection:
                    requests.answer(connection, request, told)

    def _waits(self, request: Request, period: Period, view: _View) -> bool:
        """Whether there is a chain that has no new digest in its bucket yet."""
        with self._state.read() as connection:
            latest = chains.latest(connection, period)
            places = self._looked_for(connection, view.trails[period.trail], period)
        made = [latest.get(place) for place in places]
        return any(row is None or _lacks(row, request) or row.outcome == "staged" for row in made)

    def _failed_since(self, trail: int, since: float) -> str:
        trouble = self._lanes.troubles.get(trail)
        return trouble.error if trouble is not None and trouble.failed_at >= since else ""


def _lacks(row: DigestRow | None, request: Request) -> bool:
    """Whether a chain that ends with `row` has no digest since the request, or has yet to come to the present."""
    return row is None or row.backfill or row.id <= request.after_digest


_Row = TypeVar("_Row", Period, DigestRow)


def _by_trail(rows: Iterable[_Row]) -> dict[int, list[_Row]]:
    found: dict[int, list[_Row]] = defaultdict(list)
    for row in rows:
        found[row.trail].append(row)
    return dict(found)
