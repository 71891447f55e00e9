"""Chains of digests: what the next digest of an account and region says, its row, and its bytes.

A digest is drafted, signed, and staged if the draft would still be the same (`staging`): the key may be far away, and
nobody waits for it inside a transaction. It is staged before its first byte leaves, and never changes: its row, the
row before it and the rows of the log files decide its bytes, and its signature stands in the row. Whatever dies after
that, the same object is put again. There is at most one staged digest in a chain: the next begins where it ends.

A digest has the files whose rows lie behind `after_file`, up to `last_file`; the next one's `after_file` is this
one's `last_file`. So no file falls between two digests and none into two, whatever the clock does. The times follow:
a window begins where the one before ended, and ends at or behind the delivery of its last file.

Files and times run through all digests of an account and region, those of missed windows (`backfill`) among them.
What a digest names as the one before is of its own kind: whoever verifies walks the two kinds one after the other.
"""

from __future__ import annotations

import hashlib
import math
import re
from collections.abc import Mapping
from typing import NamedTuple

import msgspec
import sqlalchemy as sa

from cairn.cloudtrail import status
from cairn.cloudtrail.digests.digest import HASH_ALGORITHM, Digest, DigestedFile, DigestName
from cairn.cloudtrail.digests.periods import Period
from cairn.cloudtrail.digests.tables import digests
from cairn.cloudtrail.tables import delivered_files, trails
from cairn.cloudtrail.trail import Trail
from cairn.core.clock import iso_seconds
from cairn.core.errors import CairnError

FILES_MAX = 10_000
"""Log files in a digest: about 5 MB before compression. Where there are more, the next digest follows at once."""

AHEAD_S = 60
"""How far a period's digests may reach into the next: a digest ends at a full second, and after the one before."""

LATE_S = 60.0
"""A digest made later than this after its window's end was due covers the time until now: nobody watched the hours
before. Those of a long outage have digests that say so (`backfill`)."""

_ORGANIZATION = re.compile(r"(?:^|/)AWSLogs/(o-[a-z0-9]{10,32})/")
_STAGED = digests.c.outcome == "staged"
_IN_CHAIN = digests.c.outcome != "abandoned"


class DigestChanged(CairnError):
    """What a digest was made of is no more as it was when it was signed."""


class Place(NamedTuple):
    """Whose chain it is, within a period."""

    account: str
    region: str


class DigestRow(msgspec.Struct, frozen=True, kw_only=True):
    """A digest file that is to be or is in its bucket. The row of the same names."""

    id: int
    period: int
    trail: int
    account: str
    region: str
    start: int
    end: int
    after_file: int
    last_file: int
    bucket: str
    key: str
    sha256: str
    fingerprint: str
    signature: str
    previous: int | None
    backfill: bool
    staged: float
    outcome: str
    delivered: float | None = None

    @property
    def place(self) -> Place:
        return Place(self.account, self.region)


class Window(NamedTuple):
    """What decides where the next digests of a period end."""

    end: int
    """digestEndTime, unless files or the digest before are later; seconds since the epoch."""
    last_file: int
    """The last row of delivered_files to look at."""
    now: float
    backfill: bool = False
    """Whether it was missed. Then files that were delivered behind its end are left for the next."""


class Draft(NamedTuple):
    """A digest that is to be signed. Equal drafts are the same digest."""

    row: DigestRow
    """Without signature."""
    text: bytes
    """What the signature covers."""


def begin_of(period: Period) -> int:
    """The second in which the windows of a period begin."""
    return math.ceil(period.began)


def places(connection: sa.Connection, period: Period, after_file: int, upto: int) -> set[Place]:
    """Where files of the period were delivered for, as far as their rows lie behind `after_file`, up to `upto`."""
    columns = (delivered_files.c.account, delivered_files.c.region)
    select = sa.select(*columns).distinct().where(_files_between(period.trail, after_file, upto))
    return {Place(*row) for row in connection.execute(select)}


def latest(connection: sa.Connection, period: Period) -> dict[Place, DigestRow]:
    """The last digest of each chain of a period."""
    newest = sa.select(sa.func.max(digests.c.id)).where(digests.c.period == period.id, _IN_CHAIN)
    newest = newest.group_by(digests.c.account, digests.c.region)
    return {row.place: row for row in rows(connection, digests.c.id.in_(newest))}


