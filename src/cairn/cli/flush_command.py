"""`cairn flush`: deliver log files now."""

from __future__ import annotations

from typing import Annotated

import typer

from cairn.cli.options import Data, Endpoint
from cairn.cli.output import Output, print_rows
from cairn.cli.server import Server

app = typer.Typer()


@app.command()
def flush(
    trail: Annotated[str | None, typer.Option("--trail", help="ARN of one trail.", show_default="all")] = None,
    digests: Annotated[
        bool, typer.Option("--digests", help="Make digest files too, for trails with log file validation.")
    ] = False,
    timeout: Annotated[int, typer.Option(help="Seconds to wait until it is done.")] = 60,
    data: Data = None,
    endpoint: Endpoint = None,
    output: Output = None,
) -> None:
    """Deliver what was recorded until now, without waiting for the interval. Prints the files delivered."""
    body = {"trail": trail or "", "timeout_s": timeout, "digests": digests}
    answer = Server.find(data, endpoint).post("flush", body=body)
    print_rows(answer["files"] + answer["digests"], output)
    for failure in answer["failures"]:
        typer.echo(f"{failure['trail']}: {failure['error']}", err=True)
    if answer["failures"] or not answer["done"]:
        raise typer.Exit(1)
