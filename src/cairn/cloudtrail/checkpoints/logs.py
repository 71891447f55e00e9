"""The store of checkpoint logs: grow one by delivered digests and sign it, and read what was published. No network.

Entries, hashes, cursor and the signed note are one transaction, and no note leaves before it. So whatever dies when,
only one tree of a size was ever signed.
"""

from __future__ import annotations

from collections.abc import Sequence

import msgspec
import sqlalchemy as sa
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from cairn.cloudtrail.checkpoints import tree
from cairn.cloudtrail.checkpoints.leaf import Leaf, origin
from cairn.cloudtrail.checkpoints.merkle import Proof, consistency_proof, inclusion_proof, root
from cairn.cloudtrail.checkpoints.note import Checkpoint, VerifierKey, open_checkpoint, sign_note
from cairn.cloudtrail.checkpoints.tables import logs
from cairn.cloudtrail.checkpoints.tiles import Tile
from cairn.cloudtrail.trail import TrailId
from cairn.core.errors import CairnError
from cairn.core.state import State


class LogForked(CairnError):
    """A checkpoint that was signed before is not one of this log's: signing on would make two histories of it."""


class DeliveredDigest(msgspec.Struct, frozen=True):
    """A digest that is in its bucket."""

    row: int
    """Its number in the saved state; later ones have larger numbers."""
    leaf: Leaf


class Log(msgspec.Struct, frozen=True, kw_only=True):
    """A trail's log as it stands."""

    row: int
    trail: str
    """ARN."""
    key: str
    """Verifier key."""
    cursor: int
    size: int
    note: str
    """The checkpoint signed last; empty before the first."""
    published_size: int
    published_note: str
    published_place: str


class CheckpointLogs:
    """All logs. Only `grow` signs."""

    def __init__(self, state: State) -> None:
        self._state = state

    def all(self) -> list[Log]:
        with self._state.read() as connection:
            return [_log(row) for row in connection.execute(sa.select(logs).order_by(logs.c.id)).mappings()]

    def find(self, trail: TrailId) -> Log | None:
        with self._state.read() as connection:
            return _find(connection, trail.arn)

    def begin(self, trail: TrailId, key: Ed25519PrivateKey) -> Log:
        """The trail's log, an empty one if it has none yet.

        Raises:
            LogForked: another key signed it before.
        """
        verifier = str(VerifierKey(origin(trail), key.public_key()))
        with self._state.write() as connection:
            found = _find(connection, trail.arn)
            if found is None:
                values = {"trail": trail.arn, "key": verifier, "cursor": 0, "size": 0, "note": ""}
                values |= {"published_size": 0, "published_note": "", "published_place": ""}
                connection.execute(sa.insert(logs).values(values))
                found = _find(connection, trail.arn)
        assert found is not None
        if found.key != verifier:
            raise LogForked(
                f"the checkpoint log of {trail.arn} was signed by {found.key}, and the key now is {verifier}",
                advice="Put the key's file back into the data folder.",
            )
        return found

    def check(self, log: Log, published: Checkpoint) -> None:
        """Raise `LogForked` unless `published`, which our key signed, is this log as it is or was."""
        if published.size > log.size:
            raise LogForked(
                f"the saved state was rolled back: the checkpoint log of {log.trail} has {log.size} digests, and a "
                f"checkpoint of {published.size} is published"
            )
        with self._state.read() as connection:
            if root(tree.nodes(connection, log.row), published.size) != published.root:
                raise LogForked(f"the published checkpoint of {log.trail} is not one of its log")

    def grow(self, log: Log, digests: Sequence[DeliveredDigest], key: Ed25519PrivateKey) -> Log:
        """Append digests and sign the tree that they make. One that is in the log already is passed over.

        Raises:
            LogForked: the tree is not the one that was signed last.
        """
        with self._state.write() as connection:
            now = _find(connection, log.trail)
            assert now is not None
            new = [digest for digest in digests if digest.row > now.cursor]
            if not new:
                return now
            name = VerifierKey.parse(now.key)
            nodes = tree.nodes(connection, now.row)
            if now.note and open_checkpoint(now.note, name) != Checkpoint(name.name, now.size, root(nodes, now.size)):
                raise LogForked(f"the checkpoint log of {log.trail} is not the one that was signed last")
            tree.append(connection, now.row, now.size, [digest.leaf.encode() for digest in new])
            size = now.size + len(new)
            note = sign_note(Checkpoint(name.name, size, root(nodes, size)).encode(), name.name, key)
            values = {"cursor": new[-1].row, "size": size, "note": note}
            connection.execute(sa.update(logs).where(logs.c.id == now.row).values(values))
        return msgspec.structs.replace(now, **values)

    def published(self, log: Log, place: str) -> bool:
        """Note that `place` has the log up to its note. False if it had a newer one meanwhile, which must go again."""
        with self._state.write() as connection:
            now = _find(connection, log.trail)
            assert now is not None
            if now.published_place == place and now.published_size > log.size:
                return False
            values = {"published_size": log.size, "published_note": log.note, "published_place": place}
            connection.execute(sa.update(logs).where(logs.c.id == log.row).values(values))
        return True

    def publish_again(self, trail: TrailId) -> None:
        """Have every file of the log put again, in case its bucket lost some."""
        with self._state.write() as connection:
            connection.execute(sa.update(logs).where(logs.c.trail == trail.arn).values(published_place=""))

    def file(self, log: Log, tile: Tile) -> bytes:
        """The bytes of a tile or a bundle.

        Raises:
            TreeDamaged: it is not, or not wholly, there.
        """
        with self._state.read() as connection:
            return tree.content(connection, log.row, tile)

    def inclusion(self, log: Log, index: int, size: int) -> Proof:
        """That the entry at `index` is in the tree of the first `size`.

        Raises:
            BadProof: there are not so many.
        """
        with self._state.read() as connection:
            return inclusion_proof(tree.nodes(connection, log.row), index, min(size, log.size))

    def consistency(self, log: Log, old: int, new: int) -> Proof:
        """That the tree of the first `new` entries begins with that of the first `old`.

        Raises:
            BadProof: it cannot.
        """
        with self._state.read() as connection:
            return consistency_proof(tree.nodes(connection, log.row), old, min(new, log.size))


def _find(connection: sa.Connection, arn: str) -> Log | None:
    row = connection.execute(sa.select(logs).where(logs.c.trail == arn)).mappings().first()
    return _log(row) if row is not None else None


def _log(row: sa.RowMapping) -> Log:
    return Log(row=row["id"], **{name: row[name] for name in Log.__struct_fields__ if name != "row"})
