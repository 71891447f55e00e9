"""`cairn redeliver`: deliver again the log files that a bucket lost."""

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
    since: Annotated[str, typer.Option(help="Files delivered from then on: 2h, 3d, or an ISO time.")],
    until: Annotated[str | None, typer.Option(help="Files delivered until then.", show_default="now")] = None,
    timeout: Annotated[int, typer.Option(help="Seconds to wait until it is done.")] = 300,
    data: Data = None,
    endpoint: Endpoint = None,
    output: Output = None,
) -> None:
    """Write log files again, under the same names and with the same bytes, as far as the journal is kept."""
    body = {"trail": trail, "since": since, "until": until or "", "timeout_s": timeout}
    answer = Server.find(data, endpoint).post("redeliver", body=body)
    print_rows(answer["files"], output)
    for failure in answer["failures"]:
        typer.echo(f"{failure['trail']}: {failure['error']}", err=True)
    if answer["failures"] or not answer["done"]:
        raise typer.Exit(1)
