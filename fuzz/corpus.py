"""The kept inputs: a folder a target, a file an input, named by its SHA-1 or by what it shows."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from pathlib import Path

FOLDER = Path(__file__).parent / "corpus"
FINDINGS = Path(__file__).parent / "findings"
"""Inputs that a run found to fail. They belong into the corpus once what they show is mended."""


def inputs(target: str) -> Iterator[tuple[str, bytes]]:
    """Name and content of each kept input of a target, in the order of their names."""
    folder = FOLDER / target
    for path in sorted(folder.iterdir()) if folder.is_dir() else ():
        yield path.name, path.read_bytes()


def keep(target: str, data: bytes, folder: Path = FOLDER) -> Path:
    """Store an input under its hash."""
    path = folder / target / hashlib.sha1(data, usedforsecurity=False).hexdigest()[:16]
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data)
    return path
