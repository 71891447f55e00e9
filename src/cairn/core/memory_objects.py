"""An object store in memory, the twin of the real one, with faults that a test can switch on."""

from __future__ import annotations

import bisect
import hashlib
import threading
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from cairn.core.clock import Clock, SystemClock
from cairn.core.objects import ObjectInfo, ObjectStoreError


@dataclass(frozen=True)
class StoredObject:
    """An object with everything that its put said."""

    info: ObjectInfo
    content: bytes
    content_type: str
    content_encoding: str
    kms_key: str
    encryption_context: dict[str, str]
    on_behalf_of: str = ""


@dataclass
class Faults:
    """What goes wrong. All off at first; a test sets them at any time."""

    away: bool = False
    """Nothing answers."""
    refused: dict[str, str] = field(default_factory=dict)
    """Every call to this bucket fails with this code: `{"logs": "AccessDenied"}`."""
    refused_keys: dict[str, str] = field(default_factory=dict)
    """Puts and gets of this key fail with this code."""
    damaged_keys: set[str] = field(default_factory=set)
    """Gets of these keys fail, until they are put again."""
    refuse_kms_key: str = ""
    """Puts under a KMS key fail with this code."""
    fail_puts: int = 0
    """This many next puts store nothing and are not answered."""
    lose_replies: int = 0
    """This many next puts store the object, and are not answered."""


class MemoryObjectStore:
    """`ObjectStore` without a server. `content` shows what is stored; `puts` counts the puts that stored something."""

    def __init__(self, *buckets: str, clock: Clock | None = None) -> None:
        self.faults = Faults()
        self.puts = 0
        self._clock = clock or SystemClock()
        self._buckets: dict[str, dict[str, StoredObject]] = {bucket: {} for bucket in buckets}
        self._lock = threading.Lock()

    def create_bucket(self, bucket: str) -> None:
        with self._lock:
            self._buckets.setdefault(bucket, {})

    def delete_bucket(self, bucket: str) -> None:
        """Remove it with all that it holds."""
        with self._lock:
            self._buckets.pop(bucket, None)

    def content(self, bucket: str) -> dict[str, StoredObject]:
        """All objects of a bucket by key, in key order, faults notwithstanding."""
        with self._lock:
            return dict(sorted(self._buckets[bucket].items(), key=lambda item: item[0].encode()))

    def replace(self, bucket: str, key: str, content: bytes) -> None:
        """Change what is stored behind everybody's back, as somebody who tampers would."""
        with self._lock:
            old = self._buckets[bucket][key]
            info = ObjectInfo(key, len(content), old.info.modified, old.info.metadata)
            self._buckets[bucket][key] = StoredObject(
                info, content, old.content_type, old.content_encoding, old.kms_key, old.encryption_context
            )

    def delete(self, bucket: str, key: str) -> None:
        with self._lock:
            self._buckets[bucket].pop(key, None)

    def put(
        self,
        bucket: str,
        key: str,
        content: Path | bytes,
        *,
        sha256: str,
        content_type: str = "application/json",
        content_encoding: str = "",
        metadata: Mapping[str, str] | None = None,
        kms_key: str = "",
        encryption_context: Mapping[str, str] | None = None,
        on_behalf_of: str = "",
    ) -> None:
        body = content if isinstance(content, bytes) else content.read_bytes()
        with self._lock:
            objects = self._objects(bucket, key)
            if kms_key and self.faults.refuse_kms_key:
                raise ObjectStoreError(self.faults.refuse_kms_key, f"the key {kms_key} cannot be used")
            if hashlib.sha256(body).hexdigest() != sha256:
                raise ObjectStoreError("BadDigest", f"{bucket}/{key}: the SHA-256 given did not match")
            if self.faults.fail_puts > 0:
                self.faults.fail_puts -= 1
                raise ObjectStoreError("", "the connection broke")
            info = ObjectInfo(key, len(body), self._clock.now(), _lower(metadata))
            objects[key] = StoredObject(
                info, body, content_type, content_encoding, kms_key, dict(encryption_context or {}), on_behalf_of
            )
            self.puts += 1
            self.faults.damaged_keys.discard(key)
            if self.faults.lose_replies > 0:
                self.faults.lose_replies -= 1
                raise ObjectStoreError("", "the connection broke before the answer")

    def get(self, bucket: str, key: str) -> bytes:
        if key in self.faults.damaged_keys:
            raise ObjectStoreError("InternalError", f"{bucket}/{key}: We encountered an internal error")
        return self._object(bucket, key).content

    def head(self, bucket: str, key: str) -> ObjectInfo:
        return self._object(bucket, key).info

    def list(self, bucket: str, prefix: str = "", *, after: str = "") -> Iterator[ObjectInfo]:
        with self._lock:
            objects = dict(self._objects(bucket))
        keys = sorted((key for key in objects if key.startswith(prefix)), key=str.encode)
        first = bisect.bisect_right(keys, after.encode(), key=str.encode) if after else 0
        for key in keys[first:]:
            yield objects[key].info

    def _object(self, bucket: str, key: str) -> StoredObject:
        with self._lock:
            objects = self._objects(bucket, key)
            if key not in objects:
                raise ObjectStoreError("NoSuchKey", f"{bucket} has no key {key}")
            return objects[key]

    def _objects(self, bucket: str, key: str = "") -> dict[str, StoredObject]:
        """The bucket's objects, unless a fault that is switched on stands before them."""
        if self.faults.away:
            raise ObjectStoreError("", "the store does not answer")
        code = self.faults.refused.get(bucket) or self.faults.refused_keys.get(key)
        if code:
            raise ObjectStoreError(code, f"{bucket} refuses this")
        if bucket not in self._buckets:
            raise ObjectStoreError("NoSuchBucket", f"there is no bucket {bucket}")
        return self._buckets[bucket]


def _lower(metadata: Mapping[str, str] | None) -> dict[str, str]:
    return {name.lower(): value for name, value in (metadata or {}).items()}
