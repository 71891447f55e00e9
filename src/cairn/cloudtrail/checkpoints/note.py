"""Signed notes and the checkpoint in them, as C2SP's signed-note and tlog-checkpoint write them. Pure.

Signatures are Ed25519. A public key is written as a verifier key: `NAME+HASH+BASE64`.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import re
from typing import NamedTuple

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from cairn.cloudtrail.checkpoints.merkle import HASH_BYTES
from cairn.core.errors import CairnError

NOTE_BYTES_MAX = 1 << 20
SIGNATURES_MAX = 64

_ED25519 = b"\x01"
_DASH = "\N{EM DASH} "
_ID_BYTES = 4
_SIZE = re.compile(r"0|[1-9][0-9]{0,18}")


class BadNote(CairnError):
    """The text is no signed note, or nobody that we trust has signed it."""


class VerifierKey:
    """A public key and the name that it signs under."""

    def __init__(self, name: str, key: Ed25519PublicKey) -> None:
        if not name or "+" in name or any(character.isspace() for character in name):
            raise BadNote(f"{name!r} cannot be the name of a key")
        self.name = name
        self._key = key
        self._bytes = key.public_bytes(Encoding.Raw, PublicFormat.Raw)
        self.id = hashlib.sha256(name.encode() + b"\n" + _ED25519 + self._bytes).digest()[:_ID_BYTES]

    @classmethod
    def parse(cls, text: str) -> VerifierKey:
        """The key of its text.

        Raises:
            BadNote: it is none, or of another kind than Ed25519.
        """
        name, _, rest = text.strip().partition("+")
        number, _, encoded = rest.partition("+")
        content = _decode(encoded)
        if content[:1] != _ED25519 or len(content) != 33:
            raise BadNote(f"{text.strip()!r} is no Ed25519 verifier key")
        key = cls(name, Ed25519PublicKey.from_public_bytes(content[1:]))
        if key.id.hex() != number:
            raise BadNote(f"{text.strip()!r}: its hash is not that of its key")
        return key

    def __str__(self) -> str:
        return f"{self.name}+{self.id.hex()}+{base64.b64encode(_ED25519 + self._bytes).decode()}"

    def verifies(self, text: str, signature: bytes) -> bool:
        try:
            self._key.verify(signature, text.encode())
        except InvalidSignature:
            return False
        return True


def sign_note(text: str, name: str, key: Ed25519PrivateKey) -> str:
    """`text`, which ends with a line's end, with a signature under it. The same every time."""
    verifier = VerifierKey(name, key.public_key())
    signature = base64.b64encode(verifier.id + key.sign(text.encode())).decode()
    return f"{text}\n{_DASH}{name} {signature}\n"


def open_note(note: str, key: VerifierKey) -> str:
    """The text of a note that `key` signed.

    Raises:
        BadNote: it is no note, or `key` did not sign this text.
    """
    text, signatures = _parts(note)
    found = False
    for line in signatures:
        name, _, encoded = line.removeprefix(_DASH).partition(" ")
        content = _decode(encoded)
        if name == key.name and content[:_ID_BYTES] == key.id:
            if not key.verifies(text, content[_ID_BYTES:]):
                raise BadNote(f"the signature of {name} is not one of this text")
            found = True
    if not found:
        raise BadNote(f"not signed by {key.name}+{key.id.hex()}")
    return text


class Checkpoint(NamedTuple):
    """What a log commits itself to: that its first `size` entries have this root."""

    origin: str
    size: int
    root: bytes

    def encode(self) -> str:
        """The text that is signed."""
        return f"{self.origin}\n{self.size}\n{base64.b64encode(self.root).decode()}\n"

    @classmethod
    def parse(cls, text: str) -> Checkpoint:
        """The checkpoint of a note's text; lines of extensions are passed over.

        Raises:
            BadNote: it is none.
        """
        origin, size, encoded, *_ = [*text.split("\n"), "", "", ""]
        if not (origin and _SIZE.fullmatch(size)):
            raise BadNote("not the text of a checkpoint")
        found = _decode(encoded)
        if len(found) != HASH_BYTES:
            raise BadNote("a checkpoint's root has 32 bytes")
        return cls(origin, int(size), found)


def open_checkpoint(note: str, key: VerifierKey, origin: str = "") -> Checkpoint:
    """The checkpoint of a note that `key` signed.

    Raises:
        BadNote: it is no checkpoint, not signed by `key`, or of another log than `origin`.
    """
    checkpoint = Checkpoint.parse(open_note(note, key))
    if checkpoint.origin != (origin or key.name):
        raise BadNote(f"a checkpoint of {checkpoint.origin}, and not of {origin or key.name}")
    return checkpoint


def unsigned_checkpoint(note: str) -> Checkpoint:
    """What a note says, whoever signed it.

    Raises:
        BadNote: it is no checkpoint.
    """
    return Checkpoint.parse(_parts(note)[0])


def _parts(note: str) -> tuple[str, list[str]]:
    """A note's text and its lines of signatures."""
    if len(note) > NOTE_BYTES_MAX or any(ord(character) < 32 and character != "\n" for character in note):
        raise BadNote("not a signed note")
    text, blank, rest = note.rpartition("\n\n")
    lines = rest.removesuffix("\n").split("\n")
    if not blank or not rest.endswith("\n") or len(lines) > SIGNATURES_MAX:
        raise BadNote("not a signed note")
    if not all(line.startswith(_DASH) for line in lines):
        raise BadNote("not a signed note")
    return text + "\n", lines


def _decode(text: str) -> bytes:
    try:
        return base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        raise BadNote(f"{text[:80]!r} is no base64") from None
