import stat
import subprocess
import sys
from pathlib import Path

import pytest

from cairn.core.durable import FolderInUse, lock_folder, private_folder, write_durably


def test_a_write_replaces_the_whole_file_and_is_private(tmp_path: Path) -> None:
    path = tmp_path / "secret"
    path.write_text("a long old content")
    write_durably(path, b"new")
    assert path.read_bytes() == b"new"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert [item.name for item in tmp_path.iterdir()] == ["secret"]


def test_a_write_that_fails_leaves_the_old_file_and_no_draft(tmp_path: Path) -> None:
    path = tmp_path / "file"
    write_durably(path, b"old")
    with pytest.raises(TypeError):
        write_durably(path, "not bytes")  # type: ignore[arg-type] # the fault under test
    assert path.read_bytes() == b"old"
    assert [item.name for item in tmp_path.iterdir()] == ["file"]


def test_a_private_folder_is_closed_to_others_even_if_it_was_open(tmp_path: Path) -> None:
    folder = tmp_path / "data"
    folder.mkdir(mode=0o755)
    private_folder(folder)
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700


def test_a_second_process_is_refused_and_told_who_holds_the_folder(tmp_path: Path) -> None:
    holder = subprocess.Popen(
        [
            sys.executable,
            "-c",
            "import sys, pathlib; from cairn.core.durable import lock_folder\n"
            "held = lock_folder(pathlib.Path(sys.argv[1])); print('held', flush=True); sys.stdin.read()",
            str(tmp_path),
        ],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    )
    try:
        assert holder.stdout is not None
        holder.stdout.readline()
        with pytest.raises(FolderInUse, match=str(holder.pid)):
            lock_folder(tmp_path)
    finally:
        holder.kill()
        holder.communicate()
    lock_folder(tmp_path).close()  # a killed holder holds nothing
