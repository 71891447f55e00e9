"""The state file: what is in it is loaded only if nobody else could have written it."""

from __future__ import annotations

import os
import sqlite3
from pathlib import Path

import pytest

from cairn.account.moto import store as store_module
from cairn.account.moto.store import Snapshot, Store
from cairn.core.errors import CairnError

ONE = Snapshot("one", "pickle", b"first")
KEYS = Snapshot("keys", "kms", b'{"format": "cairn.kms/1"}')


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    folder = tmp_path / "state"
    store = Store(folder)
    store.write([ONE, KEYS])
    store.close()
    return folder


def _loaded(folder: Path) -> tuple[list[Snapshot], list[str]]:
    store = Store(folder)
    snapshots = store.load()
    store.close()
    return snapshots, [f"{problem.what}: {problem.why}" for problem in store.problems]


def test_what_is_written_comes_back(folder: Path) -> None:
    assert _loaded(folder) == ([KEYS, ONE], [])
    assert folder.stat().st_mode & 0o777 == 0o700
    assert all(path.stat().st_mode & 0o077 == 0 for path in folder.iterdir())


def test_a_write_replaces_and_drops_together(folder: Path) -> None:
    store = Store(folder)
    store.write([Snapshot("one", "pickle", b"second")], gone=["keys"])
    store.close()
    assert _loaded(folder)[0] == [Snapshot("one", "pickle", b"second")]


@pytest.mark.parametrize(
    "change",
    [
        "update snapshot set content = x'00' where name = 'one'",
        "update snapshot set name = 'two' where name = 'one'",
        "update snapshot set form = 'kms' where name = 'one'",
        "update snapshot set mac = x'00' where name = 'one'",
        "update snapshot set content = (select content from snapshot where name = 'keys') where name = 'one'",
    ],
)
def test_a_changed_snapshot_is_set_aside(folder: Path, change: str) -> None:
    with sqlite3.connect(folder / "state.db") as db:
        db.execute(change)
    db.close()
    snapshots, problems = _loaded(folder)
    assert snapshots == [KEYS]
    assert len(problems) == 1
    assert "authentication code is wrong" in problems[0]
    assert _loaded(folder) == ([KEYS], problems)  # moved once, told of until somebody looks after it
    db = sqlite3.connect(folder / "state.db")
    assert db.execute("select count(*) from set_aside").fetchone() == (1,)
    db.close()


def test_another_key_makes_everything_untrusted(folder: Path) -> None:
    (folder / "state.key").write_bytes(b"k" * 32)
    snapshots, problems = _loaded(folder)
    assert snapshots == []
    assert len(problems) == 2


def test_another_version_of_moto_sets_pickles_aside_and_keeps_keys(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(store_module, "VERSIONS", "cairn.account/1; moto 99; python 3.99")
    snapshots, problems = _loaded(folder)
    assert snapshots == [KEYS]
    assert "moto 99" in problems[0]


@pytest.mark.parametrize("name", ["state.db", "state.key", "."])
@pytest.mark.parametrize("mode", [0o020, 0o002])
def test_what_others_can_write_is_refused(folder: Path, name: str, mode: int) -> None:
    path = folder / name
    path.chmod(path.stat().st_mode | mode)
    snapshots, problems = _loaded(folder)
    assert snapshots == []
    assert "could be written by others" in problems[0]
    assert len(list(folder.glob("state.db.refused-*"))) == 1
    store = Store(folder)  # and goes on with a file of its own
    store.write([ONE])
    store.close()
    snapshots, problems = _loaded(folder)
    assert snapshots == [ONE]
    assert "was refused" in problems[0]


def test_a_link_is_refused(folder: Path, tmp_path: Path) -> None:
    elsewhere = tmp_path / "elsewhere.db"
    (folder / "state.db").rename(elsewhere)
    (folder / "state.db").symlink_to(elsewhere)
    assert "not a plain file" in _loaded(folder)[1][0]


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give a file away")
def test_what_belongs_to_others_is_refused(folder: Path) -> None:
    os.chown(folder / "state.db", 12345, 12345)
    assert "belongs to user 12345" in _loaded(folder)[1][0]
    os.chown(folder, 12345, 12345)
    with pytest.raises(CairnError, match="belongs to user 12345"):
        Store(folder)


def test_a_damaged_file_is_renamed(folder: Path) -> None:
    (folder / "state.db").write_bytes(b"no database at all" * 100)
    snapshots, problems = _loaded(folder)
    assert snapshots == []
    assert "damaged" in problems[0]


def test_a_full_disk_is_an_error_and_leaves_the_old_state(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    store = Store(folder)
    pages = store._db.execute("pragma page_count").fetchone()[0]
    store._db.execute(f"pragma max_page_count = {pages}")
    with pytest.raises(OSError, match="cannot be saved"):
        store.write([Snapshot("big", "pickle", b"x" * (1 << 20)), Snapshot("one", "pickle", b"second")])
    assert store.load() == [KEYS, ONE]
    store.close()
