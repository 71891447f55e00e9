"""The delivered digests as the saved state has them, for the keeper of the logs."""

from __future__ import annotations

from collections.abc import Iterator

import sqlalchemy as sa

from cairn.cloudtrail.checkpoints.keeper import Destination
from cairn.cloudtrail.checkpoints.leaf import Leaf
from cairn.cloudtrail.checkpoints.logs import DeliveredDigest
from cairn.cloudtrail.digests.tables import digests
from cairn.cloudtrail.tables import trails
from cairn.cloudtrail.trail import TrailId
from cairn.cloudtrail.trails import by_row
from cairn.core.clock import iso_seconds
from cairn.core.state import State


class SavedDigests:
    """`keeper.DeliveredDigests` over the table of digests."""

    def __init__(self, state: State) -> None:
        self._state = state

    def destinations(self) -> Iterator[Destination]:
        """Trails that ever had digests; of several of one name, where the last delivers to."""
        with self._state.read() as connection:
            rows = [row.trail for row in connection.execute(sa.select(digests.c.trail).distinct())]
            found = by_row(connection, rows)
        latest = {found[row].id: found[row] for row in sorted(found)}
        for trail in latest.values():
            yield Destination(trail.id, trail.settings.bucket, trail.settings.prefix)

    def after(self, trail: TrailId, row: int, most: int) -> list[DeliveredDigest]:
        """The next digests, up to one that is still on its way."""
        previous = digests.alias()
        select = (
            sa.select(digests, previous.c.signature.label("previous_signature"))
            .join(trails, trails.c.id == digests.c.trail)
            .outerjoin(previous, previous.c.id == digests.c.previous)
            .where(trails.c.arn == trail.arn, digests.c.id > row, digests.c.outcome != "abandoned")
            .order_by(digests.c.id)
            .limit(most)
        )
        delivered: list[DeliveredDigest] = []
        with self._state.read() as connection:
            for found in connection.execute(select).mappings():
                if found["outcome"] == "staged":
                    break
                delivered.append(DeliveredDigest(found["id"], _leaf(found)))
        return delivered


def _leaf(row: sa.RowMapping) -> Leaf:
    return Leaf(
        account=row["account"],
        region=row["region"],
        start=iso_seconds(row["start"]),
        end=iso_seconds(row["end"]),
        bucket=row["bucket"],
        key=row["key"],
        sha256=row["sha256"],
        signature=row["signature"],
        fingerprint=row["fingerprint"],
        previous=row["previous_signature"],
    )
