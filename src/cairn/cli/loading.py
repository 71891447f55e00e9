"""Log files into a server: what `cairn import` and `cairn rebuild --from` share."""

from __future__ import annotations

import sys

import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from cairn.cli.output import print_notice
from cairn.cli.server import Server
from cairn.cloudtrail.imports import Importer, ImportProgress, ImportReport, ImportStanding, find
from cairn.core.records.event import Event
from cairn.core.s3_objects import S3ObjectStore


def load(server: Server, place: str, s3_endpoint: str | None, progress: ImportProgress | None) -> None:
    """Hand every event of the log files at `place` to the server, which keeps those that it has not.

    Args:
        s3_endpoint: where `s3://` is; None: the server's own buckets.
        progress: remembers the files; None: every file is read.

    Raises:
        typer.Exit: 1, if a file or a record was damaged. They are named, and the others are loaded.
    """
    sent = _Sent(server)
    with _bar() as bar:
        task = bar.add_task("import", total=None, events=0)

        def show(standing: ImportStanding) -> None:
            bar.update(task, total=standing.files_total, completed=standing.files_done, events=standing.events)

        store = (lambda: S3ObjectStore(s3_endpoint)) if s3_endpoint else server.object_store
        report = Importer(find(place, store), sent, progress=progress, report=show).run()
        bar.update(task, events=report.events)
    _tell(report, sent)
    if report.files_damaged or report.records_damaged:
        raise typer.Exit(1)


class _Sent:
    """Hands batches to the server, and counts what it had already."""

    def __init__(self, server: Server) -> None:
        self._server = server
        self.duplicates = 0

    def __call__(self, batch: list[Event]) -> None:
        answer = self._server.post("import", body=b"\n".join(event.record for event in batch))
        self.duplicates += answer["duplicates"]


def _bar() -> Progress:
    return Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn("files, {task.fields[events]} events"),
        TimeRemainingColumn(),
        console=Console(stderr=True),
        disable=not sys.stderr.isatty(),
    )


def _tell(report: ImportReport, sent: _Sent) -> None:
    duplicates = report.duplicates + sent.duplicates
    print_notice(
        f"events: {report.events - sent.duplicates} new, {duplicates} there already; files read: {report.files}."
    )
    if report.files_before:
        print_notice(f"{report.files_before} files had been imported before.")
    for name, reason in report.damaged:
        print_notice(f"damaged: {name}: {reason}")
    if report.files_damaged or report.records_damaged:
        print_notice(f"{report.files_damaged} files and {report.records_damaged} records could not be read.")
