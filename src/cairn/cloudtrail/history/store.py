"""The worker's side of the event history: one active segment that grows, the others sealed, kept and dropped."""

from __future__ import annotations

import logging
import secrets
import sqlite3
from collections.abc import Sequence
from functools import partial
from pathlib import Path

import msgspec

from cairn.cloudtrail.history import manifest as manifests
from cairn.cloudtrail.history.bloom import probe
from cairn.cloudtrail.history.column_making import ColumnMaking
from cairn.cloudtrail.history.facts import id_key
from cairn.cloudtrail.history.manifest import Manifest, ManifestDamaged, SegmentInfo, segment_file
from cairn.cloudtrail.history.schema import DRAFT_SUFFIX
from cairn.cloudtrail.history.sealing import Sealing
from cairn.cloudtrail.history.segment import Arrival, SegmentWriter
from cairn.cloudtrail.history.segment_reader import SetAside, known_ids
from cairn.cloudtrail.history.segments import DAMAGE_SUFFIX, Segments, is_damage
from cairn.core.clock import Clock
from cairn.core.config import History as HistorySettings
from cairn.core.durable import lock_folder, private_folder
from cairn.core.failpoints import failpoint

log = logging.getLogger(__name__)

SEGMENTS_A_RETENTION = 16
"""A segment is closed after this part of the retention, however little it holds, so that it can be dropped whole."""
DAMAGED_FOLDER = "damaged"
_FILE_SUFFIXES = (".db", ".db-wal", ".db-shm", ".bloom", ".columns")
_DRAFT_SUFFIXES = (DRAFT_SUFFIX, f"{DRAFT_SUFFIX}-journal")


