"""The asyncio face: grouping, order, limits, and appends through faults of the server."""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from cairn.core.config import JournalSettings, Settings, Size
from cairn.core.frozen import freeze
from cairn.core.journal.access import JournalAccess
from cairn.core.journal.appender import NatsAppender
from cairn.core.journal.engine import JournalEngine
from cairn.core.journal.journal import (
    BatchTooLarge,
    JournalBusy,
    JournalEntry,
    JournalFenced,
    JournalFull,
    JournalUnavailable,
)
from cairn.core.journal.nats import NatsJournal
from cairn.core.journal.stream import NoAnswer, Stream
from cairn.core.records.event import Event, Kind

pytestmark = pytest.mark.engine
MakeEvent = Callable[..., Event]


@pytest.fixture
def engine(tmp_path: Path) -> Iterator[JournalEngine]:
    engine = JournalEngine(tmp_path / "journal", Settings(journal=JournalSettings(bytes_max=Size(4 << 20))))
    engine.start()
    yield engine
    engine.stop()


@pytest.fixture
def access(engine: JournalEngine, tmp_path: Path) -> JournalAccess:
    return JournalAccess.load(tmp_path / "journal")


def read_all(access: JournalAccess) -> list[JournalEntry]:
    with NatsJournal(access, writer="reader") as journal:
        entries = journal.read_from(1, bytes_max=64 << 20)
        assert journal.faults.recent() == []
        return entries


def ids(entries: list[JournalEntry]) -> list[str]:
    return [event.header.id for entry in entries for event in entry.batch.events]


def test_what_is_awaited_together_is_stored_together_in_order(access: JournalAccess, event: MakeEvent) -> None:
    events = [event() for _ in range(500)]

    async def run() -> list[int]:
        async with NatsAppender(access, writer="gateway-0") as appender:
            return await asyncio.gather(*(appender.append([each]) for each in events))

    positions = asyncio.run(run())
    entries = read_all(access)
    assert ids(entries) == [each.header.id for each in events]
    assert len(entries) < 20
    where = {each.header.id: entry.position for entry in entries for each in entry.batch.events}
    assert positions == [where[each.header.id] for each in events]


def test_groups_have_limits(access: JournalAccess, event: MakeEvent) -> None:
    async def run() -> None:
        async with NatsAppender(access, writer="gateway-0") as appender:
            await asyncio.gather(*(appender.append([event(padding=200_000)]) for _ in range(9)))
            with pytest.raises(BatchTooLarge):
                await appender.append([event(padding=5 << 20)])

    asyncio.run(run())
    entries = read_all(access)
    assert len(ids(entries)) == 9
    assert max(entry.size for entry in entries) < (1 << 20) + 4096


def test_a_full_queue_refuses_at_once_and_recovers(access: JournalAccess, event: MakeEvent) -> None:
    async def run() -> None:
        async with NatsAppender(access, writer="gateway-0", queue_events_max=10) as appender:
            waiting = [asyncio.ensure_future(appender.append([event(), event()])) for _ in range(5)]
            await asyncio.sleep(0)
            with pytest.raises(JournalBusy):
                await appender.append([event()])
            await asyncio.gather(*waiting)
            assert appender.queue_events == 0
            await appender.append([event()])

    asyncio.run(run())
    assert len(ids(read_all(access))) == 11


def test_outcomes_go_past_a_full_queue(access: JournalAccess, event: MakeEvent) -> None:
    intent = event(kind=Kind.INTENT)

    async def run() -> None:
        async with NatsAppender(access, writer="gateway-0", queue_events_max=3) as appender:
            await appender.append([intent])
            waiting = asyncio.ensure_future(appender.append([event(), event(), event()]))
            await asyncio.sleep(0)
            await appender.append([event(id=intent.header.id)])
            await waiting

    asyncio.run(run())
    assert len(ids(read_all(access))) == 5


def test_outcomes_go_into_the_reserve_of_a_full_disk(
    access: JournalAccess, event: MakeEvent, monkeypatch: pytest.MonkeyPatch
) -> None:
    intent = event(kind=Kind.INTENT)

    async def run() -> None:
        async with NatsAppender(access, writer="gateway-0") as appender:
            await appender.append([intent])
            monkeypatch.setattr(JournalAccess, "has_room", lambda _self, share=1.0: share < 1)
            other, outcome = await asyncio.gather(
                appender.append([event()]), appender.append([event(id=intent.header.id)]), return_exceptions=True
            )
            assert isinstance(other, JournalFull)
            assert outcome == 2
            with pytest.raises(JournalFull):
                await appender.append([event()])

    asyncio.run(run())
    assert ids(read_all(access)) == [intent.header.id] * 2


def test_stop_stores_what_waits(access: JournalAccess, event: MakeEvent) -> None:
    async def run() -> None:
        appender = NatsAppender(access, writer="gateway-0")
        appender.start()
        waiting = asyncio.ensure_future(appender.append([event()]))
        await asyncio.sleep(0)
        await appender.stop()
        assert await waiting == 1
        with pytest.raises(JournalUnavailable):
            await appender.append([event()])

    asyncio.run(run())


def test_lost_answers_store_nothing_twice(
    access: JournalAccess, event: MakeEvent, monkeypatch: pytest.MonkeyPatch
) -> None:
    publish, calls = Stream.publish, 0

    async def forgetful(stream: Stream, writer: str, data: bytes, *, message_id: str, after: int) -> int:
        nonlocal calls
        calls += 1
        position = await publish(stream, writer, data, message_id=message_id, after=after)
        if calls % 2:
            raise NoAnswer("the answer was lost")
        return position

    monkeypatch.setattr(Stream, "publish", forgetful)
    events = [event() for _ in range(10)]

    async def run() -> None:
        async with NatsAppender(access, writer="gateway-0") as appender:
            for number, each in enumerate(events):
                assert await appender.append([each]) == number + 1

    asyncio.run(run())
    assert ids(read_all(access)) == [each.header.id for each in events]
    assert calls == 20, "each was sent twice"


