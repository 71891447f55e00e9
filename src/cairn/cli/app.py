"""`cairn`: gathers the commands, and turns every error into a message, advice and an exit code."""

from __future__ import annotations

import importlib
import os
import sys
import traceback
from typing import Any

import typer
from typer.core import TyperGroup

from cairn import __version__
from cairn.core.errors import CairnError
from cairn.core.printable import printable_lines

COMMANDS = {
    "up": "Run everything on this machine.",
    "env": "Print the export lines that point AWS clients at Cairn.",
    "status": "How every sink is doing: lag and last error.",
    "doctor": "Check disk, clock, ports, buckets, keys and versions.",
    "tail": "Show events as they are recorded.",
    "search": "Find events in the history.",
    "insights": "What was unusual: list it, explain it, try it on the history.",
    "import": "Load existing CloudTrail log files into the history.",
    "verify": "Verify that nothing of what was delivered was changed or taken away.",
    "flush": "Deliver log files now.",
    "redeliver": "Deliver again the log files that a bucket lost.",
    "rebuild": "Build the event history again from the journal and log files.",
    "backup": "Copy everything, as it is at one moment.",
    "restore": "Make a data folder from a backup.",
    "config": "Show the configuration.",
    "gateway": "Run one gateway (production).",
    "worker": "Run the worker that feeds the sinks (production).",
}
"""Name and line of help of every command; its module is `cairn.cli.NAME_command` and is imported when it is used."""


PRIVATE = 0o077
"""The umask of every command, and of the engines that `cairn up` starts: what they make is its owner's alone, wherever
it is moved or copied to."""


class Commands(TyperGroup):
    """Commands that are imported only when they are asked for, so that `cairn env` answers at once."""

    def list_commands(self, ctx: Any) -> list[str]:
        return list(COMMANDS)

    def get_command(self, ctx: Any, cmd_name: str) -> Any:
        if cmd_name not in COMMANDS:
            return None
        module = importlib.import_module(f"cairn.cli.{cmd_name}_command")
        command = typer.main.get_command(module.app)
        command.name = cmd_name
        command.short_help = COMMANDS[cmd_name]
        return command


app = typer.Typer(
    cls=Commands,
    help="AWS CloudTrail that you run yourself.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)


def _print_version(asked: bool) -> None:
    if asked:
        print(__version__)
        raise typer.Exit()


@app.callback()
def root(
    context: typer.Context,
    debug: bool = typer.Option(False, "--debug", help="Show the trace of an error."),
    version: bool = typer.Option(False, "--version", help="Print the version.", is_eager=True, callback=_print_version),
) -> None:
    os.umask(PRIVATE)
    context.obj = {"debug": debug}


def main(arguments: list[str] | None = None) -> None:
    """The entry point of `cairn`. Exit codes: 0 ok, 1 found a problem, 3 configuration, 4 cannot reach
    the server, 5 the server said no; usage (2) and interrupted (130) are typer's own."""
    given = sys.argv[1:] if arguments is None else arguments
    try:
        app(args=given, prog_name="cairn")
    except CairnError as error:
        if "--debug" in given:
            traceback.print_exc()
        print(f"cairn: {printable_lines(error.message)}", file=sys.stderr)
        if error.advice:
            print(f"       {error.advice}", file=sys.stderr)
        sys.exit(error.exit_code)
