"""The RSA keys that sign digest files: one a region at a time, made when first needed, the next before it ends.

`Keys` makes them and holds them in the data folder; `held_keys` has those of a KMS.

A private key is a file in the data folder (0600) and nowhere else; it is deleted once it can sign nothing any more.
The public key and its validity stand in the saved state for ever. The file is durable before the row: a crash between
leaves a private key that nobody knows, which the next rotation deletes. Processes on other folders have keys of their
own, as valid as these.
"""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple, Protocol

import msgspec
import sqlalchemy as sa
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, load_pem_private_key

from cairn.cloudtrail.digests.signature import PublicKey, new_key, sign
from cairn.cloudtrail.digests.tables import keys
from cairn.core.clock import Clock
from cairn.core.durable import private_folder, write_durably
from cairn.core.errors import CairnError
from cairn.core.failpoints import failpoint
from cairn.core.state import State

VALID_S = 30 * 86400.0
"""How long a key is valid, as AWS's are (spec 4.3)."""
OVERLAP_S = 2 * 86400.0
"""How long before a key's end the next one takes over: both are valid meanwhile."""
BACK_S = 600.0
"""How far the clock may be set back behind a key's beginning before another key is made. Whoever verifies asks for
keys until at least an hour after the digest."""
ORPHAN_S = 86400.0
"""Age at which a private key without a public one is deleted: whoever made it has died."""
REGIONS_ASKED_MAX = 100
"""Regions in which a key is made only because somebody asked for the public one."""


class SigningKey(Protocol):
    """A key that can sign now."""

    @property
    def fingerprint(self) -> str: ...

    def sign(self, text: bytes, *, on_behalf_of: str = "") -> str:
        """The signature of `text`, lower-case hex. `on_behalf_of` is the ARN of the trail whose digest it is.

        Raises:
            SigningError: whoever holds the key does not sign.
        """


class SigningKeys(Protocol):
    """The keys of all regions. Used by many threads and processes."""

    apart: bool
    """Whether signing may take long, and may fail in one region while it goes well in another."""

    def signing_key(self, region: str) -> SigningKey:
        """The key to sign with now in `region`, its public half listed from now on. Not inside a transaction.

        Raises:
            CairnError: there is none that can be used.
        """

    def listed(self, region: str, start: float, end: float) -> list[ListedKey]:
        """Public keys of a region that were or will be valid at some time within [`start`, `end`], the oldest first."""


class FolderKey(NamedTuple):
    """A key whose private half is ours."""

    fingerprint: str
    private: rsa.RSAPrivateKey

    def sign(self, text: bytes, *, on_behalf_of: str = "") -> str:
        return sign(self.private, text)


class ListedKey(msgspec.Struct, frozen=True):
    """A public key, whether or not it still signs."""

    fingerprint: str
    public: bytes
    """RSAPublicKey of PKCS#1, DER."""
    valid_from: float
    valid_until: float


