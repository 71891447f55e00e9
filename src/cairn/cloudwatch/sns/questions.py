"""How often an address may be asked whether it wants a topic's mail: whoever may Subscribe could have strangers asked.

All topics and accounts count together. An address that says yes is known to be willing, and begins anew.
"""

from __future__ import annotations

import sqlalchemy as sa
from prometheus_client import Counter

from cairn.cloudwatch.sns import refusals
from cairn.cloudwatch.sns.tables import questions

HOUR_S = 3600.0

REFUSED = Counter("cairn_sns_questions_refused_total", "Confirmation mails not sent, as their address had too many.")


def ask(connection: sa.Connection, address: str, now: float, most: int) -> None:
    """Note that an address is asked now; raises Throttled where it was asked `most` times within an hour."""
    mailbox = _mailbox(address)
    recent = (questions.c.mailbox == mailbox, questions.c.asked > now - HOUR_S)
    count = connection.scalar(sa.select(sa.func.count()).select_from(questions).where(*recent)) or 0
    if count >= most:
        REFUSED.inc()
        raise refusals.asked_too_often(address, most)
    connection.execute(sa.insert(questions).values(mailbox=mailbox, asked=now))


def said_yes(connection: sa.Connection, address: str) -> None:
    """An address confirmed a subscription."""
    connection.execute(sa.delete(questions).where(questions.c.mailbox == _mailbox(address)))


def tidy(connection: sa.Connection, now: float) -> None:
    """Forget what counts no more."""
    connection.execute(sa.delete(questions).where(questions.c.asked <= now - HOUR_S))


def _mailbox(address: str) -> str:
    """One name for the spellings of an address that are likely to reach the same person."""
    local, _, domain = address.rpartition("@")
    return f"{local.partition('+')[0] or local}@{domain}".lower()
