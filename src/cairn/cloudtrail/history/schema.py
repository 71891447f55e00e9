"""The shape of a segment: one SQLite file, written by the worker while others read it, then never changed again.

Terms and postings are an inverted index: a term is a value of a field within a scope, its postings are the events
that have it, in order of time. One more attribute costs a posting, and every question becomes the same range scan.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping
from functools import cache
from pathlib import Path

from cairn.core.durable import sync_folder
from cairn.core.failpoints import failpoint

APPLICATION_ID = 0x43524E48  # "CRNH"
VERSION = 1
PAGE_BYTES = 4096
WRITER_CACHE_KB = 16 << 10
"""48 MB save 3 % of the processor with a million events in a segment: the system keeps the file's pages as well."""
CHECKPOINT_PAGES = 8000
DRAFT_SUFFIX = ".draft"

TABLES = """
CREATE TABLE meta (name TEXT PRIMARY KEY, value INTEGER NOT NULL) WITHOUT ROWID;
CREATE TABLE scopes (
    id INTEGER PRIMARY KEY, account TEXT NOT NULL, region TEXT NOT NULL, category TEXT NOT NULL,
    UNIQUE (account, region, category)
);
CREATE TABLE terms (
    id INTEGER PRIMARY KEY, scope INTEGER NOT NULL, field INTEGER NOT NULL, value TEXT NOT NULL,
    UNIQUE (scope, field, value)
);
-- the columns name to source_ip hold terms; NULL: the event has no such value
CREATE TABLE events (
    seq INTEGER PRIMARY KEY, id BLOB NOT NULL UNIQUE, scope INTEGER NOT NULL, time INTEGER NOT NULL,
    read_only INTEGER NOT NULL,
    name INTEGER, source INTEGER, user INTEGER, access_key INTEGER, error INTEGER, source_ip INTEGER
);
CREATE TABLE records (seq INTEGER PRIMARY KEY, record BLOB NOT NULL);
CREATE TABLE postings (
    term INTEGER NOT NULL, time INTEGER NOT NULL, seq INTEGER NOT NULL, PRIMARY KEY (term, time, seq)
) WITHOUT ROWID;
-- from `first_seq` on, records are packed against `content`
CREATE TABLE dictionaries (first_seq INTEGER PRIMARY KEY, content BLOB NOT NULL);
-- the first event that arrived in each second
CREATE TABLE arrivals (arrived INTEGER PRIMARY KEY, first_seq INTEGER NOT NULL);
CREATE TABLE set_aside (
    position INTEGER NOT NULL, place INTEGER NOT NULL, arrived INTEGER NOT NULL,
    event_id TEXT NOT NULL, reason TEXT NOT NULL, record BLOB NOT NULL, PRIMARY KEY (position, place)
);
"""


def create(path: Path, meta: Mapping[str, int]) -> None:
    """Make a new, private segment's file with these numbers in it. After a crash it is there whole or not at all."""
    draft = path.with_suffix(DRAFT_SUFFIX)
    draft.touch(mode=0o600, exist_ok=False)
    connection = _connect(draft, "rw")
    try:
        connection.execute(f"PRAGMA page_size = {PAGE_BYTES}")
        connection.execute(f"PRAGMA application_id = {APPLICATION_ID}")
        connection.execute(f"PRAGMA user_version = {VERSION}")
        connection.executescript(TABLES)
        connection.executemany("INSERT INTO meta VALUES (?, ?)", meta.items())
    finally:
        connection.close()
    failpoint("history.creating")
    draft.replace(path)
    sync_folder(path.parent)


def open_to_write(path: Path) -> sqlite3.Connection:
    """An existing segment, open for writing.

    Raises:
        sqlite3.Error: it cannot be opened, or is no segment of this version.
    """
    connection = _connect(path, "rw")
    try:
        _check(connection)
        _prepare_writer(connection)
    except BaseException:
        connection.close()
        raise
    return connection


def open_to_read(path: Path, *, sealed: bool) -> sqlite3.Connection:
    """A segment open for reading, in any process. A sealed one is read without locks, since nobody writes it.

    Raises:
        sqlite3.Error: it cannot be opened, or is no segment of this version.
    """
    connection = _connect(path, "ro&immutable=1" if sealed else "ro")
    try:
        _check(connection)
    except BaseException:
        connection.close()
        raise
    return connection


def _connect(path: Path, mode: str) -> sqlite3.Connection:
    return sqlite3.connect(
        f"{path.absolute().as_uri()}?mode={mode}",
        uri=True,
        isolation_level=None,
        check_same_thread=False,  # a connection serves one thread at a time, not always the same
        timeout=10.0,
    )


def _check(connection: sqlite3.Connection) -> None:
    if connection.execute("PRAGMA application_id").fetchone()[0] != APPLICATION_ID:
        raise sqlite3.DatabaseError("the file is no segment of the event history")
    version = connection.execute("PRAGMA user_version").fetchone()[0]
    if version != VERSION:
        raise sqlite3.DatabaseError(f"the segment is of version {version}, and {VERSION} is what is read here")
    try:
        tables = _tables(connection)
    except UnicodeDecodeError as error:  # SQLite's message quotes what it cannot read
        raise sqlite3.DatabaseError("the segment's schema is garbled") from error
    if tables != _expected_tables():
        raise sqlite3.DatabaseError("the segment's schema is not what was written")


def _tables(connection: sqlite3.Connection) -> list[tuple[str, str]]:
    """What SQLite has of each table. A flipped bit there can make it read every row otherwise than it was written."""
    return connection.execute("SELECT name, sql FROM sqlite_schema ORDER BY name").fetchall()


@cache
def _expected_tables() -> list[tuple[str, str]]:
    connection = sqlite3.connect(":memory:")
    try:
        connection.executescript(TABLES)
        return _tables(connection)
    finally:
        connection.close()


def _prepare_writer(connection: sqlite3.Connection) -> None:
    connection.execute("PRAGMA journal_mode = WAL")
    # A commit is durable when it returns, so that the journal may be trimmed before the cursor.
    connection.execute("PRAGMA synchronous = FULL")
    connection.execute(f"PRAGMA cache_size = -{WRITER_CACHE_KB}")
    connection.execute(f"PRAGMA wal_autocheckpoint = {CHECKPOINT_PAGES}")
