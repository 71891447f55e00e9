"""Intents: each gets one event, whoever dies where."""

from __future__ import annotations

import contextlib
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from cairn.core.clock import TestClock
from cairn.core.failpoints import FailpointReached, arm
from cairn.core.journal.intents import Resolver
from cairn.core.journal.journal import JournalFenced, JournalUnavailable
from cairn.core.journal.memory import Fault, MemoryJournal
from cairn.core.journal.tables import journal_readers
from cairn.core.records.event import Event, Kind
from cairn.core.state import State

MakeEvent = Callable[..., Event]


@pytest.fixture
def state(tmp_path: Path) -> Iterator[State]:
    state = State.in_folder(tmp_path)
    journal_readers.create(state.engine)
    yield state
    state.close()


@pytest.fixture(autouse=True)
def disarm() -> Iterator[None]:
    yield
    arm("")


def resolver(journal: MemoryJournal, state: State, clock: TestClock) -> Resolver:
    return Resolver(journal.as_writer("intents"), state, clock, wait_s=0)


def settle(step: Resolver, steps: int = 6) -> None:
    for _ in range(steps):
        step.step()


def recorded(journal: MemoryJournal) -> list[str]:
    """The ids of events, as a sink sees them."""
    return [event.header.id for entry in journal.read_from(1) for event in entry.batch.of_kind()]


def test_an_outcome_closes_its_intent(event: MakeEvent, state: State, clock: TestClock) -> None:
    journal = MemoryJournal("gateway-0", clock=clock)
    intent = event(kind=Kind.INTENT)
    journal.append([intent], origin="gateway")
    step = resolver(journal, state, clock)
    step.step()
    assert step.open == 1
    assert step.position == 1
    journal.append([event(id=intent.header.id)], origin="gateway")
    settle(step)
    assert (step.open, step.position, step.resolved) == (0, 3, 0)
    assert recorded(journal) == [intent.header.id]


def test_a_new_epoch_resolves_what_the_old_one_left(event: MakeEvent, state: State, clock: TestClock) -> None:
    journal = MemoryJournal("gateway-0", clock=clock)
    intent = event(kind=Kind.INTENT, padding=10)
    journal.append([intent], origin="gateway")
    step = resolver(journal, state, clock)
    settle(step)
    assert recorded(journal) == [], "its writer may still live"
    journal.as_writer("gateway-0").append([event(kind=Kind.INTENT)], origin="gateway")
    settle(step)
    (last,) = journal.read_from(3)
    assert last.batch.origin == "unresolved"
    assert [each.record for each in last.batch.events] == [intent.record]
    assert step.open == 1, "that of the new epoch"


def test_another_writers_new_epoch_resolves_nothing(event: MakeEvent, state: State, clock: TestClock) -> None:
    journal = MemoryJournal("gateway-0", clock=clock)
    journal.append([event(kind=Kind.INTENT)], origin="gateway")
    for _ in range(2):
        journal.as_writer("gateway-1").append([event()], origin="gateway")
    step = resolver(journal, state, clock)
    settle(step)
    assert step.open == 1


def test_a_silent_writer_is_fenced_and_its_late_outcome_refused(
    event: MakeEvent, state: State, clock: TestClock
) -> None:
    journal = MemoryJournal("gateway-0", clock=clock)
    intent = event(kind=Kind.INTENT)
    journal.append([intent], origin="gateway")
    step = resolver(journal, state, clock)
    settle(step)
    clock.advance(121)
    settle(step)
    assert recorded(journal) == [intent.header.id]
    with pytest.raises(JournalFenced):
        journal.append([event(id=intent.header.id)], origin="gateway")
    settle(step)
    assert recorded(journal) == [intent.header.id]


def test_a_writer_that_is_heard_of_is_left_alone_until_its_intent_is_an_hour_old(
    event: MakeEvent, state: State, clock: TestClock
) -> None:
    journal = MemoryJournal("gateway-0", clock=clock)
    journal.append([event(kind=Kind.INTENT)], origin="gateway")
    step = resolver(journal, state, clock)
    for _ in range(30):
        settle(step, 2)
        clock.advance(119)
        journal.append([], origin="gateway")
    assert recorded(journal) == []
    for _ in range(10):
        settle(step, 4)
        clock.advance(119)
        journal.append([], origin="gateway")
    assert len(recorded(journal)) == 1


