"""An object store: put, get, head, list over any S3 endpoint."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Protocol

import msgspec

from cairn.core.errors import CairnError


class ObjectStoreError(CairnError):
    """The store said no. `code` is its error code (`AccessDenied`, `NoSuchBucket`), empty if it did not answer."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code


class ObjectInfo(msgspec.Struct, frozen=True):
    """What is known of an object without reading it."""

    key: str
    size: int
    modified: float
    metadata: dict[str, str] = {}


class ObjectStore(Protocol):
    """Buckets and the objects in them. Errors are `ObjectStoreError`."""

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
        """Store an object. `sha256` (hex, of `content` as stored) is checked by the store or read back before
        this returns, so that a return means that these bytes are there. `on_behalf_of` is the ARN of the trail or
        other resource that delivers, for stores that ask the bucket's policy themselves."""

    def get(self, bucket: str, key: str) -> bytes: ...

    def head(self, bucket: str, key: str) -> ObjectInfo: ...

    def list(self, bucket: str, prefix: str = "", *, after: str = "") -> Iterator[ObjectInfo]:
        """Objects in key order, `after` excluded."""