def draft(
    connection: sa.Connection,
    trail: Trail,
    period: Period,
    place: Place,
    before: DigestRow | None,
    window: Window,
    fingerprint: str,
) -> Draft:
    """Decide on the digest that follows `before`, the last of its account and region, to be signed with the key of
    that fingerprint."""
    after_file = period.after_file if before is None else before.last_file
    last_file, delivered = _reach(connection, period.trail, place, after_file, window)
    start = _begin(connection, trail, place, period) if before is None else before.end
    end = max(window.end, math.ceil(delivered), start + 1)
    taken = _ends(connection, trail, place, end)
    while end in taken:
        end += 1
    row = DigestRow(
        id=0,
        period=period.id,
        trail=trail.row,
        account=place.account,
        region=place.region,
        start=start,
        end=end,
        after_file=after_file,
        last_file=last_file,
        bucket=trail.settings.bucket,
        key=key_for(connection, trail, place, end, backfill=window.backfill),
        sha256="",
        fingerprint=fingerprint,
        signature="",
        previous=_previous(connection, before, window.backfill),
        backfill=window.backfill,
        staged=window.now,
        outcome="staged",
    )
    digest = compose(connection, row)
    sha256 = hashlib.sha256(digest.encode()).hexdigest()
    return Draft(msgspec.structs.replace(row, sha256=sha256), digest.signed_text())


def stage(connection: sa.Connection, drafted: Draft, signature: str) -> None:
    """Add a digest to its chain, to be put."""
    row = msgspec.structs.replace(drafted.row, signature=signature)
    values = {name: value for name, value in msgspec.to_builtins(row).items() if name != "id"}
    connection.execute(sa.insert(digests).values(**values))


def key_for(connection: sa.Connection, trail: Trail, place: Place, end: int, *, backfill: bool) -> str:
    """The object's key, by the trail's prefix as it is now, and beside the log files of the place: below the id of the
    organization that the last of them was logged for, which may have left the trail meanwhile."""
    name = DigestName(place.account, place.region, trail.id.name, trail.id.home_region, end, backfill)
    file = delivered_files.c
    last = sa.select(file.key).where(file.trail == trail.row, *_at(place)).order_by(file.id.desc()).limit(1)
    key = connection.scalar(last)
    if key is None:
        return name.key(trail.settings.prefix, organization=trail.settings.organization)
    found = _ORGANIZATION.search(key)
    return name.key(trail.settings.prefix, organization=found[1] if found is not None else "")


def compose(connection: sa.Connection, row: DigestRow) -> Digest:
    """The digest file of a row: the same every time."""
    files = _files(connection, row)
    previous: Mapping[str, str] = {}
    if row.previous is not None:
        (before,) = rows(connection, digests.c.id == row.previous)
        previous = {
            "previous_digest_s3_bucket": before.bucket,
            "previous_digest_s3_object": before.key,
            "previous_digest_hash_value": before.sha256,
            "previous_digest_hash_algorithm": HASH_ALGORITHM,
            "previous_digest_signature": before.signature,
        }
    return Digest(
        aws_account_id=row.account,
        digest_start_time=iso_seconds(row.start),
        digest_end_time=iso_seconds(row.end),
        digest_s3_bucket=row.bucket,
        digest_s3_object=row.key,
        digest_public_key_fingerprint=row.fingerprint,
        newest_event_time=max((file.newest_event_time for file in files), default=None),
        oldest_event_time=min((file.oldest_event_time for file in files), default=None),
        **previous,
        log_files=files,
    )


def signed_bytes(connection: sa.Connection, row: DigestRow) -> bytes:
    """The bytes before compression that the row's signature covers.

    Raises:
        DigestChanged: the saved state no longer gives them.
    """
    plain = compose(connection, row).encode()
    if hashlib.sha256(plain).hexdigest() != row.sha256:
        raise DigestChanged(
            f"the saved state of {row.bucket}/{row.key} was changed after it was signed",
            advice="Restore the saved state from a backup; what was changed is evidence.",
        )
    return plain


def staged(connection: sa.Connection) -> list[DigestRow]:
    """Digests that wait to be put, in order."""
    return rows(connection, _STAGED)


