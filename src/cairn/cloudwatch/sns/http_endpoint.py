"""Posting to subscribers' servers, wherever they may be but where nobody allowed it."""

from __future__ import annotations

import base64
from collections.abc import Mapping
from urllib.parse import unquote, urlsplit

from cairn.cloudwatch.sns.endpoints import PRIVATE_SETTING, EndpointError
from cairn.wire.outgoing import WHOLE_S, Outgoing, OutgoingError

AGENT = "Amazon Simple Notification Service Agent"

_TOO_MANY = 429


class HttpEndpoints:
    """Servers by URL.

    Args:
        allow_private: whether those at private addresses may be asked.
    """

    def __init__(self, *, allow_private: bool, whole_s: float = WHOLE_S) -> None:
        self._outgoing = Outgoing(allow_private=allow_private, setting=PRIVATE_SETTING, whole_s=whole_s)

    def post(self, url: str, body: bytes, headers: Mapping[str, str]) -> None:
        """Post `body`. Returns once the server has taken it.

        Raises:
            EndpointError: final where the server says that the request is wrong (4xx, but for 429).
        """
        parts = urlsplit(url)
        sent = {"user-agent": AGENT, **headers}
        if parts.username is not None:
            name = f"{unquote(parts.username)}:{unquote(parts.password or '')}"
            sent["authorization"] = f"Basic {base64.b64encode(name.encode()).decode()}"
        try:
            answer = self._outgoing.request("POST", url, sent, body)
        except OutgoingError as error:
            raise EndpointError(str(error), final=error.refused, unreachable=True) from error
        if not 200 <= answer.status < 300:
            final = 400 <= answer.status < 500 and answer.status != _TOO_MANY
            raise EndpointError(f"the endpoint answered {answer.status}", final=final)
