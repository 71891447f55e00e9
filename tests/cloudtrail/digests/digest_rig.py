"""A rig that makes digests too, and the AWS CLI's own validator on its buckets."""

from __future__ import annotations

import base64
import contextlib
import io
from argparse import Namespace
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from awscli.customizations.cloudtrail.validation import CloudTrailValidateLogs
from botocore.exceptions import ClientError
from tests.cloudtrail.rig import STEPS_MAX, Rig

from cairn.cloudtrail.digests import chains
from cairn.cloudtrail.digests.chains import DigestRow
from cairn.cloudtrail.digests.check import check_digests
from cairn.cloudtrail.digests.digest import FOLDER, Digest, read_digest
from cairn.cloudtrail.digests.keys import Keys
from cairn.cloudtrail.digests.operations import operations
from cairn.cloudtrail.digests.putting import Putter
from cairn.cloudtrail.digests.requests import DigestRequests
from cairn.cloudtrail.digests.restore import Restoration
from cairn.cloudtrail.digests.sink import Digests
from cairn.cloudtrail.logfile import read_log_file, slot_end
from cairn.cloudtrail.trail import Trail
from cairn.core.clock import TestClock, iso_seconds
from cairn.core.objects import ObjectStoreError
from cairn.wire.operation import Context

HOUR = 3600.0
DAY = 24 * HOUR


class DigestRig(Rig):
    """Trails have validation on unless a test says otherwise; `work` delivers, then makes digests."""

    def __init__(self, folder: Path, clock: TestClock) -> None:
        super().__init__(folder, clock)
        self.keys = Keys(self.state, folder / "keys", clock)
        self.requests = DigestRequests(self.state, clock)
        self.backfill_after_s = DAY
        self.digests = self.sink()

    def sink(self) -> Digests:
        times = {"interval_s": HOUR, "backfill_after_s": self.backfill_after_s, "retry_for_s": 30 * DAY}
        return Digests(self.state, self.store, self.keys, self.clock, **times)

    def trail(self, name: str = "main", *arguments: Any, **settings: Any) -> Trail:
        return super().trail(name, *arguments, **({"validation": True} | settings))

    def digest(self) -> None:
        """Make digests until there is nothing to do now."""
        for _ in range(STEPS_MAX):
            if self.digests.step() > 0:
                return
        raise AssertionError("digests never rest")

    def work(self) -> None:
        super().work()
        self.digest()

    def hour(self) -> None:
        """Let the hour end, delivering on the way."""
        end = slot_end(self.clock.now(), HOUR)
        while self.clock.now() < end:
            self.deliver()

    def stop(self, trail: Trail) -> None:
        """Stop logging, and deliver what is left after the trail's late events are in."""
        self.trails.stop_logging(trail.id)
        self.clock.advance(6)
        self.record(self.event(account="999999999999"))
        self.deliver()

    def rows(self, region: str = "us-east-1") -> list[DigestRow]:
        """The digests of a region that are in a bucket, in order."""
        with self.state.read() as connection:
            rows = chains.rows(connection)
        return [row for row in rows if row.region == region and row.outcome == "delivered"]

    def made(self, region: str = "us-east-1") -> list[Digest]:
        """What is in the bucket under the keys of `rows`."""
        return [read_digest(self.store.get(row.bucket, row.key))[0] for row in self.rows(region)]

    def files(self, bucket: str = "logs") -> dict[str, list[bytes]]:
        stored = self.store.content(bucket).items()
        return {key: read_log_file(found.content) for key, found in stored if f"/{FOLDER}/" not in key}

    def check(self) -> None:
        super().check()
        assert check_digests(self.state, self.store) == []

    def validate(self, trail: Trail, start: float, **options: Any) -> tuple[int, str, list[str]]:
        """What `aws cloudtrail validate-logs` makes of it: exit code, summary, and the lines that tell of faults."""
        return _Validation(self, trail).run(start, **options)


class _Validation(CloudTrailValidateLogs):  # type: ignore[misc]  # awscli has no types
    """The CLI's command, its clients those of a rig."""

    def __init__(self, rig: DigestRig, trail: Trail) -> None:
        super().__init__(None)
        self._rig = rig
        self._trail = trail

    def setup_services(self, parsed_globals: Namespace) -> None:
        self._source_region = parsed_globals.region
        self.s3_client_provider = self
        self.organization_client = None
        self.cloudtrail_client = _CloudTrail(self._rig, parsed_globals.region)

    def get_client(self, bucket: str) -> _S3:
        return _S3(self._rig)

    def run(
        self, start: float, region: str = "us-east-1", bucket: str = "", end: float = 0.0
    ) -> tuple[int, str, list[str]]:
        settings = self._trail.settings
        arguments = Namespace(
            trail_arn=self._trail.arn,
            start_time=iso_seconds(start),
            end_time=iso_seconds(end or self._rig.clock.now()),
            s3_bucket=bucket or settings.bucket,
            s3_prefix=settings.prefix,
            account_id=None,
            verbose=False,
        )
        out, err = io.StringIO(), io.StringIO()
        with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
            code: int = self._run_main(arguments, Namespace(region=region, verify_ssl=True, endpoint_url=None))
        summary = [line for line in out.getvalue().splitlines() if "files valid" in line or "found" in line]
        return code, "; ".join(summary), [line for line in err.getvalue().splitlines() if line]


class _CloudTrail:
    def __init__(self, rig: DigestRig, region: str) -> None:
        self._operation = operations(rig.keys, rig.clock)["ListPublicKeys"]
        self._context = Context("111122223333", region)

    def list_public_keys(self, **params: Any) -> dict[str, Any]:
        answer = self._operation(self._context, params)
        return {"PublicKeyList": [key | {"Value": base64.b64encode(key["Value"])} for key in answer["PublicKeyList"]]}


class _S3:
    def __init__(self, rig: DigestRig) -> None:
        self._store = rig.store

    def get_paginator(self, operation: str) -> _S3:
        assert operation == "list_objects"
        return self

    def paginate(self, *, Bucket: str, Marker: str, Prefix: str) -> _Keys:
        return _Keys(info.key for info in self._store.list(Bucket, Prefix, after=Marker))

    def get_object(self, *, Bucket: str, Key: str) -> dict[str, Any]:
        try:
            stored = self._store.get(Bucket, Key)
            metadata = self._store.head(Bucket, Key).metadata
        except ObjectStoreError as error:
            raise ClientError({"Error": {"Code": error.code}}, "GetObject") from error
        return {"Body": io.BytesIO(stored), "Metadata": metadata}


class _Keys(list[str]):
    def __init__(self, keys: Iterator[str]) -> None:
        super().__init__(keys)

    def search(self, expression: str) -> list[str]:
        assert expression == "Contents[*].Key"
        return self


def restoration(rig: DigestRig) -> Restoration:
    return Restoration(rig.state, rig.store, rig.trails, Putter(rig.state, rig.store, rig.clock))
