"""A real SMTP server on loopback that keeps the mail it takes."""

from __future__ import annotations

import email
import email.policy
from collections.abc import Iterator
from contextlib import contextmanager
from email.message import EmailMessage
from typing import Any

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import AuthResult, LoginPassword

from cairn.core.process import free_port

USER, PASSWORD = "cairn", "stone"


class Relay:
    """`refuse` holds answers by address, such as `550 no such mailbox`."""

    def __init__(self, *, login: bool = False) -> None:
        self.mail: list[tuple[str, EmailMessage]] = []
        self.raw: list[bytes] = []
        """The messages as they came."""
        self.refuse: dict[str, str] = {}
        options: dict[str, Any] = {}
        if login:
            options = {"auth_required": True, "auth_require_tls": False, "authenticator": _authenticate}
        self._controller = Controller(self, hostname="127.0.0.1", port=free_port(), **options)

    @property
    def port(self) -> int:
        return int(self._controller.port)

    async def handle_RCPT(self, server: Any, session: Any, envelope: Any, address: str, options: Any) -> str:
        if address in self.refuse:
            return self.refuse[address]
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:
        self.raw.append(envelope.content)
        message = email.message_from_bytes(envelope.content, policy=email.policy.default)
        assert isinstance(message, EmailMessage)
        self.mail += [(address, message) for address in envelope.rcpt_tos]
        return "250 OK"

    def start(self) -> None:
        self._controller.start()

    def stop(self) -> None:
        self._controller.stop()


def text_of(message: EmailMessage) -> str:
    content: str = message.get_content()
    return content.replace("\r\n", "\n")


def _authenticate(server: Any, session: Any, envelope: Any, mechanism: str, data: Any) -> AuthResult:
    known = isinstance(data, LoginPassword) and (data.login, data.password) == (USER.encode(), PASSWORD.encode())
    return AuthResult(success=known, handled=True)


@contextmanager
def relaying(*, login: bool = False) -> Iterator[Relay]:
    relay = Relay(login=login)
    relay.start()
    yield relay
    relay.stop()
