"""Made-up calls of accounts, minute by minute, with incidents of which the truth is known. Seeded: the same every time.

An account has services of several kinds: offices with days and weeks, steady ones, ones whose load wanders, jobs by the
hour and by the night, rarely used ones, slow ramps, ones that come new, users that join, errors. There are outages, and
what they held up comes after them. In it are incidents: bursts of a factor, floods of rare and of never seen calls.
"""

from __future__ import annotations

import math
import random
from collections import defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import NamedTuple

from cairn.cloudtrail.insights.series import CALL_RATE, ERROR_RATE, Call, SeriesKey

HOUR = 60
DAY = 24 * HOUR
WEEK = 7 * DAY
MONDAY = 28_401_120
"""A Monday's midnight, UTC, in minutes since the epoch: 2024-01-01."""

QUIET_CALLS = 2.0
"""A minute, below which five times the usual is a handful of calls."""
WIDE_SCATTER = 0.2
"""A dispersion from which on minutes scatter by half of their mean."""

Rate = Callable[[int], float]
"""Calls a minute at a minute of the scenario."""


class Load(NamedTuple):
    rate: Rate
    """What a service is to have."""
    usual: Rate
    """The same without what differs from day to day and from hour to hour."""


@dataclass(frozen=True)
class Incident:
    """What should be found: a series that has unusually many calls from `start` on, before `end`."""

    key: SeriesKey
    start: int
    end: int
    kind: str
    base: float
    """Calls a minute that were usual at its start."""


@dataclass
class Service:
    """One series of an account."""

    key: SeriesKey
    kind: str
    load: Load
    dispersion: float
    clump: float = 1.0
    """Calls at once, on average."""
    born: int = 0
    callers: tuple[Call, ...] = ()


@dataclass
class Account:
    services: list[Service] = field(default_factory=list)
    incidents: list[Incident] = field(default_factory=list)
    extra: dict[int, list[tuple[SeriesKey, int]]] = field(default_factory=lambda: defaultdict(list))
    """Calls of a minute that no service explains: floods."""
    factors: dict[SeriesKey, list[tuple[int, int, float]]] = field(default_factory=lambda: defaultdict(list))
    """Bursts: from, before, times."""
    outages: list[tuple[int, int]] = field(default_factory=list)
    minutes: int = 0


def poisson(dice: random.Random, mean: float) -> int:
    if mean <= 0:
        return 0
    if mean > 30:
        return max(0, round(dice.gauss(mean, math.sqrt(mean))))
    limit, product, count = math.exp(-mean), dice.random(), 0
    while product > limit:
        product *= dice.random()
        count += 1
    return count


def draw(dice: random.Random, mean: float, dispersion: float) -> int:
    """A negative binomial count."""
    if mean <= 0:
        return 0
    if dispersion <= 0:
        return poisson(dice, mean)
    return poisson(dice, dice.gammavariate(1 / dispersion, dispersion * mean))


class Wander:
    """A slow random factor about 1: what load does besides its rhythm. A value each quarter of an hour."""

    def __init__(self, seed: int, spread: float, hours: float) -> None:
        self._dice = random.Random(seed)
        self._spread = spread
        self._keep = math.exp(-0.25 / hours)
        self._logs = [self._dice.gauss(0, spread)]

    def at(self, minute: int) -> float:
        place, part = divmod(minute, 15)
        while len(self._logs) <= place + 1:
            step = self._spread * math.sqrt(1 - self._keep**2)
            self._logs.append(self._keep * self._logs[-1] + self._dice.gauss(0, step))
        log = self._logs[place] + (self._logs[place + 1] - self._logs[place]) * part / 15
        return math.exp(log - self._spread**2 / 2)


def office(seed: int, peak: float, weekend: float) -> Load:
    """Busy on weekdays from about eight to six; each day is a bit different, and begins a bit earlier or later."""
    dice = random.Random(seed)
    days = [(dice.lognormvariate(0, 0.15), dice.gauss(0, 12)) for _ in range(400)]
    wander = Wander(seed + 1, 0.2, 1.0)

    def shape(day: int, within: float) -> float:
        hour = within / HOUR
        up = 1 / (1 + math.exp(-(hour - 8.5) * 2.2))
        down = 1 / (1 + math.exp((hour - 17.5) * 1.8))
        lunch = 1 - 0.35 * math.exp(-(((hour - 12.5) / 0.6) ** 2))
        return peak * (0.03 + up * down * lunch) * (weekend if day % 7 >= 5 else 1.0)

    def rate(minute: int) -> float:
        day, within = divmod(minute, DAY)
        size, shift = days[day]
        return size * shape(day, within + shift) * wander.at(minute)

    return Load(rate, lambda minute: shape(*divmod(minute, DAY)))


