"""How well Insights finds what is unusual, how fast, and in how much memory.

python benchmarks/insights.py [--accounts 4] [--weeks 5] [--size 100] [--records FOLDER of genuine log files]
                              [--series 100000] [--only quality | cost]

Quality: made-up accounts (tests/cloudtrail/insights/traffic.py) with incidents of which the truth is known. Beside the
model stand two naive rules that see the same minutes, and get the same end and the same least number of calls: more
than three standard deviations above the mean of seven days, and more than three times that mean.
"""

from __future__ import annotations

import argparse
import gc
import json
import math
import random
import resource
import sys
import time
from array import array
from collections import defaultdict
from collections.abc import Iterable, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

from tests.cloudtrail.insights.traffic import DAY, MONDAY, WEEK, Account, Incident, make_account, minutes_of

from cairn.cloudtrail.insights.detector import END_MINUTES, Detector
from cairn.cloudtrail.insights.insight import State
from cairn.cloudtrail.insights.model import CALLS_MIN
from cairn.cloudtrail.insights.saved import dump, load
from cairn.cloudtrail.insights.series import CALL_RATE, Call, Scope, SeriesKey, keys_of

NOBODY = Call()
LEARNING = 1
"""Weeks without incidents, which are not judged."""
SOON_MINUTES = 2
FIVE = "burst x5"


