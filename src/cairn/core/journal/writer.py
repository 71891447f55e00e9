"""One writer of the journal: its batches follow each other without a gap, a fork or a repeat.

A batch whose fate is unknown is kept and settled before anything else is appended. That, and the server's check of the
writer's last position, make a repeat harmless for ever and the chain whole.
"""

from __future__ import annotations

import asyncio
import logging
import re
from collections import deque
from collections.abc import Sequence

import msgspec

from cairn.core.clock import SystemClock
from cairn.core.journal.batch import digest, encode, next_link
from cairn.core.journal.journal import BatchTooLarge, JournalFenced, JournalFull, JournalUnavailable
from cairn.core.journal.own_intents import OwnIntents
from cairn.core.journal.stream import MESSAGE_BYTES_MAX, NoAnswer, Stream, WrongLast
from cairn.core.records.event import Event, Kind, new_event_id

log = logging.getLogger(__name__)

RETRY_PAUSE_S = 0.05
RETRY_PAUSE_MAX_S = 1.0
LATE_MAX = 64

_clock = SystemClock()


class _Pending(msgspec.Struct):
    """A batch on its way."""

    events: tuple[Event, ...]
    data: bytes


class Writer:
    """Appends under one name. One append at a time: whoever calls waits for the ones before."""

    def __init__(self, stream: Stream, name: str, *, give_up_s: float) -> None:
        if not re.fullmatch(r"[A-Za-z0-9_-]{1,128}", name):
            raise ValueError(f"{name!r} is no writer's name: letters, digits, - and _ make one")
        self.name = name
        self.intents = OwnIntents()
        self._stream = stream
        self._give_up_s = give_up_s
        self._turn = asyncio.Lock()
        self._epoch = ""
        self._sequence, self._previous = next_link(None)  # of the batch that comes next
        self._position = 0  # of the writer's last batch, as the journal has it
        self._fresh = True  # nothing was appended in this epoch
        self._pending: _Pending | None = None
        # What turned out to be stored after its caller was told that nobody knows, lest it be stored again.
        self._late: deque[tuple[tuple[Event, ...], int]] = deque(maxlen=LATE_MAX)

    @property
    def unsettled(self) -> bool:
        """Whether a batch's fate is unknown; the next append, be it of no events, settles it."""
        return self._pending is not None

    def unsettled_intent(self, event: Event) -> bool:
        """Whether `event` is the outcome of an intent whose fate is unknown."""
        pending = self._pending.events if self._pending is not None else ()
        return event.header.kind == Kind.EVENT and any(
            each.header.kind == Kind.INTENT and each.header.id == event.header.id for each in pending
        )

    async def append(self, events: Sequence[Event], origin: str, *, read_to: int | None = None) -> int:
        """See `Journal.append`."""
        async with self._turn:
            deadline = _clock.monotonic() + self._give_up_s
            events = tuple(events)
            if (late := self._pending) is not None:
                position = await self._settle(late, deadline)
                if position is not None and late.events:
                    self._late.append((late.events, position))
            for known in self._late:
                if known[0] == events:
                    self._late.remove(known)
                    return known[1]
            while True:
                if self.intents.ended(events):
                    raise JournalFenced(f"{self.name} was taken for dead, and its open calls as unresolved")
                if not self._epoch:
                    await self._open(deadline)
                if read_to is not None and self._position >= read_to:
                    raise JournalFenced(f"{self.name} has appended at {self._position}, not before {read_to}")
                self._check_room(0.5 if self.intents.closed_by(events) else 1.0)
                self._pending = _Pending(events, self._encode(events, origin))
                position = await self._settle(self._pending, deadline)
                if position is not None:
                    return position

    def _encode(self, events: Sequence[Event], origin: str) -> bytes:
        data = encode(self.name, self._epoch, self._sequence, origin, self._previous, events)
        if len(data) > MESSAGE_BYTES_MAX - 4096:
            raise BatchTooLarge(f"{len(events)} events of {len(data)} bytes are more than one batch holds")
        return data

    def _check_room(self, share: float) -> None:
        if not self._stream.access.has_room(share):
            raise JournalFull(
                f"the disk of {self._stream.access.folder} is full", advice="Make room; appends go on by themselves."
            )

    async def _settle(self, pending: _Pending, deadline: float) -> int | None:
        """Publish `pending` until its fate is known: its position, or None where the writer's epoch was over."""
        pause = RETRY_PAUSE_S
        message_id = f"{self.name}.{self._epoch}.{self._sequence}"
        while True:
            try:
                position = await self._publish(pending, message_id)
            except JournalFull:
                self._pending = None
                raise
            except NoAnswer as error:
                if _clock.monotonic() + pause > deadline:
                    raise JournalUnavailable(
                        f"the journal did not confirm a batch within {self._give_up_s:.0f} s: {error}",
                        advice="Look at nats-server and its log.",
                    ) from error
                await asyncio.sleep(pause)
                pause = min(pause * 2, RETRY_PAUSE_MAX_S)
                continue
            self._pending = None
            if position is not None:
                self._sequence += 1
                self._previous = digest(pending.data)
                self._position = position
                self._fresh = False
                self.intents.note(pending.events)
            return position

    async def _publish(self, pending: _Pending, message_id: str) -> int | None:
        """One attempt. None: others have appended under this name, and this epoch is over."""
        try:
            return await self._stream.publish(self.name, pending.data, message_id=message_id, after=self._position)
        except (WrongLast, JournalFull) as refusal:
            found = await self._stream.next_of(self.name, self._position)
            if found is not None and found.data == pending.data:
                return found.position  # an earlier attempt stored it, and its answer was lost
            if isinstance(refusal, JournalFull):
                raise
            if found is None and self._fresh and refusal.last > self._position:
                self._position = refusal.last  # the last batch is there, damaged, so that no read shows it
                raise NoAnswer("the writer's last batch cannot be read") from refusal
            if refusal.last:
                log.warning("%s was fenced at %d: it begins a new epoch", self.name, refusal.last)
            self._epoch = ""
            self.intents.end()
            return None

    async def _open(self, deadline: float) -> None:
        """Begin an epoch, which goes on with the chain of the writer's earlier ones."""
        while True:
            try:
                last = await self._stream.last_of(self.name)
                break
            except NoAnswer as error:
                if _clock.monotonic() > deadline:
                    raise JournalUnavailable(f"the journal cannot be opened: {error}") from error
                await asyncio.sleep(RETRY_PAUSE_S)
        self._position = last.position if last else 0
        self._sequence, self._previous = next_link(last.data if last else None)
        self._epoch = new_event_id()
        self._fresh = True
