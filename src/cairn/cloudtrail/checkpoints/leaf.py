"""The leaf: a delivered digest as the checkpoint log has it, canonical JSON. Pure."""

from __future__ import annotations

import hashlib
import re

import msgspec

from cairn.cloudtrail.checkpoints.tiles import ENTRY_BYTES_MAX
from cairn.cloudtrail.trail import TrailId
from cairn.core.clock import from_iso
from cairn.core.decoding import UNREADABLE
from cairn.core.errors import CairnError

FOLDER = "CloudTrail-Checkpoint"

_SHA256 = re.compile("[0-9a-f]{64}")


class LeafDamaged(CairnError):
    """The bytes are no leaf."""


class Leaf(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=False):
    """A digest, its members in the order in which they are written: compact JSON in UTF-8, nothing left out."""

    account: str
    """Whose log files it names."""
    region: str
    start: str
    """digestStartTime, as in the digest: `2026-11-28T15:00:00Z`."""
    end: str
    """digestEndTime."""
    bucket: str
    key: str
    sha256: str
    """Of the digest's bytes before compression, lower-case hex."""
    signature: str
    """The digest's own, hex: what its object's metadata says."""
    fingerprint: str
    """Of the public key that verifies it."""
    previous: str | None
    """Signature of the digest before it in its chain; null for a chain's first."""

    def encode(self) -> bytes:
        content = msgspec.json.encode(self)
        if len(content) > ENTRY_BYTES_MAX:
            raise LeafDamaged(f"a leaf of {len(content)} bytes; {ENTRY_BYTES_MAX} are the most")
        return content


_decoder = msgspec.json.Decoder(Leaf)


def read_leaf(content: bytes) -> Leaf:
    """The leaf of its bytes.

    Raises:
        LeafDamaged: they are none.
    """
    try:
        leaf = _decoder.decode(content)
        from_iso(leaf.end)
    except (ValueError, *UNREADABLE) as error:
        raise LeafDamaged(f"not the JSON of a leaf: {error}") from error
    if not _SHA256.fullmatch(leaf.sha256):
        raise LeafDamaged("not the JSON of a leaf: its sha256 is none")
    return leaf


def origin(trail: TrailId) -> str:
    """What a trail's log calls itself, in its checkpoints and as the name of its key."""
    return f"cairn/{trail.account}/{trail.home_region}/{trail.name}"


def folder(trail: TrailId, prefix: str) -> str:
    """The log's folder in the trail's bucket, where the bucket's policy lets CloudTrail write; ends with `/`."""
    place = (prefix.strip("/"), "AWSLogs", trail.account, FOLDER, trail.home_region, trail.name)
    return "/".join(filter(None, place)) + "/"


def key_hash(bucket: str, key: str) -> bytes:
    """16 bytes that stand for an object in sets that may get large."""
    return hashlib.blake2b(f"{bucket}/{key}".encode(), digest_size=16).digest()
