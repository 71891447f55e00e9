"""A region's digests against the checkpoint log: what the log has and the bucket has not, and the other way round."""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Iterator, Mapping

from cairn.cloudtrail.checkpoints.leaf import key_hash
from cairn.cloudtrail.digests.digest import DigestDamaged, parse_key
from cairn.cloudtrail.logfile import LogFileDamaged, unpack
from cairn.cloudtrail.verify.checkpoint_log import LoggedDigest
from cairn.cloudtrail.verify.places import NotThere, Place
from cairn.cloudtrail.verify.verdicts import INVALID, NOTE, Verdict, What

GONE = f"{INVALID}the checkpoint log names it, and it is gone"
CHANGED = f"{INVALID}not the bytes that the checkpoint log names"
STRANGE = f"{INVALID}the checkpoint log does not name it"
NEW = f"{NOTE}not yet in the checkpoint log"


def compare(
    place: Place,
    logged: Mapping[bytes, LoggedDigest],
    listed: Collection[str],
    read: Mapping[bytes, bytes],
    start: int,
    end: int,
) -> Iterator[Verdict]:
    """Verdicts on the digests that log and bucket do not agree about.

    Args:
        logged: of one account and region, by `key_hash`.
        listed: keys in the bucket of the place.
        read: hashes of those that were read already, by `key_hash`.
        start, end: digests that ended outside are not judged.
    """
    there = set(listed)
    for name, digest in logged.items():
        if start <= digest.end <= end:
            found = read.get(name) or _hash(place, digest, there)
            if found != digest.sha256:
                yield _verdict(digest.bucket, digest.key, CHANGED if found else GONE)
    newest = max((digest.end for digest in logged.values()), default=0)
    for key in listed:
        if key_hash(place.bucket, key) not in logged:
            found_name = parse_key(key)
            late = found_name is not None and found_name.end > newest
            yield _verdict(place.bucket, key, NEW if late else STRANGE)


def _hash(place: Place, digest: LoggedDigest, there: Collection[str]) -> bytes:
    """The hash of a digest that the walk did not come to; empty if it is gone."""
    if digest.bucket == place.bucket and digest.key not in there:
        return b""
    try:
        return hashlib.sha256(unpack(place.read(digest.bucket, digest.key).content)).digest()
    except NotThere:
        return b""
    except (DigestDamaged, LogFileDamaged):
        return b"damaged"


def _verdict(bucket: str, key: str, verdict: str) -> Verdict:
    return Verdict(what=What.digest, verdict=verdict, bucket=bucket, key=key, ours=True)
