"""Which files were imported already, so that an import that was broken off goes on where it was."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable
from pathlib import Path
from types import TracebackType

from cairn.cloudtrail.imports.sources import FoundFile


class ImportProgress:
    """A small database. A file that was changed since counts as a new one. Serves one thread."""

    def __init__(self, path: Path) -> None:
        path.touch(mode=0o600)
        self._connection = sqlite3.connect(path, isolation_level=None, timeout=10.0)
        self._connection.execute("PRAGMA journal_mode = WAL")
        self._connection.execute(
            "CREATE TABLE IF NOT EXISTS files"
            " (name TEXT PRIMARY KEY, size INTEGER NOT NULL, stamp TEXT NOT NULL) WITHOUT ROWID"
        )

    def __enter__(self) -> ImportProgress:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def is_done(self, file: FoundFile) -> bool:
        found = self._connection.execute("SELECT size, stamp FROM files WHERE name = ?", (file.name,)).fetchone()
        return bool(found == (file.size, file.stamp))

    def note(self, files: Iterable[FoundFile]) -> None:
        """All events of these are in the journal."""
        self._connection.execute("BEGIN IMMEDIATE")
        self._connection.executemany(
            "INSERT OR REPLACE INTO files VALUES (?, ?, ?)", [(file.name, file.size, file.stamp) for file in files]
        )
        self._connection.execute("COMMIT")

    def forget(self) -> None:
        """Import every file again; history still keeps each event once."""
        self._connection.execute("DELETE FROM files")

    def close(self) -> None:
        self._connection.close()
