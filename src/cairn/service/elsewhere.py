"""What `[upstreams]` sends elsewhere: which services, and the buckets, topics and keys of trails where they are among
them."""

from __future__ import annotations

import difflib
from collections.abc import Mapping
from typing import Any

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from cairn.cloudtrail.encryption import Key
from cairn.cloudtrail.topics import TopicError
from cairn.core.config import ANYTHING_ELSE, Settings
from cairn.core.errors import AwsError, ConfigurationError
from cairn.core.objects import ObjectStoreError
from cairn.core.s3_objects import S3ObjectStore
from cairn.wire.endpoint import Endpoint
from cairn.wire.models import index

CONNECT_S = 5.0
READ_S = 20.0
ATTEMPTS = 2

OWN = "cairn"
"""What `[upstreams]` says of a service that Cairn serves itself, whatever it says of all others."""
OWN_SERVICES = frozenset({"cloudtrail", "logs", "cloudwatch", "sns", "events"})
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
        if settings.upstreams[name] == OWN and name not in OWN_SERVICES:
            raise ConfigurationError(
                f"upstreams.{name}: Cairn does not serve {name} itself",
                advice=f"It serves {', '.join(sorted(OWN_SERVICES))}; for others, give a URL.",
            )
    return {name: Endpoint.parse(url) for name, url in settings.upstreams.items() if url != OWN}


def elsewhere(settings: Settings, service: str) -> Endpoint | None:
    """Where a service is, if neither Cairn nor the embedded account has it."""
    named = endpoints(settings)
    if settings.upstreams.get(service) == OWN:
        return None
    return named.get(service) or named.get(ANYTHING_ELSE)


def s3_elsewhere(settings: Settings) -> Endpoint | None:
    """Where S3 is, if it is not in the embedded account."""
    return elsewhere(settings, "s3")


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

    def bucket_region(self, bucket: str) -> str:
        try:
            return self._call("get_bucket_location", bucket).get("LocationConstraint") or "us-east-1"
        except ObjectStoreError as error:
            _must_answer(error)
            return ""

    def default_key(self, bucket: str) -> str:
        return ""

    def takes(
        self, bucket: str, key: str, *, kms_key: str = "", encryption_context: Mapping[str, str] | None = None
    ) -> bool:
        """Whether it takes an empty object from us."""
        try:
            self.put(
                bucket,
                key,
                b"",
                sha256=_EMPTY_SHA256,
                content_type="application/x-directory",
                kms_key=kms_key,
                encryption_context=encryption_context,
            )
        except ObjectStoreError as error:
            _must_answer(error)
            return False
        return True


class TopicsElsewhere:
    """`cloudtrail.topics.Topics` over an SNS that is not ours: that SNS says whether we may publish, as whom its URL
    or boto3 makes us."""

    def __init__(self, endpoint: Endpoint) -> None:
        self._clients = Clients("sns", endpoint)

    def publish(self, topic: str, message: str, source: str) -> None:
        try:
            self._clients.of(topic).publish(TopicArn=topic, Message=message)
        except ClientError as error:
            detail = error.response["Error"]
            raise TopicError(detail["Code"], f"publishing to {topic}: {detail.get('Message', '')}") from error
        except BotoCoreError as error:
            raise TopicError("", f"publishing to {topic}: {error}") from error


class KeysElsewhere:
    """`cloudtrail.encryption.Keys` over a KMS that is not ours."""

    def __init__(self, endpoint: Endpoint) -> None:
        self._clients = Clients("kms", endpoint)

    def find(self, arn: str) -> Key | None:
        kms = self._clients.of(arn)
        try:
            found = kms.describe_key(KeyId=arn)["KeyMetadata"]
        except ClientError as error:
            if error.response["Error"]["Code"] == "NotFoundException":
                return None
            return Key(arn=arn)  # one that we may not look at: that S3 says whether it can use it
        except BotoCoreError as error:
            raise AwsError("ServiceUnavailable", f"KMS does not answer: {error}", 503) from error
        try:
            policy: str | None = kms.get_key_policy(KeyId=found["Arn"], PolicyName="default")["Policy"]
        except (ClientError, BotoCoreError):
            policy = None
        kind = (found.get("KeySpec", "SYMMETRIC_DEFAULT"), found.get("KeyUsage", "ENCRYPT_DECRYPT"))
        symmetric = kind == ("SYMMETRIC_DEFAULT", "ENCRYPT_DECRYPT")
        return Key(arn=found["Arn"], state=found.get("KeyState", "Enabled"), symmetric=symmetric, policy=policy)


class Clients:
    """boto3's clients of a service at an endpoint, one a region."""

    def __init__(self, service: str, endpoint: Endpoint) -> None:
        self._service = service
        self._endpoint = endpoint
        self._made: dict[str, Any] = {}

    def of(self, arn: str) -> Any:
        """The client for the region of an ARN."""
        return self.in_region(arn.split(":")[3])

    def in_region(self, region: str) -> Any:
        if region not in self._made:
            credentials = self._endpoint.credentials
            self._made[region] = boto3.session.Session().client(
                self._service,
                region_name=region,
                endpoint_url=self._endpoint.url,
                aws_access_key_id=credentials.access_key_id if credentials else None,
                aws_secret_access_key=credentials.secret_access_key if credentials else None,
                config=Config(connect_timeout=CONNECT_S, read_timeout=READ_S, retries={"total_max_attempts": ATTEMPTS}),
            )
        return self._made[region]


def _must_answer(error: ObjectStoreError) -> None:
    """Raise unless the S3 there said no itself."""
    if not error.code or isinstance(error.__cause__, BotoCoreError):
        raise AwsError("ServiceUnavailable", f"The S3 that trails deliver to does not answer: {error}", 503) from error
