"""The journal's contract: append, read from, trim.

Everything Cairn knows of what happened is a sequence of batches. Sources append; each sink reads from its own
position. A position is the number of the next batch to read: positions start at 1, only grow, and a gap between
two that were never trimmed is a loss, which is reported and never stepped over in silence.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Literal, Protocol

import msgspec

from cairn.core.errors import CairnError
from cairn.core.records.event import Event, Kind


class JournalUnavailable(CairnError):
    """The journal did not take the batch; whether it is stored is unknown. Append the same batch again."""


class JournalFull(CairnError):
    """The journal is at its size limit or its disk is full. Nothing was stored."""


class JournalBusy(CairnError):
    """More appends are waiting than the queue holds. Nothing was stored."""


class JournalFenced(JournalUnavailable):
    """Another process took over this writer's name, or the writer was taken for dead. Nothing was stored.

    Intents that it had open are recorded as unresolved; their outcomes can be appended no more.
    """


class BatchTooLarge(CairnError):
    """The events are more than one batch may hold. Nothing was stored."""


class JournalFault(msgspec.Struct, frozen=True):
    """Something in the journal that is not as it was written."""

    position: int
    """Where it was found."""
    kind: Literal["hole", "damaged", "chain", "behind"]
    """`hole`: positions are missing that were never trimmed. `damaged`: a batch cannot be read. `chain`: a batch does
    not follow the one that its writer appended before. `behind`: the journal ends before a position once read."""
    reason: str
    missing: int = 0
    """How many positions are missing."""


class Faults(Protocol):
    """What a journal's readers have found wrong since they started; each thing once, however many read over it."""

    @property
    def total(self) -> int:
        """How many faults were found."""

    def recent(self) -> list[JournalFault]:
        """The newest of them, oldest first."""


class Batch(msgspec.Struct, frozen=True):
    """What one append stored, in the order it was given."""

    writer: str
    """Who appended it, such as `gateway-0`."""
    origin: str
    """Where its events come from: `gateway`, `import`, `audit`, `insights`, `console`, `unresolved`."""
    events: tuple[Event, ...]
    epoch: str = ""
    """One life of the writer: random, the same from its start to its end. A newer epoch of the same writer in the
    journal means that the older one can append nothing any more."""

    def of_kind(self, kind: Kind = Kind.EVENT) -> Iterator[Event]:
        return (event for event in self.events if event.header.kind == kind)


class JournalEntry(msgspec.Struct, frozen=True):
    """A batch and where it stands."""

    position: int
    time: float
    """When the journal took it, in seconds since the epoch. Never decreases with position."""
    size: int
    """Bytes that it takes in the journal."""
    batch: Batch


class Bounds(msgspec.Struct, frozen=True):
    """What the journal holds: positions `first` up to, not including, `next`."""

    first: int
    next: int


class Journal(Protocol):
    """The blocking face, for sinks and everything that runs in threads. One object serves many threads."""

    @property
    def faults(self) -> Faults:
        """What reading has found wrong. Reading goes on behind it."""

    def append(self, events: Sequence[Event], *, origin: str, read_to: int | None = None) -> int:
        """Store `events` durably as one batch and return its position.

        After `JournalUnavailable`, appending the same events again stores them once.

        Args:
            read_to: store only if whatever this writer's name ever appended stands before this position.

        Raises:
            JournalFull, JournalUnavailable, JournalFenced, BatchTooLarge: see there.
        """

    def read_from(self, position: int, *, bytes_max: int = 8 << 20, wait_s: float = 0.0) -> list[JournalEntry]:
        """Entries from `position` on, in order, about `bytes_max` bytes at the most (at least one, if any).

        Waits up to `wait_s` seconds for the first. Where `position` was trimmed, it goes on at the first kept.
        Damaged and missing batches are noted in `faults`, and left out.

        Raises:
            JournalUnavailable: the journal cannot be read now.
        """

    def bounds(self) -> Bounds:
        """What the journal holds now."""

    def trim(self, before: int) -> None:
        """Let go of everything before position `before`."""

    def fence(self, writer: str, *, read_to: int) -> bool:
        """End the epoch of `writer`, if whatever it appended stands before `read_to`: it can append nothing more in it.

        Returns whether it did; False means that the writer has appended since.

        Raises:
            JournalFull, JournalUnavailable: see there.
        """


class Appender(Protocol):
    """The asyncio face, for doors: what is awaited together is stored together."""

    async def append(self, events: Sequence[Event]) -> int:
        """Return the batch's position once the events are durable.

        Where it raises `JournalUnavailable`, the events may still be stored later; appending an outcome for an intent
        whose append ended so is right, and closes it.

        Raises:
            JournalBusy, JournalFull, JournalUnavailable, JournalFenced, BatchTooLarge: see there.
        """
