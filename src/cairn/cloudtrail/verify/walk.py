"""A chain of digests from the newest to the oldest, judged as `aws cloudtrail validate-logs` judges it (spec 4.4).

The order of the checks is that tool's, since the first that fails decides the line.
"""

from __future__ import annotations

import binascii
import hashlib
import json
import zlib
from collections.abc import Callable, Iterator, Mapping
from typing import Any, NamedTuple

from cairn.cloudtrail.digests.digest import (
    ALGORITHM_METADATA,
    BACKFILL_METADATA,
    SIGNATURE_METADATA,
    parse_key,
    signed_text,
)
from cairn.cloudtrail.digests.signature import NoPublicKey
from cairn.cloudtrail.verify.keys import PublicKeys
from cairn.cloudtrail.verify.places import NotThere, Stored
from cairn.cloudtrail.verify.verdicts import INVALID, UNKNOWN, VALID, Verdict, What
from cairn.core.clock import from_iso
from cairn.core.errors import CairnError

DIGEST_BYTES_MAX = 64 << 20
"""Unpacked: a digest of some 200,000 log files."""
_GZIP = 16 + zlib.MAX_WBITS
_REQUIRED = (
    "digestPublicKeyFingerprint",
    "digestS3Bucket",
    "digestS3Object",
    "previousDigestSignature",
    "digestEndTime",
    "digestStartTime",
)
_NO_SIGNATURE = "no signature of it is known here"

Read = Callable[[str, str], Stored]
"""An object by bucket and key. Raises `NotThere`."""
Relist = Callable[[str, int], list[str]]
"""Keys of the chain in another bucket, oldest first, up to a digest that ended then."""
Signed = Callable[[str, str], str | None]
"""The signature of a digest, by bucket and key, where its place keeps no metadata."""


class Chain(NamedTuple):
    """The digests of one trail for one account and region."""

    account: str
    region: str
    trail: str
    home_region: str
    organization: str = ""


class WalkedDigest(NamedTuple):
    """A digest that was read, whatever was found of it. `content` is what it says, once it may be believed."""

    verdict: Verdict
    sha256: bytes
    content: Mapping[str, Any] | None = None


class _Wrong(CairnError):
    """What is wrong with a digest, in the CLI's words."""