def test_a_batch_of_unknown_fate_is_settled_before_the_next(
    access: JournalAccess, event: MakeEvent, monkeypatch: pytest.MonkeyPatch
) -> None:
    publish, deaf = Stream.publish, True  # stored, but no answer of any kind comes back

    async def answers(stream: Stream, writer: str, data: bytes, *, message_id: str, after: int) -> int:
        try:
            return await publish(stream, writer, data, message_id=message_id, after=after)
        finally:
            if deaf:
                raise NoAnswer("the answer was lost")

    monkeypatch.setattr(Stream, "publish", answers)
    one, two = event(), event()
    with NatsJournal(access, writer="import", give_up_s=0.3) as journal:
        with pytest.raises(JournalUnavailable):
            journal.append([one], origin="import")
        with pytest.raises(JournalUnavailable):
            journal.append([two], origin="import")
        deaf = False
        assert journal.append([two], origin="import") == 2
        assert journal.append([one], origin="import") == 1, "the same again is the same batch"
    assert ids(read_all(access)) == [one.header.id, two.header.id]


def test_the_server_is_killed_and_appends_go_on(engine: JournalEngine, access: JournalAccess, event: MakeEvent) -> None:
    events = [event() for _ in range(300)]

    async def run() -> None:
        async with NatsAppender(access, writer="gateway-0") as appender:
            for number, each in enumerate(events):
                if number % 100 == 50:
                    assert engine.child is not None and engine.child.pid is not None
                    os.kill(engine.child.pid, signal.SIGKILL)
                await appender.append([each])

    asyncio.run(run())
    assert engine.child is not None and engine.child.restarts == 3
    assert ids(read_all(access)) == [each.header.id for each in events]


def test_while_the_journal_is_away_new_appends_are_refused_at_once(
    engine: JournalEngine, access: JournalAccess, event: MakeEvent
) -> None:
    intent, other = event(kind=Kind.INTENT), event()
    outcome, later = event(id=intent.header.id), event()
    assert engine.child is not None and engine.child.pid is not None
    pid = engine.child.pid

    async def run() -> None:
        async with NatsAppender(access, writer="gateway-0", give_up_s=0.5) as appender:
            await appender.append([event()])
            freeze(pid)
            with pytest.raises(JournalUnavailable):
                await appender.append([intent])
            for refused in (outcome, other):
                with pytest.raises(JournalUnavailable):
                    await asyncio.wait_for(appender.append([refused]), 0.1)
            os.kill(pid, signal.SIGCONT)
            async with asyncio.timeout(20):
                while True:
                    try:
                        await appender.append([later])
                        return
                    except JournalUnavailable:
                        await asyncio.sleep(0.1)

    try:
        asyncio.run(run())
    finally:
        os.kill(pid, signal.SIGCONT)
    assert ids(read_all(access))[1:] == [intent.header.id, outcome.header.id, later.header.id]


def test_at_its_size_limit_appends_are_refused_until_there_is_room(access: JournalAccess, event: MakeEvent) -> None:
    stored = []

    async def run() -> None:
        async with NatsAppender(access, writer="gateway-0") as appender:
            with pytest.raises(JournalFull):
                for _ in range(100):
                    each = event(padding=100_000)
                    await appender.append([each])
                    stored.append(each.header.id)
            with NatsJournal(access, writer="sink") as journal:
                await asyncio.to_thread(journal.trim, 5)
            each = event(padding=100_000)
            await appender.append([each])
            stored.append(each.header.id)

    asyncio.run(run())
    assert len(stored) > 30
    assert ids(read_all(access)) == stored[4:]


def test_after_a_fence_only_outcomes_of_ended_intents_are_refused(access: JournalAccess, event: MakeEvent) -> None:
    intent, other = event(kind=Kind.INTENT), event()

    async def run() -> None:
        async with NatsAppender(access, writer="gateway-0") as appender:
            position = await appender.append([intent])
            with NatsJournal(access, writer="judge") as judge:
                assert await asyncio.to_thread(judge.fence, "gateway-0", read_to=position + 1)
            outcome, plain = await asyncio.gather(
                appender.append([event(id=intent.header.id)]), appender.append([other]), return_exceptions=True
            )
            assert isinstance(outcome, JournalFenced)
            assert isinstance(plain, int)
            with pytest.raises(JournalFenced):
                await appender.append([event(id=intent.header.id)])

    asyncio.run(run())
    assert ids(read_all(access)) == [intent.header.id, other.header.id]


def test_a_writer_with_open_intents_lets_itself_be_heard(
    access: JournalAccess, event: MakeEvent, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("cairn.core.journal.appender.HEARTBEAT_S", 0.05)
    intent = event(kind=Kind.INTENT)

    async def run() -> None:
        async with NatsAppender(access, writer="gateway-0") as appender:
            await appender.append([intent])
            await asyncio.sleep(0.5)
            await appender.append([event(id=intent.header.id)])
            await asyncio.sleep(0.2)

    asyncio.run(run())
    sizes = [len(entry.batch.events) for entry in read_all(access)]
    assert sizes[0] == sizes[-1] == 1, "heard while the intent is open, and no longer"
    assert sizes[1:-1] == [0] * (len(sizes) - 2)
    assert len(sizes) > 3
