"""`cairn backup`: everything, as it is at one moment."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from cairn.cli.copying import copying
from cairn.cli.options import ConfigFile, Data, folder_of, settings_of
from cairn.cli.output import print_notice
from cairn.core.clock import SystemClock
from cairn.service.backup import back_up

app = typer.Typer()


@app.command()
def backup(
    into: Annotated[Path, typer.Argument(help="Folder of the backup, which is not there yet.", show_default=False)],
    data: Data = None,
    config: ConfigFile = None,
) -> None:
    """Copy everything that Cairn keeps, as it is at one moment, with a checksum of each file.

    A running server goes on meanwhile; at the end it stands still for as long as it takes to copy what changed since.
    The backup holds private keys: keep it as you keep those.
    """
    folder = folder_of(data)
    with copying() as tell:
        made = back_up(folder, settings_of(folder, config), into, SystemClock(), tell)
    print_notice(
        f"{len(made.files):,} files, {made.size / 1e6:,.1f} MB, as of {made.made}; {made.stood_still} s to end it."
    )
    for what in made.elsewhere:
        print_notice(f"Not in it, since it is elsewhere: {what}.")
