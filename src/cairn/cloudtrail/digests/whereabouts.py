"""In which delivered log files an event may be, and which digest files prove them."""

from __future__ import annotations

import msgspec
import sqlalchemy as sa

from cairn.cloudtrail.digests.tables import digests
from cairn.cloudtrail.tables import delivered_files, trails
from cairn.core.state import State

WITHIN_S = 7 * 86_400
"""How long after an event a file of it is looked for."""


class Whereabouts(msgspec.Struct, frozen=True, kw_only=True):
    """A delivered file of an account and Region, from the time of an event."""

    trail: str
    """The trail's ARN."""
    bucket: str
    key: str
    sha256: str
    """Of the bytes before compression, hex."""
    delivered: float
    digest_bucket: str = ""
    """Empty while no digest of it was delivered."""
    digest_key: str = ""


def whereabouts(state: State, *, account: str, region: str, time: int, limit: int) -> list[Whereabouts]:
    """Files of the account's own trails that may hold an event of that time, the first delivered first."""
    files = delivered_files
    proof = sa.and_(
        digests.c.trail == files.c.trail,
        digests.c.account == files.c.account,
        digests.c.region == files.c.region,
        digests.c.after_file < files.c.id,
        digests.c.last_file >= files.c.id,
        digests.c.outcome == "delivered",
    )
    query = (
        sa.select(
            trails.c.arn.label("trail"),
            files.c.bucket,
            files.c.key,
            files.c.sha256,
            files.c.delivered,
            sa.func.coalesce(digests.c.bucket, "").label("digest_bucket"),
            sa.func.coalesce(digests.c.key, "").label("digest_key"),
        )
        .join_from(files, trails, files.c.trail == trails.c.id)
        .outerjoin(digests, proof)
        .where(
            trails.c.account == account,
            files.c.account == account,
            files.c.region == region,
            files.c.delivered.between(time, time + WITHIN_S),
            files.c.oldest <= time,
            files.c.newest >= time,
        )
        .order_by(files.c.delivered)
        .limit(limit)
    )
    with state.read() as connection:
        return [Whereabouts(**row) for row in connection.execute(query).mappings()]
