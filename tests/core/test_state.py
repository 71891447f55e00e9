import stat
import subprocess
import sys
from pathlib import Path

import pytest
import sqlalchemy as sa

from cairn.core.state import State

COUNTERS = sa.table("counters", sa.column("value", sa.Integer))


COUNT_UP = """
import pathlib, sys
from cairn.core.state import State
state = State.in_folder(pathlib.Path(sys.argv[1]))
for _ in range(50):
    with state.write() as connection:
        value = connection.exec_driver_sql("SELECT value FROM counters").scalar()
        connection.exec_driver_sql("UPDATE counters SET value = ?", (value + 1,))
"""


def test_read_then_write_transactions_of_many_processes_lose_nothing(tmp_path: Path) -> None:
    state = State.in_folder(tmp_path)
    with state.write() as connection:
        connection.exec_driver_sql("CREATE TABLE counters (value INTEGER)")
        connection.execute(sa.insert(COUNTERS).values(value=0))
    workers = [subprocess.Popen([sys.executable, "-c", COUNT_UP, str(tmp_path)]) for _ in range(3)]
    assert [worker.wait() for worker in workers] == [0, 0, 0]
    with state.read() as connection:
        assert connection.scalar(sa.select(COUNTERS.c.value)) == 150
    state.close()


def test_a_block_that_raises_leaves_nothing(tmp_path: Path) -> None:
    state = State.in_folder(tmp_path)
    with state.write() as connection:
        connection.exec_driver_sql("CREATE TABLE counters (value INTEGER)")
    with pytest.raises(RuntimeError), state.write() as connection:
        connection.execute(sa.insert(COUNTERS).values(value=1))
        raise RuntimeError
    with state.read() as connection:
        assert connection.scalar(sa.select(sa.func.count()).select_from(COUNTERS)) == 0
    state.close()


def test_the_database_is_private(tmp_path: Path) -> None:
    State.in_folder(tmp_path).close()
    assert stat.S_IMODE((tmp_path / "state.db").stat().st_mode) == 0o600


def test_the_revision_changes_with_every_change_of_anybody_s(tmp_path: Path) -> None:
    state, other = State.in_folder(tmp_path), State.in_folder(tmp_path)
    with state.write() as connection:
        connection.exec_driver_sql("CREATE TABLE counters (value INTEGER)")
    seen = {state.revision()}
    assert state.revision() in seen
    for writer in (state, other):
        with writer.write() as connection:
            connection.execute(sa.insert(COUNTERS).values(value=0))
        assert state.revision() not in seen
        seen.add(state.revision())
    state.close()
    other.close()
