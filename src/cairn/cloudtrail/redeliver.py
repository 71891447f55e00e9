"""Redelivery: putting again what a bucket lost, from the journal as far as it is kept, under the same names."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

import msgspec

from cairn.cloudtrail import plans, spans
from cairn.cloudtrail.gather import Reader, Taker, gather
from cairn.cloudtrail.plans import DeliveredFile, Plan
from cairn.cloudtrail.shipment import Shipper, Spool, SpooledFile
from cairn.cloudtrail.spans import Span
from cairn.cloudtrail.tables import delivered_files
from cairn.cloudtrail.trail import Trail, TrailId
from cairn.cloudtrail.trails import Trails
from cairn.core.clock import Clock
from cairn.core.journal.journal import Journal
from cairn.core.objects import ObjectStore, ObjectStoreError
from cairn.core.state import State

GONE = frozenset({"NoSuchKey", "404", "NotFound"})
"""What a store answers where there is no such object."""


class Redelivered(msgspec.Struct, frozen=True):
    """What became of one file: `present` in the bucket, `put` again, or `lost`: the journal has let go of it."""

    bucket: str
    key: str
    outcome: str


class Redelivery:
    """Delivers again. Reads the journal and the saved state and changes nothing but buckets: it may run beside
    delivery, in any process and in many threads."""

    def __init__(self, state: State, journal: Journal, store: ObjectStore, spool: Path, clock: Clock) -> None:
        self._state = state
        self._journal = journal
        self._store = store
        self._folder = spool
        self._trails = Trails(state, journal, clock)
        self._shipper = Shipper(state, store, clock)

    def redeliver(self, trail: TrailId, start: float, end: float, *, all_files: bool = False) -> Iterator[Redelivered]:
        """Put again the log files of a trail whose slots end within [`start`, `end`] and that its bucket lacks.

        Args:
            all_files: put those too that the bucket has, in case they were changed.

        Raises:
            AwsError: TrailNotFoundException.
            ObjectStoreError: the bucket cannot be read or written.
        """
        found = self._trails.get(trail)
        with self._state.read() as connection:
            chosen = [plan for plan in plans.delivered(connection, found.row) if start <= plan.slot <= end]
            by_id = {span.id: span for span in spans.of_trail(connection, found.row)}
        with TemporaryDirectory(prefix="redelivery-", dir=self._folder) as folder:
            spool = Spool(Path(folder))
            for plan in chosen:
                yield from self._again(found, plan, by_id[plan.span], spool, all_files=all_files)

    def _again(self, trail: Trail, plan: Plan, span: Span, spool: Spool, *, all_files: bool) -> Iterator[Redelivered]:
        """Put the files of one plan again, made from the journal as it is now."""
        with self._state.read() as connection:
            files = plans.files(connection, delivered_files.c.plan == plan.id)
        missing = files if all_files else [file for file in files if not self._present(file)]
        made: dict[tuple[str, str, int], SpooledFile] = {}
        if missing:
            taker = Taker(span, plan.first, plan.file_bytes_max)
            gather(Reader(self._journal), plan.first, [taker], lambda entry: entry.position >= plan.next, None)
            made = {(file.account, file.region, file.part): file for file in spool.write(plan, taker.drafts)}
        for file in files:
            outcome = "present"
            if file in missing:
                again = made.get((file.account, file.region, file.part))
                if again is None or again.written.sha256 != file.sha256:
                    outcome = "lost"
                else:
                    self._shipper.put(trail, file.bucket, file.key, again)
                    outcome = "put"
            yield Redelivered(file.bucket, file.key, outcome)
        spool.drop(plan)

    def _present(self, file: DeliveredFile) -> bool:
        try:
            self._store.head(file.bucket, file.key)
        except ObjectStoreError as error:
            if error.code in GONE:
                return False
            raise
        return True
