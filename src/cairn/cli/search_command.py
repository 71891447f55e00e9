"""`cairn search`: find events in the history."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from cairn.cli.options import Data, Endpoint
from cairn.cli.output import OUTPUT_WITHOUT_LETTER, Category, Format, chosen, print_notice, print_rows
from cairn.cli.server import Server

app = typer.Typer()


# `-user=alice` is a filter, so this command has no options of one letter.
@app.command(context_settings={"ignore_unknown_options": True, "help_option_names": ["--help"]})
def search(
    query: Annotated[
        list[str] | None,
        typer.Argument(help="Filters and words, such as: name=CreateUser user=alice -source=kms.amazonaws.com denied"),
    ] = None,
    since: Annotated[str | None, typer.Option(help="From: 2h, 3d, or an ISO time.")] = None,
    until: Annotated[str | None, typer.Option(help="To: 2h, 3d, or an ISO time.")] = None,
    account: Annotated[str | None, typer.Option(help="One account.", show_default="all")] = None,
    region: Annotated[str | None, typer.Option(help="One region.", show_default="all")] = None,
    category: Annotated[Category, typer.Option(help="Of events. The history has no data events.")] = (
        Category.management
    ),
    limit: Annotated[int, typer.Option(help="Events at the most.")] = 50,
    oldest: Annotated[bool, typer.Option("--oldest", help="Oldest first.")] = False,
    count: Annotated[
        str | None, typer.Option("--count", help="Count by a field instead, such as name or user.")
    ] = None,
    record: Annotated[bool, typer.Option("--record", help="Print whole records.")] = False,
    data: Data = None,
    endpoint: Endpoint = None,
    output: Annotated[Format | None, OUTPUT_WITHOUT_LETTER] = None,
) -> None:
    """Search the history of all accounts. Exit code 1 if nothing was found."""
    for term in query or []:
        if term.startswith("--"):
            raise typer.BadParameter(f"no such option: {term}")
        if term == "-o":
            raise typer.BadParameter("-o would be a filter here; write --output")
    asked = {"query": " ".join(query or []), "since": since or "", "until": until or "", "account": account or ""}
    asked |= {
        "region": region or "",
        "category": category,
        "limit": str(limit),
        "order": "oldest" if oldest else "newest",
    }
    if count:
        asked["count"] = count
    answer = Server.find(data, endpoint).get("search", asked)
    if count:
        rows: list[dict[str, Any]] = answer["counts"]
    elif record or chosen(output) in (Format.json, Format.jsonl):
        rows = [event["record"] for event in answer["events"]]
    else:
        rows = [{name: value for name, value in event.items() if name != "record"} for event in answer["events"]]
    print_rows(rows, Format.json if record and chosen(output) is Format.table else output)
    if answer["partial"]:
        print_notice(f"The search was cut short: {answer['partial']}. Narrow it down, or give a time range.")
    if not rows:
        print_notice("Nothing was found.")
        raise typer.Exit(1)
