"""Digest signatures: RSA, PKCS#1 v1.5 with SHA-256, as hex (spec 4.2, 4.3)."""

from __future__ import annotations

import hashlib

from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat, load_der_public_key

from cairn.core.errors import CairnError

KEY_BITS = 2048
_EXPONENT = 65537


class NoPublicKey(CairnError):
    """The bytes are no RSA public key."""


class SigningError(CairnError):
    """Whoever holds a key did not sign. `code` says why, in KMS's words after `KMS.` (`KMS.DisabledException`)."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code


class PublicKey:
    """A public key as ListPublicKeys answers it."""

    def __init__(self, key: rsa.RSAPublicKey) -> None:
        self._key = key
        self.der = key.public_bytes(Encoding.DER, PublicFormat.PKCS1)
        """RSAPublicKey of PKCS#1, DER."""
        self.fingerprint = hashlib.sha256(self.der).hexdigest()[:32]
        """32 hex digits that name the key; nobody has to know how they come about."""

    @classmethod
    def load(cls, der: bytes) -> PublicKey:
        """The key of bytes in PKCS#1 (RSAPublicKey) or X.509 (SubjectPublicKeyInfo), DER.

        Raises:
            NoPublicKey: they are none.
        """
        try:
            key = load_der_public_key(der)
        except (ValueError, UnsupportedAlgorithm) as error:
            raise NoPublicKey(f"not an RSA public key: {error}") from error
        if not isinstance(key, rsa.RSAPublicKey):
            raise NoPublicKey("not an RSA public key")
        return cls(key)

    @property
    def bits(self) -> int:
        return self._key.key_size

    def verifies(self, text: bytes, signature: str) -> bool:
        """Whether `signature` (hex) is this key's of `text`."""
        try:
            self._key.verify(bytes.fromhex(signature), text, padding.PKCS1v15(), hashes.SHA256())
        except (InvalidSignature, ValueError):
            return False
        return True


def new_key() -> rsa.RSAPrivateKey:
    return rsa.generate_private_key(_EXPONENT, KEY_BITS)


def sign(key: rsa.RSAPrivateKey, text: bytes) -> str:
    """The signature of `text`, lower-case hex."""
    return key.sign(text, padding.PKCS1v15(), hashes.SHA256()).hex()
