"""Where log files are: a file, a folder, a bucket. In any layout, the organization's included."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterator
from pathlib import Path

import msgspec

from cairn.cloudtrail.imports.logfiles import FILE_BYTES_MAX, DamagedFile
from cairn.core.errors import CairnError
from cairn.core.objects import ObjectStore, ObjectStoreError

ENDINGS = (".json", ".json.gz", ".jsonl", ".jsonl.gz")
# CloudTrail's other files beside its log files: `.../CloudTrail-Digest/...`, `1234_CloudTrail-Insight_...`
_NO_LOG_FILE = re.compile(r"(?:^|[/_])CloudTrail-(?:Digest|Insight)(?:[/_]|$)")
_S3 = re.compile(r"s3://(?P<bucket>[^/]+)(?:/(?P<prefix>.*))?", re.DOTALL)


class FoundFile(msgspec.Struct, frozen=True):
    """A log file that was found and not read yet."""

    name: str
    """Its path, or `s3://bucket/key`."""
    size: int
    """Bytes, as it lies there."""
    stamp: str
    """Changes when the file does."""
    read: Callable[[], bytes]
    """Its bytes. Raises `DamagedFile` if they cannot be had."""


def find(place: str, store: Callable[[], ObjectStore]) -> Iterator[FoundFile]:
    """Log files under a path or `s3://bucket/prefix`, in the order of their names.

    Raises:
        CairnError: there is no such place.
    """
    match = _S3.fullmatch(place)
    if match is not None:
        return find_in_bucket(store(), match["bucket"], match["prefix"] or "")
    return find_in_folder(Path(place).expanduser())


def find_in_folder(path: Path) -> Iterator[FoundFile]:
    """The log files in a folder and all below it, or the one file that `path` is, whatever its name.

    Raises:
        CairnError: there is nothing at `path`.
    """
    if path.is_file():
        return iter([_file(path)])
    if not path.is_dir():
        raise CairnError(f"there is no file or folder {path}", advice="Give a path, or s3://BUCKET/PREFIX.")
    return _walk(path)


def find_in_bucket(store: ObjectStore, bucket: str, prefix: str = "") -> Iterator[FoundFile]:
    """The log files in a bucket whose keys begin with `prefix`.

    Raises:
        ObjectStoreError: while they are listed.
    """
    for info in store.list(bucket, prefix):
        if is_log_file(info.key):
            name = f"s3://{bucket}/{info.key}"
            yield FoundFile(name, info.size, f"{info.modified:.3f}", _object_reader(store, bucket, info.key, info.size))


def is_log_file(name: str) -> bool:
    """Whether a file is a log file by its path or key: no digest, no Insight file, nothing else."""
    return name.lower().endswith(ENDINGS) and _NO_LOG_FILE.search(name) is None


def _walk(folder: Path) -> Iterator[FoundFile]:
    for parent, folders, names in os.walk(folder):
        folders.sort()
        for name in sorted(names):
            path = Path(parent, name)
            # the folders above `folder` are the user's own; below it they are CloudTrail's
            if is_log_file(path.relative_to(folder).as_posix()) and path.is_file():
                yield _file(path)


def _file(path: Path) -> FoundFile:
    status = path.stat()

    def read() -> bytes:
        try:
            with path.open("rb") as file:
                return _bounded(file.read(FILE_BYTES_MAX + 1))
        except OSError as error:
            raise DamagedFile(f"it cannot be read: {error.strerror}") from error

    return FoundFile(str(path), status.st_size, str(status.st_mtime_ns), read)


def _object_reader(store: ObjectStore, bucket: str, key: str, size: int) -> Callable[[], bytes]:
    def read() -> bytes:
        if size > FILE_BYTES_MAX:
            raise DamagedFile(f"it has {size} bytes, and {FILE_BYTES_MAX} are the most that is read")
        try:
            return _bounded(store.get(bucket, key))
        except ObjectStoreError as error:
            if not error.code:
                raise  # the store is away: that is no fault of the file
            raise DamagedFile(f"it cannot be read: {error.code}: {error.message}") from error

    return read


def _bounded(content: bytes) -> bytes:
    if len(content) > FILE_BYTES_MAX:
        raise DamagedFile(f"it has more than {FILE_BYTES_MAX} bytes")
    return content
