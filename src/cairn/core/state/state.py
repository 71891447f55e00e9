"""Databases that every Cairn process of an installation opens.

A room declares its tables on `metadata`, in a module named `tables.py`; the migrations in `migrations/` create
them. A room that writes so much that others would wait for it has a `Schema` of its own, which on one machine is a
file of its own. All writes go through `State.write`, whose transaction is durable once the block ends.
"""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from cairn.core.clock import SystemClock
from cairn.core.errors import ConfigurationError

metadata = sa.MetaData()

_ALEMBIC = Path(__file__).parent / "migrations"


@dataclass(frozen=True)
class Schema:
    """Tables that are written together, and the migrations that make them."""

    name: str
    """Of its file on one machine, and of its own table of versions where it shares a database with others."""
    metadata: sa.MetaData
    migrations: Path
    """Folder with a `versions` folder in it."""

    @property
    def version_table(self) -> str:
        return "alembic_version" if self is SAVED else f"alembic_version_{self.name}"


SAVED = Schema("state", metadata, _ALEMBIC)
"""What every room shares."""

_changes = sa.Table(
    "changes",
    metadata,
    sa.Column("of_table", sa.Text, primary_key=True),
    sa.Column("number", sa.BigInteger, nullable=False, doc="How often its rows were changed; triggers count."),
)


def counted(table: sa.Table) -> None:
    """Have the changes of a table of the saved state counted, by triggers of SQLite (migrations make the same)."""
    name = table.name
    count = f"UPDATE changes SET number = number + 1 WHERE of_table = '{name}'"  # noqa: S608 - a name of ours
    statements = [f"INSERT OR IGNORE INTO changes VALUES ('{name}', 0)"]  # noqa: S608
    for event in ("INSERT", "UPDATE", "DELETE"):
        trigger = f"{name}_{event.lower()} AFTER {event} ON {name}"
        statements.append(f"CREATE TRIGGER IF NOT EXISTS {trigger} BEGIN {count}; END")
    for statement in statements:
        ddl = sa.DDL(statement)  # type: ignore[no-untyped-call] # SQLAlchemy's own
        sa.event.listen(metadata, "after_create", ddl.execute_if(dialect="sqlite"))


BUSY_S = 30.0
REVISION_S = 1.0

_clock = SystemClock()


class State:
    """The database of a schema, by default the saved state's.

    `revision` changes whenever another process has changed anything, and costs next to nothing to ask: what
    caches rows compares it before it trusts its cache.
    """

    def __init__(self, url: str, schema: Schema = SAVED) -> None:
        self.url = url
        self.schema = schema
        self._watch: sqlite3.Connection | None = None
        self._watch_lock = threading.Lock()
        options: dict[str, Any] = {}
        if url.startswith("sqlite"):
            options["connect_args"] = {"timeout": BUSY_S, "isolation_level": None}
        self.engine = sa.create_engine(url, **options)
        if self.engine.dialect.name == "sqlite":
            sa.event.listen(self.engine, "connect", _prepare_sqlite)
            sa.event.listen(self.engine, "begin", _begin_sqlite)

    @classmethod
    def in_folder(cls, folder: Path, schema: Schema = SAVED) -> State:
        """The SQLite file of a schema in a folder, made private."""
        path = folder / f"{schema.name}.db"
        path.touch(mode=0o600)
        return cls(f"sqlite:///{path}", schema)

    def migrate(self) -> None:
        """Bring the tables to this version's shape.

        Raises:
            ConfigurationError: a newer version wrote them.
        """
        from alembic import command  # 8 MB and 120 modules that no gateway and no worker needs
        from alembic.config import Config
        from alembic.util.exc import CommandError

        config = Config(attributes={"schema": self.schema})
        config.set_main_option("script_location", str(_ALEMBIC))
        config.set_main_option("path_separator", "newline")
        config.set_main_option("version_locations", str(self.schema.migrations / "versions"))
        with self.engine.connect() as connection:
            config.attributes["connection"] = connection
            try:
                command.upgrade(config, "head")
            except CommandError as error:
                raise ConfigurationError(
                    f"the saved state was written by a newer Cairn ({error})",
                    advice="Start that version again, or restore a backup of this one.",
                ) from error

    @contextmanager
    def read(self) -> Iterator[sa.Connection]:
        """A transaction that reads one consistent moment."""
        with self.engine.connect() as connection:
            yield connection

    @contextmanager
    def write(self) -> Iterator[sa.Connection]:
        """A transaction that is durable when the block ends, and leaves nothing when it raises."""
        with self.engine.connect().execution_options(cairn_write=True) as connection, connection.begin():
            yield connection

    def revision(self) -> int:
        """A number that is another one once anybody has changed anything since it was last asked for.

        SQLite counts the changes of other connections than this one, which never writes; asking takes microseconds.
        Elsewhere it is the time in steps of `REVISION_S`: what is cached may be that much out of date.
        """
        return self._watched("PRAGMA data_version")

    def changes(self, table: sa.Table) -> int:
        """A number that is another one once rows of `table`, which is `counted`, have changed.

        For what caches rows of a table that changes seldom beside others that change all the time: it asks when
        `revision` has changed, and keeps what it has where this has not. Some 20 microseconds; elsewhere than in SQLite
        it is `revision`.
        """
        return self._watched("SELECT number FROM changes WHERE of_table = ?", table.name)

    def _watched(self, question: str, *values: str) -> int:
        """What SQLite answers; elsewhere the time in steps."""
        path = self.engine.url.database
        if self.engine.dialect.name != "sqlite" or path in (None, "", ":memory:"):
            return int(_clock.monotonic() / REVISION_S)
        with self._watch_lock:
            if self._watch is None:
                self._watch = sqlite3.connect(path, timeout=BUSY_S, check_same_thread=False)
            [(number,)] = self._watch.execute(question, values).fetchall()  # all: none stays open at an old moment
        return int(number)

    def close(self) -> None:
        self.engine.dispose()
        with self._watch_lock:
            if self._watch is not None:
                self._watch.close()
                self._watch = None


def _prepare_sqlite(connection: Any, _record: object) -> None:
    cursor = connection.cursor()
    cursor.execute("PRAGMA journal_mode = WAL")
    cursor.execute("PRAGMA synchronous = FULL")
    cursor.execute("PRAGMA foreign_keys = ON")
    cursor.close()


def _begin_sqlite(connection: sa.Connection) -> None:
    """Writers queue for the lock at the start, so that no transaction fails half-way with SQLITE_BUSY."""
    writes = connection.get_execution_options().get("cairn_write", False)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")
