"""Why an API destination was not told, in the words that dead letters have for it."""

from __future__ import annotations

CONNECTION_FAILURE = "CONNECTION_FAILURE"
ERROR_FROM_TARGET = "ERROR_FROM_TARGET"
INVALID_PARAMETER = "INVALID_PARAMETER"
NO_PERMISSIONS = "NO_PERMISSIONS"
NO_RESOURCE = "NO_RESOURCE"
THROTTLING = "THROTTLING"
TIMEOUT = "TIMEOUT"


class DestinationError(Exception):
    """A call of an API destination failed. The message holds no secret.

    Args:
        code: ERROR_CODE of a dead letter.
        final: whether trying again would change nothing.
        unreachable: whether nobody answered at all, so that others to the same destination need not be tried now.
        retry_after_s: how long the server asks to be left alone; 0: it does not say.
        tried: whether this was an attempt; not if the rate limit alone put it off.
    """

    def __init__(
        self,
        code: str,
        message: str,
        *,
        final: bool = False,
        unreachable: bool = False,
        retry_after_s: float = 0.0,
        tried: bool = True,
    ) -> None:
        super().__init__(message)
        self.code = code
        self.final = final
        self.unreachable = unreachable
        self.retry_after_s = retry_after_s
        self.tried = tried
