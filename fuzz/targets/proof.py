"""What `cairn verify` reads: a bucket that may be an attacker's."""

from __future__ import annotations

import gzip
import hashlib
import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

import msgspec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from cairn.cloudtrail.checkpoints.leaf import LeafDamaged, origin, read_leaf
from cairn.cloudtrail.checkpoints.merkle import Accumulator, BadProof, leaf_hash, verify_consistency, verify_inclusion
from cairn.cloudtrail.checkpoints.note import (
    BadNote,
    Checkpoint,
    VerifierKey,
    open_checkpoint,
    sign_note,
    unsigned_checkpoint,
)
from cairn.cloudtrail.checkpoints.tiles import (
    WIDTH,
    TileDamaged,
    pack_entries,
    parse_path,
    tiles_of,
    unpack_entries,
    unpack_hashes,
)
from cairn.cloudtrail.digests.digest import DigestDamaged, parse_key, read_digest
from cairn.cloudtrail.digests.signature import NoPublicKey, PublicKey
from cairn.cloudtrail.trail import TrailId
from cairn.cloudtrail.verify.checkpoint_log import CHECKPOINT, LogDamaged, read_log
from cairn.cloudtrail.verify.keys import PublicKeys
from cairn.cloudtrail.verify.log_reading import LogReading
from cairn.cloudtrail.verify.places import Listed, NotThere, Stored
from cairn.cloudtrail.verify.seen import SeenCheckpoints
from cairn.cloudtrail.verify.servers_logs import servers_logs
from cairn.cloudtrail.verify.verdicts import Verdict
from cairn.cloudtrail.verify.verification import Verification
from cairn.core.decoding import UNREADABLE
from cairn.core.errors import Misuse, Unreachable
from fuzz.target import SEPARATOR, Target, attempt, parts, scratch, text

TRAIL = TrailId("111122223333", "us-east-1", "audit")
BUCKET = "trail-logs"
_KEY = Ed25519PrivateKey.from_private_bytes(bytes(32))
_VERIFIER = VerifierKey(origin(TRAIL), _KEY.public_key())
_FOLDER = scratch()
ENTRIES_MAX = WIDTH


class _Bucket:
    """Objects as an input has them: key, metadata as JSON, content, one behind the other."""

    bucket = BUCKET
    prefix = ""

    def __init__(self, data: bytes, *, metadata: bool) -> None:
        self._objects: dict[str, Stored] = {}
        found = data.split(SEPARATOR)[:30]
        for key, said, content in zip(found[::3], found[1::3], found[2::3], strict=False):
            name = text(key)
            if name.endswith(".gz") and not content.startswith(b"\x1f\x8b"):
                content = gzip.compress(content, 1, mtime=0)
            self._objects[name] = Stored(content, _metadata(said) if metadata else None)

    def list(self, bucket: str, prefix: str, *, after: str = "") -> Iterator[Listed]:
        if bucket == BUCKET:
            yield from (Listed(key, 0.0) for key in sorted(self._objects) if key.startswith(prefix) and key > after)

    def read(self, bucket: str, key: str) -> Stored:
        if bucket != BUCKET or key not in self._objects:
            raise NotThere(f"there is no s3://{bucket}/{key}")
        return self._objects[key]


def _metadata(said: bytes) -> dict[str, str]:
    """Metadata of S3: names and values that headers can have."""
    try:
        found = json.loads(said)
    except (ValueError, RecursionError):
        return {}
    pairs = found.items() if isinstance(found, dict) else ()
    return {name: value for name, value in pairs if isinstance(value, str) and value.isascii()}


def bucket(data: bytes) -> None:
    """A whole verification, as of a bucket and as of a folder."""
    for metadata in (True, False):
        place = _Bucket(data, metadata=metadata)
        reading = LogReading(place, "s3://trail-logs", SeenCheckpoints(None), signatures=not metadata)
        verdicts = list(reading.run(None))
        verification = Verification(place, PublicKeys(), end=2_000_000_000, logs=tuple(reading.logs))
        verdicts += [item for item in verification.run() if isinstance(item, Verdict)]
        for verdict in verdicts:
            _ = verdict.line.encode("utf-8", "replace")
        assert not any(verdict.is_valid for verdict in verdicts if "Digest" in verdict.key), "valid without a key"


def server(data: bytes) -> None:
    """What a running server tells of its checkpoint logs, and of each of their files, while the bucket has none."""
    logs, file = parts(data, 2)

    def get(path: str, query: Mapping[str, str]) -> Any:
        return msgspec.json.decode(logs if path == "checkpoint" else file)

    try:
        told = servers_logs(get, None)
        verdicts = list(
            LogReading(_Bucket(b"", metadata=True), "s3://b", SeenCheckpoints(None), servers=told).run(None)
        )
    except UNREADABLE:  # as `cli.server` says that it is no Cairn
        return
    for verdict in verdicts:
        _ = verdict.line.encode("utf-8", "replace")


