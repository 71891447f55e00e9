"""The progress bar of `cairn verify`; a module of its own, since rich takes long to load."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, ProgressColumn, Task, TextColumn, TimeRemainingColumn
from rich.text import Text

from cairn.cloudtrail.verify.verification import Progress as Standing
from cairn.cloudtrail.verify.verification import Tell


@contextmanager
def progress_bar() -> Iterator[Tell]:
    """For a terminal. What is printed meanwhile goes above it."""
    with Progress(
        TextColumn("verify"),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn("digests,"),
        _Rate(),
        TimeRemainingColumn(),
        console=Console(stderr=True),
        redirect_stdout=sys.stdout.isatty(),
        transient=True,
    ) as bar:
        task = bar.add_task("verify", total=None, logs=0)

        def tell(standing: Standing) -> None:
            bar.update(task, total=standing.digests_total, completed=standing.digests, logs=standing.logs)

        yield tell


class _Rate(ProgressColumn):
    def render(self, task: Task) -> Text:
        files = task.fields["logs"]
        elapsed = task.elapsed or 0.0
        return Text(f"{files} log files, {files / elapsed:,.0f}/s" if elapsed else f"{files} log files")
