"""What commands print: a table on a terminal, JSON, JSON lines or CSV for machines. Data goes to stdout."""

from __future__ import annotations

import csv
import sys
from collections.abc import Iterable, Mapping
from enum import StrEnum
from typing import Annotated, Any

import msgspec
import typer
from rich.console import Console
from rich.table import Table
from rich.text import Text

from cairn.core.printable import printable_lines


class Format(StrEnum):
    table = "table"
    json = "json"
    jsonl = "jsonl"
    csv = "csv"


class Category(StrEnum):
    """Of events."""

    management = "management"
    data = "data"
    insight = "insight"


Output = Annotated[
    Format | None,
    typer.Option("--output", "-o", help="How to print.", show_default="table on a terminal, else jsonl"),
]

OUTPUT_WITHOUT_LETTER = typer.Option("--output", help="How to print.", show_default="table on a terminal, else jsonl")

Row = Mapping[str, Any]


def chosen(output: Format | None) -> Format:
    return output or (Format.table if sys.stdout.isatty() else Format.jsonl)


def print_rows(rows: Iterable[Row], output: Format | None) -> None:
    """Print rows that all have the same keys."""
    form = chosen(output)
    if form is Format.table:
        _print_table(list(rows))
    elif form is Format.json:
        print(msgspec.json.format(msgspec.json.encode(list(rows))).decode())
    elif form is Format.jsonl:
        for row in rows:
            print(msgspec.json.encode(row).decode(), flush=True)
    else:
        _print_csv(rows)


def print_notice(text: str) -> None:
    """Something for the person, not for the pipe: it goes to stderr."""
    print(printable_lines(text), file=sys.stderr, flush=True)


def _print_table(rows: list[Row]) -> None:
    if not rows:
        return
    table = Table(box=None, pad_edge=False, header_style="bold")
    for column in rows[0]:
        table.add_column(column.replace("_", " "), overflow="fold", no_wrap=column in ("time", "id"))
    for row in rows:
        table.add_row(*(Text(printable_lines(_cell(value))) for value in row.values()))
    Console().print(table)


def _print_csv(rows: Iterable[Row]) -> None:
    writer = None
    for row in rows:
        if writer is None:
            writer = csv.DictWriter(sys.stdout, fieldnames=list(row))
            writer.writeheader()
        writer.writerow({name: safe_cell(_cell(value)) for name, value in row.items()})


def _cell(value: object) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int | float | str):
        return str(value)
    return msgspec.json.encode(value).decode()


def safe_cell(text: str) -> str:
    """`text` so that no spreadsheet takes it for a formula."""
    return f"'{text}" if text[:1] in ("=", "+", "-", "@", "\t", "\r") else text
