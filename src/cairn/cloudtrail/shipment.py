"""Carrying a staged plan out: spool its files, put them into the bucket, note that they are there."""

from __future__ import annotations

import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from cairn.cloudtrail import notices, plans, status
from cairn.cloudtrail.encryption import context_of
from cairn.cloudtrail.gather import FileDraft
from cairn.cloudtrail.logfile import LogFileName, Written, write_log_file
from cairn.cloudtrail.plans import DeliveredFile, Plan
from cairn.cloudtrail.trail import Trail
from cairn.core.clock import Clock
from cairn.core.durable import private_folder
from cairn.core.failpoints import failpoint
from cairn.core.objects import ObjectStore, ObjectStoreError
from cairn.core.state import State


@dataclass(frozen=True)
class SpooledFile:
    """A log file on this machine's disk, ready to leave."""

    account: str
    region: str
    part: int
    folder: str
    organization: str
    events: int
    oldest: int
    newest: int
    written: Written
    path: Path

    def key(self, trail: Trail, plan: Plan) -> str:
        name = LogFileName(trail.arn, self.account, self.region, plan.slot, plan.first, plan.next, self.part)
        return name.key(trail.settings.prefix, organization=self.organization, folder=self.folder)


class Spool:
    """Files of staged plans on their way. Nothing in it matters after a restart: it begins empty."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        shutil.rmtree(folder, ignore_errors=True)
        private_folder(folder)

    def write(self, plan: Plan, drafts: list[FileDraft]) -> list[SpooledFile]:
        """Write the files of a plan; `drafts` is emptied on the way, so that memory is freed."""
        folder = self._folder / str(plan.id)
        folder.mkdir(exist_ok=True, mode=0o700)
        spooled: list[SpooledFile] = []
        while drafts:
            draft = drafts.pop(0)
            path = folder / f"{len(spooled)}.json.gz"
            written = write_log_file(path, draft.records)
            place = (draft.account, draft.region, draft.part, draft.folder, draft.organization)
            measures = (len(draft.records), draft.oldest, draft.newest)
            spooled.append(SpooledFile(*place, *measures, written, path))
        return spooled

    def drop(self, plan: Plan) -> None:
        shutil.rmtree(self._folder / str(plan.id), ignore_errors=True)


def put_for(
    store: ObjectStore,
    trail: Trail,
    bucket: str,
    key: str,
    content: Path | bytes,
    *,
    sha256: str,
    metadata: Mapping[str, str] | None = None,
) -> None:
    """Put a gzip file of a trail, encrypted as the trail says and verified by the store.

    Args:
        sha256: of `content` as stored, hex.

    Raises:
        ObjectStoreError: the bucket did not take it.
    """
    store.put(
        bucket,
        key,
        content,
        sha256=sha256,
        content_encoding="gzip",
        metadata=metadata,
        kms_key=trail.settings.kms_key,
        encryption_context=context_of(trail.arn, bucket, key) if trail.settings.kms_key else None,
        on_behalf_of=trail.arn,
    )


class Shipper:
    """Puts the files of plans into buckets. Used by many threads, for one trail by one at a time.

    The destination is the trail's as it stands at each attempt, not as it stood at staging: where a bucket was
    replaced because it is gone, all that waits goes to the new one. Files that an attempt had put into the old bucket
    before it failed stay there as copies that no status, notice or digest names.
    """

    def __init__(self, state: State, store: ObjectStore, clock: Clock) -> None:
        self._state = state
        self._store = store
        self._clock = clock

    def ship(self, trail: Trail, plan: Plan, files: Sequence[SpooledFile]) -> None:
        """Deliver all files of a staged plan.

        Raises:
            ObjectStoreError: the bucket did not take a file; the status tells it, and the plan stays staged.
        """
        try:
            delivered = [self._put(trail, plan, file) for file in files]
        except ObjectStoreError as error:
            regions = {trail.id.home_region, *(file.region for file in files)}
            with self._state.write() as connection:
                status.failed(connection, trail.row, regions, self._clock.now(), error.code)
            raise
        failpoint("delivery.uploaded_all")
        with self._state.write() as connection:
            now = self._clock.now()
            if plans.deliver(connection, plan, delivered, now) and trail.settings.topic:
                notices.owe(connection, plan.id, trail.row, now)
            failpoint("delivery.committing")
        failpoint("delivery.committed")

    def put(self, trail: Trail, bucket: str, key: str, file: SpooledFile) -> None:
        """Put one file, verified by the store.

        Raises:
            ObjectStoreError: the bucket did not take it.
        """
        put_for(self._store, trail, bucket, key, file.path, sha256=file.written.stored_sha256)

    def _put(self, trail: Trail, plan: Plan, file: SpooledFile) -> DeliveredFile:
        bucket, key = trail.settings.bucket, file.key(trail, plan)
        failpoint("delivery.uploading")
        self.put(trail, bucket, key, file)
        failpoint("delivery.uploaded")
        return DeliveredFile(
            trail=trail.row,
            plan=plan.id,
            account=file.account,
            region=file.region,
            part=file.part,
            bucket=bucket,
            key=key,
            events=file.events,
            bytes=file.written.bytes,
            sha256=file.written.sha256,
            oldest=file.oldest,
            newest=file.newest,
            delivered=self._clock.now(),
        )
