"""Child processes: started, watched, started again, stopped in order."""

from __future__ import annotations

import ctypes
import logging
import os
import secrets
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from cairn.core.errors import CairnError

log = logging.getLogger(__name__)

READY_S = 60.0
STOP_S = 15.0
LOG_BYTES_MAX = 32 << 20
RESTART_PAUSES_S = (0.1, 0.5, 1.0, 2.0, 5.0)
_PR_SET_PDEATHSIG = 1


class ChildFailed(CairnError):
    """A child did not become ready."""


def free_port(host: str = "127.0.0.1") -> int:
    """A port that nothing listens on now."""
    with socket.socket() as probe:
        probe.bind((host, 0))
        port: int = probe.getsockname()[1]
        return port


def random_secret(length: int = 40) -> str:
    return secrets.token_urlsafe(length)[:length]


class Child:
    """One process that runs for as long as we do.

    If it dies it is started again with the same arguments, after a pause that grows while it keeps dying. It dies
    with us, even when we are killed (on Linux).

    Args:
        name: for messages and the log file's name.
        command: absolute program and arguments.
        log_file: where its output goes; started afresh when it has grown beyond 32 MB.
        ready: raises or returns False until the child can be used.
    """

    def __init__(
        self,
        name: str,
        command: Sequence[str],
        *,
        log_file: Path,
        ready: Callable[[], bool],
        environment: Mapping[str, str] | None = None,
        folder: Path | None = None,
        stop_signal: signal.Signals = signal.SIGTERM,
        pass_fds: Sequence[int] = (),
    ) -> None:
        self.name = name
        self.restarts = 0
        self._command = list(command)
        self._log_file = log_file
        self._log_start = 0  # of the lines of the process that runs now
        self._ready = ready
        self._environment = dict(environment) if environment is not None else None
        self._folder = folder
        self._stop_signal = stop_signal
        self._pass_fds = tuple(pass_fds)
        self._process: subprocess.Popen[bytes] | None = None
        self._stopping = threading.Event()
        self._watcher: threading.Thread | None = None

    @property
    def pid(self) -> int | None:
        process = self._process
        return process.pid if process is not None and process.poll() is None else None

    def start(self) -> None:
        """Start it, wait until it is ready, and keep it running from then on.

        Raises:
            ChildFailed: it ended or was not ready in time.
        """
        # Spawned by the watcher thread for its whole life, since Linux sends the parent-death signal when the
        # *thread* that spawned a child ends.
        started: list[BaseException | None] = []
        first = threading.Event()
        self._watcher = threading.Thread(
            target=self._watch, args=(started, first), name=f"watch-{self.name}", daemon=True
        )
        self._watcher.start()
        first.wait()
        if started and started[0] is not None:
            raise started[0]

    def stop(self) -> None:
        """Ask it to end; kill it if it does not within 15 seconds."""
        self._stopping.set()
        process = self._process
        if process is None:
            return
        if process.poll() is None:
            process.send_signal(self._stop_signal)
            try:
                process.wait(STOP_S)
            except subprocess.TimeoutExpired:
                log.warning("%s did not stop within %d s and is killed", self.name, STOP_S)
                process.kill()
                process.wait()
        if self._watcher is not None:
            self._watcher.join(STOP_S)

    def _watch(self, started: list[BaseException | None], first: threading.Event) -> None:
        try:
            self._spawn()
            self._await_ready()
            started.append(None)
        except BaseException as error:
            started.append(error)
            self._stopping.set()
            if self._process is not None and self._process.poll() is None:
                self._process.kill()
                self._process.wait()
            return
        finally:
            first.set()
        deaths = 0
        while not self._stopping.is_set():
            assert self._process is not None
            since = time.monotonic()
            code = self._process.wait()
            if self._stopping.is_set():
                return
            deaths = deaths + 1 if time.monotonic() - since < 30 else 1
            pause = RESTART_PAUSES_S[min(deaths, len(RESTART_PAUSES_S)) - 1]
            log.error("%s ended with %s; starting it again in %.1f s", self.name, code, pause)
            if self._stopping.wait(pause):
                return
            self.restarts += 1
            try:
                self._spawn()
                self._await_ready()
                log.info("%s runs again", self.name)
            except (ChildFailed, OSError) as error:
                log.error("%s: %s", self.name, error)

    def _spawn(self) -> None:
        fresh = self._log_file.exists() and self._log_file.stat().st_size > LOG_BYTES_MAX
        parent = os.getpid()
        with self._log_file.open("wb" if fresh else "ab") as output:
            self._log_start = output.tell()
            self._process = subprocess.Popen(
                self._command,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                env=self._environment,
                cwd=self._folder,
                start_new_session=True,
                pass_fds=self._pass_fds,
                preexec_fn=(lambda: _die_with(parent)) if sys.platform == "linux" else None,
            )
        if self._stopping.is_set():
            self._process.kill()

    def _await_ready(self) -> None:
        assert self._process is not None
        deadline = time.monotonic() + READY_S
        while time.monotonic() < deadline and not self._stopping.is_set():
            if self._process.poll() is not None:
                raise ChildFailed(
                    f"{self.name} ended with {self._process.returncode} while starting: {self._last_lines()}",
                    advice=f"Its log is {self._log_file}.",
                )
            try:
                if self._ready():
                    return
            except Exception as error:
                log.debug("%s is not ready: %s", self.name, error)
            time.sleep(0.05)
        if self._stopping.is_set():
            return
        self._process.kill()
        raise ChildFailed(f"{self.name} was not ready within {READY_S:.0f} s", advice=f"Its log is {self._log_file}.")

    def _last_lines(self) -> str:
        lines = self._log_file.read_bytes()[self._log_start :][-2000:].decode("utf-8", "replace").strip().splitlines()
        return " | ".join(lines[-3:]) or "it said nothing"


def _die_with(parent: int) -> None:
    """In the child: be killed when the parent dies, also if it died before this call."""
    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != parent:
        os._exit(1)
