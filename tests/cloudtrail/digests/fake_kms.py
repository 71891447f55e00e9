"""A KMS in memory that holds the keys of digests: each region's can be away or slow by itself. And a rig with it."""

from __future__ import annotations

import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.utils import Prehashed
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from tests.cloudtrail.digests.digest_rig import DigestRig

from cairn.cloudtrail.digests.held_keys import HeldKey, HeldKeys
from cairn.cloudtrail.digests.signature import SigningError
from cairn.core.clock import TestClock

OTHER = "eu-west-1"


class FakeKms:
    """`KeyHolder`. A region without a key of its own has the one called `everywhere`."""

    def __init__(self) -> None:
        self.keys: dict[str, rsa.RSAPrivateKey] = {}
        self.alias: dict[str, str] = {}
        """By region: the name of the key that signs there."""
        self.away: dict[str, str] = {}
        """By region: the code with which nothing is answered there."""
        self.refused: dict[str, str] = {}
        """By the source's ARN: the code with which it is not signed for."""
        self.before_signing: Callable[[str], None] = lambda region: None
        self._making = threading.Lock()
        self.asked: list[tuple[str, str]] = []
        """Operation and region of each request."""

    def find(self, region: str) -> HeldKey:
        self.asked.append(("find", region))
        self._answer(region)
        name = self.alias.get(region, "everywhere")
        with self._making:
            if name not in self.keys:
                self.keys[name] = rsa.generate_private_key(65537, 2048)
        public = self.keys[name].public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
        return HeldKey(name, region, public)

    def sign(self, key: HeldKey, digest: bytes, source: str) -> bytes:
        self.asked.append(("sign", key.region))
        self.before_signing(key.region)
        self._answer(key.region)
        if source in self.refused:
            raise SigningError(self.refused[source], f"not for {source}")
        return self.keys[key.id].sign(digest, PKCS1v15(), Prehashed(hashes.SHA256()))

    def _answer(self, region: str) -> None:
        if region in self.away:
            raise SigningError(self.away[region], f"the KMS of {region} is away")


class HeldRig(DigestRig):
    """A rig whose keys are in a KMS."""

    def __init__(self, folder: Path, clock: TestClock) -> None:
        self.kms = FakeKms()
        super().__init__(folder, clock)
        self.digests.close()
        self.keys: Any = HeldKeys(self.state, self.kms, clock)
        self.digests = self.sink()

    def both(self) -> None:
        """An event in each of two regions."""
        self.record(self.event(), self.event(region=OTHER))

    def counts(self, region: str) -> list[int]:
        """How many log files each digest of a region has."""
        return [len(digest.log_files) for digest in self.made(region)]
