"""`cairn insights`: what was unusual, why, and what would have been."""

from __future__ import annotations

import re
import sys
from typing import Annotated, Any

import msgspec
import typer

from cairn.cli.insights_graph import graph
from cairn.cli.options import Data, Endpoint
from cairn.cli.output import Format, Output, chosen, print_notice, print_rows
from cairn.cli.server import Server
from cairn.cloudtrail.insights.explaining import calls_a_minute, contributions, sentences
from cairn.cloudtrail.insights.reading import Reading, readings
from cairn.core.clock import SystemClock, iso_seconds
from cairn.core.errors import Misuse
from cairn.core.printable import printable

EVENTS_MAX = 1000
"""Of one answer: an insight has two."""
AROUND_MINUTES_MIN, AROUND_MINUTES_MAX = 30, 180
"""Minutes that a graph shows before an insight."""
AFTER_MINUTES = 15

_UUID = re.compile(r"[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")

app = typer.Typer(no_args_is_help=True, help="What was unusual: list it, explain it, try it on the history.")

Account = Annotated[str | None, typer.Option(help="One account.", show_default="all")]
Region = Annotated[str | None, typer.Option(help="One region.", show_default="all")]


@app.command("list")
def list_insights(
    since: Annotated[str, typer.Option(help="From: 2h, 3d, or an ISO time.")] = "90d",
    until: Annotated[str | None, typer.Option(help="To: 2h, 3d, or an ISO time.", show_default="now")] = None,
    account: Account = None,
    region: Region = None,
    limit: Annotated[int, typer.Option(min=1, max=EVENTS_MAX // 2, help="Insights at the most.")] = 50,
    data: Data = None,
    endpoint: Endpoint = None,
    output: Output = None,
) -> None:
    """List insights, the newest first. Exit code 1 if there are none."""
    within = {"since": since, "until": until or "", "account": account or "", "region": region or ""}
    found = _search(Server.find(data, endpoint), "", limit=str(2 * limit), **within)
    print_insights(readings(found)[::-1][:limit], output)
    if not found:
        print_notice("There are no insights. A trail has them once `put-insight-selectors` turned them on.")
        raise typer.Exit(1)


@app.command()
def explain(
    insight: Annotated[str, typer.Argument(metavar="ID", help="eventID or sharedEventID of an Insights event.")],
    data: Data = None,
    endpoint: Endpoint = None,
    output: Output = None,
) -> None:
    """Say in words what was unusual, and who and what it came from. Exit code 1 if there is no such insight."""
    if not _UUID.fullmatch(insight):
        raise Misuse(f"{insight!r} is no id", advice="`cairn insights list` prints those of insights.")
    form = chosen(output)
    if form is Format.csv:
        raise typer.BadParameter("an explanation is printed as table, json or jsonl", param_hint="--output")
    server = Server.find(data, endpoint)
    found = _of_id(server, insight.lower())
    if found is None:
        print_notice(f"The history has no Insights event {insight}.")
        raise typer.Exit(1)
    points = _points(server, found)
    if form is Format.table:
        _print_explanation(found, points)
    else:
        told = msgspec.json.encode(_told(found, points))
        print((msgspec.json.format(told) if form is Format.json else told).decode())


@app.command()
def replay(
    start: Annotated[str, typer.Argument(metavar="FROM", help="30d, or an ISO time.")],
    end: Annotated[str | None, typer.Argument(metavar="TO", help="2h, 3d, or an ISO time.", show_default="now")] = None,
    query: Annotated[str, typer.Option(help="Only events that `cairn search` would find by this.")] = "",
    account: Account = None,
    region: Region = None,
    record: Annotated[bool, typer.Option("--record", help="Print whole Insights events.")] = False,
    data: Data = None,
    endpoint: Endpoint = None,
    output: Output = None,
) -> None:
    """Tell which insights the events of the history would have made. Nothing is delivered, and nothing is kept.

    Only management events are in the history. Nothing is judged in the first day.
    """
    from cairn.cli.insights_replay import replayed  # only here: the others need no detector

    asked = {"query": query, "account": account or "", "region": region or ""}
    records = replayed(Server.find(data, endpoint), start, end or "", asked)
    if record:
        print_rows(records, Format.json if chosen(output) is Format.table else output)
    else:
        print_insights(readings(records), output)


def print_insights(found: list[Reading], output: Format | None) -> None:
    """Print insights, a row each: on a terminal what is short enough."""
    if chosen(output) is Format.table:
        places = {(reading.account, reading.region) for reading in found}
        print_rows([_short(reading, places=len(places) > 1) for reading in found], output)
    else:
        print_rows([reading.row() for reading in found], output)


def _short(reading: Reading, *, places: bool) -> dict[str, Any]:
    """A row that fits on a terminal."""
    times = f", {reading.times:,.0f} times" if reading.times is not None else ""
    row = {
        "time": iso_seconds(reading.start),
        "minutes": f"{reading.minutes}{'' if reading.end is not None else ' or more'}",
        "calls": f"{reading.name} {reading.error_code}".strip(),
        "a_minute": f"{calls_a_minute(reading.average)}, usually {calls_a_minute(reading.baseline)}{times}",
    }
    place = {"where": f"{reading.account} {reading.region}"} if places else {}
    return row | place | {"id": reading.id}


def _of_id(server: Server, ident: str) -> Reading | None:
    by_id = _search(server, f"id={ident}")
    shared = str(by_id[0].get("sharedEventID")) if by_id else ident
    pair = _search(server, f'sharedEventID="{shared}"') or by_id
    return readings(pair)[0] if pair else None


def _search(server: Server, query: str, **more: str) -> list[dict[str, Any]]:
    """Records of Insights events, the newest first: as many as `limit` says, 50 at the most if nothing does."""
    asked = {"query": query, "category": "insight", **more}
    found: list[dict[str, Any]] = []
    token = ""
    while True:
        answer = server.get("search", asked | ({"next": token} if token else {}))
        found += [event["record"] for event in answer["events"]]
        token = answer["next"]
        if not (token and answer["partial"]):  # a page that is cut short is gone on with
            return found


def _points(server: Server, reading: Reading) -> list[tuple[int, int]]:
    """Calls of the minutes around an insight, as far as they are kept."""
    before = min(max(reading.minutes, AROUND_MINUTES_MIN), AROUND_MINUTES_MAX)
    end = reading.end if reading.end is not None else int(SystemClock().now())
    asked = {
        "account": reading.account,
        "region": reading.region,
        "source": reading.source,
        "name": reading.name,
        "type": reading.type,
        "error": reading.error_code,
        "trail": reading.trail,
        "since": iso_seconds(reading.start - before * 60),
        "until": iso_seconds(end + AFTER_MINUTES * 60),
    }
    return [(at, calls) for at, calls in server.get("metric-data", asked)["points"]]


def _told(reading: Reading, points: list[tuple[int, int]]) -> dict[str, Any]:
    """An explanation for machines."""
    return reading.row() | {
        "type": reading.type,
        "category": reading.category,
        "trail": reading.trail,
        "going_on": reading.end is None,
        "baseline_start": iso_seconds(reading.baseline_start),
        "explanation": sentences(reading, SystemClock().now(), points),
        "attributions": msgspec.to_builtins(reading.contributions),
        "calls_a_minute": [{"time": iso_seconds(at), "calls": calls} for at, calls in points],
    }


def _print_explanation(reading: Reading, points: list[tuple[int, int]]) -> None:
    print("\n".join(map(printable, sentences(reading, SystemClock().now(), points))))
    for heading, lines in contributions(reading):
        print(f"\n{heading}")
        for line in lines:
            print(f"  {printable(line)}")
    if points and sys.stdout.isatty():
        print("\nCalls a minute")
        for line in graph(points, reading.start, reading.end):
            print(f"  {line}")
