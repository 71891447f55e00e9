"""A replay finds what the detector does that saw the same calls, however they come in pieces."""

from __future__ import annotations

import random
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cairn.cloudtrail.insights.detector import Detector
from cairn.cloudtrail.insights.insight import Insight, State
from cairn.cloudtrail.insights.replaying import Replay
from cairn.cloudtrail.insights.series import CALL_RATE, Call, SeriesKey

KEY = SeriesKey("111122223333", "us-east-1", "iam.amazonaws.com", "PutUserPolicy", CALL_RATE)
OTHER = KEY._replace(name="CreateUser")
BEGIN = 28_000_000 // 1440 * 1440
BURST = 2 * 1440 + 300
END = 2 * 1440 + 400

Counted = tuple[SeriesKey, int, Call, int]


def history() -> list[Counted]:
    """Two days and some hours of two users, with a burst of a third."""
    dice = random.Random(7)
    calls: list[Counted] = []
    for minute in range(END):
        for name in ("alice", "bob"):
            calls += [(key, BEGIN + minute, Call(name), dice.randint(1, 3)) for key in (KEY, OTHER)]
        if BURST <= minute < BURST + 8:
            calls.append((KEY, BEGIN + minute, Call("mallory", "python"), 80))
    return calls


HISTORY = history()


def live() -> list[Insight]:
    detector = Detector()
    found: list[Insight] = []
    at = BEGIN
    for key, minute, call, calls in HISTORY:
        if minute > at:
            found += detector.close(minute - 1)
            at = minute
        detector.add(key, minute, call, calls)
    return found + detector.close(BEGIN + END + 5)


def replayed(*pieces: list[Counted]) -> Replay:
    replay = Replay()
    for piece in pieces:
        replay.take(piece)
    replay.finish(BEGIN + END + 5)
    return replay


def test_it_finds_what_was_found_live() -> None:
    replay = replayed(HISTORY)
    assert replay.found == live()
    assert [(one.state, one.start - BEGIN) for one in replay.found] == [(State.START, BURST), (State.END, BURST)]
    assert (replay.first, replay.judged_from) == (BEGIN, BEGIN + 1440)
    assert (replay.calls, replay.series) == (sum(calls for *_, calls in HISTORY), {KEY, OTHER})


@settings(max_examples=6, deadline=None)
@given(cuts=st.lists(st.integers(0, len(HISTORY)), max_size=5), seed=st.integers(0, 100))
def test_neither_pieces_nor_the_order_within_a_minute_matter(cuts: list[int], seed: int) -> None:
    dice = random.Random(seed)
    mixed = sorted(HISTORY, key=lambda counted: (counted[1], dice.random()))
    edges = [0, *sorted(cuts), len(mixed)]
    pieces = [mixed[first:end] for first, end in pairwise(edges)]
    assert replayed(*pieces).found == replayed(HISTORY).found


def test_what_has_not_ended_goes_on() -> None:
    replay = Replay()
    replay.take(counted for counted in HISTORY if counted[1] <= BEGIN + BURST + 4)
    replay.finish(BEGIN + BURST + 4)
    assert [one.state for one in replay.found] == [State.START]


def test_without_calls_there_is_nothing() -> None:
    replay = Replay()
    replay.finish(BEGIN)
    assert (replay.found, replay.first, replay.judged_from) == ([], None, None)


def test_time_does_not_run_backwards() -> None:
    replay = Replay()
    replay.take([(KEY, BEGIN + 1, Call(), 1)])
    with pytest.raises(ValueError, match="comes after"):
        replay.take([(KEY, BEGIN, Call(), 1)])
