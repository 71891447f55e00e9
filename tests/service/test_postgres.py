"""Unit tests of stores, on a PostgreSQL of this machine. They are run where there is one, and its driver."""

from __future__ import annotations

import os
import pwd
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path

import pytest
from tests.postgres import VARIABLE

pytestmark = pytest.mark.engine

STORES = (
    "tests/cloudtrail/insights/test_metric_data.py",
    "tests/cloudwatch/logs/test_store.py",
    "tests/cloudwatch/logs/test_policies.py",
    "tests/cloudwatch/queries/test_definitions.py",
    "tests/cloudwatch/subscriptions/test_subscriptions.py",
    "tests/cloudwatch/alarms/test_composites.py",
)
"""A slice: all of `tests/cloudwatch` takes ten minutes."""


def _programs() -> Path:
    """The folder with PostgreSQL's programs."""
    found = shutil.which("pg_ctl")
    folders = [Path(found).resolve().parent] if found else sorted(Path("/usr/lib/postgresql").glob("*/bin"))
    if not folders or not (folders[-1] / "initdb").exists():
        pytest.skip("needs PostgreSQL's initdb and pg_ctl on this machine")
    return folders[-1]


def _user() -> str | None:
    """Who runs it: it refuses to be root's."""
    if os.geteuid():
        return None
    try:
        return pwd.getpwnam("postgres").pw_name
    except KeyError:
        pytest.skip("needs a user postgres, since these tests are run by root")


@pytest.fixture
def url() -> Iterator[str]:
    """Of a PostgreSQL of this test's own, on a socket in a folder of its own."""
    if find_spec("psycopg") is None:
        pytest.skip("needs psycopg, the driver: uv pip install 'psycopg[binary]'")
    programs, user = _programs(), _user()
    with tempfile.TemporaryDirectory(prefix="cairn-pg-") as name:
        folder = Path(name)
        if user is not None:
            shutil.chown(folder, user)

        def run(*command: str) -> None:
            program = [str(programs / command[0]), *command[1:]]
            subprocess.run(program, cwd=folder, user=user, check=True, timeout=120, stdout=subprocess.DEVNULL)

        run("initdb", "-D", f"{folder}/data", "-A", "trust", "-U", "cairn", "--no-sync", "--no-locale", "-E", "UTF8")
        options = f"-k {folder} -c listen_addresses='' -c fsync=off"
        run("pg_ctl", "-D", f"{folder}/data", "-o", options, "-l", f"{folder}/log", "-w", "start")
        try:
            yield f"postgresql+psycopg://cairn@/postgres?host={folder}"
        finally:
            run("pg_ctl", "-D", f"{folder}/data", "-m", "immediate", "-w", "stop")


@pytest.mark.timeout(600)
def test_stores_do_on_postgresql_what_they_do_on_sqlite(url: str, tmp_path: Path) -> None:
    program = [sys.executable, "-m", "pytest", "-q", "-p", "tests.postgres", "-p", "no:cacheprovider", *STORES]
    done = subprocess.run(
        [*program, f"--basetemp={tmp_path / 'inner'}"],
        cwd=Path(__file__).parents[2],
        env={**os.environ, VARIABLE: url},
        capture_output=True,
        text=True,
        timeout=540,
        check=False,
    )
    assert done.returncode == 0, done.stdout[-5000:]
