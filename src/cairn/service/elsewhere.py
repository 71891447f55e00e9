"""What `[upstreams]` sends elsewhere: which services, and the buckets of trails where S3 is one of them."""

from __future__ import annotations

import difflib

from botocore.exceptions import BotoCoreError

from cairn.core.config import ANYTHING_ELSE, Settings
from cairn.core.errors import AwsError, ConfigurationError
from cairn.core.objects import ObjectStoreError
from cairn.core.s3_objects import S3ObjectStore
from cairn.wire.endpoint import Endpoint
from cairn.wire.models import index

_NO_BUCKET = frozenset({"404", "NoSuchBucket"})
_EMPTY_SHA256 = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"


def endpoints(settings: Settings) -> dict[str, Endpoint]:
    """The endpoints that `settings` name, by botocore's service name; `*` stands for everything else.

    Raises:
        ConfigurationError: one is no service, or no address.
    """
    known = index().services
    for name in settings.upstreams:
        if name != ANYTHING_ELSE and name not in known:
            close = difflib.get_close_matches(name, known, n=1)
            raise ConfigurationError(
                f"upstreams.{name}: there is no such service",
                advice=f"Did you mean upstreams.{close[0]}?" if close else "Names are those of boto3's clients.",
            )
    return {name: Endpoint.parse(url) for name, url in settings.upstreams.items()}


def s3_elsewhere(settings: Settings) -> Endpoint | None:
    """Where S3 is, if it is not in the embedded account."""
    named = endpoints(settings)
    return named.get("s3") or named.get(ANYTHING_ELSE)


class BucketsElsewhere(S3ObjectStore):
    """The buckets of an S3 that is not ours: trails are delivered there with the credentials of its URL, or else with
    those that boto3 finds. It is also `cloudtrail.preconditions.Destinations` for them."""

    def __init__(self, endpoint: Endpoint, region: str) -> None:
        credentials = endpoint.credentials
        super().__init__(
            endpoint.url,
            access_key_id=credentials.access_key_id if credentials else "",
            secret_access_key=credentials.secret_access_key if credentials else "",
            region=region,
        )

    def bucket_exists(self, bucket: str) -> bool:
        """Whether it does, as far as we are told: a bucket that we may not look at exists."""
        try:
            self._call("head_bucket", bucket)
        except ObjectStoreError as error:
            _must_answer(error)
            return error.code not in _NO_BUCKET
        return True

    def bucket_policy(self, bucket: str) -> str | None:
        """None too where that S3 has no policies, or does not show us this one."""
        try:
            policy: str = self._call("get_bucket_policy", bucket)["Policy"]
        except ObjectStoreError as error:
            _must_answer(error)
            return None
        return policy

    def takes(self, bucket: str, key: str) -> bool:
        """Whether it takes an empty object from us."""
        try:
            self.put(bucket, key, b"", sha256=_EMPTY_SHA256, content_type="application/x-directory")
        except ObjectStoreError as error:
            _must_answer(error)
            return False
        return True


def _must_answer(error: ObjectStoreError) -> None:
    """Raise unless the S3 there said no itself."""
    if not error.code or isinstance(error.__cause__, BotoCoreError):
        raise AwsError("ServiceUnavailable", f"The S3 that trails deliver to does not answer: {error}", 503) from error
