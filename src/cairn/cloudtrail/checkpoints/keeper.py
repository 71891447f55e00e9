"""The step that keeps the checkpoint logs: delivered digests become entries, and the log is published in the bucket.

A log lies beside its digests, in the trail's own bucket. Before anything is signed, the checkpoint that is published
there is read: if it is not one of this log, the saved state was rolled back, and nothing is signed.
"""

from __future__ import annotations

import hashlib
import logging
from collections.abc import Iterable
from pathlib import Path
from typing import NamedTuple, Protocol

from cairn.cloudtrail.checkpoints.leaf import folder
from cairn.cloudtrail.checkpoints.logs import CheckpointLogs, DeliveredDigest, Log
from cairn.cloudtrail.checkpoints.note import BadNote, VerifierKey, open_checkpoint
from cairn.cloudtrail.checkpoints.signer import signing_key
from cairn.cloudtrail.checkpoints.tiles import tiles_of
from cairn.cloudtrail.encryption import context_of
from cairn.cloudtrail.trail import TrailId
from cairn.core.clock import Clock
from cairn.core.errors import CairnError
from cairn.core.failpoints import failpoint
from cairn.core.objects import ObjectStore, ObjectStoreError
from cairn.core.state import State

log = logging.getLogger(__name__)

CHECKPOINT = "checkpoint"
KEY = "key"
POLL_S = 2.0
DIGESTS_A_STEP = 1000
RETRY_FIRST_S = 2.0
RETRY_MAX_S = 300.0
UNREADABLE_S = 60.0
"""After which a published checkpoint that the store has and cannot give is taken for a changed one."""

_NOTHING = frozenset({"NoSuchKey", "404", "NotFound"})
_TEXT = "text/plain; charset=utf-8"
_BYTES = "application/octet-stream"


class Destination(NamedTuple):
    """A trail, and where it delivers to now."""

    trail: TrailId
    bucket: str
    prefix: str
    kms_key: str = ""
    """ARN of the key that its files are encrypted with; empty: as the bucket says."""

    @property
    def folder(self) -> str:
        return folder(self.trail, self.prefix)


class DeliveredDigests(Protocol):
    """The digests that trails have in their buckets, as whoever makes them gives them."""

    def destinations(self) -> Iterable[Destination]:
        """Trails that ever had digests, each once, where a deleted one delivered to last too."""

    def after(self, trail: TrailId, row: int, most: int) -> list[DeliveredDigest]:
        """The next digests of all trails of that name, in the order of their rows. It ends before one that is still
        to be delivered; one that was given up is passed over."""


class _Trouble(NamedTuple):
    began: float
    retry_at: float
    pause_s: float
    error: str


class CheckpointKeeper:
    """The step. For one thread; a second worker's does no harm.

    Args:
        keys: the folder of the key that signs.
    """

    name = "checkpoints"

    def __init__(self, state: State, digests: DeliveredDigests, store: ObjectStore, keys: Path, clock: Clock) -> None:
        self._logs = CheckpointLogs(state)
        self._digests = digests
        self._store = store
        self._keys = keys
        self._clock = clock
        self._troubles: dict[str, _Trouble] = {}

    def step(self) -> float:
        """Bring every log up to date. Returns the seconds until there may be more to do.

        Raises:
            CairnError: a log cannot be kept; all others were seen to.
        """
        progress = False
        for destination in self._digests.destinations():
            arn = destination.trail.arn
            trouble = self._troubles.get(arn)
            if trouble is not None and self._clock.monotonic() < trouble.retry_at:
                continue
            try:
                progress |= self._keep(destination)
                self._troubles.pop(arn, None)
            except CairnError as error:
                pause_s = min(trouble.pause_s * 2, RETRY_MAX_S) if trouble is not None else RETRY_FIRST_S
                now = self._clock.monotonic()
                began = trouble.began if trouble is not None else now
                self._troubles[arn] = _Trouble(began, now + pause_s, pause_s, str(error))
        if self._troubles:
            raise CairnError("; ".join(f"{arn}: {trouble.error}" for arn, trouble in self._troubles.items()))
        return 0.0 if progress else POLL_S

    def _keep(self, destination: Destination) -> bool:
        """Grow and publish one log. Returns whether there was anything to do."""
        known = self._logs.find(destination.trail)
        new = self._digests.after(destination.trail, known.cursor if known is not None else 0, DIGESTS_A_STEP)
        place = f"{destination.bucket}/{destination.folder}"
        if not new and (known is None or (known.published_note, known.published_place) == (known.note, place)):
            return False
        key = signing_key(self._keys)
        found = self._logs.begin(destination.trail, key)
        there = self._there(destination, found)
        grown = self._logs.grow(found, new, key)
        if not grown.size:
            return False
        failpoint("checkpoints.signed")
        since = min(there, grown.published_size) if grown.published_place == place else 0
        self._publish(destination, grown, since=since)
        if not self._logs.published(grown, place):
            newest = self._logs.find(destination.trail)
            assert newest is not None
            self._publish(destination, newest, since=newest.size)
        return True

    def _there(self, destination: Destination, found: Log) -> int:
        """How many entries of the log the bucket has, by the checkpoint in it; none where it was made again since.

        Raises:
            LogForked: our key signed the checkpoint, and it is not one of this log.
        """
        try:
            content = self._store.get(destination.bucket, destination.folder + CHECKPOINT)
        except ObjectStoreError as error:
            if error.code in _NOTHING:
                return 0
            if error.code in ("AccessDenied", "403"):
                log.warning("the published checkpoint of %s cannot be read: %s", destination.trail.arn, error)
                return found.size  # where we may write only, a rolled back state is seen by those who read alone
            if not self._long_in_trouble(destination):
                raise
            self._store.head(destination.bucket, destination.folder + CHECKPOINT)  # raises where the store is away
            log.error(
                "the published checkpoint of %s cannot be read, and is put again: %s", destination.trail.arn, error
            )
            return 0
        try:
            published = open_checkpoint(content.decode(), VerifierKey.parse(found.key))
        except (BadNote, UnicodeDecodeError) as error:
            log.error("the published checkpoint of %s was changed, and is put again: %s", destination.trail.arn, error)
            return 0
        self._logs.check(found, published)
        return published.size

    def _long_in_trouble(self, destination: Destination) -> bool:
        trouble = self._troubles.get(destination.trail.arn)
        return trouble is not None and self._clock.monotonic() - trouble.began >= UNREADABLE_S

    def _publish(self, destination: Destination, grown: Log, *, since: int) -> None:
        """Put what the bucket lacks, the checkpoint last: whoever reads it finds all that it speaks of."""
        for tile in tiles_of(grown.size, since):
            self._put(destination, tile.path, self._logs.file(grown, tile), _BYTES)
        failpoint("checkpoints.tiled")
        self._put(destination, KEY, f"{grown.key}\n".encode(), _TEXT)
        self._put(destination, CHECKPOINT, grown.note.encode(), _TEXT)
        failpoint("checkpoints.published")

    def _put(self, destination: Destination, path: str, content: bytes, content_type: str) -> None:
        bucket, key, arn = destination.bucket, destination.folder + path, destination.trail.arn
        self._store.put(
            bucket,
            key,
            content,
            sha256=hashlib.sha256(content).hexdigest(),
            content_type=content_type,
            kms_key=destination.kms_key,
            encryption_context=context_of(arn, bucket, key) if destination.kms_key else None,
            on_behalf_of=arn,
        )
