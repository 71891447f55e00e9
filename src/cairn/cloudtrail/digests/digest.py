"""The digest file: its key and name, its bytes, reading one back, and the text that its signature covers.

Names and bytes are functions of what is digested, so that delivering again overwrites the same object (spec 4.1, 4.2).
"""

from __future__ import annotations

import hashlib
import re
from typing import NamedTuple

import msgspec
from isal import isal_zlib

from cairn.cloudtrail.logfile import LogFileDamaged, unpack
from cairn.core.clock import from_iso, utc
from cairn.core.decoding import UNREADABLE
from cairn.core.errors import CairnError

HASH_ALGORITHM = "SHA-256"
SIGNATURE_ALGORITHM = "SHA256withRSA"
FOLDER = "CloudTrail-Digest"

SIGNATURE_METADATA = "signature"
ALGORITHM_METADATA = "signature-algorithm"
BACKFILL_METADATA = "backfill-generation-timestamp"
"""Names of a digest object's user metadata, without `x-amz-meta-`."""

NO_PREVIOUS_SIGNATURE = "null"
"""Stands in the signed text for the signature of a digest before the first."""

_GZIP_LEVEL = 3
_GZIP = 31
_KEY = re.compile(
    r"(?:(?P<prefix>.+)/)?AWSLogs/(?:(?P<organization>o-[a-z0-9]{10,32})/)?(?P<account>\d{12})/CloudTrail-Digest/"
    r"(?P<region>[a-z0-9-]+)/\d{4}/\d\d/\d\d/(?P=account)_CloudTrail-Digest_(?P=region)_(?P<trail>.+)_"
    r"(?P<home_region>[a-z0-9-]+)_(?P<stamp>\d{8}T\d{6}Z)(?P<backfill>_backfill)?\.json\.gz"
)


class DigestDamaged(CairnError):
    """The bytes are no digest file."""


class DigestedFile(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """A log file as a digest names it. Times are as in the file: `2023-07-10T11:42:07Z`."""

    s3_bucket: str = msgspec.field(name="s3Bucket")
    s3_object: str = msgspec.field(name="s3Object")
    hash_value: str
    """Lower-case hex SHA-256 of the bytes before compression."""
    hash_algorithm: str = HASH_ALGORITHM
    newest_event_time: str
    oldest_event_time: str


class Digest(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """A digest file's content, its members in AWS's order."""

    aws_account_id: str
    digest_start_time: str
    digest_end_time: str
    digest_s3_bucket: str = msgspec.field(name="digestS3Bucket")
    digest_s3_object: str = msgspec.field(name="digestS3Object")
    digest_public_key_fingerprint: str
    digest_signature_algorithm: str = SIGNATURE_ALGORITHM
    newest_event_time: str | None = None
    oldest_event_time: str | None = None
    previous_digest_s3_bucket: str | None = msgspec.field(name="previousDigestS3Bucket", default=None)
    previous_digest_s3_object: str | None = msgspec.field(name="previousDigestS3Object", default=None)
    previous_digest_hash_value: str | None = None
    previous_digest_hash_algorithm: str | None = None
    previous_digest_signature: str | None = None
    """Hex. The five of a chain's first digest are null."""
    log_files: tuple[DigestedFile, ...] = ()

    def encode(self) -> bytes:
        """The bytes before compression, over which the next digest's hash is computed."""
        return msgspec.json.encode(self)

    def signed_text(self) -> bytes:
        """What the signature covers."""
        return signed_text(
            self.digest_end_time,
            self.digest_s3_bucket,
            self.digest_s3_object,
            hashlib.sha256(self.encode()).hexdigest(),
            self.previous_digest_signature,
        )


class DigestName(NamedTuple):
    """All that decides how a digest file is called."""

    account: str
    region: str
    trail: str
    home_region: str
    end: int
    """digestEndTime, seconds since the epoch."""
    backfill: bool = False

    def key(self, prefix: str, *, organization: str = "") -> str:
        """The object's key. `organization` is `o-...` for an organization's trail."""
        end = utc(self.end)
        name = (
            f"{self.account}_{FOLDER}_{self.region}_{self.trail}_{self.home_region}_{end:%Y%m%dT%H%M%SZ}"
            f"{'_backfill' if self.backfill else ''}.json.gz"
        )
        place = (
            prefix.strip("/"),
            "AWSLogs",
            organization,
            self.account,
            FOLDER,
            self.region,
            f"{end:%Y/%m/%d}",
            name,
        )
        return "/".join(filter(None, place))


def parse_key(key: str) -> DigestName | None:
    """The name that a key says; None if it is not the key of a digest file."""
    match = _KEY.fullmatch(key)
    if match is None:
        return None
    try:
        end = from_iso(match["stamp"])
    except ValueError:
        return None  # a month or an hour that no calendar has
    return DigestName(
        match["account"], match["region"], match["trail"], match["home_region"], end, match["backfill"] is not None
    )


def generation_time(made: float) -> str:
    """When a backfill digest was made, as its metadata says it: `2025-05-20T00:00:00.000Z`."""
    return f"{utc(made):%Y-%m-%dT%H:%M:%S.000Z}"


def signed_text(end: str, bucket: str, key: str, sha256: str, previous_signature: str | None) -> bytes:
    """What a digest's signature covers, by its parts.

    Args:
        end: digestEndTime.
        sha256: of the digest's bytes before compression, lower-case hex.
        previous_signature: hex; None for a chain's first digest.
    """
    return f"{end}\n{bucket}/{key}\n{sha256}\n{previous_signature or NO_PREVIOUS_SIGNATURE}".encode()


def pack(plain: bytes) -> bytes:
    """The bytes as stored: the same every time."""
    packer = isal_zlib.compressobj(_GZIP_LEVEL, isal_zlib.DEFLATED, _GZIP)
    return packer.compress(plain) + packer.flush()


def read_digest(content: bytes) -> tuple[Digest, bytes]:
    """A digest file and its bytes before compression, from its bytes as stored.

    Raises:
        DigestDamaged: `content` is no digest file.
    """
    try:
        plain = unpack(content)
        return _decoder.decode(plain), plain
    except LogFileDamaged as error:
        raise DigestDamaged(error.message) from error
    except UNREADABLE as error:
        raise DigestDamaged(f"not the JSON of a digest file: {error}") from error


_decoder = msgspec.json.Decoder(Digest)
