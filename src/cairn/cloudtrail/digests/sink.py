"""The sink that makes digest files: it reads the log of delivered files and proves it, window by window.

At the end of each window the next digest of every account and region that a trail delivered for is staged (`staging`)
and put into the trail's bucket. After an ended period's last log file comes its last digest. A trail whose bucket
refuses waits for it; no other trail does, and delivery of log files never waits for a digest. Where keys are held by a
KMS, a trail waits in a region for the key of that region, and nowhere else.
"""

from __future__ import annotations

import logging
import math
from collections import defaultdict
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from functools import partial
from typing import NamedTuple, TypeVar

import sqlalchemy as sa

from cairn.cloudtrail.digests import chains, periods, requests
from cairn.cloudtrail.digests.chains import LATE_S, DigestRow, Place, Window
from cairn.cloudtrail.digests.keys import SigningKeys
from cairn.cloudtrail.digests.periods import Period
from cairn.cloudtrail.digests.putting import Putter
from cairn.cloudtrail.digests.requests import Request
from cairn.cloudtrail.digests.staging import Due, Staging
from cairn.cloudtrail.flush import FlushFailure
from cairn.cloudtrail.logfile import slot_end
from cairn.cloudtrail.trail import Trail
from cairn.cloudtrail.trails import by_row
from cairn.core.clock import Clock
from cairn.core.lanes import Lanes, Trouble
from cairn.core.objects import ObjectStore
from cairn.core.state import State

log = logging.getLogger(__name__)

POLL_S = 0.5
"""How soon a request, or a trail that stopped, is seen."""
SETTLE_S = 0.1
CHAINS_MAX = 50
"""Chains in a transaction, for which nobody else can write."""


