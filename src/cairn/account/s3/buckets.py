"""Who owns which bucket, and what is kept of it beside the engine.

A bucket is two things, a row here and a bucket in the engine, and a crash may come between. So a row says first what
is about to happen (`making`, `leaving`), then the engine is told, then the row is settled. Whoever finds an unsettled
row finishes its work: every step may be repeated.
"""

from __future__ import annotations

import re
import threading
from dataclasses import dataclass, field
from typing import Literal, cast

import sqlalchemy as sa

from cairn.account.s3.replies import error, no_such_bucket
from cairn.account.s3.tables import buckets, documents, object_acls
from cairn.core.clock import Clock
from cairn.core.state import State

BUCKETS_PER_ACCOUNT_MAX = 10_000
CACHE_S = 1.0
"""How long another gateway process may go on with what it knew of a bucket."""
CACHED_MAX = 10_000

Phase = Literal["making", "live", "leaving"]

_NAME = re.compile(r"[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]")
_ADDRESS = re.compile(r"\d+\.\d+\.\d+\.\d+")
RESERVED = "sthree-"
"""How no bucket's name may begin; the engine's own probe does."""
_RESERVED_STARTS = ("xn--", RESERVED, "amzn-s3-demo-")
_RESERVED_ENDS = ("-s3alias", "--ol-s3", ".mrap", "--x-s3", "--table-s3")

DEFAULTS = {
    "publicAccessBlock": "<PublicAccessBlockConfiguration><BlockPublicAcls>true</BlockPublicAcls>"
    "<IgnorePublicAcls>true</IgnorePublicAcls><BlockPublicPolicy>true</BlockPublicPolicy>"
    "<RestrictPublicBuckets>true</RestrictPublicBuckets></PublicAccessBlockConfiguration>",
    "ownershipControls": "<OwnershipControls><Rule><ObjectOwnership>BucketOwnerEnforced</ObjectOwnership></Rule>"
    "</OwnershipControls>",
}
"""The documents that a new bucket has, as AWS gives them since 2023."""


@dataclass(frozen=True)
class Bucket:
    """A bucket with the documents of which it has one."""

    name: str
    account: str
    region: str
    created: float
    phase: Phase = "live"
    object_lock: bool = False
    documents: dict[str, str] = field(default_factory=dict)


def check_name(name: str) -> None:
    """Raises AwsError unless `name` may be a new bucket's."""
    if (
        _NAME.fullmatch(name) is None
        or ".." in name
        or _ADDRESS.fullmatch(name)
        or name.startswith(_RESERVED_STARTS)
        or name.endswith(_RESERVED_ENDS)
    ):
        raise error("InvalidBucketName", "The specified bucket is not valid.", BucketName=name)


