"""Terraform on the running Cairn, and a small disk for tests that fill it."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.contract.terraform import Terraform
from tests.running import Cairn


@pytest.fixture
def terraform(cairn: Cairn, tmp_path: Path) -> Terraform:
    """An empty configuration; skips where there is no Terraform."""
    return Terraform(tmp_path, cairn)


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A disk of 300 MB in memory."""
    folder = tmp_path / "disk"
    folder.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=300m", "tmpfs", str(folder)], capture_output=True, text=True
    )
    if mounted.returncode != 0:
        pytest.skip(f"needs to mount a small disk, which it may not here: {mounted.stderr.strip()}")
    yield folder
    subprocess.run(["umount", "--lazy", str(folder)], check=True)
