"""`cairn up`: everything on this machine."""

from __future__ import annotations

from typing import Annotated

import typer

from cairn.cli.options import ConfigFile, Data, folder_of, settings_of
from cairn.core.memory import loading

app = typer.Typer()


@app.command()
def up(
    data: Data = None,
    host: Annotated[str | None, typer.Option(help="Address to listen on.", show_default="127.0.0.1")] = None,
    port: Annotated[int | None, typer.Option(help="Port to listen on.", show_default="4590")] = None,
    config: ConfigFile = None,
) -> None:
    """Run everything on this machine until Ctrl-C."""
    with loading():
        from cairn.service.up import up as run_up

    folder = folder_of(data)
    run_up(folder, settings_of(folder, config, server__host=host, server__port=port), announce=print)