def steady(seed: int, level: float, swing: float) -> Load:
    """Day and night, with a soft daily wave."""
    wander = Wander(seed, 0.1, 3.0)
    phase = random.Random(seed).random() * math.tau

    def usual(minute: int) -> float:
        return level * (1 + swing * math.sin(math.tau * minute / DAY + phase))

    return Load(lambda minute: usual(minute) * wander.at(minute), usual)


def wandering(seed: int, level: float) -> Load:
    """Load that scales up and down for reasons of its own, up to threefold."""
    wander = Wander(seed, 0.3, 2.0)
    return Load(lambda minute: level * wander.at(minute), lambda minute: level)


def ramp(seed: int, level: float, times: float, weeks: float) -> Load:
    """Grows `times`-fold in `weeks`, evenly."""
    return scaled(steady(seed, level, 0.2), lambda minute: times ** min(1.0, minute / (weeks * WEEK)))


def hourly(seed: int, calls: float) -> Load:
    """A job in one minute of each hour."""
    at = random.Random(seed).randrange(HOUR)
    return alike(lambda minute: calls if minute % HOUR == at else 0.0)


def nightly(seed: int, calls: float) -> Load:
    """A job of ten minutes at about the same time of night."""
    dice = random.Random(seed)
    begin = dice.randrange(1, 5) * HOUR
    days = [begin + round(dice.gauss(0, 4)) for _ in range(400)]
    return alike(lambda minute: calls / 10 if 0 <= minute % DAY - days[minute // DAY] < 10 else 0.0)


def rarely(a_week: float) -> Load:
    """A few times a week, at any time."""
    return alike(lambda minute: a_week / WEEK)


def alike(rate: Rate) -> Load:
    return Load(rate, rate)


def scaled(load: Load, factor: Rate) -> Load:
    return Load(lambda minute: load.rate(minute) * factor(minute), lambda minute: load.usual(minute) * factor(minute))


def joining(load: Load, joins: list[tuple[int, float]]) -> Load:
    """Users join: from a minute on there are so many times the calls."""
    return scaled(load, lambda minute: math.prod(times for start, times in joins if minute >= start))


def in_steps(load: Load) -> Load:
    """The same, computed every five minutes."""
    last = [-1.0, 0.0]

    def stepped(minute: int) -> float:
        step = minute // 5
        if step != last[0]:
            last[:] = step, load.rate(step * 5 + 2)
        return last[1]

    return Load(stepped, load.usual)


def key_of(account: str, name: str, error: str = "") -> SeriesKey:
    kind = ERROR_RATE if error else CALL_RATE
    return SeriesKey(account, "us-east-1", "ec2.amazonaws.com", name, kind, error)


def make_account(seed: int, number: int, weeks: int, *, size: int = 100, learning: int = 1) -> Account:
    """An account with `size` services, over `weeks`; incidents begin after `learning` weeks."""
    dice = random.Random(seed)
    name = f"{number:012d}"
    account = Account(minutes=weeks * WEEK)
    for place in range(size):
        account.services.append(_service(dice, name, place, weeks))
    _add_outages(dice, account, learning)
    _add_incidents(dice, account, name, weeks, learning)
    return account


def _service(dice: random.Random, account: str, place: int, weeks: int) -> Service:
    seed = dice.randrange(1 << 30)
    share = (place * 0.61803398875) % 1.0
    key = key_of(account, f"Operation{place}")
    callers = tuple(
        Call(f"arn:aws:sts::{account}:assumed-role/Role{dice.randrange(9)}/session{dice.randrange(99)}", f"sdk/{at}")
        for at in range(dice.randint(1, 3))
    )
    scatter = dice.choice([0.02, 0.05, 0.1, 0.2, 0.3])
    if share < 0.25:
        load = office(seed, dice.choice([2, 5, 10, 20, 60]), dice.choice([0.05, 0.1, 0.3]))
        joins = [(dice.randrange(weeks * WEEK), dice.uniform(1.1, 1.6)) for _ in range(weeks)]
        return Service(key, "office", in_steps(joining(load, joins)), scatter, callers=callers)
    if share < 0.45:
        return Service(
            key, "steady", in_steps(steady(seed, dice.choice([1, 3, 10, 40, 150]), 0.3)), scatter, callers=callers
        )
    if share < 0.52:
        return Service(key, "wandering", in_steps(wandering(seed, dice.choice([3, 10, 30]))), scatter, callers=callers)
    if share < 0.56:
        times, over = dice.choice([(10, weeks), (4, 1.0), (3, 0.5)])
        return Service(
            key, "ramp", in_steps(ramp(seed, dice.choice([2, 5, 20]), times, over)), scatter, callers=callers
        )
    if share < 0.60:
        return Service(key, "hourly", hourly(seed, dice.choice([10, 50, 200])), 0.05, callers=callers)
    if share < 0.65:
        return Service(key, "nightly", nightly(seed, dice.choice([100, 500, 3000])), 0.05, callers=callers)
    if share < 0.70:
        born = dice.randrange(weeks * WEEK)
        return Service(key, "new", in_steps(steady(seed, dice.choice([0.2, 1, 5]), 0.3)), scatter, 1.0, born, callers)
    if share < 0.80:
        failing = key_of(account, f"Operation{place}", "AccessDenied")
        return Service(failing, "errors", rarely(dice.choice([20, 200, 2000])), 0.0, 3.0, callers=callers)
    return Service(key, "rare", rarely(dice.choice([1, 5, 20, 60])), 0.0, dice.choice([1.0, 3.0, 6.0]), 0, callers)


def _add_outages(dice: random.Random, account: Account, learning: int) -> None:
    for week in range(account.minutes // WEEK):
        start = week * WEEK + dice.randrange(WEEK - 4 * HOUR)
        account.outages.append((start, start + dice.choice([15, 40, 90, 200])))


def _add_incidents(dice: random.Random, account: Account, name: str, weeks: int, learning: int) -> None:
    able = [one for one in account.services if one.kind in ("office", "steady", "wandering", "ramp")]
    rare = [one for one in account.services if one.kind in ("rare", "errors")]
    for week in range(learning, weeks):
        for _ in range(16):
            _add_burst(dice, account, dice.choice(able), week, 5.0)
        for _ in range(3):
            _add_burst(dice, account, dice.choice(able), week, 10.0)
        for _ in range(2):
            _add_flood(dice, account, dice.choice(rare).key, week, "rare call", dice.choice([100, 300]))
        _add_flood(dice, account, key_of(name, f"Never{week}"), week, "never seen call", 200)
        _add_flood(dice, account, key_of(name, f"Never{week}", "AccessDenied"), week, "never seen error", 80)


def _free(account: Account, key: SeriesKey, start: int, end: int) -> bool:
    """Whether nothing else happens there."""
    near = [one for one in account.incidents if one.key == key]
    apart = all(end + 2 * HOUR < one.start or start > one.end + 2 * HOUR for one in near)
    return apart and all(end < first - 5 or start > last + 30 for first, last in account.outages)


def _add_burst(dice: random.Random, account: Account, service: Service, week: int, times: float) -> None:
    for _ in range(50):
        start = week * WEEK + dice.randrange(WEEK - HOUR)
        end = start + dice.randint(5, 30)
        base = sum(service.load.usual(minute) for minute in range(start, end)) / (end - start)
        if base >= 0.5 and start >= service.born and _free(account, service.key, start, end):
            account.factors[service.key].append((start, end, times))
            kind = f"burst x{times:.0f}{_hardship(service, start, base, times)}"
            account.incidents.append(Incident(service.key, start, end, kind, base))
            return


def _hardship(service: Service, start: int, base: float, times: float) -> str:
    """What makes a burst hard to find, or doubtful whether it is one."""
    if base < QUIET_CALLS:
        return ", quiet hour"
    high = max(service.load.usual(minute) for minute in range(max(start - WEEK, 0), start, 10))
    if times * base <= high:
        return ", below week's high"
    return ", wide scatter" if service.dispersion >= WIDE_SCATTER else ""


def _add_flood(dice: random.Random, account: Account, key: SeriesKey, week: int, kind: str, calls: int) -> None:
    for _ in range(50):
        start = week * WEEK + dice.randrange(WEEK - HOUR)
        end = start + dice.randint(5, 30)
        if _free(account, key, start, end):
            for minute in range(start, end):
                account.extra[minute].append((key, poisson(dice, calls)))
            account.incidents.append(Incident(key, start, end, kind, 0.0))
            return


def minutes_of(account: Account, seed: int) -> Iterator[dict[SeriesKey, int]]:
    """The calls of each minute of the scenario."""
    dice = random.Random(seed)
    callable_now = [(one, account.factors.get(one.key, [])) for one in account.services]
    down = {minute for start, end in account.outages for minute in range(start, end)}
    after = {minute for _, end in account.outages for minute in range(end, end + 10)}
    for minute in range(account.minutes):
        counts: dict[SeriesKey, int] = {}
        if minute not in down:
            held_up = 1.7 if minute in after else 1.0
            for service, bursts in callable_now:
                if minute < service.born:
                    continue
                mean = service.load.rate(minute) * held_up
                for start, end, times in bursts:
                    if start <= minute < end:
                        mean = service.load.usual(minute) * times
                if service.clump > 1:
                    calls = sum(
                        1 + poisson(dice, dice.expovariate(1 / service.clump)) for _ in range(poisson(dice, mean))
                    )
                else:
                    calls = draw(dice, mean, service.dispersion)
                if calls:
                    counts[service.key] = calls
            for key, calls in account.extra.get(minute, ()):
                if calls:
                    counts[key] = counts.get(key, 0) + calls
        yield counts
