"""The data folder: where everything of one machine's installation is, and how a running server is found."""

from __future__ import annotations

import os
from pathlib import Path

import msgspec

from cairn.core.decoding import UNREADABLE
from cairn.core.durable import private_folder, write_durably
from cairn.core.errors import CairnError, Unreachable


class Runtime(msgspec.Struct, frozen=True, kw_only=True):
    """What `cairn up` tells the processes it starts, and commands on the same machine (`run.json`, 0600)."""

    pid: int
    endpoint: str
    """Where the gateway answers, such as `http://127.0.0.1:4590`."""
    certificate: str = ""
    """PEM file of the certificate that it answers with; empty on plain HTTP."""
    s3_url: str = ""
    """Where the bucket engine answers; empty where S3 calls go elsewhere."""
    s3_access_key_id: str = ""
    s3_secret_access_key: str = ""
    moto_url: str = ""
    moto_secret: str = ""


class Administrator(msgspec.Struct, frozen=True, kw_only=True):
    """The administrator's access key (`credentials.json`, 0600)."""

    account: str
    region: str
    user_name: str
    access_key_id: str
    secret_access_key: str


class DataFolder:
    """A folder with the mode 0700, and the names in it."""

    def __init__(self, path: Path) -> None:
        self.path = path.expanduser().resolve()
        self.run_file = self.path / "run.json"
        self.credentials_file = self.path / "credentials.json"
        self.settings_file = self.path / "cairn.toml"
        self.journal = self.path / "journal"
        self.buckets = self.path / "s3"
        self.account = self.path / "account"
        self.history = self.path / "history"
        self.cloudwatch = self.path / "cloudwatch"
        self.eventbridge = self.path / "eventbridge"
        self.spool = self.path / "spool"
        self.logs = self.path / "logs"
        self.keys = self.path / "keys"

    def make(self) -> None:
        """Make what is missing of it."""
        ours = (self.history, self.cloudwatch, self.eventbridge, self.spool, self.logs, self.keys)
        for folder in (self.path, self.journal, self.buckets, self.account, *ours):
            private_folder(folder)

    def ready_file(self, process: str) -> Path:
        """Where a process of ours writes its id once it does its work."""
        return self.path / f"{process}.ready"

    def runtime(self) -> Runtime:
        """The server that runs on this folder.

        Raises:
            Unreachable: none does.
            CairnError: what it wrote is damaged.
        """
        try:
            runtime = msgspec.json.decode(self.run_file.read_bytes(), type=Runtime)
            os.kill(runtime.pid, 0)
        except (FileNotFoundError, ProcessLookupError):
            raise Unreachable(
                f"no Cairn runs on {self.path}",
                advice="Start one with `cairn up`, or name another with --data DIR or --endpoint URL.",
            ) from None
        except PermissionError:
            raise Unreachable(f"{self.run_file} belongs to somebody else") from None
        except (*UNREADABLE, OverflowError) as error:
            raise CairnError(f"{self.run_file} cannot be read: {error}", advice="Start `cairn up` again.") from error
        return runtime

    def administrator(self) -> Administrator:
        """The administrator's key.

        Raises:
            Unreachable: none was made yet.
            CairnError: its file is damaged.
        """
        try:
            return msgspec.json.decode(self.credentials_file.read_bytes(), type=Administrator)
        except FileNotFoundError:
            raise Unreachable(f"{self.path} holds no administrator yet", advice="Start `cairn up` first.") from None
        except UNREADABLE as error:
            raise CairnError(f"{self.credentials_file} cannot be read: {error}") from error

    def save(self, what: Runtime | Administrator) -> None:
        path = self.run_file if isinstance(what, Runtime) else self.credentials_file
        write_durably(path, msgspec.json.format(msgspec.json.encode(what)))


def default_folder() -> Path:
    """`$CAIRN_DATA`, or `cairn` under the user's data folder."""
    given = os.environ.get("CAIRN_DATA")
    if given:
        return Path(given)
    return Path(os.environ.get("XDG_DATA_HOME") or "~/.local/share").expanduser() / "cairn"
