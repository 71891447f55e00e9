"""`cairn import`: existing CloudTrail log files into the history."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Annotated

import typer

from cairn.cli.loading import load
from cairn.cli.options import Data, Endpoint, folder_of
from cairn.cli.server import Server
from cairn.cloudtrail.imports import ImportProgress

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
    with _progress_of(data, server) as progress:
        if again:
            progress.forget()
        load(server, place, s3_endpoint, progress)


def _progress_of(data: Path | None, server: Server) -> ImportProgress:
    """What was imported into this server before: one file a server."""
    folder = folder_of(data).path
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    name = hashlib.sha256(server.endpoint.encode()).hexdigest()[:12]
    return ImportProgress(folder / f"imported-{name}.db")
