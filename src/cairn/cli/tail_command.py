"""`cairn tail`: events as they are recorded."""

from __future__ import annotations

from typing import Annotated, Any

import msgspec
import typer

from cairn.cli.options import Data, Endpoint
from cairn.cli.output import Format, Output, chosen
from cairn.cli.server import Server

app = typer.Typer()


@app.command()
def tail(
    name: Annotated[str | None, typer.Option(help="Only this event name.")] = None,
    source: Annotated[str | None, typer.Option(help="Only this event source.")] = None,
    account: Annotated[str | None, typer.Option(help="Only this account.")] = None,
    writes: Annotated[bool, typer.Option("--writes", help="Only calls that write.")] = False,
    lines: Annotated[int, typer.Option("-n", "--lines", help="End after so many events.", show_default="never")] = 0,
    data: Data = None,
    endpoint: Endpoint = None,
    output: Output = None,
) -> None:
    """Show events as they enter the journal, until Ctrl-C."""
    query = {"name": name or "", "source": source or "", "account": account or "", "writes": "1" if writes else ""}
    seen = 0
    for event in Server.find(data, endpoint).stream("tail", query):
        if not event:
            continue  # a sign of life while nothing happens
        print(_line(event) if chosen(output) is Format.table else _json(event), flush=True)
        seen += 1
        if seen == lines:
            return


def _line(record: dict[str, Any]) -> str:
    who = record["userIdentity"]
    session = who.get("sessionContext", {}).get("sessionIssuer", {}).get("userName", "")
    user = who.get("userName") or session or who.get("invokedBy") or who.get("type", "")
    error = f"  {record['errorCode']}" if "errorCode" in record else ""
    source = record["eventSource"].removesuffix(".amazonaws.com")
    return f"{record['eventTime']}  {record['awsRegion']:14}  {user:20}  {source}:{record['eventName']}{error}"


def _json(record: dict[str, Any]) -> str:
    return msgspec.json.encode(record).decode()
