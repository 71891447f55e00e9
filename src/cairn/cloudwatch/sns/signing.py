"""Signing messages, and the certificate that they are checked with."""

from __future__ import annotations

import base64
import hashlib
import re
from collections.abc import Mapping
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
)
from cryptography.x509.oid import NameOID

from cairn.core.clock import Clock, utc
from cairn.core.durable import private_folder, write_first
from cairn.core.errors import CairnError

VALID_S = 20 * 365 * 86400.0
BACK_S = 86400.0
NAME = "sns.amazonaws.com"
"""Whom the certificate is for: some clients look for AWS's name in it."""
KEY_BITS = 2048

_FILE = re.compile(r"/SimpleNotificationService-([0-9a-f]{32})\.pem")
_NOTIFICATION = ("Message", "MessageId", "Subject", "Timestamp", "TopicArn", "Type")
_CONFIRMATION = ("Message", "MessageId", "SubscribeURL", "Timestamp", "Token", "TopicArn", "Type")


class Signer:
    """The key of an installation, in a folder that all its processes see; made by whoever needs it first.

    The file holds the private key and the certificate, so that there is never one without the other.
    """

    def __init__(self, folder: Path, clock: Clock) -> None:
        self._path = private_folder(folder) / "signing.pem"
        if not self._path.exists():
            _make(self._path, clock)
        try:
            content = self._path.read_bytes()
            key = load_pem_private_key(content, None)
            certificate = x509.load_pem_x509_certificate(content)
        except (OSError, ValueError) as error:
            raise CairnError(
                f"the key {self._path} cannot be read: {error}",
                advice="Restore it from a backup, or move it away: another one is made then.",
            ) from error
        assert isinstance(key, rsa.RSAPrivateKey)
        self._key = key
        self.certificate = certificate.public_bytes(Encoding.PEM)
        """PEM."""
        fingerprint = hashlib.sha256(certificate.public_bytes(Encoding.DER)).hexdigest()[:32]
        self.certificate_path = f"/SimpleNotificationService-{fingerprint}.pem"
        """Where the gateway serves it."""

    def sign(self, envelope: Mapping[str, str], version: str) -> str:
        """The Signature of a message, base64.

        Args:
            version: SignatureVersion: `1` is SHA1, `2` SHA256.
        """
        algorithm = hashes.SHA256() if version == "2" else hashes.SHA1()  # noqa: S303 - AWS's version 1 is that
        return base64.b64encode(self._key.sign(to_sign(envelope).encode(), padding.PKCS1v15(), algorithm)).decode()


def is_certificate(path: str) -> bool:
    """Whether a path of the gateway is where a certificate could be."""
    return _FILE.fullmatch(path) is not None


def to_sign(envelope: Mapping[str, str]) -> str:
    """What is signed of a message: names and values of some members, a line each."""
    names = _NOTIFICATION if envelope["Type"] == "Notification" else _CONFIRMATION
    return "".join(f"{name}\n{envelope[name]}\n" for name in names if name in envelope)


def _make(path: Path, clock: Clock) -> None:
    """Make the file, unless another process does first."""
    key = rsa.generate_private_key(public_exponent=65537, key_size=KEY_BITS)
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, NAME)])
    now = clock.now()
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(utc(now - BACK_S))
        .not_valid_after(utc(now + VALID_S))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(NAME)]), critical=False)
        .sign(key, hashes.SHA256())
    )
    pem = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()) + certificate.public_bytes(Encoding.PEM)
    write_first(path, pem)
