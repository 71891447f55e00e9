"""Copies of organizations' trails: which accounts see a trail that is another account's."""

from __future__ import annotations

from collections.abc import Collection

import sqlalchemy as sa

from cairn.cloudtrail.tables import copies


def put(connection: sa.Connection, trail: int, accounts: Collection[str]) -> None:
    """Have copies of a trail in these accounts and in no others."""
    there = set(connection.scalars(sa.select(copies.c.account).where(copies.c.trail == trail)))
    for gone in there.difference(accounts):
        connection.execute(sa.delete(copies).where(copies.c.trail == trail, copies.c.account == gone))
    new = [{"trail": trail, "account": account} for account in accounts if account not in there]
    if new:
        connection.execute(sa.insert(copies), new)


def in_account(account: str) -> sa.Select[tuple[int]]:
    """The question for the trails, by their numbers in the saved state, of which an account has copies."""
    return sa.select(copies.c.trail).where(copies.c.account == account)
