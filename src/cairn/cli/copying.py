"""The progress bar of `cairn backup` and `cairn restore`."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager

from cairn.service.backup import Tell


@contextmanager
def copying() -> Iterator[Tell]:
    """Shows bytes, rate and time left, if stderr is a terminal."""
    if not sys.stderr.isatty():
        yield lambda what, done, whole: None
        return
    from rich.console import Console
    from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TimeRemainingColumn, TransferSpeedColumn

    columns = (BarColumn(), DownloadColumn(), TransferSpeedColumn(), TimeRemainingColumn())
    with Progress(TextColumn("{task.description}"), *columns, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task("", total=None)
        yield lambda what, done, whole: bar.update(task, description=what, completed=done, total=whole)
