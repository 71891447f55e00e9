"""What moto's services read from and write to S3, taken from and given to the engine that really has the buckets.

moto looks into a mock of S3 in its own memory, which is empty here: a function's code, a stack's template, exported
logs. The three methods by which its services do so are sent to the S3 engine instead. Objects that Firehose, Athena
or a log export write arrive there too. Everything else of moto's S3 is out of reach (`front`).
"""

from __future__ import annotations

from typing import Any

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError
from moto.s3.exceptions import MissingBucket, MissingKey
from moto.s3.models import FakeBucket, FakeKey, S3Backend

from cairn.account.moto.gate import Gate

OBJECT_BYTES_MAX = 256 << 20
"""A function's code or a template; larger objects are refused rather than held in memory."""
TIMEOUT_S = 30


class S3Bridge:
    """Puts itself in the place of moto's S3 when it is made."""

    def __init__(self, gate: Gate, url: str, access_key_id: str, secret_access_key: str) -> None:
        self._gate = gate
        self._s3 = boto3.client(
            "s3",
            endpoint_url=url,
            region_name="us-east-1",
            aws_access_key_id=access_key_id,
            aws_secret_access_key=secret_access_key,
            config=Config(
                s3={"addressing_style": "path"},
                connect_timeout=TIMEOUT_S,
                read_timeout=TIMEOUT_S,
                request_checksum_calculation="when_required",
                response_checksum_validation="when_required",
            ),
        )
        S3Backend.get_bucket = lambda backend, bucket_name: self.bucket(backend, bucket_name)
        S3Backend.get_object = lambda backend, *args, **kwargs: self.read(backend, *args, **kwargs)
        S3Backend.put_object = lambda backend, *args, **kwargs: self.write(backend, *args, **kwargs)

    def bucket(self, backend: S3Backend, bucket_name: str) -> FakeBucket:
        """Something that stands for a bucket that exists.

        Raises:
            MissingBucket: it does not.
        """
        self._call("head_bucket", bucket_name)
        return FakeBucket(bucket_name, backend.account_id, "us-east-1")

    def read(
        self, backend: S3Backend, bucket_name: str, key_name: str, version_id: str | None = None, *_: Any, **__: Any
    ) -> FakeKey:
        """An object, read whole.

        Raises:
            MissingBucket: there is no such bucket.
            MissingKey: there is no such object, or it is too large.
        """
        version = {"VersionId": version_id} if version_id else {}
        reply = self._call("get_object", bucket_name, Key=key_name, **version)
        if reply["ContentLength"] > OBJECT_BYTES_MAX:
            reply["Body"].close()
            raise MissingKey(key_name)
        with self._gate.released():
            content = reply["Body"].read()
        return FakeKey(key_name, content, backend.account_id, "us-east-1", bucket_name=bucket_name)

    def write(self, backend: S3Backend, bucket_name: str, key_name: str, value: bytes, *_: Any, **__: Any) -> FakeKey:
        """Store an object.

        Raises:
            MissingBucket: there is no such bucket.
        """
        self._call("put_object", bucket_name, Key=key_name, Body=value)
        return FakeKey(key_name, value, backend.account_id, "us-east-1", bucket_name=bucket_name)

    def _call(self, operation: str, bucket: str, **arguments: Any) -> Any:
        try:
            with self._gate.released():
                return getattr(self._s3, operation)(Bucket=bucket, **arguments)
        except ClientError as error:
            code = error.response["Error"]["Code"]
            raise (MissingKey(arguments.get("Key")) if code == "NoSuchKey" else MissingBucket(bucket)) from error
        except BotoCoreError as error:
            raise MissingBucket(bucket) from error
