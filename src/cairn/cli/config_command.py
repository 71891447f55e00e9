"""`cairn config show`: every setting, its value, and with --origin where it came from."""

from __future__ import annotations

import re
from dataclasses import asdict
from typing import Annotated

import typer

from cairn.cli.options import ConfigFile, Data, folder_of, settings_of
from cairn.cli.output import Output, print_rows
from cairn.core.config import Duration, Size, known_keys, value_of

_SECRET = ("smtp.password",)

app = typer.Typer(no_args_is_help=True, help="Show the configuration.")


@app.callback()
def group() -> None:
    """Show the configuration."""


@app.command()
def show(
    data: Data = None,
    config: ConfigFile = None,
    origin: Annotated[bool, typer.Option("--origin", help="Where each value came from.")] = False,
    output: Output = None,
) -> None:
    """Print every setting."""
    settings = settings_of(folder_of(data), config)
    rows = []
    for key, spec in known_keys():
        value = written(value_of(settings, key))
        row = {"key": key, "value": "***" if value and key in _SECRET else value}
        if origin:
            row["origin"] = settings.origin.get(key, "default")
        row["meaning"] = spec.doc
        rows.append(row)
    for service, url in sorted(settings.upstreams.items()):
        row = {"key": f"upstreams.{service}", "value": _without_secret(url)}
        if origin:
            row["origin"] = settings.origin[f"upstreams.{service}"]
        rows.append(row | {"meaning": "Where this service's calls go."})
    for name, endpoint in sorted(settings.vpc_endpoints.items()):
        told = {key: value for key, value in asdict(endpoint).items() if value}
        row = {
            "key": f"vpc_endpoints.{name}",
            "value": "; ".join(f"{key} = {written(value)}" for key, value in told.items()),
        }
        if origin:
            row["origin"] = settings.origin[f"vpc_endpoints.{name}"]
        rows.append(row | {"meaning": "Calls that come through this VPC endpoint."})
    print_rows(rows, output)


def written(value: object) -> str:
    """A setting's value as people write it: `5m`, `50MB`."""
    if isinstance(value, Duration):
        for unit, seconds in (("d", 86400), ("h", 3600), ("m", 60), ("s", 1)):
            if value >= seconds and value % seconds == 0:
                return f"{int(value / seconds)}{unit}"
        return f"{value:g}s"
    if isinstance(value, Size):
        for unit, size in (("TB", 1 << 40), ("GB", 1 << 30), ("MB", 1 << 20), ("KB", 1 << 10)):
            if value >= size and value % size == 0:
                return f"{value // size}{unit}"
    if isinstance(value, list):
        return ", ".join(value)
    return str(value)


def _without_secret(url: str) -> str:
    """`url` with three stars for the password in it."""
    return re.sub(r"(://[^/@:]*):[^/@]*@", r"\1:***@", url)
