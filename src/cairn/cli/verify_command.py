"""`cairn verify`: was anything of what was delivered changed, or taken away?"""

from __future__ import annotations

import sys
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path
from typing import Annotated

import typer

from cairn.cli.options import ConfigFile, Data, Endpoint, folder_of, settings_of
from cairn.cli.server import Server
from cairn.cli.verify_output import Form, JsonOutput, TextOutput
from cairn.cli.verifying import ask, log_key_of, place_of, place_of_trail, trail_id
from cairn.cloudtrail.trail import TrailId
from cairn.cloudtrail.verify.keys import PublicKeys
from cairn.cloudtrail.verify.log_reading import LogReading
from cairn.cloudtrail.verify.places import Folder
from cairn.cloudtrail.verify.seen import SeenCheckpoints, default_file
from cairn.cloudtrail.verify.servers_logs import servers_logs
from cairn.cloudtrail.verify.verdicts import INVALID, VALID, Verdict, What
from cairn.cloudtrail.verify.verification import Tell, Verification
from cairn.core.clock import SystemClock, from_iso
from cairn.core.errors import Unreachable

app = typer.Typer()


@app.command()
def verify(
    place: Annotated[
        str,
        typer.Argument(help="s3://BUCKET or s3://BUCKET/PREFIX, a folder, or nothing: where the trail delivers to."),
    ] = "",
    trail: Annotated[str | None, typer.Option("--trail", help="ARN of one trail.", show_default="all")] = None,
    start_time: Annotated[str, typer.Option(help="An ISO time; digests that ended before are left out.")] = "",
    end_time: Annotated[str, typer.Option(help="An ISO time.", show_default="now")] = "",
    keys: Annotated[
        list[Path] | None,
        typer.Option("--keys", help="Output of `aws cloudtrail list-public-keys`; may be given more than once."),
    ] = None,
    checkpoint: Annotated[
        Path | None,
        typer.Option(
            "--checkpoint",
            help="Where the checkpoints that were seen are kept; or one checkpoint to compare with.",
            show_default="~/.local/state/cairn/checkpoints.json",
        ),
    ] = None,
    log_key: Annotated[str, typer.Option(help="Verifier key of the checkpoint log.")] = "",
    print_key: Annotated[bool, typer.Option("--print-key", help="Print the logs' verifier keys only.")] = False,
    journal: Annotated[
        bool, typer.Option("--journal", help="Also see that files hold all that the journal does; with --data.")
    ] = False,
    s3_endpoint: Annotated[
        str | None, typer.Option(help="Where s3:// is; the usual AWS credentials are used.", show_default="this Cairn")
    ] = None,
    verbose: Annotated[bool, typer.Option("--verbose", help="Print what is valid, too.")] = False,
    output: Annotated[Form, typer.Option("--output", "-o", help="How to print.")] = Form.text,
    data: Data = None,
    endpoint: Endpoint = None,
    config: ConfigFile = None,
) -> None:
    """Verify digest files, log files and the checkpoint log. Prints what `aws cloudtrail validate-logs` does, and more.

    Exit code 1 if anything is invalid.
    """
    asked = trail_id(trail) if trail else None
    server = _server(data, endpoint)
    if print_key:
        _print_keys(server, asked)
        return
    if not place:
        if asked is None or server is None:
            raise typer.BadParameter(
                "give s3://BUCKET/PREFIX, a folder, or --trail ARN of a running server", param_hint="PLACE"
            )
        place = place_of_trail(server, asked)
    if not keys and server is None:
        raise typer.BadParameter("give a file of public keys, or a running server", param_hint="--keys")
    start, end = _time(start_time, 0, "--start-time"), _time(end_time, int(SystemClock().now()), "--end-time")
    if start > end:
        raise typer.BadParameter("start-time must occur before end-time", param_hint="--start-time")
    found = place_of(place, s3_endpoint, server)
    reading = LogReading(
        found,
        f"s3://{found.bucket}/{found.prefix}".rstrip("/"),
        SeenCheckpoints(checkpoint or default_file()),
        given=log_key_of(log_key) if log_key else None,
        servers=servers_logs(server.get, asked, found) if server is not None and not s3_endpoint else None,
        signatures=isinstance(found, Folder),
    )
    public = PublicKeys.of_files(keys or (), ask(server) if server is not None else None)
    with _progress() as tell:
        printed = (
            TextOutput(sys.stdout, sys.stderr, verbose=verbose)
            if output is Form.text
            else JsonOutput(sys.stdout, lines=output is Form.jsonl, verbose=verbose)
        )
        of_logs = list(reading.run(asked))
        run = Verification(
            found,
            public,
            trail=asked,
            start=start,
            end=end,
            logs=tuple(reading.logs),
            tell=tell,
        )
        for item in run.run():
            printed.write(item)
        for verdict in of_logs:
            printed.write(verdict)
        if journal:
            printed.write(_journal(data, config, trail or ""))
        printed.end()
    reading.remember()
    if printed.counts.invalid:
        raise typer.Exit(1)


def _progress() -> AbstractContextManager[Tell | None]:
    if not sys.stderr.isatty():
        return nullcontext()
    from cairn.cli.verify_progress import progress_bar

    return progress_bar()


def _server(data: Path | None, endpoint: str | None) -> Server | None:
    """The running server, if there is one: none is needed. One that was named must be there."""
    try:
        return Server.find(data, endpoint)
    except Unreachable:
        if endpoint or data:
            raise
        return None


def _print_keys(server: Server | None, trail: TrailId | None) -> None:
    if server is None:
        raise Unreachable("no Cairn runs here", advice="Name one with --data or --endpoint.")
    for log in servers_logs(server.get, trail).values():
        print(log.key)


def _time(text: str, default: int, option: str) -> int:
    if not text:
        return default
    try:
        return from_iso(text)
    except ValueError:
        raise typer.BadParameter(f"{text!r} is no ISO time", param_hint=option) from None


def _journal(data: Path | None, config: Path | None, trail: str) -> Verdict:
    from cairn.service.journal_check import check_journal

    folder = folder_of(data)
    report = check_journal(folder, settings_of(folder, config), trail)
    verdict = f"{INVALID}{'; '.join(report.problems)}" if report.problems else VALID
    name = f"{report.events} events in {report.files} files"
    return Verdict(what=What.journal, verdict=verdict, name=name, ours=True)
