"""Messages as mail, through the relay of `[smtp]`."""

from __future__ import annotations

import email.policy
import smtplib
import ssl
from email.headerregistry import BaseHeader, HeaderRegistry, UnstructuredHeader
from email.message import EmailMessage
from email.message import Message as AnyMessage
from email.policy import Policy
from email.utils import format_datetime, formataddr, parseaddr
from pathlib import Path
from typing import Protocol

from cairn.cloudwatch.sns.endpoints import EndpointError
from cairn.cloudwatch.sns.envelope import Envelopes, as_text
from cairn.cloudwatch.sns.message import Message
from cairn.cloudwatch.sns.subscription import Subscription
from cairn.cloudwatch.sns.topic import Topic
from cairn.core.clock import utc
from cairn.core.config import LOOPBACK, Smtp
from cairn.core.errors import ConfigurationError

CONNECT_S = 15.0
SUBJECT = "AWS Notification Message"
CONFIRM_SUBJECT = "AWS Notification - Subscription Confirmation"

_CONFIRM = """You have chosen to subscribe to the topic:
{topic}

To confirm this subscription, open this page (if you did not ask for it, do nothing):
{page}
"""
_FOOTER = """

--
To stop receiving notifications from this topic, open this page:
{page}
"""


class _Whole(UnstructuredHeader, BaseHeader):
    """A header in one line, however long. The policy would fold a long URL by encoding it, which no program that looks
    for a URL there undoes (RFC 2369)."""

    def fold(self, *, policy: Policy[AnyMessage[str, str]]) -> str:
        return f"{self.name}: {self}{policy.linesep}"


_HEADERS = HeaderRegistry()
_HEADERS.map_to_type("list-unsubscribe", _Whole)
POLICY = email.policy.SMTP.clone(header_factory=_HEADERS)


class Mailer(Protocol):
    """Sends mail."""

    def send(self, message: EmailMessage, to: str) -> None:
        """Return once somebody else has it. Raises `EndpointError`."""


class NoRelay:
    """Where `[smtp]` names none."""

    def send(self, message: EmailMessage, to: str) -> None:
        raise EndpointError("no mail relay is configured (smtp.host)", unreachable=True)


class SmtpRelay:
    """A relay, asked over a connection a message."""

    def __init__(self, settings: Smtp) -> None:
        self._settings = settings
        self._password = settings.password or _read(settings.password_file)

    def send(self, message: EmailMessage, to: str) -> None:
        try:
            with self._connect() as relay:
                if self._settings.tls == "starttls":
                    relay.starttls(context=ssl.create_default_context())
                if self._settings.user:
                    relay.login(self._settings.user, self._password)
                sender = parseaddr(self._settings.sender)[1]
                relay.send_message(message, from_addr=sender, to_addrs=[to])
        except smtplib.SMTPRecipientsRefused as error:
            code = next((answer[0] for answer in error.recipients.values()), 0)
            raise EndpointError(f"the relay refuses {to}: {error.recipients}", final=500 <= code < 600) from error
        except (smtplib.SMTPSenderRefused, smtplib.SMTPDataError) as error:
            raise EndpointError(f"the relay refuses the message: {error}") from error
        except (smtplib.SMTPException, OSError) as error:
            text = f"the relay does not take mail: {type(error).__name__}: {error}"
            raise EndpointError(text, unreachable=True) from error

    def _connect(self) -> smtplib.SMTP:
        settings = self._settings
        if settings.tls == "tls":
            context = ssl.create_default_context()
            return smtplib.SMTP_SSL(settings.host, settings.port, timeout=CONNECT_S, context=context)
        return smtplib.SMTP(settings.host, settings.port, timeout=CONNECT_S)


def mailer(settings: Smtp) -> Mailer:
    """The relay that `settings` name.

    Raises:
        ConfigurationError: its password would be sent in clear, or cannot be read.
    """
    if settings.host and settings.user and settings.tls == "none" and settings.host not in LOOPBACK:
        raise ConfigurationError(
            f"smtp.user: the password would go to {settings.host} in clear",
            advice='Set smtp.tls to "starttls" or "tls".',
        )
    return SmtpRelay(settings) if settings.host else NoRelay()


def as_mail(
    message: Message, subscription: Subscription, topic: Topic, envelopes: Envelopes, sender: str
) -> EmailMessage:
    """A message as mail to its subscriber.

    Args:
        sender: address that it comes from.
    """
    mail = EmailMessage(policy=POLICY)
    name, address = parseaddr(sender)
    mail["From"] = formataddr((topic.attributes.get("DisplayName", "") or name or "AWS Notifications", address))
    mail["To"] = subscription.endpoint
    mail["Date"] = format_datetime(utc(message.published))
    mail["Message-ID"] = f"<{message.id}.{subscription.id}@{address.rpartition('@')[2] or 'localhost'}>"
    mail["Auto-Submitted"] = "auto-generated"
    confirms = message.kind != "Notification"
    # Services publish without the checks of Publish: a line's end in a subject would begin another header.
    mail["Subject"] = CONFIRM_SUBJECT if confirms else " ".join(message.subject.split()) or SUBJECT
    if not confirms:
        mail["List-Unsubscribe"] = f"<{envelopes.unsubscribe_page(subscription)}>"
    mail.set_content(_text(message, subscription, topic, envelopes))
    return mail


def _text(message: Message, subscription: Subscription, topic: Topic, envelopes: Envelopes) -> str:
    if subscription.protocol == "email-json":
        return as_text(envelopes.envelope(message, subscription, topic))
    if message.kind != "Notification":
        return _CONFIRM.format(topic=topic.arn, page=envelopes.confirmation_page(subscription))
    footer = _FOOTER.format(page=envelopes.unsubscribe_page(subscription))
    return message.body(subscription.protocol) + footer


def _read(path: str) -> str:
    if not path:
        return ""
    try:
        return Path(path).read_text("utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigurationError(f"smtp.password_file cannot be read: {error}") from error
