"""Backups of a data folder: a copy as it was at one moment, with the checksum of every file.

Everything is copied twice. The first time while the server runs; then its processes stand still for as long as it takes
to copy what changed since. What is on the disk at such a moment is what a kill -9 would leave, and that loses no record
of an answered call.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import shutil
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import NamedTuple

import msgspec

from cairn import __version__
from cairn.core.clock import Clock, iso_seconds
from cairn.core.config import Settings
from cairn.core.decoding import UNREADABLE
from cairn.core.durable import lock_folder, private_folder, sync_folder, write_durably
from cairn.core.errors import CairnError, ConfigurationError, Unreachable
from cairn.core.folder import DataFolder
from cairn.core.frozen import frozen
from cairn.service.elsewhere import s3_elsewhere

FORM = 1
MANIFEST = "backup.json"
"""In a backup's folder; written last: a backup without it is none."""
FILES = "data"
LEFT_OUT = frozenset({"logs", "lock", "run.json"})
"""At the top of a data folder: what says nothing of its content."""
TRUSTED_S = 2.0
"""A file that was changed so recently may change again without a later time of its own: it is copied again."""
PIECE_BYTES = 1 << 20

Tell = Callable[[str, int, int], None]
"""Is told of progress: what is being done, bytes done, bytes in all."""


class Manifest(msgspec.Struct, frozen=True, kw_only=True):
    """What a backup consists of."""

    form: int
    cairn: str
    """The version that made it."""
    made: str
    """The moment of which it is the state."""
    stood_still: float
    """Seconds for which the server did."""
    elsewhere: list[str]
    """What the data folder does not hold, and the backup thus does not."""
    files: dict[str, tuple[int, str]]
    """Bytes and SHA-256 of each."""

    @property
    def size(self) -> int:
        """Bytes of all files."""
        return sum(size for size, _ in self.files.values())


class _Seen(NamedTuple):
    """A file as it was before it was copied."""

    size: int
    changed: int
    """Nanoseconds since the epoch."""
    inode: int

    def trusted(self, now: float) -> bool:
        """Whether a change since `now` would show."""
        return now - self.changed / 1e9 > TRUSTED_S


def back_up(folder: DataFolder, settings: Settings, into: Path, clock: Clock, tell: Tell) -> Manifest:
    """Make a backup, of a server that runs or of one that does not.

    Args:
        into: a folder that is not there yet, or is empty.

    Raises:
        ConfigurationError: the saved state is in a database elsewhere: no copy of the folder would fit it.
        CairnError: there is no data, or something in the way.
    """
    if settings.state.url:
        raise ConfigurationError(
            "the saved state is in a database elsewhere (state.url), which this cannot copy at the same moment",
            advice="Stop Cairn, then copy its data folder, and dump that database with its own tools.",
        )
    if not folder.credentials_file.exists():
        raise CairnError(f"{folder.path} is no data folder of Cairn", advice="Name one with --data DIR.")
    _refuse_used(into)
    target = private_folder(into / FILES)
    private_folder(into)
    seen = _copy(folder.path, target, {}, clock, partial(tell, "copying"))
    with _at_rest(folder):
        begun = clock.monotonic()
        made = clock.now()
        _copy(folder.path, target, seen, clock, partial(tell, "copying what changed"))
        stood_still = clock.monotonic() - begun
    manifest = Manifest(
        form=FORM,
        cairn=__version__,
        made=iso_seconds(made),
        stood_still=round(stood_still, 3),
        elsewhere=_elsewhere(settings),
        files=_sums(target, tell),
    )
    write_durably(into / MANIFEST, msgspec.json.format(msgspec.json.encode(manifest)))
    return manifest


def restore(backup: Path, folder: DataFolder, tell: Tell) -> Manifest:
    """Make a data folder from a backup. Nothing is left of it if a file is not what it was.

    Raises:
        CairnError: the backup is not whole, or the data folder is in use.
    """
    manifest = read_manifest(backup)
    _refuse_used(folder.path)
    draft = folder.path.with_name(f".{folder.path.name}.restoring")
    if draft.exists():
        shutil.rmtree(draft)
    try:
        _take(backup / FILES, private_folder(draft), manifest, tell)
        if folder.path.exists():
            folder.path.rmdir()
        draft.rename(folder.path)
    except BaseException:
        shutil.rmtree(draft, ignore_errors=True)
        raise
    sync_folder(folder.path.parent)
    return manifest


