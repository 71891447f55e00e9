"""Which check a token needs."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Protocol

from cairn.core.clock import Clock
from cairn.core.errors import AwsError
from cairn.core.federation import BUILT_IN, claims_of, provider_of
from cairn.gateway.entered_roles import BY_SAML, Entry
from cairn.gateway.federation.assertions import check_assertion
from cairn.gateway.federation.issuers import Issuers
from cairn.gateway.federation.refusals import NO_TOKEN, UnknownKey, invalid
from cairn.gateway.federation.tokens import check_token
from cairn.wire.outgoing import Outgoing

CHECKERS = 2
"""Threads."""
CHECKING_MAX = 100
"""Tokens that are checked or wait for it; one more is refused."""


class Providers(Protocol):
    """The identity providers of accounts, by ARN. Plain and blocking; raises `CairnError` where nobody answers."""

    def token_audiences(self, arn: str) -> list[str] | None:
        """Whom an OpenID Connect provider's tokens may be for; None: there is no such provider."""

    def assertion_metadata(self, arn: str) -> str | None:
        """The metadata document of a SAML provider; None: there is no such provider."""


class Federation:
    """Checks the tokens of those who enter roles, few at a time: they are strangers. Belongs to one event loop."""

    def __init__(self, providers: Providers, outgoing: Outgoing, clock: Clock) -> None:
        self._providers = providers
        self._issuers = Issuers(outgoing, clock)
        self._clock = clock
        self._checkers = ThreadPoolExecutor(CHECKERS, "federation")
        self._checking = 0

    async def check(self, entry: Entry) -> None:
        """Return if the token of `entry` may be believed, or if it has none.

        Raises:
            AwsError: it may not.
            CairnError: the account that knows its providers does not answer.
        """
        if entry.token is None:
            return
        if self._checking >= CHECKING_MAX:
            raise AwsError("Throttling", "Rate exceeded")
        self._checking += 1
        try:
            await (self._check_assertion if entry.action == BY_SAML else self._check_token)(entry, entry.token)
        finally:
            self._checking -= 1

    async def _check_token(self, entry: Entry, token: str) -> None:
        claims, now = claims_of(token), self._clock.now()
        if not claims.address:
            raise invalid(NO_TOKEN)
        if entry.provider != provider_of(entry.role, claims):
            raise invalid(f"Access tokens of {entry.provider} cannot be verified here")
        audiences = None
        if claims.address not in BUILT_IN:
            audiences = await asyncio.to_thread(self._providers.token_audiences, entry.provider)
            if audiences is None:
                raise invalid(f"No OpenIDConnect provider found in your account for {claims.iss}")
        keys = await self._issuers.keys(claims.address)
        try:
            await self._apart(partial(check_token, token, keys, now=now, audiences=audiences))
        except UnknownKey:
            keys = await self._issuers.keys(claims.address, anew=True)
            await self._apart(partial(check_token, token, keys, now=now, audiences=audiences))

    async def _check_assertion(self, entry: Entry, assertion: str) -> None:
        metadata = await asyncio.to_thread(self._providers.assertion_metadata, entry.provider)
        if metadata is None:
            raise invalid("Specified provider doesn't exist")
        now = self._clock.now()
        await self._apart(partial(check_assertion, assertion, metadata, entry.role, entry.provider, now=now))

    async def _apart(self, check: Callable[[], None]) -> None:
        """In threads that nobody else waits for."""
        await asyncio.get_running_loop().run_in_executor(self._checkers, check)
