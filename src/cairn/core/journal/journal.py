"""The journal's contract: append, read from, trim.

Everything Cairn knows of what happened is a sequence of batches. Sources append; each sink reads from its own
position. A position is the number of the next batch to read: positions start at 1, only grow, and a gap between
two that were never trimmed is a loss, which is reported and never stepped over in silence.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Protocol

import msgspec

from cairn.core.errors import CairnError
from cairn.core.records.event import Event, Kind


class JournalUnavailable(CairnError):
    """The journal did not take the batch; whether it is stored is unknown. Append the same batch again."""


class JournalFull(CairnError):
    """The journal is at its size limit or its disk is full. Nothing was stored."""


class JournalBusy(CairnError):
    """More appends are waiting than the queue holds. Nothing was stored."""


class Batch(msgspec.Struct, frozen=True):
    """What one append stored, in the order it was given."""

    writer: str
    """Who appended it, such as `gateway-0`."""
    origin: str
    """Where its events come from: `gateway`, `import`, `audit`, `insights`, `console`, `unresolved`."""
    events: tuple[Event, ...]

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
    """The blocking face, for sinks and everything that runs in threads."""

    def append(self, events: Sequence[Event], *, origin: str) -> int:
        """Store `events` durably as one batch and return its position.

        Raises:
            JournalFull, JournalUnavailable: see there.
        """

    def read_from(self, position: int, *, bytes_max: int = 8 << 20, wait_s: float = 0.0) -> list[JournalEntry]:
        """Entries from `position` on, in order, about `bytes_max` bytes at the most (at least one, if any).

        Waits up to `wait_s` seconds for the first. Where `position` was trimmed, it goes on at the first kept.

        Raises:
            JournalUnavailable: the journal cannot be read now.
        """

    def bounds(self) -> Bounds:
        """What the journal holds now."""

    def trim(self, before: int) -> None:
        """Let go of everything before position `before`."""


class Appender(Protocol):
    """The asyncio face, for doors: what is awaited together is stored together."""

    async def append(self, events: Sequence[Event]) -> int:
        """Return the batch's position once the events are durable.

        Raises:
            JournalBusy, JournalFull, JournalUnavailable: see there.
        """
