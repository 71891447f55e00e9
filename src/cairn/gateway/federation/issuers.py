"""The keys that issuers of tokens publish.

Source: OpenID Connect Discovery 1.0, section 4: `ISSUER/.well-known/openid-configuration` names the set of keys.
"""

from __future__ import annotations

import asyncio
import logging
import math
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import msgspec

from cairn.core.clock import Clock
from cairn.core.decoding import UNREADABLE
from cairn.core.errors import AwsError
from cairn.core.federation import address_of
from cairn.gateway.federation.refusals import no_keys, unreachable
from cairn.gateway.federation.tokens import key_set
from cairn.wire.outgoing import Outgoing, OutgoingError

if TYPE_CHECKING:
    from joserfc.jwk import KeySet

KEEP_S = 600.0
"""How long keys are believed."""
ASK_AGAIN_S = 10.0
"""How soon an issuer is asked again that did not answer, or that had not the key that a token names."""
ISSUERS_MAX = 1000

log = logging.getLogger(__name__)


class Configuration(msgspec.Struct):
    """What is read of an issuer's configuration."""

    issuer: str
    jwks_uri: str


@dataclass
class _Issuer:
    lock: asyncio.Lock = field(default_factory=asyncio.Lock)
    asked: float = -math.inf
    """Monotonic, as are all times here."""
    keys: KeySet | None = None
    answered: float = -math.inf
    failure: Callable[[], AwsError] | None = None
    """Why it was of no use when it was last asked. An error made anew for each caller: one that is kept would keep the
    frames of all who raised it."""


class Issuers:
    """Asks issuers for their keys, one request at a time for each. Belongs to one event loop."""

    def __init__(self, outgoing: Outgoing, clock: Clock) -> None:
        self._outgoing = outgoing
        self._clock = clock
        self._known: OrderedDict[str, _Issuer] = OrderedDict()

    async def keys(self, address: str, *, anew: bool = False) -> KeySet:
        """The keys of the issuer at `address`, as it has published them not long ago.

        Args:
            address: the issuer without `https://`.
            anew: what is known is not enough.

        Raises:
            AwsError: it does not answer, or with something else.
        """
        issuer = self._known.setdefault(address, _Issuer())
        self._known.move_to_end(address)
        if len(self._known) > ISSUERS_MAX:
            self._known.popitem(last=False)
        async with issuer.lock:
            now = self._clock.monotonic()
            if issuer.keys is not None and now - issuer.answered >= KEEP_S:
                issuer.keys = None
            if (anew or issuer.keys is None) and now - issuer.asked >= ASK_AGAIN_S:
                await self._ask(issuer, address)
            if issuer.keys is None:
                raise (issuer.failure or unreachable)()
            return issuer.keys

    async def _ask(self, issuer: _Issuer, address: str) -> None:
        """Where it fails, keys that are not too old stay: strangers make it be asked."""
        issuer.failure = None
        try:
            issuer.keys = await asyncio.to_thread(self._fetch, address)
            issuer.answered = self._clock.monotonic()
        except OutgoingError as error:
            log.warning("the identity provider %s was not asked for its keys: %s", address, error)
            issuer.failure = unreachable
        except (ValueError, *UNREADABLE) as error:
            log.warning("the identity provider %s answers with no keys: %s", address, error)
            issuer.failure = no_keys
        issuer.asked = self._clock.monotonic()

    def _fetch(self, address: str) -> KeySet:
        configuration = self._get(f"https://{address}/.well-known/openid-configuration")
        found = msgspec.json.decode(configuration, type=Configuration)
        if address_of(found.issuer) != address or not found.jwks_uri.startswith("https://"):
            raise ValueError("its configuration is another's, or names no https address of keys")
        return key_set(self._get(found.jwks_uri))

    def _get(self, url: str) -> bytes:
        answer = self._outgoing.request("GET", url, {"accept": "application/json"})
        if answer.status != 200:
            raise ValueError(f"it answered {answer.status}")
        return answer.body
