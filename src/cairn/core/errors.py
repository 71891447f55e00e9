"""Errors: what went wrong, why, and what to do next.

Two families. `CairnError` is for the person who runs Cairn: its exit code is the command's (DESIGN 6) and
its advice is printed under the message. `AwsError` is for the client: an answer in AWS's words, turned into
the bytes of the right protocol at the door (`wire.respond`).
"""

from __future__ import annotations


class CairnError(Exception):
    """Something the person who runs Cairn can act on."""

    exit_code = 1

    def __init__(self, message: str, *, advice: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.advice = advice


class Misuse(CairnError):
    """What the command line names is not there, or not what it should be."""

    exit_code = 2


class ConfigurationError(CairnError):
    """A setting is unknown or has a value it cannot have."""

    exit_code = 3


class Unreachable(CairnError):
    """A server that the command needs does not answer."""

    exit_code = 4


class Refused(CairnError):
    """The server answered, and said no."""

    exit_code = 5


class AwsError(Exception):
    """An error as AWS answers it.

    `code` is the wire code (`TrailNotFoundException`, `NoSuchBucket`), `status` the HTTP status,
    `sender` whether the client is at fault (`Sender` or `Receiver` in query protocols).
    """

    def __init__(self, code: str, message: str, status: int = 400, **members: object) -> None:
        super().__init__(f"{code}: {message}")
        self.code = code
        self.message = message
        self.status = status
        self.members = members  # further members of a modelled error, by wire name

    @property
    def sender(self) -> bool:
        return self.status < 500
