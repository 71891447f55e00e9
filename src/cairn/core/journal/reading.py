"""What a reader checks: every position is there, every batch is whole, every writer's batches follow each other.

No disk and no network: the journals fetch, this verifies. What is wrong is noted once, logged, and passed over.
"""

from __future__ import annotations

import logging
import threading
from collections import OrderedDict, deque
from collections.abc import Sequence

import msgspec
from prometheus_client import Counter

from cairn.core.journal.batch import NO_DIGEST, BatchDamaged, BatchHeader, decode, digest
from cairn.core.journal.journal import JournalEntry, JournalFault

log = logging.getLogger(__name__)

FAULTS = Counter("cairn_journal_faults", "Holes, damaged batches and broken chains that reading has found.", ["kind"])
FAULTS_KEPT_MAX = 1000
PLACES_MAX = 256
"""Places at which reads ended lately; a reader that goes on from another starts its chains anew."""


class Stored(msgspec.Struct, frozen=True):
    """What the journal's engine holds at a position."""

    position: int
    time: float
    data: bytes
    size: int


class FaultLog:
    """`journal.Faults`: each fault once, the newest kept."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._kept: deque[JournalFault] = deque(maxlen=FAULTS_KEPT_MAX)
        self._seen: set[tuple[int, str]] = set()
        self._total = 0

    @property
    def total(self) -> int:
        return self._total

    def recent(self) -> list[JournalFault]:
        with self._lock:
            return list(self._kept)

    def note(self, fault: JournalFault) -> None:
        with self._lock:
            if (fault.position, fault.kind) in self._seen:
                return
            if len(self._kept) == FAULTS_KEPT_MAX:
                self._seen.discard((self._kept[0].position, self._kept[0].kind))
            self._seen.add((fault.position, fault.kind))
            self._kept.append(fault)
            self._total += 1
        FAULTS.labels(fault.kind).inc()
        log.error("the journal is not whole at %d (%s): %s", fault.position, fault.kind, fault.reason)


class _Link(msgspec.Struct, frozen=True):
    """The last batch seen of a writer."""

    position: int
    sequence: int
    digest: bytes


_Chains = dict[str, _Link]


class Verifier:
    """Turns what is stored into entries, for any number of readers, each at its own position."""

    def __init__(self) -> None:
        self.faults = FaultLog()
        self._lock = threading.Lock()
        self._places: OrderedDict[int, _Chains] = OrderedDict()  # by the position that is read next
        self._ends: dict[int, int] = {}  # of journals that ended before a reader's position, by that position

    def accept(self, position: int, stored: Sequence[Stored], *, first: int) -> list[JournalEntry]:
        """The entries of `stored`, which was fetched from `position` on and is in order, faults left out.

        Args:
            first: the first position that was not trimmed, asked for after the fetch.
        """
        if not stored:
            return []
        with self._lock:
            chains = dict(self._places.get(position, {}))
        entries = []
        expected = position
        for item in stored:
            hole = max(expected, first)
            if item.position > hole:
                self.missing(hole, item.position)
                chains.clear()  # whose batches they were is unknown: every chain starts anew behind them
            expected = item.position + 1
            try:
                header, batch = decode(item.data)
            except BatchDamaged as error:
                self.faults.note(JournalFault(item.position, "damaged", error.message))
                chains.clear()
                continue
            self._follow(chains, item, header, first)
            entries.append(JournalEntry(item.position, item.time, item.size, batch))
        with self._lock:
            self._places[expected] = chains
            self._places.move_to_end(expected)
            while len(self._places) > PLACES_MAX:
                self._places.popitem(last=False)
        return entries

    def missing(self, start: int, end: int) -> None:
        """Positions `start` up to, not including, `end` are not there and were not trimmed."""
        last = f" to {end - 1}" if end - 1 > start else ""
        self.faults.note(JournalFault(start, "hole", f"position {start}{last} is missing", end - start))

    def behind(self, position: int, next_position: int) -> int:
        """A reader stands at `position`, and the journal ends before it. Returns where that reader goes on: at the
        end as it was when this was found, however often it asks."""
        reason = f"a reader stands at {position}, and the journal ends at {next_position}: it was cut or made anew"
        self.faults.note(JournalFault(position, "behind", reason, position - next_position))
        with self._lock:
            return min(self._ends.setdefault(position, next_position), next_position)

    def _follow(self, chains: _Chains, item: Stored, header: BatchHeader, first: int) -> None:
        before = chains.get(header.writer)
        chains[header.writer] = _Link(item.position, header.sequence, digest(item.data))
        if before is None or (header.sequence == before.sequence + 1 and header.previous == before.digest):
            return
        anew = header.sequence == 1 and header.previous == NO_DIGEST
        if anew and before.position < first:
            return  # nothing of the writer was kept, so that its next epoch began a new chain
        self.faults.note(
            JournalFault(
                item.position,
                "chain",
                f"batch {header.sequence} of {header.writer} does not follow its batch {before.sequence} "
                f"at {before.position}",
            )
        )
