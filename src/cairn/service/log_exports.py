"""The buckets that log groups are exported to: those of the embedded account, or of an S3 elsewhere."""

from __future__ import annotations

import hashlib
from pathlib import Path

from cairn.account.s3.buckets import Buckets
from cairn.cloudtrail.preconditions import Destinations
from cairn.cloudwatch.exports import BucketError
from cairn.core.clock import Clock
from cairn.core.config import Settings
from cairn.core.errors import AwsError
from cairn.core.folder import DataFolder
from cairn.core.objects import ObjectStore, ObjectStoreError
from cairn.core.state import State
from cairn.service.as_cloudwatch_logs import logs_may, service_may
from cairn.service.elsewhere import BucketsElsewhere, s3_elsewhere
from cairn.service.joints import BucketDestinations, EmbeddedBuckets


class ExportBuckets:
    """`cloudwatch.exports.Buckets`. The embedded account's bucket policies are asked here; an S3 elsewhere says itself
    what it lets us do, as whom its URL or boto3 makes us."""

    def __init__(self, store: ObjectStore, destinations: Destinations, *, is_embedded: bool) -> None:
        self._store = store
        self._destinations = destinations
        self._is_embedded = is_embedded

    def check(self, bucket: str, *, source: str) -> None:
        try:
            if not self._destinations.bucket_exists(bucket):
                raise BucketError("NoSuchBucket", f"there is no bucket {bucket}")
            if not self._is_embedded:
                return
            partition, region = source.split(":")[1], source.split(":")[3]
            if self._destinations.bucket_region(bucket) != region:
                raise BucketError("PermanentRedirect", f"the bucket {bucket} is not in {region}")
            policy = self._destinations.bucket_policy(bucket)
            if not logs_may(policy, "s3:GetBucketAcl", f"arn:{partition}:s3:::{bucket}", source):
                raise BucketError("AccessDenied", f"the policy of {bucket} does not let CloudWatch Logs see its ACL")
        except AwsError as error:
            raise BucketError("", error.message) from error

    def put(self, bucket: str, key: str, content: Path | bytes, *, source: str) -> None:
        try:
            self._store.put(
                bucket,
                key,
                content,
                sha256=_sha256(content),
                content_type="application/octet-stream",
                on_behalf_of=source,
            )
        except ObjectStoreError as error:
            raise BucketError(error.code, error.message) from error


def export_buckets(folder: DataFolder, settings: Settings, saved: State, clock: Clock) -> ExportBuckets:
    """Where `settings` say that buckets are."""
    endpoint = s3_elsewhere(settings)
    if endpoint is not None:
        elsewhere = BucketsElsewhere(endpoint, settings.account.region)
        return ExportBuckets(elsewhere, elsewhere, is_embedded=False)
    destinations = BucketDestinations(Buckets(saved, clock))
    store = EmbeddedBuckets(folder.runtime(), folder.buckets, destinations, may=service_may)
    return ExportBuckets(store, destinations, is_embedded=True)


def _sha256(content: Path | bytes) -> str:
    if isinstance(content, bytes):
        return hashlib.sha256(content).hexdigest()
    with content.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
