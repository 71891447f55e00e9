"""`cairn tail`: events as they are recorded."""

from __future__ import annotations

from typing import Annotated, Any

import msgspec
import typer

from cairn.cli.options import Data, Endpoint
from cairn.cli.output import Category, Format, Output, chosen
from cairn.cli.server import Server
from cairn.core.printable import printable

app = typer.Typer()


@app.command()
def tail(
    name: Annotated[str | None, typer.Option(help="Only this event name.")] = None,
    source: Annotated[str | None, typer.Option(help="Only this event source.")] = None,
    account: Annotated[str | None, typer.Option(help="Only this account.")] = None,
    category: Annotated[Category | None, typer.Option(help="Only events of this category.", show_default="all")] = None,
    writes: Annotated[bool, typer.Option("--writes", help="Only calls that write.")] = False,
    lines: Annotated[int, typer.Option("-n", "--lines", help="End after so many events.", show_default="never")] = 0,
    data: Data = None,
    endpoint: Endpoint = None,
    output: Output = None,
) -> None:
    """Show events as they enter the journal, until Ctrl-C."""
    query = {"name": name or "", "source": source or "", "account": account or "", "writes": "1" if writes else ""}
    query["category"] = category or ""
    seen = 0
    for event in Server.find(data, endpoint).stream("tail", query):
        if not event:
            continue  # a sign of life while nothing happens
        print(printable(_line(event)) if chosen(output) is Format.table else _json(event), flush=True)
        seen += 1
        if seen == lines:
            return


def _line(record: dict[str, Any]) -> str:
    if "insightDetails" in record:
        return _insight_line(record)
    who = record["userIdentity"]
    session = who.get("sessionContext", {}).get("sessionIssuer", {}).get("userName", "")
    user = who.get("userName") or session or who.get("invokedBy") or who.get("type", "")
    error = f"  {record['errorCode']}" if "errorCode" in record else ""
    source = record["eventSource"].removesuffix(".amazonaws.com")
    return f"{record['eventTime']}  {record['awsRegion']:14}  {user:20}  {source}:{record['eventName']}{error}"


def _insight_line(record: dict[str, Any]) -> str:
    details = record["insightDetails"]
    what = f"{details['insightType']} {details['state']}"
    error = f"  {details['errorCode']}" if "errorCode" in details else ""
    source = details["eventSource"].removesuffix(".amazonaws.com")
    return f"{record['eventTime']}  {record['awsRegion']:14}  {what:20}  {source}:{details['eventName']}{error}"


def _json(record: dict[str, Any]) -> str:
    return msgspec.json.encode(record).decode()
