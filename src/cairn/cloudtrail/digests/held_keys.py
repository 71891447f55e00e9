"""The keys that sign digest files where a KMS holds them: no private key is ever here.

Which key a region has is asked before each signing, so that an alias that is pointed at another key begins that one.
The public key stands in the saved state before its first signature is made. It is valid for as long as it signs and for
up to `VALID_S` longer, at least `OVERLAP_S`; one that signs again later has another row. A key that is away, or does
not let us sign, holds up the digests of its region and no others (`sink`).
"""

from __future__ import annotations

import hashlib
import logging
from typing import NamedTuple, Protocol

import sqlalchemy as sa

from cairn.cloudtrail.digests.keys import BACK_S, OVERLAP_S, VALID_S, ListedKey, may_begin, valid_within
from cairn.cloudtrail.digests.signature import KEY_BITS, NoPublicKey, PublicKey, SigningError
from cairn.cloudtrail.digests.tables import keys
from cairn.core.clock import Clock
from cairn.core.state import State

log = logging.getLogger(__name__)

WRONG_KIND = "KMS.InvalidKeyUsageException"
WRONG_SIGNATURE = "KMS.KMSInvalidSignatureException"


class HeldKey(NamedTuple):
    """A key that a KMS holds."""

    id: str
    """Its ARN, or what else its KMS calls the key itself; never an alias, which may be another key's by now."""
    region: str
    """Whose KMS has it."""
    public: bytes
    """SubjectPublicKeyInfo of X.509, DER."""


class KeyHolder(Protocol):
    """The KMS of each region, asked as CloudTrail. Blocking; any thread."""

    def find(self, region: str) -> HeldKey:
        """The key that signs digests in `region` now.

        Raises:
            SigningError: there is none, it cannot be used now, or nobody answers.
        """

    def sign(self, key: HeldKey, digest: bytes, source: str) -> bytes:
        """The signature (RSASSA_PKCS1_V1_5_SHA_256) of a SHA-256 digest.

        Args:
            source: ARN of the trail that it is for.

        Raises:
            SigningError: the key cannot be used now, its policy does not let us, or nobody answers.
        """


class HeldSigningKey(NamedTuple):
    """A key that signs where it is."""

    held: HeldKey
    public: PublicKey
    holder: KeyHolder

    @property
    def fingerprint(self) -> str:
        return self.public.fingerprint

    def sign(self, text: bytes, *, on_behalf_of: str = "") -> str:
        """The signature of `text`, lower-case hex, once it is seen to be right: it will stand in a chain for ever."""
        signature = self.holder.sign(self.held, hashlib.sha256(text).digest(), on_behalf_of).hex()
        if not self.public.verifies(text, signature):
            raise SigningError(WRONG_SIGNATURE, f"what the key {self.held.id} signed is not right by its public key")
        return signature


class HeldKeys:
    """`SigningKeys` in a KMS."""

    apart = True

    def __init__(self, state: State, holder: KeyHolder, clock: Clock) -> None:
        self._state = state
        self._holder = holder
        self._clock = clock

    def signing_key(self, region: str) -> HeldSigningKey:
        """The key that the KMS has for `region` now, listed from now on. Not inside a transaction.

        Raises:
            SigningError: there is none that can sign.
        """
        held = self._holder.find(region)
        try:
            public = PublicKey.load(held.public)
        except NoPublicKey as error:
            raise SigningError(WRONG_KIND, f"the key {held.id}: {error.message}") from error
        if public.bits < KEY_BITS:
            raise SigningError(WRONG_KIND, f"the key {held.id} has {public.bits} bits, fewer than {KEY_BITS}")
        self._list(region, public)
        return HeldSigningKey(held, public, self._holder)

    def listed(self, region: str, start: float, end: float) -> list[ListedKey]:
        """Public keys of a region that were or will be valid at some time within [`start`, `end`], the oldest first.

        Where that includes now and the region has none, the KMS is asked for one: a client that verifies takes an empty
        list for an error, even where nothing was signed. Where the KMS has none to give, the list stays empty.
        """
        now = self._clock.now()
        with self._state.read() as connection:
            current = valid_within(connection, region, now, now)
        if not current and start <= now <= end and may_begin(self._state, region):
            try:
                self.signing_key(region)
            except SigningError as error:
                log.info("no public key of %s: %s: %s", region, error.code, error.message)
        with self._state.read() as connection:
            return valid_within(connection, region, start, end)

    def _list(self, region: str, public: PublicKey) -> None:
        """Have the public key valid from now on, for longer than what is signed now needs."""
        now = self._clock.now()
        ours = (keys.c.region == region, keys.c.fingerprint == public.fingerprint)
        valid = (*ours, keys.c.valid_from <= now + BACK_S, keys.c.valid_until >= now)
        with self._state.read() as connection:
            until = connection.scalar(sa.select(sa.func.max(keys.c.valid_until)).where(*valid))
        if until is not None and until > now + OVERLAP_S:
            return
        with self._state.write() as connection:
            if connection.execute(sa.update(keys).where(*valid).values(valid_until=now + VALID_S)).rowcount == 0:
                values = {"fingerprint": public.fingerprint, "region": region, "public": public.der}
                connection.execute(sa.insert(keys).values(**values, valid_from=now, valid_until=now + VALID_S))
