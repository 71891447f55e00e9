"""Places that are verified: a bucket, or a folder that one was copied to."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from pathlib import Path, PurePosixPath
from typing import NamedTuple, Protocol

from cairn.cloudtrail.digests.digest import DigestDamaged, parse_key, read_digest
from cairn.core.errors import CairnError
from cairn.core.objects import ObjectStore, ObjectStoreError

OBJECT_BYTES_MAX = 256 << 20
ROOT = "AWSLogs/"

_GONE = frozenset({"NoSuchKey", "404", "NotFound", "NoSuchBucket"})


class NotThere(CairnError):
    """There is no such object."""


class Stored(NamedTuple):
    """An object. `metadata` is None where the place keeps none, as a folder."""

    content: bytes
    metadata: Mapping[str, str] | None


class Listed(NamedTuple):
    """An object that was not read."""

    key: str
    modified: float


class Place(Protocol):
    """Where a trail delivers to. Used by many threads."""

    bucket: str
    prefix: str
    """Before `AWSLogs/`, without a slash at its end; empty if there is none."""

    def list(self, bucket: str, prefix: str, *, after: str = "") -> Iterator[Listed]:
        """Objects in the order of their keys, `after` excluded."""

    def read(self, bucket: str, key: str) -> Stored:
        """An object.

        Raises:
            NotThere: there is none.
        """


class StoredObjects:
    """`Place` over an object store. Metadata takes a second call."""

    def __init__(self, store: ObjectStore, bucket: str, prefix: str = "") -> None:
        self.bucket = bucket
        self.prefix = prefix.strip("/")
        self._store = store

    def list(self, bucket: str, prefix: str, *, after: str = "") -> Iterator[Listed]:
        for info in self._store.list(bucket, prefix, after=after):
            yield Listed(info.key, info.modified)

    def read(self, bucket: str, key: str) -> Stored:
        try:
            return Stored(self._store.get(bucket, key), self._store.head(bucket, key).metadata)
        except ObjectStoreError as error:
            if error.code in _GONE:
                raise NotThere(f"there is no s3://{bucket}/{key}") from error
            raise


class Folder:
    """`Place` over a copy of one bucket, or of what a bucket has from a prefix on. No metadata there.

    Which bucket it was, and with which prefix, is told by the digests in it.
    """

    def __init__(self, path: Path, bucket: str = "") -> None:
        self._path = path
        self._cut = ""
        self.bucket = bucket
        self.prefix = ""
        told = self._told()
        if told is not None:
            self.bucket = bucket or told[0]
            self.prefix = told[1].removesuffix("/")
            if not (path / self.prefix / ROOT).is_dir():
                self._cut = told[1]  # copied from the prefix on

    def list(self, bucket: str, prefix: str, *, after: str = "") -> Iterator[Listed]:
        if bucket != self.bucket:
            return
        inside = prefix.removeprefix(self._cut)
        for key, path in self._walk(self._path, "", inside):
            whole = self._cut + key
            if whole.startswith(prefix) and whole > after:
                yield Listed(whole, path.stat().st_mtime)

    def read(self, bucket: str, key: str) -> Stored:
        path = self._path / key.removeprefix(self._cut)
        if bucket != self.bucket or ".." in PurePosixPath(key).parts or not key.startswith(self._cut):
            raise NotThere(f"the folder has no s3://{bucket}/{key}")
        try:
            with path.open("rb") as file:
                content = file.read(OBJECT_BYTES_MAX + 1)
        except (FileNotFoundError, NotADirectoryError, IsADirectoryError):
            raise NotThere(f"there is no {path}") from None
        except OSError as error:
            raise CairnError(f"{path} cannot be read: {error.strerror}") from error
        return Stored(content, None)

    def _walk(self, folder: Path, key: str, prefix: str) -> Iterator[tuple[str, Path]]:
        """Files whose keys may begin with `prefix`, in the order of their keys."""
        with os.scandir(folder) as found:
            entries = sorted((f"{entry.name}/" if entry.is_dir() else entry.name, entry.path) for entry in found)
        for name, path in entries:
            place = key + name
            if not (place.startswith(prefix) or prefix.startswith(place)):
                continue
            if name.endswith("/"):
                yield from self._walk(Path(path), place, prefix)
            else:
                yield place, Path(path)

    def _told(self) -> tuple[str, str] | None:
        """The bucket and the prefix, as the first whole digest found says them."""
        for key, path in self._walk(self._path, "", ""):
            if parse_key(key) is None:
                continue
            try:
                digest, _ = read_digest(path.read_bytes())
            except (DigestDamaged, OSError):
                continue
            inside = key[key.index(ROOT) :]
            if digest.digest_s3_object.endswith(inside):
                return digest.digest_s3_bucket, digest.digest_s3_object.removesuffix(inside)
        return None


def folders(place: Place, bucket: str, prefix: str) -> Iterator[str]:
    """Names of the folders right under `prefix`, which ends with a slash; one listing each."""
    after = ""
    while True:
        found = next(place.list(bucket, prefix, after=after), None)
        if found is None:
            return
        name, slash, _ = found.key.removeprefix(prefix).partition("/")
        if slash:
            yield name
            after = f"{prefix}{name}0"  # the character behind the slash: past everything in the folder
        else:
            after = found.key
