"""Reading a trail's checkpoint log from outside: it is whole, signed, and the one that was seen before, only longer.

Every entry is read, so the roots of all earlier sizes are worked out on the way and no proof has to be believed.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import NamedTuple

from cairn.cloudtrail.checkpoints.leaf import FOLDER, Leaf, LeafDamaged, folder, key_hash, origin, read_leaf
from cairn.cloudtrail.checkpoints.merkle import Accumulator, leaf_hash
from cairn.cloudtrail.checkpoints.note import BadNote, Checkpoint, VerifierKey, open_checkpoint
from cairn.cloudtrail.checkpoints.tiles import WIDTH, Tile, TileDamaged, tiles_of, unpack_entries
from cairn.cloudtrail.trail import TrailId
from cairn.cloudtrail.verify.places import ROOT, NotThere, Place, folders
from cairn.core.clock import from_iso
from cairn.core.errors import CairnError

CHECKPOINT = "checkpoint"
KEY = "key"
"""Names in a log's folder: the newest checkpoint, and the verifier key for whoever sees it for the first time."""

Fetch = Callable[[str], bytes]
"""A file of the log by its path in the log's folder. Raises `NotThere`."""


class LogDamaged(CairnError):
    """The log is not what it should be; the message says what that means."""


class SeenBefore(NamedTuple):
    """A checkpoint that somebody has kept, and who: `--checkpoint`, `the server`."""

    checkpoint: Checkpoint
    where: str


class LoggedDigest(NamedTuple):
    """What the log says of a digest."""

    bucket: str
    key: str
    sha256: bytes
    end: int
    signature: str
    """Empty unless it was asked for: they take most of the memory."""


class ReadLog:
    """A log that was read whole."""

    def __init__(self, trail: TrailId, note: str, checkpoint: Checkpoint) -> None:
        self.trail = trail
        self.note = note
        self.checkpoint = checkpoint
        self.digests: dict[tuple[str, str], dict[bytes, LoggedDigest]] = {}
        """By account and region, then by `key_hash`."""

    def signature(self, bucket: str, key: str) -> str | None:
        wanted = key_hash(bucket, key)
        for digests in self.digests.values():
            if wanted in digests:
                return digests[wanted].signature or None
        return None

    def add(self, leaf: Leaf, *, signatures: bool) -> None:
        digests = self.digests.setdefault((leaf.account, leaf.region), {})
        digests[key_hash(leaf.bucket, leaf.key)] = LoggedDigest(
            leaf.bucket,
            leaf.key,
            bytes.fromhex(leaf.sha256),
            from_iso(leaf.end),
            leaf.signature if signatures else "",
        )


def find_logs(place: Place) -> Iterator[TrailId]:
    """Trails whose logs are in a place."""
    root = f"{place.prefix}/{ROOT}" if place.prefix else ROOT
    for account in folders(place, place.bucket, root):
        logs = f"{root}{account}/{FOLDER}/"
        for region in folders(place, place.bucket, logs):
            for name in folders(place, place.bucket, f"{logs}{region}/"):
                yield TrailId(account, region, name)


def in_place(place: Place, trail: TrailId) -> Fetch:
    """A log's files in the trail's own bucket."""
    base = folder(trail, place.prefix)
    return lambda path: place.read(place.bucket, base + path).content


def read_log(
    fetch: Fetch, trail: TrailId, key: VerifierKey, before: Sequence[SeenBefore], *, signatures: bool
) -> ReadLog:
    """Read a log and hold it against every checkpoint that was seen before.

    Raises:
        NotThere: there is no checkpoint.
        LogDamaged: it was rolled back, forked, cut, or is not signed by `key`.
    """
    try:
        note = fetch(CHECKPOINT).decode()
        checkpoint = open_checkpoint(note, key, origin(trail))
    except (BadNote, UnicodeDecodeError) as error:
        raise LogDamaged(f"the checkpoint is not the log's: {error}") from error
    _check_sizes(checkpoint, before)
    log = ReadLog(trail, note, checkpoint)
    tree = Accumulator()
    roots = {seen.checkpoint.size: b"" for seen in before}
    roots[0] = tree.root()
    for tile in tiles_of(checkpoint.size):
        if tile.level is not None:
            break
        for entry in _entries(fetch, tile):
            tree.add(leaf_hash(entry))
            if tree.size in roots:
                roots[tree.size] = tree.root()
            log.add(_leaf(entry), signatures=signatures)
    if tree.root() != checkpoint.root:
        raise LogDamaged("its entries are not those of its checkpoint")
    for seen in before:
        if roots[seen.checkpoint.size] != seen.checkpoint.root:
            raise LogDamaged(f"fork: it does not begin with the {seen.checkpoint.size} digests that {seen.where} knows")
    return log


def _check_sizes(checkpoint: Checkpoint, before: Sequence[SeenBefore]) -> None:
    for seen in before:
        if seen.checkpoint.size > checkpoint.size:
            raise LogDamaged(
                f"roll-back: it has {checkpoint.size} digests, and {seen.where} knows {seen.checkpoint.size}"
            )


def _entries(fetch: Fetch, tile: Tile) -> list[bytes]:
    """A bundle's entries. A partial one may have been taken away once it was full."""
    try:
        try:
            return unpack_entries(fetch(tile.path), tile.width)
        except NotThere:
            whole = Tile(None, tile.number)
            return unpack_entries(fetch(whole.path), WIDTH)[: tile.width]
    except NotThere as error:
        raise LogDamaged(f"its entries {tile.path} are gone") from error
    except TileDamaged as error:
        raise LogDamaged(f"its entries {tile.path} are damaged: {error}") from error


def _leaf(entry: bytes) -> Leaf:
    try:
        return read_leaf(entry)
    except LeafDamaged as error:
        raise LogDamaged(f"it has an entry that is no digest: {error}") from error
