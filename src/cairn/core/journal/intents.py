"""Every intent gets one event: its outcome, or, when its writer can append none any more, its own record.

A writer appends its batches under an epoch, and the journal takes none of an epoch once a newer one of the same writer
stands in it. So an intent of an older epoch whose outcome was not read up to the journal's end never gets one, and the
resolver records it as `unresolved`. A writer that is silent for long while it has intents open is fenced first: an
empty batch of a new epoch goes in under its name, and only if it has appended nothing since.

The resolver's own batch goes in only if the resolver has read whatever was ever appended under its name. That makes a
resolution happen once, though the resolver is killed anywhere or runs twice. All it saves is a position from which to
read again; the rest stands in the journal.
"""

from __future__ import annotations

import logging

import msgspec
import sqlalchemy as sa

from cairn.core.clock import Clock
from cairn.core.failpoints import failpoint
from cairn.core.journal.journal import Journal, JournalEntry, JournalFenced
from cairn.core.journal.tables import journal_readers
from cairn.core.records.event import Event, Kind
from cairn.core.state import State

log = logging.getLogger(__name__)

ORIGIN = "unresolved"
SILENCE_S = 120.0
"""A writer with open intents that is not heard of for so long is taken for dead. It is heard of every 15 s."""
AGE_MAX_S = 3600.0
"""An intent open for longer is resolved even if its writer lives: its outcome could not be appended when it came."""
RESOLVED_EVENTS_MAX = 500
SAVE_S = 10.0
WAIT_S = 1.0
GATHER_S = 0.25
"""How long it leaves the journal alone behind a read: under load what comes meanwhile is one read, not hundreds, and
nobody waits for it."""
SMALL_READ_BYTES = 1 << 20


class _Open(msgspec.Struct, frozen=True):
    """An intent without an outcome yet."""

    position: int
    writer: str
    epoch: str
    seen: float
    event: Event


class _Life(msgspec.Struct):
    """A writer with open intents: its newest epoch, and when it was last heard of."""

    epoch: str
    heard: float


class Resolver:
    """The `core.loops.Step` that pairs intents with outcomes.

    Args:
        journal: appends under the same writer's name wherever a resolver of this journal runs.
    """

    name = "intents"

    def __init__(
        self,
        journal: Journal,
        state: State,
        clock: Clock,
        *,
        silence_s: float = SILENCE_S,
        age_max_s: float = AGE_MAX_S,
        wait_s: float = WAIT_S,
    ) -> None:
        self.resolved = 0
        """Intents recorded as unresolved by this object."""
        self._journal = journal
        self._state = state
        self._clock = clock
        self._silence_s = silence_s
        self._age_max_s = age_max_s
        self._wait_s = wait_s
        self._open: dict[str, _Open] = {}  # by event id, in the journal's order
        self._lives: dict[str, _Life] = {}  # by writer's name
        self._saved = self._next = self._load()
        self._saved_at = clock.monotonic()

    @property
    def position(self) -> int:
        """Where it would have to begin to read again: nothing before it is needed."""
        return next(iter(self._open.values())).position if self._open else self._next

    @property
    def open(self) -> int:
        """Intents without an outcome, as far as it has read."""
        return len(self._open)

    def step(self) -> float:
        entries = self._journal.read_from(self._next, wait_s=self._wait_s)
        for entry in entries:
            self._take(entry)
            self._next = entry.position + 1
        if not entries and not self._resolve():
            self._fence_the_silent()
        self._save()
        return GATHER_S if 0 < sum(entry.size for entry in entries) < SMALL_READ_BYTES else 0.0

    def _take(self, entry: JournalEntry) -> None:
        batch, now = entry.batch, self._clock.monotonic()
        life = self._lives.get(batch.writer)
        if life is not None:
            life.epoch, life.heard = batch.epoch, now
        for event in batch.events:
            if event.header.kind == Kind.EVENT:
                self._open.pop(event.header.id, None)
            elif event.header.id not in self._open:
                self._open[event.header.id] = _Open(entry.position, batch.writer, batch.epoch, now, event)
                self._lives[batch.writer] = _Life(batch.epoch, now)

    def _resolve(self) -> bool:
        """Record what can get no outcome any more. The journal was read to its end. Returns whether there was any."""
        dead = [intent for intent in self._open.values() if self._lives[intent.writer].epoch != intent.epoch]
        if not dead:
            return False
        events = [_as_event(intent.event) for intent in dead[:RESOLVED_EVENTS_MAX]]
        try:
            self._journal.append(events, origin=ORIGIN, read_to=self._next)
        except JournalFenced:
            return True  # another resolver has been here: what it recorded is read next
        failpoint("intents.resolved")
        self.resolved += len(events)
        log.warning("%d calls were cut off by a crash: they are recorded with an unknown outcome", len(events))
        return True

    def _fence_the_silent(self) -> None:
        now = self._clock.monotonic()
        oldest: dict[str, float] = {}
        for intent in self._open.values():
            oldest.setdefault(intent.writer, intent.seen)
        self._lives = {writer: life for writer, life in self._lives.items() if writer in oldest}
        for writer, life in self._lives.items():
            silent, aged = now - life.heard > self._silence_s, now - oldest[writer] > self._age_max_s
            if (silent or aged) and self._journal.fence(writer, read_to=self._next):
                log.warning("%s %s: its open calls are resolved", writer, "is silent" if silent else "holds calls open")
                failpoint("intents.fenced")

    def _load(self) -> int:
        with self._state.read() as connection:
            query = sa.select(journal_readers.c.position).where(journal_readers.c.name == self.name)
            return connection.execute(query).scalar() or 1

    def _save(self) -> None:
        """A hint for the next start, so that it need not be exact."""
        now, position = self._clock.monotonic(), self.position
        if position == self._saved or now - self._saved_at < SAVE_S:
            return
        with self._state.write() as connection:
            connection.execute(sa.delete(journal_readers).where(journal_readers.c.name == self.name))
            connection.execute(sa.insert(journal_readers).values(name=self.name, position=position))
        self._saved, self._saved_at = position, now


def _as_event(intent: Event) -> Event:
    return Event(msgspec.structs.replace(intent.header, kind=Kind.EVENT), intent.record)
