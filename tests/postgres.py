"""A plugin that has unit tests use PostgreSQL in place of SQLite files: `pytest -p tests.postgres ...`, with
`POSTGRES_TEST_URL` an SQLAlchemy URL whose user may make databases.

Each folder with databases is a database there, with the tables of all schemas. It is emptied for another folder once
its test is over, or nothing of it is open and a few others are newer: emptying is much quicker than making one.
"""

from __future__ import annotations

import itertools
import os
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from cairn.core.state import SAVED, Schema, State
from cairn.service.saved import SCHEMAS

VARIABLE = "POSTGRES_TEST_URL"
IN_USE = 4
"""Folders of one test that keep their databases though all is closed: those that a test may open again."""

Rows = list[tuple[sa.Table, list[dict[str, Any]]]]


class _Opened(State):
    """A state that tells when it is closed."""

    def __init__(self, url: str, schema: Schema, opened: Counter[Path], folder: Path) -> None:
        super().__init__(url, schema)
        self._opened, self._folder = opened, folder
        opened[folder] += 1

    def close(self) -> None:
        super().close()
        self._opened[self._folder] -= 1


class Databases:
    """The databases of a test session."""

    def __init__(self, url: str) -> None:
        self._url = sa.engine.make_url(url)
        self._names = (f"cairn_tests_{os.getpid()}_{number}" for number in itertools.count())
        self._of: dict[Path, str] = {}
        self._opened: Counter[Path] = Counter()
        self._free: list[str] = []
        self._all: list[str] = []
        self._first: Rows | None = None

    def state(self, folder: Path, schema: Schema) -> State:
        """The database of a folder."""
        if folder not in self._of:
            for known in list(self._of)[:-IN_USE]:
                if self._opened[known] <= 0:
                    self._free.append(self._of.pop(known))
            self._of[folder] = self._emptied(self._free.pop()) if self._free else self._made()
        (folder / f"{schema.name}.db").touch()
        return _Opened(self._at(self._of[folder]), schema, self._opened, folder)

    def release(self) -> None:
        """A test is over."""
        self._free += self._of.values()
        self._of.clear()
        self._opened.clear()

    def drop(self) -> None:
        self._maintain(*(f'DROP DATABASE "{name}" WITH (FORCE)' for name in self._all))

    def _made(self) -> str:
        name = next(self._names)
        self._maintain(f'CREATE DATABASE "{name}"' + (f' TEMPLATE "{self._all[0]}"' if self._all else ""))
        self._all.append(name)
        if self._first is not None:
            return name
        for schema in SCHEMAS:
            state = State(self._at(name), schema)
            state.migrate()
            state.close()
        self._first = self._rows(name)
        return self._made()  # the first stays as it is, for others to be made of

    def _rows(self, name: str) -> Rows:
        """What the migrations put into tables."""
        with sa.create_engine(self._at(name), poolclass=sa.NullPool).connect() as connection:
            found = [
                (table, [dict(row._mapping) for row in connection.execute(sa.select(table))])
                for schema in SCHEMAS
                for table in schema.metadata.sorted_tables
            ]
        return [(table, rows) for table, rows in found if rows]

    def _emptied(self, name: str) -> str:
        tables = ", ".join(f'"{table}"' for schema in SCHEMAS for table in schema.metadata.tables)
        with sa.create_engine(self._at(name), poolclass=sa.NullPool).begin() as connection:
            connection.execute(sa.text(f"TRUNCATE {tables} RESTART IDENTITY CASCADE"))
            for table, rows in self._first or []:
                connection.execute(sa.insert(table), rows)
        return name

    def _at(self, name: str) -> str:
        return self._url.set(database=name).render_as_string(hide_password=False)

    def _maintain(self, *commands: str) -> None:
        engine = sa.create_engine(self._url, isolation_level="AUTOCOMMIT", poolclass=sa.NullPool)
        with engine.connect() as connection:
            for command in commands:
                connection.execute(sa.text(command))


@pytest.fixture(scope="session", autouse=True)
def _databases() -> Iterator[Databases]:
    databases = Databases(os.environ[VARIABLE])

    def in_folder(_cls: type[State], folder: Path, schema: Schema = SAVED) -> State:
        return databases.state(folder, schema)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(State, "in_folder", classmethod(in_folder))
        patch.setattr("cairn.core.state.state.REVISION_S", 1e-6)  # a test clock does not wait for it
        yield databases
    databases.drop()


@pytest.fixture(autouse=True)
def _released(_databases: Databases) -> Iterator[None]:
    yield
    _databases.release()