class Naive:
    """A threshold of the mean and the standard deviation of the minutes of the last seven days."""

    def __init__(self, deviations: float, factor: float) -> None:
        self._deviations = deviations
        self._factor = factor
        self._days: dict[SeriesKey, list[array[float]]] = {}
        self._active: dict[SeriesKey, int] = {}
        """The last unusual minute of each series that has one."""
        self.starts: list[tuple[SeriesKey, int]] = []

    def take(self, minute: int, counts: dict[SeriesKey, int]) -> None:
        for key, calls in counts.items():
            if calls >= CALLS_MIN and minute >= DAY and calls > self._limit(key, minute):
                if minute - self._active.get(key, -WEEK) > END_MINUTES:
                    self.starts.append((key, minute))
                self._active[key] = minute
            days = self._days.setdefault(key, [array("d", [0.0] * 8), array("d", [0.0] * 8)])
            today = minute // DAY % 8
            days[0][today] += calls
            days[1][today] += calls * calls
        if minute % DAY == DAY - 1:
            for sums, squares in self._days.values():
                sums[(minute // DAY + 1) % 8] = squares[(minute // DAY + 1) % 8] = 0.0

    def _limit(self, key: SeriesKey, minute: int) -> float:
        if key not in self._days:
            return 0.0
        sums, squares = self._days[key]
        watched = min(minute, 7 * DAY + minute % DAY)
        mean = sum(sums) / watched
        return self._factor * mean + self._deviations * math.sqrt(max(sum(squares) / watched - mean * mean, 0.0))


@dataclass
class Score:
    """What one detector found of the truth."""

    found: dict[str, int] = field(default_factory=lambda: defaultdict(int))
    delays: dict[str, list[int]] = field(default_factory=lambda: defaultdict(list))
    """Minutes to a Start, by kind of incident."""
    hits: int = 0
    false: int = 0
    false_kinds: dict[str, int] = field(default_factory=lambda: defaultdict(int))

    def merge(self, other: Score) -> None:
        for kind, minutes in other.delays.items():
            self.delays[kind] += minutes
        self.hits += other.hits
        self.false += other.false
        for mine, its in ((self.found, other.found), (self.false_kinds, other.false_kinds)):
            for kind, count in its.items():
                mine[kind] += count

    def take(self, account: Account, starts: Iterable[tuple[SeriesKey, int]], learning: int) -> None:
        by_key: dict[SeriesKey, list[Incident]] = defaultdict(list)
        kinds = {service.key: service.kind for service in account.services}
        for incident in account.incidents:
            by_key[incident.key].append(incident)
        known: set[Incident] = set()
        for key, minute in starts:
            if minute < learning * WEEK:
                continue
            concerned = [one for one in by_key[key] if one.start <= minute < one.end]
            if not concerned:
                self.false += 1
                self.false_kinds[kinds.get(key, "genuine")] += 1
                continue
            self.hits += 1
            if concerned[0] not in known:
                known.add(concerned[0])
                self.found[concerned[0].kind] += 1
                self.delays[concerned[0].kind].append(minute + 1 - concerned[0].start)

    def soon(self, kinds: Iterable[str]) -> float:
        """The share of what was found of some kinds that was found within two minutes."""
        delays = [minutes for kind in kinds for minutes in self.delays[kind]]
        return sum(minutes <= SOON_MINUTES for minutes in delays) / max(len(delays), 1)


def genuine(folder: Path) -> dict[int, dict[SeriesKey, int]]:
    """Calls of genuine records by the minute from their first."""
    minutes: dict[int, dict[SeriesKey, int]] = defaultdict(lambda: defaultdict(int))
    for path in sorted(folder.glob("*.json")):
        for record in json.loads(path.read_bytes())["Records"]:
            hour, minute = int(record["eventTime"][11:13]), int(record["eventTime"][14:16])
            scope = Scope("000000000000", "us-east-1")
            error, read_only = record.get("errorCode", ""), bool(record.get("readOnly"))
            for key in keys_of(scope, record["eventSource"], record["eventName"], "Management", read_only, error):
                minutes[hour * 60 + minute - 11 * 60 - 40][key] += 1
    return minutes


def add_genuine(account: Account, name: str, folder: Path, seed: int) -> None:
    """Whatever the genuine records did is done once every weekday, some time between nine and five."""
    dice = random.Random(seed)
    recorded = genuine(folder)
    for day in range(account.minutes // DAY):
        if day % 7 >= 5:
            continue
        start = day * DAY + dice.randrange(9 * 60, 16 * 60)
        for minute, counts in recorded.items():
            for key, calls in counts.items():
                account.extra[start + minute].append((key._replace(account=name), calls))


def judged(options: argparse.Namespace, number: int) -> tuple[dict[str, Score], dict[str, int], int]:
    """One account: what each found, how many incidents of each kind there were, and Starts in the first week."""
    scores = {"Cairn": Score(), "three sigma": Score(), "three times": Score()}
    truth: dict[str, int] = defaultdict(int)
    account = make_account(options.seed * 1000 + number, number, options.weeks, size=options.size, learning=LEARNING)
    if options.records:
        add_genuine(account, f"{number:012d}", options.records, number)
    for incident in account.incidents:
        truth[incident.kind] += 1
    callers = {service.key: service.callers for service in account.services}
    detector, sigma, times = Detector(), Naive(3, 1), Naive(0, 3)
    starts: list[tuple[SeriesKey, int]] = []
    for minute, counts in enumerate(minutes_of(account, number)):
        for key, calls in counts.items():
            detector.add(key, MONDAY + minute, callers.get(key, (NOBODY,))[0], calls)
        found = detector.close(MONDAY + minute)
        starts += [(one.key, minute) for one in found if one.state is State.START]
        sigma.take(minute, counts)
        times.take(minute, counts)
    for name, found_by in (("Cairn", starts), ("three sigma", sigma.starts), ("three times", times.starts)):
        scores[name].take(account, found_by, LEARNING)
    return scores, truth, sum(minute < LEARNING * WEEK for _, minute in starts)


def quality(options: argparse.Namespace) -> None:
    scores: dict[str, Score] = defaultdict(Score)
    truth: dict[str, int] = defaultdict(int)
    early = 0
    with ProcessPoolExecutor() as pool:
        for found, incidents, first_week in pool.map(partial(judged, options), range(options.accounts)):
            early += first_week
            for kind, count in incidents.items():
                truth[kind] += count
            for name, score in found.items():
                scores[name].merge(score)
    report(scores, truth, options.accounts * (options.weeks - LEARNING))
    print(f"in the first week, with nothing to learn from: {early / options.accounts:.2f} an account")


def report(scores: dict[str, Score], truth: dict[str, int], account_weeks: int) -> None:
    print(
        f"{account_weeks} account-weeks, {sum(truth.values())} incidents; recall, and of the found within two minutes"
    )
    print(f"{'':<28}{'incidents':>10}" + "".join(f"{name:>16}" for name in scores))
    clear = (FIVE, f"{FIVE}, wide scatter")
    groups = {kind: (kind,) for kind in sorted(truth)} | {
        f"{FIVE}, goal": clear,
        "everything": tuple(truth),
    }
    for name, kinds in groups.items():
        count = sum(truth[kind] for kind in kinds)
        shares = (
            f"{sum(one.found[kind] for kind in kinds) / max(count, 1):>9.3f}{one.soon(kinds):>7.3f}"
            for one in scores.values()
        )
        print(f"{name:<28}{count:>10}{''.join(shares)}")
    precise = "".join(f"{score.hits / max(score.hits + score.false, 1):>16.3f}" for score in scores.values())
    false = "".join(f"{score.false / account_weeks:>16.2f}" for score in scores.values())
    print(f"{'precision':<38}{precise}")
    print(f"{'false alarms, account and week':<38}{false}")
    for part, name in ((0.5, "minutes to detect, median"), (0.95, "minutes to detect, 95 %")):
        delays = ([minutes for kind in clear for minutes in score.delays[kind]] for score in scores.values())
        print(f"{name:<38}" + "".join(f"{_quantile(minutes, part):>16.0f}" for minutes in delays))
    print("false alarms by kind:", {name: dict(score.false_kinds) for name, score in scores.items()})


def _quantile(values: Sequence[int], part: float) -> float:
    return sorted(values)[min(len(values) - 1, int(part * len(values)))] if values else 0.0


def cost(options: argparse.Namespace) -> None:
    """Memory of an organization's baselines, and the speed of counting."""
    dice = random.Random(options.seed)
    before = resident()
    keys = organization(options.series)
    detector = Detector()
    began = time.perf_counter()
    taught = teach(detector, keys, dice)
    took = time.perf_counter() - began
    gc.collect()
    held = resident() - before
    known = len(detector.baselines.series)
    print(f"memory {held / 1e6:.1f} MB for {known:,} series, after {taught:,} minutes with calls in {took:.0f} s")
    began = time.perf_counter()
    packed = dump(detector)
    dumped = time.perf_counter() - began
    load(packed)
    print(f"saved {len(packed) / 1e6:.1f} MB in {dumped:.1f} s, loaded in {time.perf_counter() - began - dumped:.1f} s")
    count(detector, keys, dice)


def resident() -> int:
    """Bytes of this process that are in memory."""
    return int(Path("/proc/self/statm").read_text().split()[1]) * resource.getpagesize()


def organization(series: int) -> list[SeriesKey]:
    """Keys of 100 accounts in four regions."""
    accounts = [f"{number:012d}" for number in range(100)]
    regions = ["us-east-1", "us-east-2", "eu-west-1", "eu-central-1"]
    a_scope = series // (len(accounts) * len(regions))
    names = [(f"service{number % 40}.amazonaws.com", f"Operation{number}") for number in range(a_scope)]
    return [
        SeriesKey(account, region, source, name, CALL_RATE)
        for account in accounts
        for region in regions
        for source, name in names
    ]


def teach(detector: Detector, keys: list[SeriesKey], dice: random.Random) -> int:
    """Eight days: a tenth of the series has calls in half of the hours, the others in a few."""
    users = [f"arn:aws:sts::000000000000:assumed-role/Role{number}/session" for number in range(500)]
    agents = [f"aws-sdk-go-v2/1.{number} os/linux lang/go#1.22 md/GOOS#linux" for number in range(50)]
    taught = 0
    for hour in range(0, 8 * 24, 2):
        minute = MONDAY + hour * 60 + dice.randrange(50)
        detector.close(minute - 1)
        busy = keys[::10]
        quiet = dice.sample(keys, len(keys) // 30)
        for key in {*busy, *quiet}:
            call = Call(dice.choice(users), dice.choice(agents), dice.choice(["", "", "AccessDenied"]))
            detector.add(key, minute, call, dice.randint(1, 4))
            taught += 1
        detector.close(minute + 9)
    return taught


def count(detector: Detector, keys: list[SeriesKey], dice: random.Random) -> None:
    minute = MONDAY + 8 * DAY + 60
    detector.close(minute - 1)
    users = [f"arn:aws:sts::000000000000:assumed-role/Role{number}/session" for number in range(50)]
    calls = [Call(dice.choice(users), "aws-sdk-go-v2/1.30", "") for _ in range(1000)]
    weights = [1 / (place + 1) for place in range(len(keys))]
    picked = dice.choices(keys, weights, k=300_000)
    began = time.perf_counter()
    for place, key in enumerate(picked):
        detector.add(key, minute + place // 100_000, calls[place % 1000])
    added = time.perf_counter() - began
    began = time.perf_counter()
    for _ in range(8):
        detector.close(minute)
        minute += 1
    closed = time.perf_counter() - began
    print(f"count {len(picked) / added:,.0f} events/s; with closing {len(picked) / (added + closed):,.0f} events/s")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--accounts", type=int, default=4)
    parser.add_argument("--weeks", type=int, default=5)
    parser.add_argument("--size", type=int, default=100)
    parser.add_argument("--series", type=int, default=100_000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--records", type=Path)
    parser.add_argument("--only", choices=("quality", "cost"))
    options = parser.parse_args()
    if options.only != "cost":
        quality(options)
    if options.only != "quality":
        cost(options)


if __name__ == "__main__":
    main()
