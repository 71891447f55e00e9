"""Carrying staged digests out: put each into its bucket with its signature, note that it is there."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence

from cairn.cloudtrail import status
from cairn.cloudtrail.digests import chains
from cairn.cloudtrail.digests.chains import DigestRow
from cairn.cloudtrail.digests.digest import (
    ALGORITHM_METADATA,
    BACKFILL_METADATA,
    SIGNATURE_ALGORITHM,
    SIGNATURE_METADATA,
    generation_time,
    pack,
)
from cairn.cloudtrail.shipment import put_for
from cairn.cloudtrail.trail import Trail
from cairn.core.clock import Clock
from cairn.core.failpoints import failpoint
from cairn.core.objects import ObjectStore, ObjectStoreError
from cairn.core.state import State


class Putter:
    """Puts digests into buckets. Used by many threads, for one trail by one at a time."""

    def __init__(self, state: State, store: ObjectStore, clock: Clock) -> None:
        self._state = state
        self._store = store
        self._clock = clock

    def put(self, trail: Trail, rows: Sequence[DigestRow]) -> None:
        """Deliver staged digests, in order.

        Raises:
            ObjectStoreError: the bucket did not take one; the status tells it, and it and those behind stay staged.
            DigestChanged: what one was made of is no more as it was.
        """
        for row in rows:
            try:
                self.put_again(trail, row)
            except ObjectStoreError as error:
                with self._state.write() as connection:
                    status.failed(connection, trail.row, {row.region}, self._clock.now(), error.code, "digests")
                raise
            failpoint("digests.put")
            with self._state.write() as connection:
                chains.deliver(connection, row, self._clock.now())
                failpoint("digests.committing")
            failpoint("digests.committed")

    def put_again(self, trail: Trail, row: DigestRow) -> None:
        """Put the digest file of a row, whether or not it is there.

        Raises:
            ObjectStoreError: the bucket did not take it.
            DigestChanged: what it was made of is no more as it was.
        """
        with self._state.read() as connection:
            content = pack(chains.signed_bytes(connection, row))
        put_for(
            self._store,
            trail,
            row.bucket,
            row.key,
            content,
            sha256=hashlib.sha256(content).hexdigest(),
            metadata=metadata_of(row),
        )


def metadata_of(row: DigestRow) -> dict[str, str]:
    """What stands beside a digest's bytes: the same every time."""
    metadata = {SIGNATURE_METADATA: row.signature, ALGORITHM_METADATA: SIGNATURE_ALGORITHM}
    return metadata | ({BACKFILL_METADATA: generation_time(row.staged)} if row.backfill else {})
