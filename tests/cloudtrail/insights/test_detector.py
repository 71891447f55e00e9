"""Start, going on and End, minute by minute; late calls; outages; restarts. Traffic is even: truth is plain."""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cairn.cloudtrail.insights.attributions import Share
from cairn.cloudtrail.insights.baselines import Baselines
from cairn.cloudtrail.insights.detector import (
    AHEAD_MINUTES_MAX,
    END_MINUTES,
    INSIGHT_MINUTES_MAX,
    LATE_MINUTES,
    Detector,
)
from cairn.cloudtrail.insights.insight import Insight, State
from cairn.cloudtrail.insights.saved import FormError, dump, load
from cairn.cloudtrail.insights.series import CALL_RATE, ERROR_RATE, Call, SeriesKey

DAY = 1440
MIDNIGHT = 28_401_120
NOW = MIDNIGHT + 8 * DAY + 600
"""Ten in the morning, eight days after the detector began to watch."""

BUSY = SeriesKey("111122223333", "us-east-1", "ec2.amazonaws.com", "RunInstances", CALL_RATE)
OTHER = BUSY._replace(name="StopInstances")
NEW = BUSY._replace(name="CreateUser")
FAILING = BUSY._replace(insight_type=ERROR_RATE, error_code="AccessDenied")
ALICE = Call("arn:aws:iam::111122223333:user/alice", "aws-cli/2", "")
MALLORY = Call("arn:aws:sts::111122223333:assumed-role/Build/mallory", "curl/8", "AccessDenied")

Events = Sequence[tuple[SeriesKey, int, Call, int]]


@pytest.fixture(scope="module")
def state() -> bytes:
    """Eight days of ten calls a minute of one series, and twelve of another."""
    detector = Detector()
    dice = random.Random(1)
    for minute in range(MIDNIGHT, NOW):
        detector.add(BUSY, minute, ALICE, 9 + dice.randrange(3))
        detector.add(OTHER, minute, ALICE, 11 + dice.randrange(3))
        assert not detector.close(minute)
    return dump(detector)


def run(detector: Detector, counts: Mapping[SeriesKey, Sequence[int]], call: Call = MALLORY) -> list[Insight]:
    """Close a minute after the other, from the next on, with so many calls each."""
    found: list[Insight] = []
    assert detector.closed is not None
    for place in range(max(len(calls) for calls in counts.values())):
        minute = detector.closed + 1
        for key, calls in counts.items():
            if place < len(calls) and calls[place]:
                detector.add(key, minute, call, calls[place])
        found += detector.close(minute)
    return found


def told(found: list[Insight]) -> list[tuple[SeriesKey, State, int, int, int]]:
    return [(one.key, one.state, one.start - NOW, one.minute - NOW, one.statistics.minutes) for one in found]


def test_a_burst_starts_and_ends_an_insight(state: bytes) -> None:
    detector = load(state)
    counts = [10, 10, 50, 60, 50, 40, *[10] * END_MINUTES]
    found = run(detector, {BUSY: counts, OTHER: [12] * len(counts)})
    assert told(found) == [(BUSY, State.START, 2, 2, 1), (BUSY, State.END, 2, 6, 4)]
    start, end = found
    assert start.statistics.insight == 50
    assert end.statistics.insight == 50
    assert start.statistics.baseline == pytest.approx(10, abs=0.1)
    assert end.statistics.baseline == start.statistics.baseline
    assert start.statistics.baseline_minutes == 7 * DAY + 602, "from midnight seven days before"
    assert not detector.active


def test_a_start_is_told_as_soon_as_its_minute_is_over(state: bytes) -> None:
    detector = load(state)
    detector.add(BUSY, NOW, MALLORY, 50)
    assert told(detector.close(NOW)) == [(BUSY, State.START, 0, 0, 1)]


def test_who_is_to_blame(state: bytes) -> None:
    detector = load(state)
    detector.add(BUSY, NOW, ALICE, 10)
    detector.add(BUSY, NOW, MALLORY, 50)
    (start,) = detector.close(NOW)
    user, agent, error = start.attributions
    assert user.attribute == "userIdentityArn"
    assert user.insight == (
        Share("arn:aws:sts::111122223333:assumed-role/Build", 50.0),
        Share(ALICE.user_arn, 10.0),
    )
    assert user.baseline == (Share(ALICE.user_arn, start.statistics.baseline),)
    assert [share.value for share in agent.insight] == ["curl/8", "aws-cli/2"]
    assert [share.value for share in error.insight] == ["AccessDenied", "null"]
    (end,) = run(detector, {BUSY: [10] * END_MINUTES}, ALICE)
    assert end.attributions[0].insight == user.insight, "of the insight's one minute"


