"""`cairn rebuild`: the event history anew, from the journal and from log files."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Annotated, Any

import typer

from cairn.cli.loading import load
from cairn.cli.options import Data, Endpoint
from cairn.cli.output import print_notice
from cairn.cli.server import Server

app = typer.Typer()

POLL_S = 0.5

Answer = dict[str, Any]


@app.command()
def rebuild(
    place: Annotated[
        str | None,
        typer.Option("--from", help="Then from log files too: a file, a folder, or s3://BUCKET/PREFIX."),
    ] = None,
    s3_endpoint: Annotated[
        str | None, typer.Option(help="Where s3:// is; the usual AWS credentials are used.", show_default="this Cairn")
    ] = None,
    data: Data = None,
    endpoint: Endpoint = None,
) -> None:
    """Build the event history again. Nothing that is whole is touched, and no event is there twice.

    Damaged segments are set apart, and the journal is read again as far as it is kept. What is older comes back from
    delivered log files with --from. Exit code 1 if a log file was damaged.
    """
    server = Server.find(data, endpoint)
    server.post("rebuild")
    begun = _wait(server, lambda answer: answer["begun"])
    for name in begun["damaged"]:
        print_notice(f"segment {name} was damaged and is set apart")
    _wait(server, lambda answer: answer["position"] >= begun["next"])
    print_notice(f"The journal was read again: batches {begun['first']} to {begun['next'] - 1}.")
    if place is not None:
        load(server, place, s3_endpoint, None)
        end = server.get("rebuild")["journal_next"]
        _wait(server, lambda answer: answer["position"] >= end)
    print_notice("The history is built again.")


def _wait(server: Server, done: Callable[[Answer], bool]) -> Answer:
    """How far the rebuild is, once `done` is true of it. It goes on in the server, whether anybody waits or not."""
    while True:
        answer: Answer = server.get("rebuild")
        if done(answer):
            return answer
        time.sleep(POLL_S)
