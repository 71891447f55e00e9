"""The keys that issuers of tokens publish.

Source: OpenID Connect Discovery 1.0, section 4: `ISSUER/.well-known/openid-configuration` names the set of keys.
"""

from __future__ import annotations

import asyncio
import logging
import math
from collections import OrderedDict
from dataclasses import dataclass, field

import msgspec

from cairn.core.clock import Clock
from cairn.core.decoding import UNREADABLE
from cairn.core.errors import AwsError
from cairn.core.federation import address_of
from cairn.gateway.federation.refusals import NO_KEY, invalid, unreachable
from cairn.wire.outgoing import Outgoing, OutgoingError

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
    """Monotonic."""
    keys: bytes | AwsError = b""
    """What it answered, or why that is of no use."""


class Issuers:
    """Asks issuers for their keys, one request at a time for each. Belongs to one event loop."""

    def __init__(self, outgoing: Outgoing, clock: Clock) -> None:
        self._outgoing = outgoing
        self._clock = clock
        self._known: OrderedDict[str, _Issuer] = OrderedDict()

    async def keys(self, address: str, *, anew: bool = False) -> bytes:
        """The set of keys of the issuer at `address`, as it is published.

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
            keep = ASK_AGAIN_S if anew or isinstance(issuer.keys, AwsError) else KEEP_S
            if self._clock.monotonic() - issuer.asked >= keep:
                issuer.keys = await asyncio.to_thread(self._ask, address)
                issuer.asked = self._clock.monotonic()
            if isinstance(issuer.keys, AwsError):
                raise issuer.keys
            return issuer.keys

    def _ask(self, address: str) -> bytes | AwsError:
        try:
            found = msgspec.json.decode(
                self._get(f"https://{address}/.well-known/openid-configuration"), type=Configuration
            )
            if address_of(found.issuer) != address or not found.jwks_uri.startswith("https://"):
                raise ValueError("its configuration is another's, or names no https address of keys")
            return self._get(found.jwks_uri)
        except OutgoingError as error:
            log.warning("the identity provider %s was not asked for its keys: %s", address, error)
            return unreachable()
        except (ValueError, *UNREADABLE) as error:
            log.warning("the identity provider %s answers with no keys: %s", address, error)
            return invalid(NO_KEY)

    def _get(self, url: str) -> bytes:
        answer = self._outgoing.request("GET", url, {"accept": "application/json"})
        if answer.status != 200:
            raise ValueError(f"it answered {answer.status}")
        return answer.body
