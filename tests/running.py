"""A whole Cairn for tests: `cairn up` in a process of its own, and the clients that people use."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import boto3
from botocore.config import Config

from cairn.core.folder import DataFolder
from cairn.core.process import free_port

START_S = 120
STOP_S = 60
BIN = Path(sys.executable).parent


class Cairn:
    """`cairn up` on a folder. `kill` is kill -9 of everything it started."""

    def __init__(self, folder: Path, environment: Mapping[str, str] | None = None) -> None:
        self.folder = DataFolder(folder)
        self.port = free_port()
        self._environment = dict(environment or {})
        self._process: subprocess.Popen[str] | None = None

    @property
    def endpoint(self) -> str:
        scheme = "https" if self.certificate else "http"
        return f"{scheme}://127.0.0.1:{self.port}"

    @property
    def certificate(self) -> str:
        """Path of the certificate that it serves with, if any."""
        return self._environment.get("CAIRN_SERVER_TLS_CERTIFICATE", "")

    def start(self) -> None:
        log = self.folder.path.parent / f"{self.folder.path.name}.log"
        with log.open("a") as errors:
            self._process = subprocess.Popen(
                [str(BIN / "cairn"), "up", "--data", str(self.folder.path), "--port", str(self.port)],
                stdout=subprocess.PIPE,
                stderr=errors,
                text=True,
                env=_clean_environment() | self._environment,
                start_new_session=True,
            )
        assert self._process.stdout is not None
        printed = []
        for line in self._process.stdout:
            printed.append(line)
            if "AWS_SECRET_ACCESS_KEY" in line or "Ctrl-C" in line:
                return
        raise AssertionError(
            f"cairn up ended with {self._process.wait()}: {''.join(printed)} {log.read_text()[-3000:]}"
        )

    def stop(self) -> int:
        """Ctrl-C; returns the exit code."""
        assert self._process is not None
        self._process.send_signal(signal.SIGINT)
        self._process.communicate(timeout=STOP_S)
        return self._process.returncode

    def kill(self) -> None:
        """kill -9 of every process."""
        assert self._process is not None
        for pid in [self._process.pid, *self.children()]:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        self._process.communicate()
        deadline = time.monotonic() + STOP_S
        while self.children():
            assert time.monotonic() < deadline
            time.sleep(0.02)

    def children(self) -> list[int]:
        """Processes that `cairn up` started: their command lines or folders name our data folder."""
        found = []
        for entry in Path("/proc").iterdir():
            if not entry.name.isdigit() or (self._process is not None and int(entry.name) == self._process.pid):
                continue
            try:
                if str(self.folder.path).encode() in (entry / "cmdline").read_bytes():
                    found.append(int(entry.name))
            except OSError:
                continue
        return found

    def environment(self, **more: str) -> dict[str, str]:
        """Environment variables for a client with the administrator's key."""
        administrator = self.folder.administrator()
        return _clean_environment() | {
            "AWS_ENDPOINT_URL": self.endpoint,
            "AWS_ACCESS_KEY_ID": administrator.access_key_id,
            "AWS_SECRET_ACCESS_KEY": administrator.secret_access_key,
            "AWS_DEFAULT_REGION": administrator.region,
            "AWS_CONFIG_FILE": "/dev/null",
            "AWS_SHARED_CREDENTIALS_FILE": "/dev/null",
            "AWS_PAGER": "",
            **more,
        }

    def client(self, service: str, *, region: str = "us-east-1", retries: int = 1, **credentials: str) -> Any:
        """A boto3 client with the administrator's key, or with `credentials` as boto3 names them."""
        administrator = self.folder.administrator()
        return boto3.Session(
            **(
                credentials
                or {
                    "aws_access_key_id": administrator.access_key_id,
                    "aws_secret_access_key": administrator.secret_access_key,
                }
            ),
            region_name=region,
        ).client(
            service,
            endpoint_url=self.endpoint,
            verify=self.certificate or None,
            config=Config(retries={"max_attempts": retries}, s3={"addressing_style": "path"}, read_timeout=60),
        )

    def aws(self, *arguments: str, environment: Mapping[str, str] | None = None, fails: bool = False) -> Any:
        """Run the stock AWS CLI and return what it printed, parsed; with `fails`, its error text."""
        done = subprocess.run(
            [str(BIN / "aws"), *arguments, "--output", "json"],
            env=self.environment(**(environment or {})),
            capture_output=True,
            text=True,
            timeout=120,
        )
        if fails:
            assert done.returncode != 0, f"aws {' '.join(arguments)} did not fail: {done.stdout}"
            return done.stderr
        assert done.returncode == 0, f"aws {' '.join(arguments)}: {done.stderr}"
        return json.loads(done.stdout) if done.stdout.strip().startswith(("{", "[")) else done.stdout

    def cairn(self, *arguments: str, code: int | None = 0) -> str:
        """Run a command of ours against this server and return what it printed.

        Args:
            code: that it has to end with; None: any, since others use this server too and may leave it troubles.
        """
        done = subprocess.run(
            [str(BIN / "cairn"), *arguments, "--data", str(self.folder.path)],
            capture_output=True,
            text=True,
            timeout=120,
            env=_clean_environment(),
        )
        told = f"cairn {' '.join(arguments)}: {done.returncode} {done.stdout} {done.stderr}"
        assert code is None or done.returncode == code, told
        return done.stdout


def _clean_environment() -> dict[str, str]:
    """This process's environment without anything that would steer AWS clients or Cairn."""
    return {name: value for name, value in os.environ.items() if not name.startswith(("AWS_", "CAIRN_"))}
