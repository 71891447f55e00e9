"""`cairn redeliver`: deliver again the log files and digest files that a bucket lost."""

from __future__ import annotations

from typing import Annotated

import typer

from cairn.cli.options import Data, Endpoint
from cairn.cli.output import Output, print_rows
from cairn.cli.server import Server

app = typer.Typer()


@app.command()
def redeliver(
    trail: Annotated[str, typer.Argument(help="ARN of the trail.")],
    since: Annotated[
        str, typer.Option(help="Files of slots and windows that ended from then on: 2h, 3d, or an ISO time.")
    ],
    until: Annotated[
        str | None, typer.Option(help="Files of slots and windows that ended until then.", show_default="now")
    ] = None,
    all_files: Annotated[bool, typer.Option("--all", help="Those too that the bucket has.")] = False,
    data: Data = None,
    endpoint: Endpoint = None,
    output: Output = None,
) -> None:
    """Write log files again, under the same names and with the same bytes, as far as the journal is kept, and digest
    files with their signatures.

    Exit code 1 if one of them cannot be made again.
    """
    body = {"trail": trail, "since": since, "until": until or "", "all_files": all_files}
    files = Server.find(data, endpoint).post("redeliver", body=body)["files"]
    print_rows(files, output)
    if any(file["outcome"] == "lost" for file in files):
        raise typer.Exit(1)
