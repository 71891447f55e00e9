"""`cairn worker`: the process that feeds the sinks."""

from __future__ import annotations

import typer

from cairn.cli.options import ConfigFile, Data, folder_of, settings_of
from cairn.core.memory import loading

app = typer.Typer()


@app.command()
def worker(data: Data = None, config: ConfigFile = None) -> None:
    """Run the worker: history, delivery and the rest that reads the journal."""
    with loading():
        from cairn.service.worker import run_worker

    folder = folder_of(data)
    run_worker(folder, settings_of(folder, config))