class Walk:
    """One walk along a chain.

    Args:
        keys: of the chain, oldest first; emptied on the way.
        start: nothing that ended before is judged; seconds since the epoch.
    """

    def __init__(
        self,
        chain: Chain,
        bucket: str,
        keys: list[str],
        *,
        read: Read,
        relist: Relist,
        public: PublicKeys,
        signed: Signed,
        start: int,
        backfill: bool,
    ) -> None:
        self._chain = chain
        self._bucket = bucket
        self._keys = keys
        self._read = read
        self._relist = relist
        self._public = public
        self._signed = signed
        self._start = start
        self._backfill = backfill
        self._signatures: dict[tuple[str, str], str] = {}  # of the digests that were named last

    def digests(self) -> Iterator[WalkedDigest | Verdict]:
        """Each digest on the way, newest first, and what stands in for those that are not there."""
        key = self._keys.pop() if self._keys else None
        bound = _ended(key) if key is not None else 0
        seen: set[str] = set()
        while key is not None and self._start <= bound and key not in seen:
            seen.add(key)
            try:
                walked = self._judge(key)
            except NotThere:
                yield self._verdict(key, f"{INVALID}not found")
                key = self._older_than(key)
                continue
            yield walked
            content = walked.content
            if content is None:
                key = self._older_than(key)
                continue
            bound = walked.verdict.start
            bucket, previous = content.get("previousDigestS3Bucket"), content.get("previousDigestS3Object")
            if bucket is None or previous is None:
                key = self._older_than(key)
                if key is not None:
                    yield Verdict(what=What.gap, verdict="", backfill=self._backfill, start=_ended(key), end=bound)
                continue
            self._signatures = {(bucket, previous): content["previousDigestSignature"]}
            key = str(previous)
            if bucket != self._bucket:
                self._bucket = str(bucket)
                self._keys = self._relist(self._bucket, walked.verdict.end)

    def _judge(self, key: str) -> WalkedDigest:
        stored = self._read(self._bucket, key)
        try:
            plain = _unpacked(stored.content)
        except zlib.error:
            return WalkedDigest(self._verdict(key, f"{INVALID}invalid format"), b"")
        sha256 = hashlib.sha256(plain).digest()
        try:
            content, known = self._check(key, stored.metadata, plain, sha256.hex())
            start, end = _time(content["digestStartTime"]), _time(content["digestEndTime"])
        except _Wrong as error:
            return WalkedDigest(self._verdict(key, f"{INVALID}{error.message}"), sha256)
        verdict = VALID if known else f"{UNKNOWN}{_NO_SIGNATURE}"
        return WalkedDigest(self._verdict(key, verdict, start, end), sha256, content)

    def _check(
        self, key: str, metadata: Mapping[str, str] | None, plain: bytes, sha256: str
    ) -> tuple[dict[str, Any], bool]:
        """A digest's content, and whether its signature is known; `_Wrong` if anything is not as it should be."""
        try:
            content = json.loads(plain.decode())
        except (ValueError, RecursionError):
            raise _Wrong("invalid format") from None
        signature = self._signature(key, metadata)
        if self._backfill and metadata is not None and BACKFILL_METADATA not in metadata:
            raise _Wrong("invalid format")
        if not isinstance(content, dict) or any(name not in content for name in _REQUIRED):
            raise _Wrong("invalid format")
        if (content["digestS3Bucket"], content["digestS3Object"]) != (self._bucket, key):
            raise _Wrong("has been moved from its original location")
        if signature is not None:
            try:
                self._verify(content, sha256, signature)
            except (ValueError, TypeError) as error:  # members of odd kinds; the CLI says it in the same way
                raise _Wrong(str(error)) from None
        if not _is_whole(content):
            raise _Wrong("invalid format")
        return content, signature is not None

    def _signature(self, key: str, metadata: Mapping[str, str] | None) -> str | None:
        """A digest's signature; None where the place keeps no metadata, and nothing else tells it."""
        if metadata is None:
            return self._signatures.get((self._bucket, key)) or self._signed(self._bucket, key)
        if SIGNATURE_METADATA not in metadata or ALGORITHM_METADATA not in metadata:
            raise _Wrong("signature verification failed")
        return metadata[SIGNATURE_METADATA]

    def _verify(self, content: Mapping[str, Any], sha256: str, signature: str) -> None:
        fingerprint = content["digestPublicKeyFingerprint"]
        try:
            public = self._public.find(fingerprint, self._chain.region)
        except NoPublicKey:
            raise _Wrong(f"Unable to load PKCS #1 key with fingerprint {fingerprint}") from None
        if public is None:
            region = self._chain.home_region
            raise _Wrong(f"public key not found in region {region} for fingerprint {fingerprint}")
        binascii.unhexlify(signature)
        text = signed_text(
            content["digestEndTime"],
            content["digestS3Bucket"],
            content["digestS3Object"],
            sha256,
            content["previousDigestSignature"],
        )
        if not public.verifies(text, signature):
            raise _Wrong("signature verification failed")

    def _older_than(self, key: str) -> str | None:
        """The next key of the listing that ended before that one did."""
        bound = _ended(key)
        while self._keys:
            found = self._keys.pop()
            if _ended(found) < bound:
                return found
        return None

    def _verdict(self, key: str, verdict: str, start: int = 0, end: int = 0) -> Verdict:
        return Verdict(
            what=What.digest,
            verdict=verdict,
            bucket=self._bucket,
            key=key,
            backfill=self._backfill,
            start=start,
            end=end,
        )


def _is_whole(content: Mapping[str, Any]) -> bool:
    """Whether what is read of a digest later is text. Where no signature is known, anybody may have written it."""
    files = content.get("logFiles") or []
    if not isinstance(files, list) or not all(isinstance(named, dict) for named in files):
        return False
    texts = [content[name] for name in _REQUIRED if name != "previousDigestSignature"]
    texts += [named.get(name) for named in files for name in ("s3Bucket", "s3Object", "hashValue")]
    previous = [content.get(name) for name in ("previousDigestS3Bucket", "previousDigestS3Object")]
    previous.append(content["previousDigestSignature"])
    texts += [text for text in previous if text is not None]
    try:
        return all(isinstance(text, str) and text.encode() is not None for text in texts)
    except UnicodeEncodeError:
        return False


def _ended(key: str) -> int:
    """digestEndTime, as a digest's key says it."""
    name = parse_key(key)
    return name.end if name is not None else 0


def _unpacked(content: bytes) -> bytes:
    """What a digest file holds.

    Raises:
        zlib.error: it is no gzip, or not whole, or has more than a digest ever has.
    """
    unpacker = zlib.decompressobj(_GZIP)
    plain = unpacker.decompress(content, DIGEST_BYTES_MAX)
    if not unpacker.eof:
        raise zlib.error("it is not whole, or too large")
    return plain


def _time(text: object) -> int:
    try:
        return from_iso(str(text))
    except ValueError:
        raise _Wrong(f"Unable to parse date value: {text}") from None
