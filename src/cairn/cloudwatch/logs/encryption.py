"""KMS keys of log groups and of the results of queries: which may be associated, and with what."""

from __future__ import annotations

import re
from enum import Enum
from typing import Protocol

import sqlalchemy as sa

from cairn.cloudwatch.logs import refusals
from cairn.cloudwatch.logs.names import GroupId
from cairn.cloudwatch.logs.tables import query_keys
from cairn.core.state import State

_KEY = re.compile(r"arn:aws[a-z-]*:kms:[a-z0-9-]+:\d{12}:(?:key|alias)/[A-Za-z0-9/_-]{1,256}")


class KeyStanding(Enum):
    """What can be said of a key."""

    USABLE = "usable"
    UNUSABLE = "unusable"
    """There is none, it is disabled, or it is not symmetric."""
    REFUSED = "refused"
    """Its policy does not let CloudWatch Logs use it for the group."""


class Keys(Protocol):
    """The KMS keys of any account and region."""

    def standing(self, key: str, group: GroupId | None) -> KeyStanding:
        """Of the key of an ARN, for a group; None: for results of queries."""


class AnyKey:
    """`Keys` where no KMS can be asked: whatever looks like a key is one."""

    def standing(self, key: str, group: GroupId | None) -> KeyStanding:
        return KeyStanding.USABLE


def check_key(keys: Keys, key: str, group: GroupId | None) -> None:
    """Raise unless the key can be associated.

    Raises:
        AwsError: InvalidParameterException, AccessDeniedException.
    """
    standing = keys.standing(key, group) if _KEY.fullmatch(key) else KeyStanding.UNUSABLE
    if standing is KeyStanding.UNUSABLE:
        raise refusals.key_not_found()
    if standing is KeyStanding.REFUSED:
        raise refusals.key_not_allowed(group.arn if group is not None else "query-result")


class QueryKeys:
    """The keys for results of queries, one an account and region."""

    def __init__(self, state: State) -> None:
        self._state = state

    def get(self, account: str, region: str) -> str:
        """ARN; empty: none."""
        query = sa.select(query_keys.c.kms_key).where(query_keys.c.account == account, query_keys.c.region == region)
        with self._state.read() as connection:
            return connection.scalar(query) or ""

    def put(self, account: str, region: str, key: str) -> None:
        """Set it; an empty one removes it."""
        with self._state.write() as connection:
            connection.execute(
                sa.delete(query_keys).where(query_keys.c.account == account, query_keys.c.region == region)
            )
            if key:
                connection.execute(sa.insert(query_keys).values(account=account, region=region, kms_key=key))
