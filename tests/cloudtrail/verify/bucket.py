"""Buckets with log files, chains of digests and their keys, made without a server."""

from __future__ import annotations

import base64
import gzip
import hashlib
import json
import os
import random
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

from cryptography.hazmat.primitives.asymmetric import rsa

from cairn.cloudtrail.checkpoints.leaf import Leaf
from cairn.cloudtrail.digests.digest import (
    ALGORITHM_METADATA,
    BACKFILL_METADATA,
    SIGNATURE_ALGORITHM,
    SIGNATURE_METADATA,
    Digest,
    DigestedFile,
    DigestName,
    pack,
)
from cairn.cloudtrail.digests.signature import PublicKey, new_key, sign
from cairn.cloudtrail.logfile import LogFileName
from cairn.cloudtrail.trail import TrailId
from cairn.core.clock import TestClock, iso_seconds
from cairn.core.memory_objects import MemoryObjectStore
from cairn.core.objects import ObjectStore

ACCOUNT = "111122223333"
TRAIL = TrailId(ACCOUNT, "us-east-1", "audit")
BUCKET = "trail-logs"
START = int(datetime(2026, 11, 27, 20, tzinfo=UTC).timestamp())
HOUR = 3600


@cache
def key_of(region: str) -> rsa.RSAPrivateKey:
    """A region's signing key; making one takes long."""
    return new_key()


class Object(NamedTuple):
    content: bytes
    metadata: dict[str, str]
    delivered: int


@dataclass
class Made:
    """What was made of one chain, oldest first."""

    digests: list[str] = field(default_factory=list)
    leaves: list[Leaf] = field(default_factory=list)
    logs: list[list[str]] = field(default_factory=list)
    """Log files that each digest names."""
    objects: dict[str, Object] = field(default_factory=dict)


def make_chain(
    *,
    hours: int,
    files: int = 2,
    region: str = "us-east-1",
    trail: TrailId = TRAIL,
    account: str = ACCOUNT,
    bucket: str = BUCKET,
    prefix: str = "",
    start: int = START,
    records: int = 3,
    breaks: frozenset[int] = frozenset(),
    backfill: bool = False,
) -> Made:
    """A chain of `hours` digests, each naming `files` log files.

    Args:
        breaks: numbers of digests that begin a new chain, an hour later than the one before ended.
    """
    made = Made()
    previous: tuple[Digest, str] | None = None
    begin = start
    for hour in range(hours):
        if hour in breaks:
            previous, begin = None, begin + HOUR
        end = begin + HOUR
        named = [_log_file(made, trail, account, region, prefix, begin, number, records) for number in range(files)]
        made.logs.append([file[0] for file in named])
        digest = Digest(
            aws_account_id=account,
            digest_start_time=iso_seconds(begin),
            digest_end_time=iso_seconds(end),
            digest_s3_bucket=bucket,
            digest_s3_object=DigestName(account, region, trail.name, trail.home_region, end, backfill).key(prefix),
            digest_public_key_fingerprint=PublicKey(key_of(region).public_key()).fingerprint,
            newest_event_time=iso_seconds(begin + 60) if named else None,
            oldest_event_time=iso_seconds(begin + 30) if named else None,
            previous_digest_s3_bucket=bucket if previous else None,
            previous_digest_s3_object=previous[0].digest_s3_object if previous else None,
            previous_digest_hash_value=hashlib.sha256(previous[0].encode()).hexdigest() if previous else None,
            previous_digest_hash_algorithm="SHA-256" if previous else None,
            previous_digest_signature=previous[1] if previous else None,
            log_files=tuple(
                DigestedFile(
                    s3_bucket=bucket,
                    s3_object=key,
                    hash_value=sha256,
                    newest_event_time=iso_seconds(begin + 60),
                    oldest_event_time=iso_seconds(begin + 30),
                )
                for key, sha256 in named
            ),
        )
        signature = sign(key_of(region), digest.signed_text())
        metadata = {SIGNATURE_METADATA: signature, ALGORITHM_METADATA: SIGNATURE_ALGORITHM}
        if backfill:
            metadata[BACKFILL_METADATA] = iso_seconds(end + HOUR)
        made.digests.append(digest.digest_s3_object)
        made.objects[digest.digest_s3_object] = Object(pack(digest.encode()), metadata, end + 2)
        made.leaves.append(
            Leaf(
                account=account,
                region=region,
                start=digest.digest_start_time,
                end=digest.digest_end_time,
                bucket=bucket,
                key=digest.digest_s3_object,
                sha256=hashlib.sha256(digest.encode()).hexdigest(),
                signature=signature,
                fingerprint=digest.digest_public_key_fingerprint,
                previous=digest.previous_digest_signature,
            )
        )
        previous, begin = (digest, signature), end
    return made


def _log_file(
    made: Made, trail: TrailId, account: str, region: str, prefix: str, begin: int, number: int, records: int
) -> tuple[str, str]:
    slot = begin + 300 * (number % 12 + 1)
    key = LogFileName(trail.arn, account, region, slot, begin + number, begin + number + 1, number).key(prefix)
    noise = random.Random(begin + number)
    plain = json.dumps(
        {
            "Records": [
                {
                    "eventTime": iso_seconds(begin + 30),
                    "eventName": "RunInstances",
                    "eventID": noise.randbytes(16).hex(),
                }
                | {"requestParameters": {"text": noise.randbytes(300).hex()}}
                for _ in range(records)
            ]
        },
        separators=(",", ":"),
    ).encode()
    made.objects[key] = Object(gzip.compress(plain, 6, mtime=0), {}, min(slot, begin + HOUR - 1))
    return key, hashlib.sha256(plain).hexdigest()


def public_keys(*regions: str) -> list[dict[str, Any]]:
    """The items of ListPublicKeys' answer for regions."""
    found = []
    for region in regions:
        public = PublicKey(key_of(region).public_key())
        validity = {"ValidityStartTime": float(START - 30 * 86400), "ValidityEndTime": float(START + 60 * 86400)}
        found.append({"Fingerprint": public.fingerprint, "Value": base64.b64encode(public.der).decode(), **validity})
    return found


def fill(store: ObjectStore, bucket: str, *made: Made) -> None:
    """Put everything that was made into a bucket."""
    for chain in made:
        for key, (content, metadata, _) in chain.objects.items():
            store.put(bucket, key, content, sha256=hashlib.sha256(content).hexdigest(), metadata=metadata)


def stored(*made: Made) -> MemoryObjectStore:
    """A bucket in memory into which everything was delivered in its time."""
    clock = TestClock(START)
    store = MemoryObjectStore(BUCKET, clock=clock)
    for chain in made:
        for key, (content, metadata, delivered) in chain.objects.items():
            clock.advance(delivered - clock.now())
            store.put(BUCKET, key, content, sha256=hashlib.sha256(content).hexdigest(), metadata=metadata)
    return store


def write_folder(folder: Path, *made: Made, cut: str = "") -> None:
    """What `aws s3 sync` makes of a bucket, without `cut` at the beginning of keys."""
    for chain in made:
        for key, (content, _, delivered) in chain.objects.items():
            path = folder / key.removeprefix(cut)
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content)
            os.utime(path, (delivered, delivered))
