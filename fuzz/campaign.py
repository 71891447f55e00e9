"""Runs: one process a target, so that what one does to its process the next does not meet."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

from fuzz import corpus
from fuzz.target import Target

PROGRESS = re.compile(r"^#(?P<runs>\d+)\s.* cov: (?P<cov>\d+) .*exec/s: (?P<rate>\d+)")
KEPT_BYTES = 5_000
"""Of what a run found for a target's corpus; the seeds beside it."""
TRACE_LINES_MAX = 60


@dataclass
class Run:
    """What became of fuzzing one target."""

    target: str
    runs: int = 0
    rate: int = 0
    coverage: int = 0
    findings: list[Path] = field(default_factory=list)
    trace: str = ""
    """What the engine says where something was found, or where it could not run."""

    @property
    def is_clean(self) -> bool:
        return not self.trace


def fuzz(target: Target, seconds: int, tell: Callable[[str], None], *, keep: bool = False) -> Run:
    """Fuzz a target for so long, or until it fails.

    Args:
        keep: add inputs that reach something new to the corpus. One that fails goes to `corpus.FINDINGS` in any case.
    """
    name = target.name
    run = Run(name)
    with tempfile.TemporaryDirectory(prefix=f"fuzz-{name}-") as folder:
        grown, found = Path(folder) / "grown", Path(folder) / "found"
        grown.mkdir()
        found.mkdir()
        kept = corpus.FOLDER / name
        kept.mkdir(parents=True, exist_ok=True)
        options = [f"-max_total_time={seconds}", f"-artifact_prefix={found}/", str(grown), str(kept)]
        _watched([*_where(target), *options], run, tell)
        for path in sorted(found.iterdir()):
            run.findings.append(corpus.keep(name, path.read_bytes(), corpus.FINDINGS))
        if keep and run.is_clean:
            _minimised(target, grown)
    return run


def _watched(arguments: list[str], run: Run, tell: Callable[[str], None]) -> None:
    process = subprocess.Popen(
        [sys.executable, "-m", "fuzz.engine", *arguments],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        errors="replace",
    )
    lines = []
    try:
        assert process.stdout is not None
        for line in process.stdout:
            lines.append(line)
            if match := PROGRESS.match(line):
                run.runs, run.rate = int(match["runs"]), int(match["rate"])
                run.coverage = int(match["cov"])
                tell(f"{run.target}: {run.runs:,} inputs, {run.rate:,}/s, coverage {run.coverage:,}")
    finally:
        if process.poll() is None:
            process.terminate()
        process.wait()
    if process.returncode:
        run.trace = _told(lines)


def _minimised(target: Target, grown: Path) -> None:
    """Add to the corpus what reaches code that it does not, as few and as small inputs as that takes."""
    with tempfile.TemporaryDirectory(prefix=f"fuzz-{target.name}-") as folder:
        merged = Path(folder) / "merged"
        shutil.copytree(corpus.FOLDER / target.name, merged)
        before = {path.name for path in merged.iterdir()}
        subprocess.run(
            [sys.executable, "-m", "fuzz.engine", *_where(target), "-merge=1", str(merged), str(grown)],
            capture_output=True,
            check=False,
        )
        there = sorted(merged.iterdir(), key=lambda path: path.stat().st_size)
        left = KEPT_BYTES - sum(path.stat().st_size for path in there if path.name in before and _is_grown(path))
        for path in (path for path in there if path.name not in before):
            left -= path.stat().st_size
            if left < 0:
                break
            corpus.keep(target.name, path.read_bytes())


def _told(lines: list[str]) -> str:
    """What the engine says of a finding."""
    begin = next((number for number, line in enumerate(lines) if "Uncaught" in line or "ERROR:" in line), 0)
    return "".join(lines[begin:][:TRACE_LINES_MAX])


def _is_grown(path: Path) -> bool:
    return re.fullmatch(r"[0-9a-f]{16}", path.name) is not None


def _where(target: Target) -> tuple[str, str]:
    """The module of a target and its name: only what it needs is imported."""
    run = target.run.func if isinstance(target.run, partial) else target.run
    return run.__module__, target.name