class HistoryStore:
    """Owns every file of the history's folder. One process has it open, and one thread of that uses it."""

    def __init__(self, folder: Path, settings: HistorySettings, clock: Clock) -> None:
        """Open the history, or begin one. What a crash left half done is finished or undone here.

        Raises:
            FolderInUse: another process writes it.
        """
        self.folder = private_folder(folder)
        self._settings = settings
        self._clock = clock
        self._lock = lock_folder(folder)
        self.segments = Segments(folder)
        self._sealing: Sealing | None = None
        self._columns = ColumnMaking(folder, clock)
        self._manifest = self._load()
        manifests.save(self.folder, self._manifest)
        self._remove_orphans()
        self._active = self._open_active()

    @property
    def position(self) -> int:
        """The journal position behind everything that is stored."""
        return self._active.position

    @property
    def duplicates(self) -> int:
        """Repeated events that the active segment has met."""
        return self._active.duplicates

    def append(self, arrivals: Sequence[Arrival], *, position: int, set_aside: Sequence[SetAside] = ()) -> int:
        """Store events together with the journal position behind them; returns how many were new."""
        if self._active.events >= self._settings.segment_events:
            self.rotate()
        known = self._known_elsewhere(arrivals)
        fresh = [arrival for arrival in arrivals if arrival.header.id not in known] if known else arrivals
        if known:
            self._active.add_duplicates(len(arrivals) - len(fresh))
        stored = self._active.append(fresh, position=position, set_aside=set_aside)
        failpoint("history.appended")
        return stored

    def tend(self, seconds_max: float) -> bool:
        """Do some of the work that is due: close an old segment, seal a full one, drop those beyond retention.

        Returns whether there is more to do.
        """
        now = self._clock.now()
        if self._active.events and self._active.first_arrived < now - self._settings.retention / SEGMENTS_A_RETENTION:
            self.rotate()
        self._drop([info for info in self._manifest.segments if self._expired(info)])
        full = next((info for info in self._manifest.segments if info.state == "full"), None)
        if full is None:
            return self._columns.work(self._manifest.segments, self._active.next_seq, seconds_max)
        self._go_on_sealing(full, seconds_max)
        return True

    def rotate(self, *, position: int | None = None) -> None:
        """Close the active segment, whatever it holds, and begin another, at another position if one is given."""
        extent = self._active.extent()
        infos = {info.name: info for info in self._manifest.segments}
        full = msgspec.structs.replace(infos[self._active.path.stem], state="full", **msgspec.structs.asdict(extent))
        writer, info = self._new_segment(extent.next_seq, extent.next_position if position is None else position)
        failpoint("history.rotating")
        self._save(self._manifest.replaced(full, info))
        self._active.close()
        self._active = writer

    def rewind(self, position: int) -> None:
        """Read the journal again from `position` on. What is already here is met again and not stored twice."""
        self.rotate(position=position)

    def set_damaged_apart(self) -> list[str]:
        """Check every segment wholly, and move those that are damaged to a folder beside. Returns their names."""
        bad = {info.name: reason for info in self._manifest.segments if (reason := self.segments.check(info))}
        for name, reason in bad.items():
            log.error("segment %s of the event history is damaged and set apart: %s", name, reason)
        active = next(info for info in self._manifest.segments if info.state == "active")
        if active.name in bad:
            self._active.close()
            self._begin_anew(active, bad[active.name])
        self._sealing = None
        self._save(self._manifest.without(bad))
        folder = private_folder(self.folder / DAMAGED_FOLDER)
        for name in bad:
            for path in self._files(name):
                path.replace(folder / path.name)
        for path in self.folder.glob(f"*{DAMAGE_SUFFIX}"):
            path.unlink()
        return list(bad)

    def close(self) -> None:
        self._active.close()
        if self._sealing is not None:
            self._sealing.close()
        self._columns.close()
        self.segments.close()
        self._lock.close()

    def _known_elsewhere(self, arrivals: Sequence[Arrival]) -> set[str]:
        """Ids of `arrivals` that another segment holds."""
        others = [info for info in self._manifest.segments if info.settled]
        if not others or not arrivals:
            return set()
        keys = [(arrival.header.id, key := id_key(arrival.header.id), probe(key)) for arrival in arrivals]
        known: set[str] = set()
        for info in others:
            suspects = {key: event_id for event_id, key, bits in keys if self.segments.may_hold(info, bits)}
            if suspects:
                found = self.segments.visit(info, partial(known_ids, list(suspects)))
                known.update(suspects[key] for key in found or ())
        return known

    def _go_on_sealing(self, info: SegmentInfo, seconds_max: float) -> None:
        """Work on the seal of a full segment."""
        try:
            if self._sealing is None:
                self._sealing = Sealing(self.folder, info)
            done = self._sealing.work(self._clock, seconds_max)
        except sqlite3.Error as error:
            self._sealing = None
            if not is_damage(error, segment_file(self.folder, info.name)):
                raise
            self._mark_damaged(info, f"{type(error).__name__}: {error}")
            return
        if done:
            failpoint("history.sealing")
            self._save(self._manifest.replaced(msgspec.structs.replace(info, state="sealed")))
            self._sealing = None

    def _expired(self, info: SegmentInfo) -> bool:
        return info.state != "active" and info.arrived_max < self._clock.now() - self._settings.retention

    def _drop(self, infos: Sequence[SegmentInfo]) -> None:
        """Let go of segments: first of their names, then of their files, which readers may still have open."""
        if not infos:
            return
        if self._sealing is not None and self._sealing.info in infos:
            self._sealing.close()
            self._sealing = None
        self._save(self._manifest.without(info.name for info in infos))
        failpoint("history.dropping")
        for info in infos:
            for path in self._files(info.name):
                path.unlink(missing_ok=True)

    def _files(self, name: str) -> list[Path]:
        return [path for suffix in _FILE_SUFFIXES if (path := self.folder / f"{name}{suffix}").exists()]

    def _save(self, manifest: Manifest) -> None:
        manifests.save(self.folder, manifest)
        self._manifest = manifest

    def _load(self) -> Manifest:
        """The manifest, with whatever segments a crash or a lost manifest left out of it."""
        try:
            manifest = manifests.load(self.folder)
        except ManifestDamaged as error:
            log.error("%s; it is made again from the segments", error.message)
            manifest = Manifest()
        names = {info.name for info in manifest.segments}
        found = [self._inspect(path) for path in sorted(self.folder.glob("*.db")) if path.stem not in names]
        kept = [info for info in found if info.state == "damaged" or (info.events and not self._expired(info))]
        if kept:
            log.warning("%d segments of the event history were not listed, and are again", len(kept))
            manifest = manifest.replaced(*kept)
        return manifest

    def _inspect(self, path: Path) -> SegmentInfo:
        """What an unlisted segment tells of itself."""
        first_seq = int(path.stem.partition("-")[0]) if path.stem.partition("-")[0].isdigit() else 0
        info = SegmentInfo(name=path.stem, state="full", first_seq=first_seq, first_position=1)
        try:
            writer = SegmentWriter.open(path)
        except sqlite3.Error as error:
            reason = f"{type(error).__name__}: {error}"
            self.segments.note_damage(path.stem, reason)
            return msgspec.structs.replace(
                info, state="damaged", reason=reason, arrived_max=int(self._clock.now()), next_seq=first_seq
            )
        try:
            extent = msgspec.structs.asdict(writer.extent())
            return msgspec.structs.replace(info, first_position=writer.first_position, **extent)
        finally:
            writer.close()

    def _remove_orphans(self) -> None:
        """Delete what a crash left of segments that were never listed, or that were dropped."""
        names = {info.name for info in self._manifest.segments}
        for suffix in (*_FILE_SUFFIXES, *_DRAFT_SUFFIXES):
            for path in self.folder.glob(f"*{suffix}"):
                if path.name.removesuffix(suffix) not in names:
                    path.unlink()

    def _open_active(self) -> SegmentWriter:
        info = next((info for info in self._manifest.segments if info.state == "active"), None)
        if info is None:
            settled = [other for other in self._manifest.segments if other.settled]
            first_seq = max((other.next_seq for other in self._manifest.segments), default=1)
            position = max((other.next_position for other in settled), default=1)
            writer, info = self._new_segment(first_seq, position)
            self._save(self._manifest.replaced(info))
            return writer
        try:
            return SegmentWriter.open(path := segment_file(self.folder, info.name))
        except sqlite3.Error as error:
            if not is_damage(error, path):
                raise
            self._begin_anew(info, f"{type(error).__name__}: {error}")
            return self._active

    def _begin_anew(self, active: SegmentInfo, reason: str) -> None:
        """Mark the active segment as damaged; a new one takes again from the journal what it held."""
        # Its numbers are unknown, and must not be given again: it holds little more than `segment_events`.
        first_seq = active.first_seq + 2 * self._settings.segment_events + 1_000_000
        self._active, info = self._new_segment(first_seq, active.first_position)
        self._save(self._manifest.replaced(info))
        self._mark_damaged(active, reason)

    def _mark_damaged(self, info: SegmentInfo, reason: str) -> None:
        self.segments.note_damage(info.name, reason)
        damaged = msgspec.structs.replace(
            info, state="damaged", reason=reason, arrived_max=info.arrived_max or int(self._clock.now())
        )
        self._save(self._manifest.replaced(damaged))

    def _new_segment(self, first_seq: int, position: int) -> tuple[SegmentWriter, SegmentInfo]:
        name = f"{first_seq:012d}-{secrets.token_hex(3)}"
        writer = SegmentWriter.create(segment_file(self.folder, name), first_seq=first_seq, position=position)
        return writer, SegmentInfo(name=name, state="active", first_seq=first_seq, first_position=position)
