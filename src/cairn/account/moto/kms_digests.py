"""Sign and Verify of KMS with `MessageType` `DIGEST`, which moto takes for a message and hashes again."""

from __future__ import annotations

from typing import Any

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding
from cryptography.hazmat.primitives.asymmetric.utils import Prehashed
from moto.kms.exceptions import ValidationException
from moto.kms.responses import KmsResponse
from moto.kms.utils import ECDSAPrivateKey, RSAPrivateKey

_HASHES: dict[str, hashes.HashAlgorithm] = {
    "SHA_256": hashes.SHA256(),
    "SHA_384": hashes.SHA384(),
    "SHA_512": hashes.SHA512(),
}


class Digest(bytes):
    """A message that is the hash of one."""


def adapt() -> None:
    """Have moto's keys sign and verify a `Digest` as it is."""
    read = KmsResponse._get_param

    def get_param(self: Any, name: str, if_none: Any = None) -> Any:
        value = read(self, name, if_none)
        if name == "Message" and isinstance(value, bytes) and read(self, "MessageType") == "DIGEST":
            return Digest(value)
        return value

    KmsResponse._get_param = get_param
    for kind in (RSAPrivateKey, ECDSAPrivateKey):
        _adapt_key(kind)


def _adapt_key(kind: Any) -> None:
    sign, verify = kind.sign, kind.verify

    def sign_digest(self: Any, message: bytes, signing_algorithm: str) -> bytes:
        if not isinstance(message, Digest):
            signed: bytes = sign(self, message, signing_algorithm)
            return signed
        return bytes(self.private_key.sign(message, *_scheme(message, signing_algorithm)))

    def verify_digest(self: Any, message: bytes, signature: bytes, signing_algorithm: str) -> bool:
        if not isinstance(message, Digest):
            right: bool = verify(self, message, signature, signing_algorithm)
            return right
        try:
            self.private_key.public_key().verify(signature, message, *_scheme(message, signing_algorithm))
        except InvalidSignature:
            return False
        return True

    kind.sign, kind.verify = sign_digest, verify_digest


def _scheme(digest: Digest, name: str) -> tuple[Any, ...]:
    """What `cryptography` is told to sign a digest by an algorithm of KMS."""
    algorithm = _HASHES[name[-7:]]
    if len(digest) != algorithm.digest_size:
        raise ValidationException(f"Digest is invalid length for algorithm {name}.")
    prehashed = Prehashed(algorithm)
    if name.startswith("ECDSA"):
        return (ec.ECDSA(prehashed),)
    if "PSS" in name:
        return padding.PSS(padding.MGF1(algorithm), padding.PSS.MAX_LENGTH), prehashed
    return padding.PKCS1v15(), prehashed
