"""Putting again the digest files that a bucket lost, from the saved state: the same bytes, the same signature."""

from __future__ import annotations

from collections.abc import Iterator

from cairn.cloudtrail.digests import chains
from cairn.cloudtrail.digests.chains import DigestChanged, DigestRow
from cairn.cloudtrail.digests.putting import Putter, metadata_of
from cairn.cloudtrail.digests.tables import digests
from cairn.cloudtrail.redeliver import GONE, Redelivered
from cairn.cloudtrail.trail import TrailId
from cairn.cloudtrail.trails import Trails
from cairn.core.objects import ObjectStore, ObjectStoreError
from cairn.core.state import State


class Restoration:
    """Reads the saved state and changes nothing but buckets: it may run beside delivery, in any process."""

    def __init__(self, state: State, store: ObjectStore, trails: Trails, putter: Putter) -> None:
        self._state = state
        self._store = store
        self._trails = trails
        self._putter = putter

    def restore(self, trail: TrailId, start: float, end: float, *, all_files: bool = False) -> Iterator[Redelivered]:
        """Put again the digests of a trail that end within [`start`, `end`] and that its bucket lacks, or that are
        there without their signature or what else stands beside them.

        Args:
            all_files: put those too that the bucket has, in case they were changed.

        Raises:
            AwsError: TrailNotFoundException.
            ObjectStoreError: the bucket cannot be read or written.
        """
        found = self._trails.get(trail)
        chosen = (digests.c.trail == found.row, digests.c.end >= start, digests.c.end <= end)
        with self._state.read() as connection:
            rows = chains.rows(connection, *chosen, digests.c.outcome == "delivered")
        for row in rows:
            outcome = "present"
            if all_files or not self._present(row):
                try:
                    self._putter.put_again(found, row)
                    outcome = "put"
                except DigestChanged:
                    outcome = "lost"
            yield Redelivered(row.bucket, row.key, outcome)

    def _present(self, row: DigestRow) -> bool:
        try:
            return metadata_of(row).items() <= self._store.head(row.bucket, row.key).metadata.items()
        except ObjectStoreError as error:
            if error.code in GONE:
                return False
            raise
