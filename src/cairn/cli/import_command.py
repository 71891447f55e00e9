"""`cairn import`: existing CloudTrail log files into the history."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from cairn.cli.options import Data, Endpoint, folder_of
from cairn.cli.output import print_notice
from cairn.cli.server import Server
from cairn.cloudtrail.imports import Importer, ImportProgress, ImportReport, ImportStanding, find
from cairn.core.records.event import Event
from cairn.core.s3_objects import S3ObjectStore

app = typer.Typer()


@app.command("import")
def import_(
    place: Annotated[str, typer.Argument(help="A file, a folder, or s3://BUCKET/PREFIX.")],
    s3_endpoint: Annotated[
        str | None, typer.Option(help="Where s3:// is; the usual AWS credentials are used.", show_default="this Cairn")
    ] = None,
    again: Annotated[bool, typer.Option("--again", help="Read files that were imported before.")] = False,
    data: Data = None,
    endpoint: Endpoint = None,
) -> None:
    """Load CloudTrail log files of any account, region, order and layout. An event that is there already stays once.

    An import that was broken off goes on where it was. Exit code 1 if a file was damaged.
    """
    server = Server.find(data, endpoint)
    sent = _Sent(server)
    with _progress_of(data, server) as progress, _bar() as bar:
        if again:
            progress.forget()
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


def _progress_of(data: Path | None, server: Server) -> ImportProgress:
    """What was imported into this server before: one file a server."""
    folder = folder_of(data).path
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    name = hashlib.sha256(server.endpoint.encode()).hexdigest()[:12]
    return ImportProgress(folder / f"imported-{name}.db")


def _bar() -> Progress:
    return Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn("files, {task.fields[events]} events"),
        TimeRemainingColumn(),
        console=Console(stderr=True),
    )


def _tell(report: ImportReport, sent: _Sent) -> None:
    duplicates = report.duplicates + sent.duplicates
    print_notice(
        f"{report.events - sent.duplicates} events from {report.files} files; {duplicates} were there already."
    )
    if report.files_before:
        print_notice(f"{report.files_before} files had been imported before.")
    for name, reason in report.damaged:
        print_notice(f"damaged: {name}: {reason}")
    if report.files_damaged or report.records_damaged:
        print_notice(f"{report.files_damaged} files and {report.records_damaged} records could not be read.")
