"""The file that holds the account's state: SQLite, one transaction a commit, guarded against other hands.

A row is a snapshot: the state of one backend, or of several that share objects. It carries the versions that wrote it
and an HMAC over everything, by a key in the same folder. What does not check out is never loaded: a row is moved to
the table `set_aside`, a file that others own or can write is renamed, and either is a `Problem` that `cairn doctor`
shows. SQLite rather than a file a backend: a call that changes two services is saved as one, with one fsync.
"""

from __future__ import annotations

import contextlib
import hashlib
import hmac
import logging
import os
import secrets
import sqlite3
import stat
import sys
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import moto

from cairn.core.durable import private_folder, write_durably
from cairn.core.errors import CairnError

log = logging.getLogger(__name__)

FORMAT = "cairn.account/1"
VERSIONS = f"{FORMAT}; moto {moto.__version__}; python {sys.version_info.major}.{sys.version_info.minor}"
KEY_BYTES = 32

_SCHEMA = """
create table if not exists snapshot(name text primary key, form text, versions text, mac blob, content blob);
create table if not exists set_aside(
    name text, form text, versions text, mac blob, content blob, reason text, at real default (unixepoch('subsec')));
"""


class NotOurs(CairnError):
    """The folder belongs to somebody else, so nothing in it can be trusted."""


@dataclass(frozen=True)
class Snapshot:
    """The state of one or more backends."""

    name: str
    """Says which backends, see `snapshots`."""
    form: str
    """`pickle`, readable by the versions that wrote it; `kms`, readable by all."""
    content: bytes


@dataclass(frozen=True)
class Problem:
    """Something that a person must know: what is not saved, or was not loaded."""

    what: str
    why: str


class Store:
    """Opens or makes the state file in `folder`. Used by one thread at a time.

    Raises:
        NotOurs: the folder is somebody else's.
    """

    def __init__(self, folder: Path) -> None:
        self.problems: list[Problem] = []
        self._path = folder / "state.db"
        if folder.exists() and folder.stat().st_uid != os.geteuid():
            raise NotOurs(
                f"{folder} belongs to user {folder.stat().st_uid}, not to {os.geteuid()}",
                advice="Run Cairn as the user who owns its data folder, or give another folder with --data.",
            )
        untrusted = "the folder could be written by others" if folder.exists() and _writable_by_others(folder) else ""
        private_folder(folder)
        for path in (folder / "state.key", *self._files()):
            untrusted = untrusted or _why_untrusted(path)
        if untrusted:
            self._rename_aside(folder, untrusted)
        self._key = _key_in(folder / "state.key")
        try:
            self._db = self._open()
        except sqlite3.DatabaseError as error:
            self._rename_aside(folder, f"it is damaged: {error}")
            self._key = _key_in(folder / "state.key")
            self._db = self._open()
        self._tell_of_earlier(folder)

    def load(self) -> list[Snapshot]:
        """Every snapshot that is authentic and of our versions. The others are set aside."""
        found = []
        for name, form, versions, mac, content in self._db.execute(
            "select name, form, versions, mac, content from snapshot order by name"
        ).fetchall():
            if not hmac.compare_digest(mac, self._mac(name, form, versions, content)):
                self.set_aside(name, "its authentication code is wrong: something other than Cairn changed it")
            elif form == "pickle" and versions != VERSIONS:
                self.set_aside(name, f"it was written by {versions}, and this is {VERSIONS}")
            else:
                found.append(Snapshot(name, form, content))
        return found

    def write(self, snapshots: Iterable[Snapshot], gone: Iterable[str] = ()) -> None:
        """Replace snapshots and drop those called `gone`, all or nothing; durable when this returns.

        Raises:
            OSError: it cannot be written (a full disk).
        """
        try:
            with self._db:
                self._db.execute("begin immediate")
                self._db.executemany("delete from snapshot where name = ?", [(name,) for name in gone])
                self._db.executemany(
                    "insert or replace into snapshot values(?, ?, ?, ?, ?)",
                    [
                        (s.name, s.form, VERSIONS, self._mac(s.name, s.form, VERSIONS, s.content), s.content)
                        for s in snapshots
                    ],
                )
        except sqlite3.Error as error:
            raise OSError(f"the account's state cannot be saved: {error}") from error

    def set_aside(self, name: str, reason: str) -> None:
        """Take a snapshot out of use, keep it for a person to look at, and say so."""
        with self._db:
            self._db.execute("begin immediate")
            self._db.execute(
                "insert into set_aside(name, form, versions, mac, content, reason)"
                " select name, form, versions, mac, content, ? from snapshot where name = ?",
                (reason, name),
            )
            self._db.execute("delete from snapshot where name = ?", (name,))
        self._report(f"the saved state of {name} was not loaded", f"{reason}. It is kept in the table set_aside.")

    def close(self) -> None:
        self._db.close()

    def _open(self) -> sqlite3.Connection:
        if not self._path.exists():
            os.close(os.open(self._path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))
        db = sqlite3.connect(self._path, isolation_level=None, check_same_thread=False)
        db.execute("pragma journal_mode = wal")
        db.execute("pragma synchronous = full")
        db.executescript(_SCHEMA)
        return db

    def _mac(self, name: str, form: str, versions: str, content: bytes) -> bytes:
        code = hmac.new(self._key, digestmod=hashlib.sha256)
        for part in (name.encode(), form.encode(), versions.encode(), content):
            code.update(len(part).to_bytes(8, "big"))
            code.update(part)
        return code.digest()

    def _files(self) -> list[Path]:
        return [self._path, *(self._path.with_name(self._path.name + end) for end in ("-wal", "-shm"))]

    def _rename_aside(self, folder: Path, reason: str) -> None:
        mark = f"refused-{secrets.token_hex(4)}"
        for path in (folder / "state.key", *self._files()):
            with contextlib.suppress(FileNotFoundError):
                path.rename(path.with_name(f"{path.name}.{mark}"))
        self._report("the account's saved state was not loaded", f"{reason}. It is kept as {self._path.name}.{mark}.")

    def _tell_of_earlier(self, folder: Path) -> None:
        """What was refused in an earlier life stays a problem until somebody has dealt with it."""
        told = " ".join(problem.why for problem in self.problems)
        for path in sorted(folder.glob(f"{self._path.name}.refused-*")):
            if path.name not in told:
                self._report(
                    "an earlier state of the account was refused", f"It is kept as {path}; delete it if not needed."
                )
        for name, reason in self._db.execute("select name, reason from set_aside order by at").fetchall():
            self._report(f"the saved state of {name} was not loaded", f"{reason}. It is kept in the table set_aside.")

    def _report(self, what: str, why: str) -> None:
        log.error("%s: %s", what, why)
        self.problems.append(Problem(what, why))


def _why_untrusted(path: Path) -> str:
    try:
        owner = path.lstat()
    except FileNotFoundError:
        return ""
    if not stat.S_ISREG(owner.st_mode):
        return f"{path.name} is not a plain file"
    if owner.st_uid != os.geteuid():
        return f"{path.name} belongs to user {owner.st_uid}"
    return f"{path.name} could be written by others" if _writable_by_others(path) else ""


def _writable_by_others(path: Path) -> bool:
    return bool(path.stat().st_mode & (stat.S_IWGRP | stat.S_IWOTH))


def _key_in(path: Path) -> bytes:
    if not path.exists():
        write_durably(path, secrets.token_bytes(KEY_BYTES))
    return path.read_bytes()
