"""Options that many commands share."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from cairn.core.config import Settings, load
from cairn.core.folder import DataFolder, default_folder

Data = Annotated[
    Path | None,
    typer.Option("--data", help="The server's data folder.", envvar="CAIRN_DATA", show_default="~/.local/share/cairn"),
]
Endpoint = Annotated[
    str | None,
    typer.Option(
        "--endpoint",
        help="Address of a server elsewhere; the usual AWS credentials are used.",
        envvar="CAIRN_ENDPOINT",
    ),
]
ConfigFile = Annotated[
    Path | None, typer.Option("--config", help="Configuration file.", show_default="cairn.toml in the data folder")
]


def folder_of(data: Path | None) -> DataFolder:
    return DataFolder(data or default_folder())


def settings_of(folder: DataFolder, config: Path | None, **flags: object) -> Settings:
    """Settings of a data folder. Flags are given with `__` for the dot: `server__port=4590`."""
    return load(
        {name.replace("__", "."): value for name, value in flags.items()},
        file=config or folder.settings_file,
    )