class Buckets:
    """The rows. Plain and blocking, but for what `cached` knows."""

    def __init__(self, state: State, clock: Clock) -> None:
        self._state = state
        self._clock = clock
        self._cache: dict[str, tuple[float, Bucket]] = {}
        self._lock = threading.Lock()

    def cached(self, name: str) -> Bucket | None:
        """The bucket if it was read less than a second ago, without asking the database."""
        found = self._cache.get(name)
        return found[1] if found is not None and self._clock.monotonic() < found[0] else None

    def find(self, name: str) -> Bucket | None:
        """The bucket, whatever its phase."""
        with self._state.read() as connection:
            row = connection.execute(sa.select(buckets).where(buckets.c.name == name)).one_or_none()
            if row is None:
                self.forget(name)
                return None
            kept = connection.execute(
                sa.select(documents.c.kind, documents.c.content).where(documents.c.bucket == name, documents.c.id == "")
            )
            bucket = _bucket(row, {row.kind: row.content for row in kept})
        with self._lock:
            if len(self._cache) >= CACHED_MAX:
                self._cache.clear()
            if bucket.phase == "live":
                self._cache[name] = (self._clock.monotonic() + CACHE_S, bucket)
        return bucket

    def forget(self, name: str) -> None:
        with self._lock:
            self._cache.pop(name, None)

    def begin(self, bucket: Bucket, extra: dict[str, str]) -> Bucket | None:
        """Write down that `bucket` is about to be made, or return the bucket that has the name already.

        Args:
            extra: documents it has from the start, over the usual ones.
        """
        with self._state.write() as connection:
            row = connection.execute(sa.select(buckets).where(buckets.c.name == bucket.name)).one_or_none()
            if row is not None:
                return _bucket(row, {})
            count = connection.execute(
                sa.select(sa.func.count()).where(buckets.c.account == bucket.account)
            ).scalar_one()
            if count >= BUCKETS_PER_ACCOUNT_MAX:
                raise error("TooManyBuckets", "You have attempted to create more buckets than allowed.")
            self._insert(connection, bucket, extra)
        return None

    def adopt(self, name: str, account: str, region: str, created: float) -> bool:
        """Take in a bucket that only the engine knew. Returns False if there is a row by now."""
        with self._state.write() as connection:
            if connection.execute(sa.select(buckets.c.name).where(buckets.c.name == name)).one_or_none() is not None:
                return False
            self._insert(connection, Bucket(name, account, region, created), {})
        return True

    def settle(self, name: str, phase: Phase) -> None:
        """Move the bucket to `phase`."""
        with self._state.write() as connection:
            connection.execute(sa.update(buckets).where(buckets.c.name == name).values(phase=phase))
        self.forget(name)

    def remove(self, name: str) -> None:
        """Forget the bucket with everything kept of it."""
        with self._state.write() as connection:
            for table in (documents, object_acls):
                connection.execute(sa.delete(table).where(table.c.bucket == name))
            connection.execute(sa.delete(buckets).where(buckets.c.name == name))
        self.forget(name)

    def owned_by(self, account: str, *, prefix: str, region: str, after: str, limit: int) -> list[Bucket]:
        """Live buckets of an account in the order of their names."""
        wanted = sa.select(buckets).where(
            buckets.c.account == account, buckets.c.phase != "making", buckets.c.name > after
        )
        if prefix:
            wanted = wanted.where(buckets.c.name.startswith(prefix, autoescape=True))
        if region:
            wanted = wanted.where(buckets.c.region == region)
        with self._state.read() as connection:
            return [_bucket(row, {}) for row in connection.execute(wanted.order_by(buckets.c.name).limit(limit))]

    def unsettled(self) -> list[Bucket]:
        with self._state.read() as connection:
            return [_bucket(row, {}) for row in connection.execute(sa.select(buckets).where(buckets.c.phase != "live"))]

    def names(self) -> set[str]:
        with self._state.read() as connection:
            return set(connection.execute(sa.select(buckets.c.name)).scalars())

    def put_document(self, name: str, kind: str, content: str, *, id: str = "", limit: int = 1000) -> None:
        """Keep a document of a live bucket in place of the one it had.

        Raises:
            AwsError: the bucket went away meanwhile, or has `limit` of the kind.
        """
        key = (documents.c.bucket == name, documents.c.kind == kind)
        with self._state.write() as connection:
            self._must_exist(connection, name)
            connection.execute(sa.delete(documents).where(*key, documents.c.id == id))
            count = connection.execute(sa.select(sa.func.count()).select_from(documents).where(*key)).scalar_one()
            if count >= limit:
                raise error(
                    "TooManyConfigurations",
                    "You are attempting to create a new configuration but have "
                    "already reached the configuration limit.",
                )
            connection.execute(sa.insert(documents).values(bucket=name, kind=kind, id=id, content=content))
        self.forget(name)

    def delete_document(self, name: str, kind: str, *, id: str = "") -> bool:
        """Returns whether there was one."""
        key = (documents.c.bucket == name, documents.c.kind == kind, documents.c.id == id)
        with self._state.write() as connection:
            found = connection.execute(sa.delete(documents).where(*key)).rowcount > 0
        self.forget(name)
        return found

    def documents_of(self, name: str, kind: str) -> list[tuple[str, str]]:
        """Ids and contents of a kind of which a bucket may have several, in the order of their ids."""
        wanted = sa.select(documents.c.id, documents.c.content).where(
            documents.c.bucket == name, documents.c.kind == kind
        )
        with self._state.read() as connection:
            return [(row.id, row.content) for row in connection.execute(wanted.order_by(documents.c.id))]

    def put_object_acl(self, name: str, key: str, content: str) -> None:
        """Keep an object's access control list; an empty one stands for private and is not kept."""
        with self._state.write() as connection:
            self._must_exist(connection, name)
            connection.execute(sa.delete(object_acls).where(object_acls.c.bucket == name, object_acls.c.key == key))
            if content:
                connection.execute(sa.insert(object_acls).values(bucket=name, key=key, content=content))

    def object_acl(self, name: str, key: str) -> str:
        wanted = sa.select(object_acls.c.content).where(object_acls.c.bucket == name, object_acls.c.key == key)
        with self._state.read() as connection:
            return connection.execute(wanted).scalar_one_or_none() or ""

    def _must_exist(self, connection: sa.Connection, name: str) -> None:
        if connection.execute(sa.select(buckets.c.name).where(buckets.c.name == name)).one_or_none() is None:
            raise no_such_bucket(name)

    def _insert(self, connection: sa.Connection, bucket: Bucket, extra: dict[str, str]) -> None:
        connection.execute(
            sa.insert(buckets).values(
                name=bucket.name,
                account=bucket.account,
                region=bucket.region,
                created=bucket.created,
                phase=bucket.phase,
                object_lock=bucket.object_lock,
            )
        )
        for kind, content in (DEFAULTS | extra).items():
            connection.execute(sa.insert(documents).values(bucket=bucket.name, kind=kind, id="", content=content))


def _bucket(row: sa.Row[tuple[object, ...]], kept: dict[str, str]) -> Bucket:
    return Bucket(
        name=row.name,
        account=row.account,
        region=row.region,
        created=row.created,
        phase=cast(Phase, row.phase),
        object_lock=row.object_lock,
        documents=kept,
    )
