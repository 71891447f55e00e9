"""How often passwords may be guessed: a few times a minute, from an address and at a name; and codes, in an hour."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from ipaddress import IPv6Address, ip_address, ip_network

import sqlalchemy as sa

from cairn.console.exchange import Refusal
from cairn.console.seal import Seal
from cairn.console.tables import guesses
from cairn.core.clock import Clock
from cairn.core.state import State

NAME_MAX = 10
"""Failed sign-ins a minute at one user of an account, from one address."""
ADDRESS_MAX = 20
"""Failed sign-ins a minute at one account, from one address."""
STRANGER_MAX = 60
"""Failed sign-ins a minute at whatever accounts, real or not, from one address."""
ANYWHERE_MAX = 60
"""Failed sign-ins a minute at one user of an account, from all addresses: more than one stranger alone can make, so
that nobody is locked out by one."""
CODES_MAX = 20
"""Wrong codes an hour at one user, from all addresses, by whoever knows the password: three of a million are right."""
SIGN_INS_MAX = 100
"""Sign-ins an hour of one user, so that nobody alone has all sessions there may be."""
NETWORK_BITS = 64
"""As much of an IPv6 address as one person has many of."""
SITE_BITS = 48
"""The same of a stranger, who may have many networks."""
KEPT_MINUTES = 2
ROWS_MAX = 100_000


@dataclass(frozen=True, slots=True)
class _Limit:
    """Of guesses at, or from, something."""

    subject: str
    """What is counted, as a digest."""
    most: int
    minute: int
    """Under which they are counted: the minute itself, or the last of an hour."""


class Guesses:
    """Counts in the saved state, so that all gateway processes count together.

    A guess is counted before it is looked at, so that guesses at the same moment count too.
    """

    def __init__(self, state: State, seal: Seal, clock: Clock) -> None:
        self._state = state
        self._seal = seal
        self._clock = clock

    async def admit(self, account: str, name: str, address: str) -> None:
        """Count a guess at a password.

        Raises:
            Refusal: there were too many in this minute.
        """
        if not await asyncio.to_thread(self._count, self._limits(account, name, address)):
            raise Refusal(
                "TooManyAttempts", "There were too many failed sign-ins in this minute.", 429, advice="Wait a minute."
            )

    async def forgive(self, account: str, name: str, address: str) -> None:
        """It was no guess: whoever it was is who they say."""
        await asyncio.to_thread(self._forgive, self._limits(account, name, address))

    async def admit_code(self, account: str, name: str) -> None:
        """Count a guess at a code.

        Raises:
            Refusal: there were too many in this hour.
        """
        if not await asyncio.to_thread(self._count, self._code_limits(account, name)):
            raise Refusal(
                "TooManyAttempts", "There were too many wrong codes in this hour.", 429, advice="Wait an hour."
            )

    async def forgive_code(self, account: str, name: str) -> None:
        """It was the device's."""
        await asyncio.to_thread(self._forgive, self._code_limits(account, name))

    async def admit_session(self, account: str, principal: str) -> None:
        """Count a sign-in of somebody who has proven who they are.

        Raises:
            Refusal: there were too many in this hour.
        """
        limit = _Limit(self._seal.digest("session-of", account, principal), SIGN_INS_MAX, self._last_of_hour())
        if not await asyncio.to_thread(self._count, (limit,)):
            raise Refusal(
                "TooManyAttempts",
                f"This user has signed in {SIGN_INS_MAX} times in this hour.",
                429,
                advice="Use a session that is open, or wait an hour.",
            )

    def _limits(self, account: str, name: str, address: str) -> tuple[_Limit, ...]:
        minute = int(self._clock.now() // 60)
        network = _network(address, NETWORK_BITS)
        return (
            _Limit(self._seal.digest("guess-name", account, name, network), NAME_MAX, minute),
            _Limit(self._seal.digest("guess-address", account, network), ADDRESS_MAX, minute),
            _Limit(self._seal.digest("guess-stranger", _network(address, SITE_BITS)), STRANGER_MAX, minute),
            _Limit(self._seal.digest("guess-anywhere", account, name), ANYWHERE_MAX, minute),
        )

    def _code_limits(self, account: str, name: str) -> tuple[_Limit, ...]:
        return (_Limit(self._seal.digest("guess-code", account, name), CODES_MAX, self._last_of_hour()),)

    def _last_of_hour(self) -> int:
        return (int(self._clock.now() // 3600) + 1) * 60 - 1

    def _count(self, limits: tuple[_Limit, ...]) -> bool:
        minute = int(self._clock.now() // 60)
        with self._state.write() as connection:
            connection.execute(guesses.delete().where(guesses.c.minute <= minute - KEPT_MINUTES))
            if connection.execute(sa.select(sa.func.count()).select_from(guesses)).scalar_one() >= ROWS_MAX:
                return False
            counted = [(limit, self._guesses(connection, limit)) for limit in limits]
            if any(count >= limit.most for limit, count in counted):
                return False
            for limit, count in counted:
                connection.execute(guesses.delete().where(_row_of(limit)))
                row = {"subject": limit.subject, "minute": limit.minute, "guesses": count + 1}
                connection.execute(guesses.insert().values(row))
        return True

    def _guesses(self, connection: sa.Connection, limit: _Limit) -> int:
        return connection.execute(sa.select(guesses.c.guesses).where(_row_of(limit))).scalar_one_or_none() or 0

    def _forgive(self, limits: tuple[_Limit, ...]) -> None:
        with self._state.write() as connection:
            for limit in limits:
                fewer = guesses.update().where(_row_of(limit), guesses.c.guesses > 0)
                connection.execute(fewer.values(guesses=guesses.c.guesses - 1))


def _row_of(limit: _Limit) -> sa.ColumnElement[bool]:
    return sa.and_(guesses.c.subject == limit.subject, guesses.c.minute == limit.minute)


def _network(address: str, bits: int) -> str:
    """Where an address is from: an IPv6 address stands for its network."""
    try:
        found = ip_address(address)
    except ValueError:
        return address
    return str(ip_network((found, bits), strict=False)) if isinstance(found, IPv6Address) else address
