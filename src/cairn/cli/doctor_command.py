"""`cairn doctor`: is everything that Cairn stands on as it should be?"""

from __future__ import annotations

import os
import secrets
import shutil
import stat
import statistics
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import typer

from cairn import __version__
from cairn.cli.options import Data, Endpoint, folder_of
from cairn.cli.output import Output, print_rows
from cairn.cli.server import Server
from cairn.core.durable import private_folder
from cairn.core.errors import CairnError
from cairn.core.folder import DataFolder

app = typer.Typer()

DISK_FREE_BYTES_MIN = 2 << 30
FSYNC_ROUNDS = 20
FSYNC_MS_MAX = 50.0
CLOCK_S_MAX = 5.0


class Finding(NamedTuple):
    check: str
    ok: bool
    detail: str


@app.command()
def doctor(data: Data = None, endpoint: Endpoint = None, output: Output = None) -> None:
    """Check disk, clock, server, buckets, keys and versions. Exit code 1 if something is wrong."""
    findings = list(_findings(data, endpoint))
    rows = [{"check": it.check, "state": "ok" if it.ok else "PROBLEM", "detail": it.detail} for it in findings]
    print_rows(rows, output)
    if not all(finding.ok for finding in findings):
        raise typer.Exit(1)


def _findings(data: Path | None, endpoint: str | None) -> Iterator[Finding]:
    yield Finding("version", True, f"cairn {__version__}")
    if endpoint is None:
        folder = folder_of(data)
        yield from (_disk(folder), _fsync(folder), _modes(folder))
    try:
        server = Server.find(data, endpoint)
        answer = server.get("status")
    except CairnError as error:
        yield Finding("server", False, f"{error.message}. {error.advice}")
        return
    yield Finding("server", True, server.endpoint)
    yield _clock(answer["now"])
    for problem in answer["problems"]:
        yield Finding("server", False, problem)
    for standing in answer["loops"]:
        detail = standing["last_error"] if standing["state"] != "ok" else f"{standing['behind']} batches behind"
        yield Finding(f"{standing['process']} {standing['name']}", standing["state"] == "ok", detail)
    faults = answer["journal"]["faults"]
    yield Finding("journal", not faults, f"{faults} faults" if faults else "whole, as far as it was read")
    yield _history(answer["history"])
    yield _bucket(server)


def _disk(folder: DataFolder) -> Finding:
    free = shutil.disk_usage(_existing(folder.path)).free
    return Finding("disk", free >= DISK_FREE_BYTES_MIN, f"{free / 2**30:.1f} GB free at {folder.path}")


def _fsync(folder: DataFolder) -> Finding:
    """How long the disk takes to make a small write durable; every write call waits for two of them."""
    path = private_folder(folder.path) / f".doctor-{secrets.token_hex(4)}"
    times = []
    with path.open("wb") as file:
        for _ in range(FSYNC_ROUNDS):
            file.write(b"x" * 4096)
            file.flush()
            begun = time.perf_counter()
            os.fsync(file.fileno())
            times.append((time.perf_counter() - begun) * 1000)
    path.unlink()
    median = statistics.median(times)
    return Finding("fsync", median <= FSYNC_MS_MAX, f"{median:.2f} ms (median of {FSYNC_ROUNDS})")


def _modes(folder: DataFolder) -> Finding:
    """Nobody else may read secrets or write state."""
    open_ones = [
        path
        for path in (folder.path, folder.credentials_file, folder.run_file, folder.path / "state.db", folder.account)
        if path.exists() and (stat.S_IMODE(path.stat().st_mode) & 0o077 or path.stat().st_uid != os.getuid())
    ]
    named = ", ".join(str(path) for path in open_ones)
    return Finding("permissions", not open_ones, f"open to others: {named}" if open_ones else "for the owner alone")


def _clock(server_now: float) -> Finding:
    apart = abs(server_now - time.time())
    return Finding("clock", apart <= CLOCK_S_MAX, f"{apart:.1f} s from the server's")


def _history(history: dict[str, Any]) -> Finding:
    troubles = [f"segment {damage['segment']} is damaged: {damage['reason']}" for damage in history["damaged"]]
    if history["set_aside"]:
        troubles.append(f"{len(history['set_aside'])} events could not be taken in and are set aside")
    return Finding("history", not troubles, "; ".join(troubles) or "whole, as far as it was read")


def _bucket(server: Server) -> Finding:
    """Make a bucket, write to it, read it back, and take it away again."""
    bucket = f"cairn-doctor-{secrets.token_hex(6)}"
    s3 = server.s3_client()
    try:
        s3.create_bucket(Bucket=bucket)
        s3.put_object(Bucket=bucket, Key="probe", Body=b"stone")
        read = s3.get_object(Bucket=bucket, Key="probe")["Body"].read()
        s3.delete_object(Bucket=bucket, Key="probe")
        s3.delete_bucket(Bucket=bucket)
    except Exception as error:
        return Finding("bucket", False, f"{type(error).__name__}: {error}")
    return Finding("bucket", read == b"stone", "written and read back")


def _existing(path: Path) -> Path:
    while not path.exists():
        path = path.parent
    return path