def deliver(connection: sa.Connection, row: DigestRow, now: float) -> None:
    """Note that a staged digest is in its bucket. Does nothing if somebody else has noted what became of it."""
    if _end(connection, row, outcome="delivered", delivered=now):
        status.succeeded(connection, row.trail, {row.region}, now, "digests")


def abandon(connection: sa.Connection, row: DigestRow) -> None:
    """Take a staged digest out of its chain. The next, if there is one, has its files."""
    _end(connection, row, outcome="abandoned")


def rows(connection: sa.Connection, *conditions: sa.ColumnElement[bool]) -> list[DigestRow]:
    """Digests in the order of their making."""
    found = connection.execute(sa.select(digests).where(*conditions).order_by(digests.c.id)).mappings()
    return [DigestRow(**row) for row in found]


def _end(connection: sa.Connection, row: DigestRow, **values: object) -> bool:
    update = sa.update(digests).where(digests.c.id == row.id, _STAGED).values(**values)
    return connection.execute(update).rowcount > 0


def _previous(connection: sa.Connection, before: DigestRow | None, backfill: bool) -> int | None:
    """The last digest of a kind, where `before` is the last of both kinds."""
    if before is None or before.backfill == backfill:
        return None if before is None else before.id
    at = (digests.c.period == before.period, digests.c.account == before.account, digests.c.region == before.region)
    select = sa.select(sa.func.max(digests.c.id)).where(*at, digests.c.backfill == backfill, _IN_CHAIN)
    found: int | None = connection.scalar(select)
    return found


def _reach(connection: sa.Connection, trail: int, place: Place, after_file: int, window: Window) -> tuple[int, float]:
    """How far a digest goes that begins behind `after_file`, and the time of the last delivery in it, or 0."""
    columns = (delivered_files.c.id, delivered_files.c.delivered)
    upto = window.last_file
    if window.backfill:
        later = (_files_between(trail, after_file, upto), *_at(place), delivered_files.c.delivered > window.end)
        first = connection.scalar(sa.select(sa.func.min(delivered_files.c.id)).where(*later))
        upto = upto if first is None else first - 1
    select = sa.select(*columns).where(_files_between(trail, after_file, upto), *_at(place))
    found = connection.execute(select.order_by(delivered_files.c.id).limit(FILES_MAX + 1)).all()
    reached = found[FILES_MAX - 1].id if len(found) > FILES_MAX else upto
    return reached, max((file.delivered for file in found[:FILES_MAX]), default=0.0)


def _files(connection: sa.Connection, row: DigestRow) -> tuple[DigestedFile, ...]:
    """The log files that a digest names, in the order of their delivery."""
    file = delivered_files.c
    select = sa.select(file.bucket, file.key, file.sha256, file.newest, file.oldest)
    select = select.where(_files_between(row.trail, row.after_file, row.last_file), *_at(row.place))
    return tuple(
        DigestedFile(
            s3_bucket=found.bucket,
            s3_object=found.key,
            hash_value=found.sha256,
            newest_event_time=iso_seconds(found.newest),
            oldest_event_time=iso_seconds(found.oldest),
        )
        for found in connection.execute(select.order_by(file.id))
    )


def _files_between(trail: int, after_file: int, upto: int) -> sa.ColumnElement[bool]:
    file = delivered_files.c
    return sa.and_(file.trail == trail, file.id > after_file, file.id <= upto)


def _at(place: Place) -> tuple[sa.ColumnElement[bool], ...]:
    return (delivered_files.c.account == place.account, delivered_files.c.region == place.region)


def _begin(connection: sa.Connection, trail: Trail, place: Place, period: Period) -> int:
    """Where a period's chains begin: where the digests of the period before end, unless a clock was far ahead then."""
    began = begin_of(period)
    return max((end for end in _ends(connection, trail, place, began) if end <= began + AHEAD_S), default=began)


def _ends(connection: sa.Connection, trail: Trail, place: Place, since: int) -> set[int]:
    """Ends of the digests with this trail's name, from `since` on: two of the same would be one object."""
    same_arn = sa.select(trails.c.id).where(trails.c.arn == trail.arn)
    at = (digests.c.account == place.account, digests.c.region == place.region)
    return set(
        connection.scalars(sa.select(digests.c.end).where(digests.c.trail.in_(same_arn), *at, digests.c.end >= since))
    )