def log(data: bytes) -> None:
    """Leaves of a log whose tree and checkpoint fit them."""
    entries = data.split(SEPARATOR)[:ENTRIES_MAX]
    entries = [entry[:65_535] for entry in entries]
    found = read_log(_published(entries), TRAIL, _VERIFIER, (), signatures=True)
    assert found.checkpoint.size == len(entries)


def _published(entries: Sequence[bytes]) -> _Files:
    tree = Accumulator()
    for entry in entries:
        tree.add(leaf_hash(entry))
    checkpoint = Checkpoint(origin(TRAIL), len(entries), tree.root())
    files = {CHECKPOINT: sign_note(checkpoint.encode(), origin(TRAIL), _KEY).encode()}
    for tile in tiles_of(len(entries)):
        if tile.level is None:
            files[tile.path] = pack_entries(entries[tile.start :][: tile.width])
    return _Files(files)


class _Files(dict[str, bytes]):
    def __call__(self, path: str) -> bytes:
        if path not in self:
            raise NotThere(f"there is no {path}")
        return self[path]


def signed_log(data: bytes) -> None:
    """The text of a checkpoint, signed whatever it says, and a bundle."""
    said, bundle = parts(data, 2)
    note = sign_note(text(said) + "\n", origin(TRAIL), _KEY).encode("utf-8", "replace")
    files = _Files({CHECKPOINT: note, "tile/entries/000": bundle, "tile/entries/000.p/1": bundle})
    read_log(files, TRAIL, _VERIFIER, (), signatures=True)


def note(data: bytes) -> None:
    """A note, a verifier key, and a file of seen checkpoints."""
    said = text(data)
    attempt(
        (BadNote, Misuse),
        lambda: VerifierKey.parse(said),
        lambda: open_checkpoint(said, _VERIFIER),
        lambda: Checkpoint.parse(said),
        lambda: unsigned_checkpoint(said),
        lambda: _remembered(data),
    )


def _remembered(data: bytes) -> None:
    path = _FOLDER / "seen"
    path.write_bytes(data)
    seen = SeenCheckpoints(path)
    seen.key(origin(TRAIL))
    seen.checkpoint(origin(TRAIL), _VERIFIER)


def tiles(data: bytes) -> None:
    width = data[0] if data else 0
    for read in (unpack_entries, unpack_hashes):
        try:
            found = read(data[1:], width)
        except TileDamaged:
            continue
        assert len(found) == width
        assert (pack_entries(found) if read is unpack_entries else b"".join(found)) == data[1:]
    tile = parse_path(text(data))
    assert tile is None or tile.path == text(data)
    hashes = [data[at : at + 32] for at in range(0, len(data) - 31, 32)]
    if len(hashes) > 2:
        _not_proven(lambda: verify_inclusion(hashes[0], width, len(data), hashes[2:], hashes[1]))
        _not_proven(lambda: verify_consistency(width, hashes[0], len(data), hashes[1], hashes[2:]))


def _not_proven(check: Callable[[], None]) -> None:
    try:
        check()
    except BadProof:
        return
    raise AssertionError("a proof is taken that nobody made")


def leaf(data: bytes) -> None:
    found = read_leaf(data)
    assert read_leaf(found.encode()) == found


def digest(data: bytes) -> None:
    """A digest file and the key of an object."""
    parse_key(text(data))
    for content in (data, gzip.compress(data, 1, mtime=0)):
        try:
            found, plain = read_digest(content)
        except DigestDamaged:
            continue
        found.signed_text()
        assert hashlib.sha256(plain).digest()
        assert read_digest(gzip.compress(found.encode()))[0] == found


def public_key(data: bytes) -> None:
    """A DER key, and a file as `aws cloudtrail list-public-keys` prints it."""
    attempt((NoPublicKey,), lambda: PublicKey.load(data).verifies(b"text", "00" * 256))
    path = _FOLDER / "keys"
    path.write_bytes(data)
    PublicKeys.of_files([path]).find("ab", "us-east-1")


TARGETS = (
    Target(
        "verify-bucket", "Whatever a bucket holds, `cairn verify` ends with verdicts, none valid without a key.", bucket
    ),
    Target("verify-server", "What a server tells of its checkpoint logs ends in verdicts.", server, (Unreachable,)),
    Target("checkpoint-log", "Leaves of a log that is whole: read, or damaged.", log, (LogDamaged,)),
    Target(
        "signed-log",
        "Checkpoints that the log's own key signed, whatever they say.",
        signed_log,
        (LogDamaged, NotThere),
    ),
    Target("checkpoint-note", "Notes, verifier keys and remembered checkpoints.", note),
    Target("tiles", "Tiles, bundles and proofs: what is read is written the same; no proof is taken by chance.", tiles),
    Target("leaf", "Leaves: what is read is written the same.", leaf, (LeafDamaged,)),
    Target("digest", "Digest files: what is read is written the same.", digest),
    Target("public-key", "Public keys of files and of ListPublicKeys.", public_key, (Misuse, NoPublicKey)),
)