class Keys:
    """`SigningKeys` in a folder, where a missing one is made."""

    apart = False

    def __init__(self, state: State, folder: Path, clock: Clock) -> None:
        self._state = state
        self._folder = private_folder(folder)
        self._clock = clock
        self._loaded: dict[str, rsa.RSAPrivateKey] = {}

    def signing_key(self, region: str) -> FolderKey:
        """The key to sign with now in `region`, made if there is none. Not inside a transaction.

        Raises:
            CairnError: its file cannot be read.
        """
        with self._state.read() as connection:
            found = self._usable(connection, region)
        return found or self._make(region)

    def listed(self, region: str, start: float, end: float) -> list[ListedKey]:
        """Public keys of a region that were or will be valid at some time within [`start`, `end`], the oldest first.

        Where that includes now and the region has none yet, one is made: a client that verifies takes an empty list
        for an error, even where nothing was signed.
        """
        if start <= self._clock.now() <= end and may_begin(self._state, region):
            self.signing_key(region)
        with self._state.read() as connection:
            return valid_within(connection, region, start, end)

    def _usable(self, connection: sa.Connection, region: str) -> FolderKey | None:
        """The newest key that signs now and whose private half is in our folder."""
        now = self._clock.now()
        in_time = (keys.c.valid_from <= now + BACK_S, keys.c.valid_until > now + OVERLAP_S)
        for listed in reversed(_select(connection, region, *in_time)):
            private = self._load(listed.fingerprint)
            if private is not None:
                return FolderKey(listed.fingerprint, private)
        return None

    def _make(self, region: str) -> FolderKey:
        private = new_key()
        public = PublicKey(private.public_key())
        path = self._path(public.fingerprint)
        pem = private.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
        write_durably(path, pem, mode=0o600)
        failpoint("digests.key_written")
        now = self._clock.now()
        with self._state.write() as connection:
            found = self._usable(connection, region)  # made by another process meanwhile
            if found is None:
                values = {"fingerprint": public.fingerprint, "region": region, "public": public.der}
                connection.execute(sa.insert(keys).values(**values, valid_from=now, valid_until=now + VALID_S))
        if found is not None:
            path.unlink(missing_ok=True)
            return found
        self._loaded[public.fingerprint] = private
        self._forget()
        return FolderKey(public.fingerprint, private)

    def _load(self, fingerprint: str) -> rsa.RSAPrivateKey | None:
        """The private key; None if our folder does not hold it."""
        if fingerprint not in self._loaded:
            try:
                private = load_pem_private_key(self._path(fingerprint).read_bytes(), None)
            except FileNotFoundError:
                return None
            except (OSError, ValueError) as error:
                raise CairnError(
                    f"the key {self._path(fingerprint)} cannot be read: {error}",
                    advice="Restore it from a backup, or move it away: another key is made then.",
                ) from error
            assert isinstance(private, rsa.RSAPrivateKey)
            self._loaded[fingerprint] = private
        return self._loaded[fingerprint]

    def _forget(self) -> None:
        """Delete private keys that nobody signs with any more."""
        now = self._clock.now()
        with self._state.read() as connection:
            rows = connection.execute(sa.select(keys.c.fingerprint, keys.c.valid_until))
            until = {row.fingerprint: row.valid_until for row in rows}
        for path in self._folder.glob("*.pem"):
            if until.get(path.stem, path.stat().st_mtime + ORPHAN_S) < now:
                path.unlink(missing_ok=True)
                self._loaded.pop(path.stem, None)

    def _path(self, fingerprint: str) -> Path:
        return self._folder / f"{fingerprint}.pem"


def public_key(connection: sa.Connection, fingerprint: str) -> ListedKey | None:
    """The public key of that name, of whatever region."""
    row = connection.execute(sa.select(*_COLUMNS).where(keys.c.fingerprint == fingerprint)).mappings().first()
    return None if row is None else ListedKey(**row)


def may_begin(state: State, region: str) -> bool:
    """Whether asking for the public key is reason enough to begin one: the region has a key, or few regions do."""
    with state.read() as connection:
        known = set(connection.scalars(sa.select(keys.c.region).distinct()))
    return region in known or len(known) < REGIONS_ASKED_MAX


def valid_within(connection: sa.Connection, region: str, start: float, end: float) -> list[ListedKey]:
    """Public keys of a region that were or will be valid at some time within [`start`, `end`], the oldest first."""
    return _select(connection, region, keys.c.valid_from <= end, keys.c.valid_until >= start)


_COLUMNS = [keys.c[name] for name in ListedKey.__struct_fields__]


def _select(connection: sa.Connection, region: str, *conditions: sa.ColumnElement[bool]) -> list[ListedKey]:
    select = sa.select(*_COLUMNS).where(keys.c.region == region, *conditions)
    rows = connection.execute(select.order_by(keys.c.valid_from, keys.c.fingerprint)).mappings()
    return [ListedKey(**row) for row in rows]