def test_never_seen_calls_and_errors_are_found_and_few_of_them_are_not(state: bytes) -> None:
    detector = load(state)
    few = run(detector, {NEW: [30, 20], BUSY: [10, 10], OTHER: [12, 12]})
    assert few == []
    detector = load(state)
    found = run(detector, {NEW: [200], FAILING: [80], BUSY: [10], OTHER: [12]})
    assert [one.key for one in found] == sorted([NEW, FAILING])
    assert {one.statistics.baseline for one in found} == {0.0}


def test_nothing_is_unusual_in_an_account_that_is_watched_for_less_than_a_day() -> None:
    detector = Detector()
    for minute in range(MIDNIGHT, MIDNIGHT + DAY - 20):
        detector.add(BUSY, minute, ALICE, 10)
        detector.close(minute)
    assert run(detector, {NEW: [500] * 5}) == []


def test_a_quiet_account_that_is_known_to_be_watched_is_judged() -> None:
    detector = Detector()
    detector.watch(BUSY.scope, MIDNIGHT)
    detector.add(NEW, NOW, MALLORY, 200)
    (start,) = detector.close(NOW)
    assert start.key == NEW
    assert start.statistics.baseline_minutes == 7 * DAY + 600


def test_the_baseline_is_not_poisoned_by_an_insight(state: bytes) -> None:
    detector = load(state)
    run(detector, {BUSY: [100] * 120 + [10] * 60, OTHER: [12] * 180})
    series = detector.baselines.series[BUSY]
    hours = [series.hours.at(NOW // 60 + hour) for hour in range(2)]
    assert all(600 < calls <= 20 * 60 for calls in hours), "twice what was expected, at most"
    assert series.highest_in(NOW // 60) <= 20
    assert run(detector, {BUSY: [60], OTHER: [12]}), "and the next one is seen"


def test_what_comes_every_day_is_told_twice(state: bytes) -> None:
    detector = load(state)
    day = {NEW: [200, *[0] * (DAY - 1)], BUSY: [10] * DAY, OTHER: [12] * DAY}
    starts = [[one.key for one in run(detector, day) if one.state is State.START] for _ in range(6)]
    assert starts == [[NEW], [NEW], [], [], [], []]
    assert run(load(dump(detector)), {NEW: [600], BUSY: [10], OTHER: [12]}), "and what is far more is seen"


def test_a_new_level_becomes_usual_after_a_day(state: bytes) -> None:
    detector = load(state)
    minutes = INSIGHT_MINUTES_MAX + 3 * DAY
    found = run(detector, {BUSY: [60] * minutes, OTHER: [12] * minutes})
    assert [one.state for one in found] == [State.START, State.END]
    assert found[1].statistics.minutes == INSIGHT_MINUTES_MAX
    assert found[1].statistics.insight == 60


@pytest.mark.parametrize("silence", [10, 200])
def test_an_outage_is_no_end_and_what_comes_after_no_start(state: bytes, silence: int) -> None:
    detector = load(state)
    assert told(run(detector, {BUSY: [50, 50], OTHER: [12, 12]})) == [(BUSY, State.START, 0, 0, 1)]
    assert run(detector, {BUSY: [0] * silence, OTHER: [0] * silence}) == []
    found = run(detector, {BUSY: [50, *[10] * END_MINUTES], OTHER: [24, *[12] * END_MINUTES]})
    assert told(found) == [(BUSY, State.END, 0, silence + 3, silence + 3)]


def test_the_minutes_of_an_outage_are_not_learnt_as_quiet_ones(state: bytes) -> None:
    detector = load(state)
    run(detector, {BUSY: [0] * 600, OTHER: [0] * 600})
    run(detector, {BUSY: [10] * 30, OTHER: [12] * 30})
    watch = detector.baselines.watches[BUSY.scope]
    assert watch.minutes(NOW // 60 + 5) == 0
    detector = load(state)
    alone = run(detector, {BUSY: [0] * 600, OTHER: [12] * 600})
    assert alone == []
    assert detector.baselines.watches[BUSY.scope].minutes(NOW // 60 + 5) == 60, "one series may fall silent"


def test_an_outage_of_the_first_day_is_no_quiet_hour_a_week_later() -> None:
    detector = Detector()
    outage = range(MIDNIGHT + 8 * 60, MIDNIGHT + 11 * 60)
    found: list[Insight] = []
    for minute in range(MIDNIGHT, NOW):
        if minute not in outage:
            risen = min(max((minute - MIDNIGHT) % DAY - 8 * 60, 0), 120)
            detector.add(BUSY, minute, ALICE, 4 + 36 * risen // 120)
        found += detector.close(minute)
    assert [one for one in found if one.start >= MIDNIGHT + 7 * DAY] == []


def test_late_calls_make_an_insight_of_the_minute_in_which_they_were_made(state: bytes) -> None:
    detector = load(state)
    run(detector, {BUSY: [10] * 5, OTHER: [12] * 5})
    detector.add(BUSY, NOW + 1, MALLORY, 60)
    found = run(detector, {BUSY: [10], OTHER: [12]})
    assert told(found)[0][:3] == (BUSY, State.START, 1)


def test_very_late_calls_are_counted_in_their_hour_and_too_late_ones_nowhere(state: bytes) -> None:
    detector = load(state)
    before = detector.baselines.series[BUSY].hours.at(NOW // 60 - 30)
    detector.add(BUSY, NOW - 30 * 60, MALLORY, 7)
    assert detector.baselines.series[BUSY].hours.at(NOW // 60 - 30) == before + 7
    detector.add(BUSY, NOW - 20 * DAY, MALLORY, 5)
    detector.add(BUSY, NOW + AHEAD_MINUTES_MAX + 1, MALLORY, 5)
    assert detector.forgotten == 10
    assert run(detector, {BUSY: [10], OTHER: [12]}) == []


_EVENTS = st.lists(
    st.tuples(
        st.sampled_from([BUSY, NEW, FAILING]),
        st.integers(NOW, NOW + LATE_MINUTES - 2),
        st.sampled_from([ALICE, MALLORY]),
        st.integers(1, 40),
    ),
    min_size=1,
    max_size=40,
)


@settings(max_examples=25, deadline=None)
@given(_EVENTS, st.randoms(use_true_random=False))
def test_the_order_of_late_calls_does_not_matter(state: bytes, events: Events, dice: random.Random) -> None:
    def after(order: Events) -> tuple[bytes, list[Insight]]:
        detector = load(state)
        for event in order:
            detector.add(*event)
        found = detector.close(NOW + 30)
        return dump(detector), found

    shuffled = list(events)
    dice.shuffle(shuffled)
    assert after(events) == after(shuffled)


@settings(max_examples=15, deadline=None)
@given(st.lists(st.integers(0, 120), min_size=5, max_size=60), st.integers(0, 59))
def test_a_restart_loses_nothing(state: bytes, counts: list[int], stop: int) -> None:
    straight = load(state)
    expected = run(straight, {BUSY: counts, NEW: counts})
    detector = load(state)
    found: list[Insight] = []
    for place, calls in enumerate(counts):
        found += run(detector, {BUSY: [calls], NEW: [calls]})
        if place == stop % len(counts):
            detector = load(dump(detector))
    assert found == expected
    assert dump(detector) == dump(straight)


def test_other_bytes_are_refused() -> None:
    with pytest.raises(FormError):
        load(b"something else")
    with pytest.raises(FormError):
        load(b"")
    saved = dump(Detector())
    assert dump(load(saved)) == saved


def test_series_and_values_are_let_go(state: bytes) -> None:
    detector = load(state)
    for minute in range(NOW, NOW + 11 * DAY):
        detector.add(BUSY, minute, ALICE, 10)
        detector.close(minute)
    assert list(detector.baselines.series) == [BUSY]
    assert detector.baselines.watches[BUSY.scope].series == 1


def test_an_account_takes_no_more_series_than_its_share(state: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("cairn.cloudtrail.insights.baselines.SCOPE_SERIES_MAX", 3)
    detector = load(state)
    for number in range(5):
        detector.add(BUSY._replace(name=f"Made{number}"), NOW, ALICE, 2)
    detector.add(BUSY._replace(account="444455556666"), NOW, ALICE, 2)
    detector.close(NOW + LATE_MINUTES)
    baselines: Baselines = detector.baselines
    assert len(baselines.series) == 4
    assert baselines.refused == 8
