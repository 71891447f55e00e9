"""What a backup is: each file as it was at the last look; and what is refused."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from cairn.core.clock import SystemClock
from cairn.core.config import Settings, load
from cairn.core.errors import CairnError, ConfigurationError
from cairn.core.folder import Administrator, DataFolder
from cairn.service.backup import MANIFEST, back_up, restore

LONG_AGO = 1_700_000_000
SETTINGS: Settings = load({})


def silent(what: str, done: int, whole: int) -> None:
    pass


@pytest.fixture
def folder(tmp_path: Path) -> DataFolder:
    """A data folder with some files, none of which changed lately."""
    made = DataFolder(tmp_path / "data")
    made.make()
    made.save(
        Administrator(account="0" * 12, region="us-east-1", user_name="a", access_key_id="b", secret_access_key="c")
    )
    for name in ("journal/1.blk", "history/a.db", "history/b.db", "logs/worker.log", "worker.ready", "state.db-shm"):
        path = made.path / name
        path.write_text(f"{name}, as it was")
        path.chmod(0o600)
        os.utime(path, (LONG_AGO, LONG_AGO))
    return made


def content(folder: Path) -> dict[str, str]:
    return {str(path.relative_to(folder)): path.read_text() for path in folder.rglob("*") if path.is_file()}


def test_what_changes_while_it_is_copied_is_in_the_backup_as_it_is_at_the_end(
    folder: DataFolder, tmp_path: Path
) -> None:
    def change(what: str, done: int, whole: int) -> None:
        if what == "copying" and done == whole:
            (folder.path / "journal/2.blk").write_text("new")
            (folder.path / "history/a.db").write_text("history/a.db, as it is!")
            (folder.path / "history/b.db").unlink()

    back_up(folder, SETTINGS, tmp_path / "backup", SystemClock(), change)
    restored = DataFolder(tmp_path / "restored")
    restore(tmp_path / "backup", restored, silent)
    expected = content(folder.path)
    for left_out in ("logs/worker.log", "worker.ready", "state.db-shm", "lock"):
        del expected[left_out]
    assert content(restored.path) == expected
    assert expected["history/a.db"] == "history/a.db, as it is!"
    assert (restored.path / "history/a.db").stat().st_mode & 0o777 == 0o600
    assert restored.path.stat().st_mode & 0o777 == 0o700
    assert (tmp_path / "backup").stat().st_mode & 0o777 == 0o700


@pytest.mark.parametrize("damage", ["flip", "remove", "cut"])
def test_a_damaged_backup_is_refused_and_leaves_nothing(folder: DataFolder, tmp_path: Path, damage: str) -> None:
    back_up(folder, SETTINGS, tmp_path / "backup", SystemClock(), silent)
    path = tmp_path / "backup/data/history/a.db"
    if damage == "remove":
        path.unlink()
    else:
        path.write_text("history/a.db, as it wAs" if damage == "flip" else "history")
    with pytest.raises(CairnError, match=r"damaged: history/a\.db"):
        restore(tmp_path / "backup", DataFolder(tmp_path / "restored"), silent)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["backup", "data"]


def test_one_that_was_not_finished_is_none(folder: DataFolder, tmp_path: Path) -> None:
    back_up(folder, SETTINGS, tmp_path / "backup", SystemClock(), silent)
    (tmp_path / "backup" / MANIFEST).unlink()
    with pytest.raises(CairnError, match="not finished"):
        restore(tmp_path / "backup", DataFolder(tmp_path / "restored"), silent)


def test_nothing_is_overwritten(folder: DataFolder, tmp_path: Path) -> None:
    back_up(folder, SETTINGS, tmp_path / "backup", SystemClock(), silent)
    before = content(tmp_path)
    with pytest.raises(CairnError, match="there already"):
        back_up(folder, SETTINGS, tmp_path / "backup", SystemClock(), silent)
    with pytest.raises(CairnError, match="there already"):
        restore(tmp_path / "backup", folder, silent)
    assert content(tmp_path) == before


def test_a_manifest_reaches_nothing_outside_of_the_backup(folder: DataFolder, tmp_path: Path) -> None:
    back_up(folder, SETTINGS, tmp_path / "backup", SystemClock(), silent)
    manifest = tmp_path / "backup" / MANIFEST
    manifest.write_text(manifest.read_text().replace("history/a.db", "../../outside"))
    with pytest.raises(CairnError, match="outside"):
        restore(tmp_path / "backup", DataFolder(tmp_path / "restored"), silent)
    assert not (tmp_path / "outside").exists()


def test_what_cannot_be_copied_at_the_same_moment_is_refused(folder: DataFolder, tmp_path: Path) -> None:
    elsewhere = load({"state.url": "postgresql+psycopg://cairn@db.internal/cairn"})
    with pytest.raises(ConfigurationError, match=r"state\.url"):
        back_up(folder, elsewhere, tmp_path / "backup", SystemClock(), silent)
    with pytest.raises(CairnError, match="no data folder"):
        back_up(DataFolder(tmp_path / "nothing"), SETTINGS, tmp_path / "backup", SystemClock(), silent)
    assert not (tmp_path / "backup").exists()
