"""moto as a child process of ours: a port of its own, a secret, started again when it dies."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import msgspec

from cairn.account.moto.questions import AccessKey, MotoQuestions
from cairn.account.moto.wire_names import SECRET, S3Access
from cairn.core.durable import private_folder, write_durably
from cairn.core.process import Child, free_port, random_secret

_PASSED_ON = ("PATH", "HOME", "LANG", "LC_ALL", "TZ", "TMPDIR", "PYTHONPATH", "FAILPOINTS", "SSL_CERT_FILE")
"""Environment of the child: none of AWS's, MOTO's or Cairn's own variables, which would change what it answers."""


class MotoEngine:
    """Supervises the child. Its address and secret are those of this object for as long as it lives.

    Args:
        folder: holds the account's state; made if missing.
        log_file: where the child's log goes.
        s3: where buckets are, for functions' code, stacks' templates and what services deliver; without it, the
            embedded account's other services find no buckets.
    """

    def __init__(self, folder: Path, *, log_file: Path, s3: S3Access | None = None) -> None:
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.secret = random_secret()
        self.headers = {SECRET: self.secret}
        """What every request to the child must carry."""
        self.questions = MotoQuestions(self.url, self.secret)
        self._folder = folder
        self._s3 = s3
        self._options = folder / "options.json"
        self._child = Child(
            "moto",
            [sys.executable, "-m", "cairn.account.moto.server", str(self._options)],
            log_file=log_file,
            ready=self._ready,
            environment={name: os.environ[name] for name in _PASSED_ON if name in os.environ},
        )

    @property
    def pid(self) -> int | None:
        return self._child.pid

    @property
    def restarts(self) -> int:
        """How often it died and was started again."""
        return self._child.restarts

    def start(self) -> None:
        """Start it and wait until its state is restored.

        Raises:
            ChildFailed: it did not start; its log tells why.
        """
        private_folder(self._folder)
        options = {
            "folder": str(self._folder / "state"),
            "port": self.port,
            "secret": self.secret,
            "s3": self._s3,
        }
        write_durably(self._options, msgspec.json.encode(options))
        self._child.start()

    def stop(self) -> None:
        self._child.stop()

    def ensure_user(self, account: str, user_name: str, policy_arn: str) -> AccessKey:
        """An access key of a user, made once and kept; see `MotoQuestions.ensure_user`."""
        return self.questions.ensure_user(account, user_name, policy_arn)

    def _ready(self) -> bool:
        self.questions.health()
        return True
