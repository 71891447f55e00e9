"""`cairn restore`: a data folder from a backup."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from cairn.cli.copying import copying
from cairn.cli.options import Data, folder_of
from cairn.cli.output import print_notice
from cairn.service.backup import restore as restore_backup

app = typer.Typer()


@app.command()
def restore(
    backup: Annotated[Path, typer.Argument(help="Folder that `cairn backup` made.", show_default=False)],
    data: Data = None,
) -> None:
    """Make a data folder from a backup. Every file is held against its checksum; nothing is there if one is not right.

    Of a folder and its backup only one may go on: both would sign digest files and continue the same trails.
    """
    folder = folder_of(data)
    with copying() as tell:
        made = restore_backup(backup, folder, tell)
    print_notice(f"{folder.path} is as it was at {made.made}. Start it with `cairn up`.")