class _Signing(NamedTuple):
    """What may be in trouble with its key."""

    trail: int
    region: str

    def __str__(self) -> str:
        return f"{self.trail} in {self.region}"


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
        keys: SigningKeys,
        clock: Clock,
        *,
        interval_s: float,
        backfill_after_s: float,
        retry_for_s: float,
    ) -> None:
        self._state = state
        self._putter = Putter(state, store, clock)
        self._staging = Staging(state, keys, clock, interval_s=interval_s, backfill_after_s=backfill_after_s)
        self._keys_apart = keys.apart
        self._clock = clock
        self._interval_s = interval_s
        self._retry_for_s = retry_for_s
        self._lanes: Lanes[int] = Lanes(clock, "digests")
        self._signing: Lanes[_Signing] = Lanes(clock, "signing digests")
        self._look_at: dict[int, float] = {}  # by period: nothing is due for it before
        self._looked = 0.0  # when, by the wall clock
        self._places: dict[int, tuple[int, set[Place]]] = {}  # by period: looked for as far as this row
        self._seen: dict[int, float] = {}  # by request, monotonic

    def step(self) -> float:
        """Make and put what is due. Returns the seconds until there may be more to do."""
        self._lanes.settle(SETTLE_S)
        self._signing.settle(SETTLE_S if self._lanes.idle else 0.0)
        view = self._load()
        progress = self._carry_out(view)
        progress |= self._advance(view)
        self._answer()
        return 0.0 if progress or not (self._lanes.idle and self._signing.idle) else POLL_S

    def troubles(self) -> dict[str, Trouble]:
        """Trails whose digests fail now, by ARN."""
        unsigned = {name.trail: trouble for name, trouble in list(self._signing.troubles.items())}
        found = unsigned | dict(self._lanes.troubles)
        with self._state.read() as connection:
            trails = by_row(connection, list(found))
        return {trails[row].arn: trouble for row, trouble in found.items()}

    def close(self) -> None:
        """End what is in progress, and begin nothing else. What is staged is carried out at the next start."""
        self._signing.close()
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
        numbers = {period.trail for period in unfinished}
        for name in [name for name in self._signing.troubles if name.trail not in numbers]:
            del self._signing.troubles[name]
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
        asked = [request for period in view.periods.get(trail, []) for request in view.wanted(period)]
        return self._is_time(self._lanes.troubles.get(trail), asked)

    def _is_time(self, trouble: Trouble | None, asked: list[Request]) -> bool:
        if trouble is None or self._clock.monotonic() >= trouble.retry_at:
            return True
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
            held: set[Place] = set()
            for period in unfinished:
                asked = view.wanted(period)
                if not asked and period.ended is None and self._clock.now() < self._look_at.get(period.id, 0.0):
                    break
                begun, waiting = self._stage(view.trails[number], period, asked, held)
                progress |= begun
                held |= waiting
                if begun or not waiting:
                    break  # its later periods wait for this one, but for the places whose keys do
        return progress

    def _stage(
        self, trail: Trail, period: Period, asked: list[Request], held: Collection[Place]
    ) -> tuple[bool, set[Place]]:
        """Stage the digests of a period that are due, and finish it after its last.

        Args:
            held: places that wait for their digests of an earlier period.

        Returns:
            Whether there was anything to do, and the places that wait for their keys.
        """
        with self._state.read() as connection:
            last = periods.complete(connection, period)
            if period.ended is not None and not last:
                return False, set()  # its last files are still on their way
            places = self._looked_for(connection, trail, period)
            due = self._due(connection, period, places, asked)
            window = self._window(connection, period, early=bool(asked))
        if not due:
            return last and self._finish(period, places), set()
        may = [(place, before) for place, before in due if place not in held]
        if not self._keys_apart:
            self._staging.stage(trail, period, may[:CHAINS_MAX], window)
            return True, set()
        begun, waiting = self._sign_apart(trail, period, may, window, asked)
        return begun, waiting | {place for place, _ in due if place in held}

    def _sign_apart(
        self, trail: Trail, period: Period, due: list[Due], window: Window, asked: list[Request]
    ) -> tuple[bool, set[Place]]:
        """Stage digests in threads, those of each region by themselves. Returns as `_stage` does."""
        begun, waiting = False, set()
        regions: dict[str, list[Due]] = defaultdict(list)
        for place, before in due:
            regions[place.region].append((place, before))
        for region, chosen in regions.items():
            name = _Signing(trail.row, region)
            if self._signing.busy(name) or not self._is_time(self._signing.troubles.get(name), asked):
                waiting |= {place for place, _ in chosen}
            else:
                begun = True
                self._signing.start(name, partial(self._staging.stage, trail, period, chosen[:CHAINS_MAX], window))
        return begun, waiting

    def _finish(self, period: Period, places: Collection[Place]) -> bool:
        """Finish a period whose last digests are made. Returns whether to look again."""
        with self._state.write() as connection:
            unchanged = periods.reload(connection, period) == period
            if unchanged and not self._due(connection, period, places, []):
                periods.finish(connection, period, self._clock.now())
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
            failures: dict[int, str] = {}
            for number, unfinished in view.periods.items():
                wanted = [period for period in unfinished if request in view.wanted(period)]
                waiting = {region for period in wanted for region in self._waiting(request, period, view)}
                if waiting:
                    failures[number] = self._failed_since(number, waiting, self._seen[request.id])
            if all(failures.values()):
                told = [FlushFailure(view.trails[number].arn, error) for number, error in failures.items()]
                with self._state.write() as connection:
                    requests.answer(connection, request, told)

    def _waiting(self, request: Request, period: Period, view: _View) -> set[str]:
        """The regions with a chain that has no new digest in its bucket yet."""
        with self._state.read() as connection:
            latest = chains.latest(connection, period)
            places = self._looked_for(connection, view.trails[period.trail], period)
        made = {place: latest.get(place) for place in places}
        return {
            place.region
            for place, row in made.items()
            if row is None or _lacks(row, request) or row.outcome == "staged"
        }

    def _failed_since(self, trail: int, regions: Collection[str], since: float) -> str:
        """Why a trail has failed since then; empty unless its bucket has, or the keys of all these regions."""
        put = self._lanes.troubles.get(trail)
        if put is not None and put.failed_at >= since:
            return put.error
        unsigned = [self._signing.troubles.get(_Signing(trail, region)) for region in sorted(regions)]
        errors = [trouble.error for trouble in unsigned if trouble is not None and trouble.failed_at >= since]
        return "; ".join(errors) if len(errors) == len(regions) else ""


def _lacks(row: DigestRow | None, request: Request) -> bool:
    """Whether a chain that ends with `row` has no digest since the request, or has yet to come to the present."""
    return row is None or row.backfill or row.id <= request.after_digest


_Row = TypeVar("_Row", Period, DigestRow)


def _by_trail(rows: Iterable[_Row]) -> dict[int, list[_Row]]:
    found: dict[int, list[_Row]] = defaultdict(list)
    for row in rows:
        found[row.trail].append(row)
    return dict(found)