def read_manifest(backup: Path) -> Manifest:
    """What a backup consists of.

    Raises:
        CairnError: it is none, or was not finished, or another version of Cairn made it.
    """
    try:
        manifest = msgspec.json.decode((backup / MANIFEST).read_bytes(), type=Manifest)
    except FileNotFoundError:
        raise CairnError(f"{backup} is no backup, or one that was not finished") from None
    except UNREADABLE as error:
        raise CairnError(f"{backup / MANIFEST} cannot be read: {error}") from error
    if manifest.form != FORM:
        raise CairnError(f"{backup} has form {manifest.form}; this version reads {FORM}", advice="Use a newer Cairn.")
    return manifest


def _refuse_used(folder: Path) -> None:
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise CairnError(f"{folder} is there already", advice="Name a folder that is not there yet.")


@contextlib.contextmanager
def _at_rest(folder: DataFolder) -> Iterator[None]:
    """Nobody writes to the folder."""
    try:
        pid = folder.runtime().pid
    except Unreachable:
        with lock_folder(folder.path):
            yield
        return
    with frozen(pid):
        yield


def _elsewhere(settings: Settings) -> list[str]:
    found = []
    if "://" in settings.engines.nats:
        found.append("the journal (engines.nats)")
    if "://" in settings.engines.seaweedfs:
        found.append("buckets (engines.seaweedfs)")
    if s3_elsewhere(settings) is not None:
        found.append("buckets (upstreams)")
    return found


def _files(folder: Path) -> dict[str, _Seen]:
    """Every file to be copied, by its path in the folder; links and sockets are none."""
    found = {}
    for place, folders, names in os.walk(folder):
        top = Path(place) == folder
        if top:
            folders[:] = [name for name in folders if name not in LEFT_OUT]
            names = [name for name in names if name not in LEFT_OUT and not name.endswith(".ready")]
        for name in names:
            path = Path(place) / name
            with contextlib.suppress(FileNotFoundError):
                if path.is_symlink() or not path.is_file() or name.endswith(".db-shm"):
                    continue  # SQLite makes an index of its log anew
                stat = path.stat()
                found[str(path.relative_to(folder))] = _Seen(stat.st_size, stat.st_mtime_ns, stat.st_ino)
    return found


def _copy(
    source: Path, target: Path, known: dict[str, _Seen], clock: Clock, tell: Callable[[int, int], None]
) -> dict[str, _Seen]:
    """Make `target` the same as `source`, without what is `known` to have been copied.

    Returns:
        What was copied, as it was seen before, if it could not have been changing just then.
    """
    now = clock.now()
    there = _files(source)
    for gone in known.keys() - there.keys():
        (target / gone).unlink(missing_ok=True)
    changed = {name: seen for name, seen in there.items() if known.get(name) != seen}
    done, whole = 0, sum(seen.size for seen in changed.values())
    for name, seen in changed.items():
        tell(done, whole)
        copied = target / name
        copied.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        try:
            shutil.copyfile(source / name, copied)
            shutil.copymode(source / name, copied)
        except FileNotFoundError:
            copied.unlink(missing_ok=True)
        done += seen.size
    tell(whole, whole)
    return {name: seen for name, seen in there.items() if seen.trusted(now)}


def _sums(target: Path, tell: Tell) -> dict[str, tuple[int, str]]:
    """Size and SHA-256 of each file, all of which are durable then."""
    there = _files(target)
    sums, done, whole = {}, 0, sum(seen.size for seen in there.values())
    for name, seen in sorted(there.items()):
        tell("checking", done, whole)
        with (target / name).open("rb") as file:
            sums[name] = (seen.size, hashlib.file_digest(file, "sha256").hexdigest())
            os.fsync(file.fileno())
        done += seen.size
    for place, _, _ in os.walk(target):
        sync_folder(Path(place))
    return sums


def _take(source: Path, target: Path, manifest: Manifest, tell: Tell) -> None:
    done = 0
    for name, (size, expected) in manifest.files.items():
        tell("restoring", done, manifest.size)
        path = target / name
        if ".." in Path(name).parts or Path(name).is_absolute():
            raise CairnError(f"the backup names a file outside of it: {name}")
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        try:
            found = _copy_summed(source / name, path)
        except FileNotFoundError:
            raise CairnError(f"the backup is damaged: {name} is missing") from None
        if found != (size, expected):
            raise CairnError(f"the backup is damaged: {name} is not what was backed up")
        done += size
    for place, _, _ in os.walk(target):
        sync_folder(Path(place))


def _copy_summed(source: Path, target: Path) -> tuple[int, str]:
    """Copy a file durably; its bytes and SHA-256."""
    sums, size = hashlib.sha256(), 0
    mode = source.stat().st_mode & 0o777
    with (
        source.open("rb") as read,
        os.fdopen(os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode), "wb") as file,
    ):
        while piece := read.read(PIECE_BYTES):
            sums.update(piece)
            size += len(piece)
            file.write(piece)
        file.flush()
        os.fsync(file.fileno())
    return size, sums.hexdigest()