@pytest.mark.parametrize("point", ["intents.resolved", "intents.fenced"])
def test_a_resolver_that_dies_is_followed_by_one_that_does_no_more(
    point: str, event: MakeEvent, state: State, clock: TestClock
) -> None:
    journal = MemoryJournal("gateway-0", clock=clock)
    intent = event(kind=Kind.INTENT)
    journal.append([intent], origin="gateway")
    first = resolver(journal, state, clock)
    settle(first)
    clock.advance(121)
    arm(f"{point}=raise")
    with pytest.raises(FailpointReached):
        settle(first)
    settle(resolver(journal, state, clock))
    clock.advance(300)
    settle(resolver(journal, state, clock))
    assert recorded(journal) == [intent.header.id]


def test_two_resolvers_at_once_resolve_once(
    event: MakeEvent, state: State, clock: TestClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    journal = MemoryJournal("gateway-0", clock=clock)
    intents = [event(kind=Kind.INTENT) for _ in range(3)]
    for intent in intents:
        journal.append([intent], origin="gateway")
    journal.as_writer("gateway-0").append([], origin="gateway")
    one = resolver(journal, state, clock)
    face = journal.as_writer("intents")
    append = face.append

    def late(events: Sequence[Event], *, origin: str, read_to: int | None = None) -> int:
        settle(one)  # after `two` has read to the end, and before it appends
        return append(events, origin=origin, read_to=read_to)

    monkeypatch.setattr(face, "append", late)
    two = Resolver(face, state, clock, wait_s=0)
    settle(two)
    assert (one.resolved, two.resolved) == (3, 0)
    assert Counter(recorded(journal)) == Counter(intent.header.id for intent in intents)


def test_a_lost_ack_of_a_resolution_does_not_repeat_it(event: MakeEvent, state: State, clock: TestClock) -> None:
    journal = MemoryJournal("gateway-0", clock=clock)
    intent = event(kind=Kind.INTENT)
    journal.append([intent], origin="gateway")
    journal.as_writer("gateway-0").append([], origin="gateway")
    step = resolver(journal, state, clock)
    step.step()
    journal.fault = Fault.LOST_ACK
    with pytest.raises(JournalUnavailable):
        step.step()
    journal.fault = None
    settle(step)
    assert recorded(journal) == [intent.header.id]


def test_the_next_resolver_reads_from_the_oldest_open_intent(event: MakeEvent, state: State, clock: TestClock) -> None:
    journal = MemoryJournal("gateway-0", clock=clock)
    done, kept = event(kind=Kind.INTENT), event(kind=Kind.INTENT)
    for each in (done, event(id=done.header.id), kept, event(), event()):
        journal.append([each], origin="gateway")
    step = resolver(journal, state, clock)
    settle(step)
    clock.advance(11)
    settle(step)
    after = resolver(journal, state, clock)
    assert after.position == 3
    journal.as_writer("gateway-0").append([], origin="gateway")
    settle(after)
    assert recorded(journal).count(kept.header.id) == 1


ACTIONS = st.lists(
    st.tuples(
        st.sampled_from(["intent", "outcome", "restart", "resolve", "new resolver", "silence"]), st.integers(0, 2)
    ),
    max_size=40,
)


@given(actions=ACTIONS)
@settings(max_examples=80, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
def test_whatever_happens_each_intent_gets_one_event(
    actions: list[tuple[str, int]], event: MakeEvent, state: State, clock: TestClock
) -> None:
    with state.write() as connection:
        connection.execute(journal_readers.delete())
    journal = MemoryJournal(clock=clock)
    gateways = [journal.as_writer(f"gateway-{n}") for n in range(3)]
    resolvers = [resolver(journal, state, clock) for _ in range(2)]
    open_ids: list[list[str]] = [[], [], []]
    all_ids: list[str] = []
    for action, n in actions:
        if action == "intent":
            intent = event(kind=Kind.INTENT)
            gateways[n].append([intent], origin="gateway")
            open_ids[n].append(intent.header.id)
            all_ids.append(intent.header.id)
        elif action == "outcome" and open_ids[n]:
            with contextlib.suppress(JournalFenced):
                gateways[n].append([event(id=open_ids[n].pop())], origin="gateway")
        elif action == "restart":
            gateways[n], open_ids[n] = journal.as_writer(f"gateway-{n}"), []
        elif action == "resolve":
            resolvers[n % 2].step()
        elif action == "new resolver":
            resolvers[n % 2] = resolver(journal, state, clock)
        else:
            clock.advance(70)
    for step in resolvers:
        settle(step)
        clock.advance(121)
        settle(step, 10)
    assert Counter(recorded(journal)) == Counter(all_ids)
