"""Reads the journal from its beginning now and then, so that damage is known before anybody needs what is damaged."""

from __future__ import annotations

from collections.abc import Iterable

from cairn.core.journal.journal import Faults, Journal, JournalFault

READ_BYTES_MAX = 4 << 20
PAUSE_S = 0.5
"""Between two reads: a journal of 20 GB takes three quarters of an hour, and nobody notices."""
EVERY_S = 6 * 3600.0
"""From the end of one reading to the beginning of the next."""
NAMED_MAX = 10
JOURNAL = "journal"
"""Under this name the status board tells of the journal itself; its failures are the faults found."""


class JournalCheck:
    """The `core.loops.Step` that reads everything; what it finds wrong is in the journal's `faults`.

    Args:
        journal: one of its own, since reading throws out of the cache what sinks will read next.
    """

    name = "journal-check"

    def __init__(self, journal: Journal) -> None:
        self._journal = journal
        self._next = 1

    def step(self) -> float:
        entries = self._journal.read_from(self._next, bytes_max=READ_BYTES_MAX)
        if entries:
            self._next = entries[-1].position + 1
            return PAUSE_S
        self._next = self._journal.bounds().first
        return EVERY_S


def found(logs: Iterable[Faults]) -> list[JournalFault]:
    """What several readers of one journal have found wrong, each thing once, in the journal's order."""
    faults = {(fault.position, fault.kind): fault for log in logs for fault in log.recent()}
    return [faults[key] for key in sorted(faults)]


def told(faults: list[JournalFault]) -> str:
    """The faults in a person's words, the first of them by name."""
    named = [f"{fault.kind} at {fault.position}: {fault.reason}" for fault in faults[:NAMED_MAX]]
    if len(faults) > NAMED_MAX:
        named.append(f"and {len(faults) - NAMED_MAX} more")
    return "; ".join(named)
