"""`cairn gateway`: one gateway process."""

from __future__ import annotations

from typing import Annotated

import typer

from cairn.cli.options import ConfigFile, Data, folder_of, settings_of
from cairn.core.memory import loading

app = typer.Typer()


@app.command()
def gateway(
    data: Data = None,
    config: ConfigFile = None,
    name: Annotated[
        str, typer.Option(help="Its name as a writer of the journal; unique among gateways.")
    ] = "gateway-0",
    socket: Annotated[int | None, typer.Option(hidden=True, help="A listening socket that was handed over.")] = None,
) -> None:
    """Run one more gateway beside the running `cairn up` of a data folder. It needs a name and a port of its own."""
    with loading():
        from cairn.service.gateway import run_gateway

    folder = folder_of(data)
    run_gateway(folder, settings_of(folder, config), name=name, socket_fd=socket)
