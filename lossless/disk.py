"""A small disk of its own for the data folder, so that it can be filled."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

DISK_BYTES = 3 << 30


@contextmanager
def small_disk(folder: Path) -> Iterator[Path | None]:
    """Mount one at `folder`/disk: a file as a loop device, or else memory. None where this machine lets us do neither.

    It holds 3 GB, and what is not written of it takes no room.
    """
    root, image = folder / "disk", folder / "disk.img"
    root.mkdir()
    with image.open("wb") as file:
        file.truncate(DISK_BYTES)
    if not _mount_loop(image, root) and not _done("mount", "-t", "tmpfs", "-o", f"size={DISK_BYTES}", "tmpfs", root):
        yield None
        return
    try:
        yield root
    finally:
        _done("umount", "--lazy", root)


def _mount_loop(image: Path, root: Path) -> bool:
    return _done("mkfs.ext4", "-q", "-m", "0", image) and _done("mount", "-o", "loop", image, root)


def _done(*command: str | Path) -> bool:
    try:
        return subprocess.run([str(part) for part in command], capture_output=True).returncode == 0
    except FileNotFoundError:
        return False
