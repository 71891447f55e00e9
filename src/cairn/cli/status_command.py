"""`cairn status`: lag and last error of every sink."""

from __future__ import annotations

from typing import Any

import typer

from cairn.cli.options import Data, Endpoint
from cairn.cli.output import Format, Output, chosen, print_notice, print_rows
from cairn.cli.server import Server

app = typer.Typer()


@app.command()
def status(data: Data = None, endpoint: Endpoint = None, output: Output = None) -> None:
    """Show how every sink is doing. Exit code 1 if one is failing or gone, or if something stored is damaged."""
    answer = Server.find(data, endpoint).get("status")
    if chosen(output) is Format.json:
        print_rows([answer], output)
    else:
        print_rows([_row(standing) for standing in answer["loops"]], output)
        print_notice(_journal_line(answer["journal"]))
        for problem in answer["problems"]:
            print_notice(f"PROBLEM: {problem}")
        for damage in answer["history"]["damaged"]:
            print_notice(f"history: segment {damage['segment']} is DAMAGED: {damage['reason']}")
    failing = any(standing["state"] != "ok" for standing in answer["loops"])
    if failing or answer["problems"] or answer["journal"]["faults"] or answer["history"]["damaged"]:
        raise typer.Exit(1)


def _row(standing: dict[str, Any]) -> dict[str, Any]:
    return {
        "process": standing["process"],
        "loop": standing["name"],
        "state": standing["state"],
        "behind": standing["behind"],
        "last_error": standing["last_error"],
    }


def _journal_line(journal: dict[str, Any]) -> str:
    if not journal["next"]:
        return "journal: away"
    line = f"journal: batches {journal['first']} to {journal['next'] - 1}"
    return f"{line}, FAULTS: {journal['faults']}" if journal["faults"] else line
