"""The list of segments, replaced at once: whoever reads sees the list before a change or after it."""

from __future__ import annotations

import threading
from collections.abc import Iterable
from pathlib import Path
from typing import Literal

import msgspec

from cairn.cloudtrail.history.facts import Scope
from cairn.core.decoding import UNREADABLE
from cairn.core.durable import write_durably
from cairn.core.errors import CairnError

FILE = "manifest.json"
VERSION = 1


class ManifestDamaged(CairnError):
    """The manifest cannot be read."""


class SegmentInfo(msgspec.Struct, frozen=True, kw_only=True):
    """What is known of a segment without opening it."""

    name: str
    """Its file is `NAME.db`, its Bloom filter `NAME.bloom`, its columns `NAME.columns`."""
    state: Literal["active", "full", "sealed", "damaged"]
    """`active`: being written. `full`: written no more. `sealed`: has a filter, is in one file, never changes.
    `damaged`: could not be read, and is left out of every answer until it is dropped or rebuilt."""
    first_seq: int
    first_position: int
    """The journal position behind the segment before; what it holds came from there on."""
    next_seq: int = 0
    next_position: int = 0
    events: int = 0
    time_min: int = 0
    time_max: int = 0
    """Times and counts of an active segment are unknown here, and 0."""
    arrived_min: int = 0
    arrived_max: int = 0
    scopes: tuple[Scope, ...] = ()
    reason: str = ""
    """Of a damaged one: what is wrong."""

    @property
    def settled(self) -> bool:
        """Whether its extent is known and will not change."""
        return self.state in ("full", "sealed")


class Manifest(msgspec.Struct, frozen=True):
    """All segments, oldest first by number. At most the last is active."""

    version: int = VERSION
    segments: tuple[SegmentInfo, ...] = ()

    def replaced(self, *infos: SegmentInfo) -> Manifest:
        """With these in the place of the segments that have their names, or added."""
        by_name = {info.name: info for info in self.segments} | {info.name: info for info in infos}
        return msgspec.structs.replace(
            self, segments=tuple(sorted(by_name.values(), key=lambda info: (info.first_seq, info.name)))
        )

    def without(self, names: Iterable[str]) -> Manifest:
        gone = set(names)
        return msgspec.structs.replace(self, segments=tuple(info for info in self.segments if info.name not in gone))


def segment_file(folder: Path, name: str) -> Path:
    return folder / f"{name}.db"


def filter_file(folder: Path, name: str) -> Path:
    return folder / f"{name}.bloom"


def columns_file(folder: Path, name: str) -> Path:
    return folder / f"{name}.columns"


def save(folder: Path, manifest: Manifest) -> None:
    """Replace the manifest durably."""
    write_durably(folder / FILE, msgspec.json.format(msgspec.json.encode(manifest)))


def load(folder: Path) -> Manifest:
    """The manifest; an empty one where there is none.

    Raises:
        ManifestDamaged: it cannot be read.
    """
    try:
        content = (folder / FILE).read_bytes()
    except FileNotFoundError:
        return Manifest()
    try:
        manifest = msgspec.json.decode(content, type=Manifest)
    except UNREADABLE as error:
        raise ManifestDamaged(
            f"{folder / FILE} cannot be read: {error}", advice="Restart the worker: it makes a new one."
        ) from error
    if manifest.version != VERSION:
        raise ManifestDamaged(f"{folder / FILE} is of version {manifest.version}, and {VERSION} is what is read here")
    return manifest


class ManifestWatch:
    """The newest manifest, read again only when the file was replaced. For any number of threads."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._path = folder / FILE
        self._lock = threading.Lock()
        self._signature: tuple[int, int, int] | None = None
        self._manifest = Manifest()

    def current(self) -> Manifest:
        """The manifest as it stands now.

        Raises:
            ManifestDamaged: it cannot be read.
        """
        try:
            status = self._path.stat()
        except FileNotFoundError:
            return Manifest()
        signature = (status.st_ino, status.st_mtime_ns, status.st_size)
        with self._lock:
            if signature != self._signature:
                self._manifest = load(self._folder)
                self._signature = signature  # if it was replaced meanwhile, the next stat tells
            return self._manifest
