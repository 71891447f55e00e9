"""The embedded account as a real child process, and boto3 straight at it."""

from __future__ import annotations

import os
import signal
import time
from pathlib import Path
from typing import Any

import boto3
from botocore.config import Config

from cairn.account.moto.engine import MotoEngine
from cairn.account.moto.wire_names import S3Access
from cairn.core.errors import CairnError

ACCOUNT = "111122223333"


class Running:
    """An engine, and clients of it."""

    def __init__(self, folder: Path, *, s3: S3Access | None = None) -> None:
        self.engine = MotoEngine(folder / "account", log_file=folder / "moto.log", s3=s3)
        self._clients: dict[tuple[str, ...], Any] = {}

    def client(self, service: str, *, region: str = "us-east-1", account: str = ACCOUNT, key: str = "") -> Any:
        """A boto3 client whose requests carry what the gateway adds."""
        made = self._clients.get((service, region, account, key))
        if made is None:
            made = self._clients[service, region, account, key] = self._client(service, region, account, key)
        return made

    def _client(self, service: str, region: str, account: str, key: str) -> Any:
        client = boto3.client(
            service,
            region_name=region,
            endpoint_url=self.engine.url,
            aws_access_key_id=key or "AKIAIOSFODNN7EXAMPLE",
            aws_secret_access_key="not checked here",
            config=Config(retries={"total_max_attempts": 1}, inject_host_prefix=False, read_timeout=60),
        )

        def add(request: Any, **_: Any) -> None:
            request.headers["x-moto-account-id"] = account
            for name, value in self.engine.headers.items():
                request.headers[name] = value

        client.meta.events.register("before-sign", add)
        return client

    def kill(self) -> None:
        """kill -9, and wait until it runs again with its state restored."""
        before = self.engine.restarts
        pid = self.engine.pid
        assert pid is not None
        os.kill(pid, signal.SIGKILL)
        self.wait_for_restart(before)

    def wait_for_restart(self, before: int) -> None:
        deadline = time.monotonic() + 60
        while time.monotonic() < deadline:
            if self.engine.restarts > before and self.answers():
                return
            time.sleep(0.05)
        raise AssertionError("it did not come back")

    def answers(self) -> bool:
        try:
            self.engine.questions.health()
        except CairnError:
            return False
        return True
