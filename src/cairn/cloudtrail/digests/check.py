"""The invariant of digests, verified from outside: every file of a validated trail is in exactly one digest.

Nothing here is shared with the making of digests but the tables and the form of a digest file: every digest is
fetched back from its bucket, and chains, signatures and files are compared with what was delivered.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterator, Sequence

import sqlalchemy as sa

from cairn.cloudtrail.digests import chains, periods
from cairn.cloudtrail.digests.chains import DigestRow, Place
from cairn.cloudtrail.digests.digest import (
    BACKFILL_METADATA,
    SIGNATURE_METADATA,
    Digest,
    DigestDamaged,
    parse_key,
    read_digest,
)
from cairn.cloudtrail.digests.keys import public_key
from cairn.cloudtrail.digests.periods import Period
from cairn.cloudtrail.digests.signature import PublicKey
from cairn.cloudtrail.digests.tables import digests
from cairn.cloudtrail.tables import delivered_files
from cairn.cloudtrail.trails import ever
from cairn.core.clock import from_iso
from cairn.core.objects import ObjectStore, ObjectStoreError
from cairn.core.state import State

_NO_PREVIOUS = (None, None, None, None)


def check_digests(state: State, store: ObjectStore) -> list[str]:
    """What is wrong with the digests of all trails that ever were; nothing where every chain is whole."""
    problems: list[str] = []
    with state.read() as connection:
        for trail in ever(connection):
            for period in periods.of_trail(connection, trail.row):
                problems += (f"{trail.arn}: {problem}" for problem in _check_period(connection, store, period))
    return problems


def _check_period(connection: sa.Connection, store: ObjectStore, period: Period) -> Iterator[str]:
    chosen = (digests.c.period == period.id, digests.c.outcome == "delivered")
    rows = chains.rows(connection, *chosen)
    proven: Counter[tuple[str, str, str]] = Counter()
    for place in sorted({row.place for row in rows}):
        chain = [row for row in rows if row.place == place]
        read = [(row, *_read(store, row)) for row in chain]
        yield from (f"{row.key}: {problem}" for row, _, problem, _ in read if problem)
        found = [(row, digest, plain) for row, digest, _, plain in read if digest is not None]
        if len(found) == len(chain):
            yield from _check_chain(connection, found)
        proven.update((file.s3_bucket, file.s3_object, file.hash_value) for _, d, _ in found for file in d.log_files)
    due = Counter(_due(connection, period, rows))
    for word, difference in (("in no digest", due - proven), ("in a digest without being due there", proven - due)):
        if difference:
            yield f"{difference.total()} files {word}"


def _read(store: ObjectStore, row: DigestRow) -> tuple[Digest | None, str, bytes]:
    """The digest as it is in the bucket, or what is wrong with it."""
    try:
        digest, plain = read_digest(store.get(row.bucket, row.key))
        metadata = store.head(row.bucket, row.key).metadata
    except (ObjectStoreError, DigestDamaged) as error:
        return None, str(error), b""
    wrong = metadata.get(SIGNATURE_METADATA) != row.signature or (BACKFILL_METADATA in metadata) is not row.backfill
    wrong |= hashlib.sha256(plain).hexdigest() != row.sha256
    return digest, "not what was signed" if wrong else "", plain


def _check_chain(connection: sa.Connection, chain: Sequence[tuple[DigestRow, Digest, bytes]]) -> Iterator[str]:
    """What is wrong between the digests of an account and region. Time runs through both kinds, links through each."""
    ended: str | None = None
    before: dict[bool, tuple[DigestRow, bytes]] = {}
    for row, digest, plain in chain:
        name = parse_key(row.key)
        told_name = (*row.place, from_iso(digest.digest_end_time), row.backfill)
        if name is None or (name.account, name.region, name.end, name.backfill) != told_name:
            yield f"{row.key}: not the key of this digest"
        key = public_key(connection, digest.digest_public_key_fingerprint)
        if key is None or not PublicKey.load(key.public).verifies(digest.signed_text(), row.signature):
            yield f"{row.key}: the signature is not right"
        if digest.digest_start_time >= digest.digest_end_time:
            yield f"{row.key}: a window without a length"
        expected: tuple[str | None, ...] = _NO_PREVIOUS
        if row.backfill in before:
            last, last_plain = before[row.backfill]
            expected = (last.bucket, last.key, hashlib.sha256(last_plain).hexdigest(), last.signature)
        if ended is not None and ended != digest.digest_start_time:
            yield f"{row.key}: begins at another time than the one before ended"
        told = (
            digest.previous_digest_s3_bucket,
            digest.previous_digest_s3_object,
            digest.previous_digest_hash_value,
            digest.previous_digest_signature,
        )
        if told != expected:
            yield f"{row.key}: does not follow the one before"
        before[row.backfill] = (row, plain)
        ended = digest.digest_end_time


def _due(connection: sa.Connection, period: Period, rows: Sequence[DigestRow]) -> Iterator[tuple[str, str, str]]:
    """The files that must be in a digest by now: all of a finished period, else those that a chain has passed."""
    passed = {row.place: row.last_file for row in rows}
    file = delivered_files.c
    select = sa.select(file.id, file.account, file.region, file.bucket, file.key, file.sha256)
    in_period = (file.trail == period.trail, file.id > period.after_file)
    for found in connection.execute(select.where(*in_period)):
        upto = period.last_file if period.finished is not None else passed.get(Place(found.account, found.region), 0)
        if upto is None or found.id <= upto:
            yield found.bucket, found.key, found.sha256
