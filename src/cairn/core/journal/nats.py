"""The blocking face of the journal over NATS JetStream, with an event loop of its own in a thread."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Coroutine, Sequence
from typing import Any, TypeVar

from cairn.core.clock import SystemClock
from cairn.core.journal.access import JournalAccess
from cairn.core.journal.batch import encode, next_link
from cairn.core.journal.journal import Bounds, JournalEntry, JournalUnavailable
from cairn.core.journal.reading import FaultLog, Stored, Verifier
from cairn.core.journal.recent import RECENT_BYTES_MAX, Recent
from cairn.core.journal.stream import NoAnswer, Stream, WrongLast
from cairn.core.journal.writer import Writer
from cairn.core.records.event import Event, new_event_id

T = TypeVar("T")

GIVE_UP_S = 30.0
POLL_S = 1.0
"""How long a reader trusts that the bell would have rung."""
LAG_S = 2.0
"""How long a replica may lag behind before what it does not show counts as missing."""

_clock = SystemClock()


class NatsJournal:
    """`Journal` over a JetStream stream. It connects on first use, and again whenever the server was away.

    Sinks of one process share one of these, so that they share what is read.

    Args:
        writer: the name it appends under, which no other process may append under at the same time.
        give_up_s: how long an append is tried before `JournalUnavailable`.
        recent_bytes: memory for entries that others will read after the first: 0 where there is one reader.
    """

    def __init__(
        self,
        access: JournalAccess,
        *,
        writer: str,
        give_up_s: float = GIVE_UP_S,
        recent_bytes: int = RECENT_BYTES_MAX,
    ) -> None:
        self._stream = Stream(access)
        self._writer = Writer(self._stream, writer, give_up_s=give_up_s)
        self._give_up_s = give_up_s
        self._verifier = Verifier()
        self._recent = Recent(recent_bytes)
        self._connections = 0
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name=f"journal of {writer}", daemon=True)
        self._thread.start()

    def __enter__(self) -> NatsJournal:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """End the connection and its thread. Only to be called when no other call is under way."""
        self._await(self._stream.close())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    @property
    def faults(self) -> FaultLog:
        return self._verifier.faults

    def append(self, events: Sequence[Event], *, origin: str, read_to: int | None = None) -> int:
        return self._await(self._writer.append(events, origin, read_to=read_to))

    def read_from(self, position: int, *, bytes_max: int = 8 << 20, wait_s: float = 0.0) -> list[JournalEntry]:
        deadline = _clock.monotonic() + wait_s
        while True:
            if self._stream.connections != self._connections:
                self._connections = self._stream.connections  # what came back may hold less than what went away
                self._recent.clear()
            if recent := self._recent.from_position(position, bytes_max):
                return recent
            rings = self._stream.rings
            stored = self._request(self._stream.fetch(position, bytes_max, listen=wait_s > 0))
            if not stored:
                position, stored = self._at_end(position, bytes_max)
            if stored:
                entries = self._verify(position, stored)
                if entries:
                    self._recent.put(entries)
                    return entries
                position = stored[-1].position + 1  # nothing but damage: behind it there may be more
                continue
            left = deadline - _clock.monotonic()
            if left <= 0:
                return []
            self._await(self._stream.wait_rung(rings, min(left, POLL_S)))
            if self._stream.rings == rings and _clock.monotonic() >= deadline:
                return []  # whoever asks again looks again: to look twice in between would double what idling costs

    def bounds(self) -> Bounds:
        return self._request(self._stream.bounds())[0]

    def trim(self, before: int) -> None:
        self._request(self._stream.trim(before))
        self._recent.drop_before(before)

    def fence(self, writer: str, *, read_to: int) -> bool:
        last = self._request(self._stream.last_of(writer))
        after = last.position if last else 0
        if after >= read_to:
            return False
        sequence, previous = next_link(last.data if last else None)
        epoch = new_event_id()
        data = encode(writer, epoch, sequence, "unresolved", previous, ())
        try:
            self._request(self._stream.publish(writer, data, message_id=f"{writer}.{epoch}", after=after))
        except WrongLast:
            return False
        return True

    def _at_end(self, position: int, bytes_max: int) -> tuple[int, list[Stored]]:
        """Nothing can be read at `position`: why. Where to read on, and what was read there after all."""
        deadline = _clock.monotonic() + (LAG_S if self._stream.access.replicas > 1 else 0.0)
        while True:
            bounds, first = self._request(self._stream.bounds())
            start = max(position, first)
            if start == bounds.next:
                return start, []
            if start < bounds.next and (stored := self._request(self._stream.fetch(start, bytes_max))):
                return start, stored
            if _clock.monotonic() >= deadline:
                break
            self._await(self._stream.wait_rung(self._stream.rings, LAG_S / 10))
        if start < bounds.next:
            self._verifier.missing(start, bounds.next)
            return bounds.next, []
        start = max(self._verifier.behind(position, bounds.next), first)
        return start, self._request(self._stream.fetch(start, bytes_max)) if start < bounds.next else []

    def _verify(self, position: int, stored: Sequence[Stored]) -> list[JournalEntry]:
        whole = stored[0].position == position and stored[-1].position - position == len(stored) - 1
        first = position if whole else self._request(self._stream.bounds())[1]
        return self._verifier.accept(position, stored, first=first)

    def _request(self, request: Coroutine[Any, Any, T]) -> T:
        try:
            return self._await(request)
        except NoAnswer as error:
            raise JournalUnavailable(str(error)) from error

    def _await(self, request: Coroutine[Any, Any, T]) -> T:
        return asyncio.run_coroutine_threadsafe(request, self._loop).result()
