"""The object store over any S3 endpoint: SeaweedFS, MinIO, Ceph, AWS, or Cairn's own gateway."""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Iterator, Mapping
from contextlib import ExitStack
from pathlib import Path
from typing import IO, Any

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError, HTTPClientError

from cairn.core.objects import ObjectInfo, ObjectStoreError

CONNECT_S = 5.0
READ_S = 60.0
ATTEMPTS = 3
CONNECTIONS_MAX = 16
READ_BACK_BYTES = 1 << 20

_NOT_FOUND = ("404", "NoSuchKey", "NotFound")


class S3ObjectStore:
    """`ObjectStore` by boto3.

    Args:
        endpoint: URL; empty for AWS's own.
        access_key_id, secret_access_key, session_token: whose calls these are; empty for boto3's usual places.
        certificate: PEM file of those that are trusted; empty: whatever this machine trusts.
    """

    def __init__(
        self,
        endpoint: str,
        *,
        access_key_id: str = "",
        secret_access_key: str = "",
        session_token: str = "",
        region: str = "us-east-1",
        certificate: str = "",
    ) -> None:
        self._s3 = boto3.session.Session().client(
            "s3",
            endpoint_url=endpoint or None,
            aws_access_key_id=access_key_id or None,
            aws_secret_access_key=secret_access_key or None,
            aws_session_token=session_token or None,
            region_name=region,
            verify=certificate or None,
            config=Config(
                connect_timeout=CONNECT_S,
                read_timeout=READ_S,
                max_pool_connections=CONNECTIONS_MAX,
                retries={"total_max_attempts": ATTEMPTS, "mode": "standard"},
                request_checksum_calculation="when_required",
                response_checksum_validation="when_required",
                s3={"addressing_style": "path" if endpoint else "auto"},
            ),
        )

    def close(self) -> None:
        self._s3.close()

    def put(
        self,
        bucket: str,
        key: str,
        content: Path | bytes,
        *,
        sha256: str,
        content_type: str = "application/json",
        content_encoding: str = "",
        metadata: Mapping[str, str] | None = None,
        kms_key: str = "",
        encryption_context: Mapping[str, str] | None = None,
        on_behalf_of: str = "",  # here the credentials say who puts
        managed_keys: bool = False,
    ) -> None:
        """`ObjectStore.put`. `managed_keys` has the store encrypt with keys of its own (SSE-S3), where it does not do
        so unasked."""
        checksum = base64.b64encode(bytes.fromhex(sha256)).decode()
        options: dict[str, Any] = {"ContentType": content_type, "Metadata": dict(metadata or {})}
        if content_encoding:
            options["ContentEncoding"] = content_encoding
        if managed_keys:
            options["ServerSideEncryption"] = "AES256"
        if kms_key:
            options |= {"ServerSideEncryption": "aws:kms", "SSEKMSKeyId": kms_key}
            if encryption_context:
                options["SSEKMSEncryptionContext"] = base64.b64encode(_json(encryption_context)).decode()
        with ExitStack() as stack:
            body: bytes | IO[bytes] = content if isinstance(content, bytes) else stack.enter_context(content.open("rb"))
            reply = self._call("put_object", bucket, Key=key, Body=body, ChecksumSHA256=checksum, **options)
        if kms_key and reply.get("ServerSideEncryption") != "aws:kms":
            raise ObjectStoreError("NotEncrypted", f"{bucket}/{key} was stored, and not under {kms_key}")
        if reply.get("ChecksumSHA256") != checksum:
            self._read_back(bucket, key, sha256)

    def get(self, bucket: str, key: str) -> bytes:
        body = self._call("get_object", bucket, Key=key)["Body"]
        try:
            content: bytes = body.read()
        except (BotoCoreError, HTTPClientError, OSError) as error:
            raise ObjectStoreError("", f"reading {bucket}/{key} broke off: {error}") from error
        return content

    def head(self, bucket: str, key: str) -> ObjectInfo:
        try:
            reply = self._call("head_object", bucket, Key=key)
        except ObjectStoreError as error:
            if error.code not in _NOT_FOUND:
                raise
            self._call("list_objects_v2", bucket, MaxKeys=1)  # a HEAD's reply cannot say that there is no bucket
            raise ObjectStoreError("NoSuchKey", f"{bucket} has no key {key}") from None
        metadata = {name.lower(): value for name, value in reply["Metadata"].items()}
        return ObjectInfo(key, reply["ContentLength"], reply["LastModified"].timestamp(), metadata)

    def list(self, bucket: str, prefix: str = "", *, after: str = "") -> Iterator[ObjectInfo]:
        place: dict[str, Any] = {"StartAfter": after} if after else {}
        while True:
            page = self._call("list_objects_v2", bucket, Prefix=prefix, **place)
            for entry in page.get("Contents", ()):
                yield ObjectInfo(entry["Key"], entry["Size"], entry["LastModified"].timestamp())
            if not page.get("IsTruncated"):
                return
            place = {"ContinuationToken": page["NextContinuationToken"]}

    def _read_back(self, bucket: str, key: str, sha256: str) -> None:
        """See that the object is what was sent, for a store that keeps no checksum."""
        digest = hashlib.sha256()
        body = self._call("get_object", bucket, Key=key)["Body"]
        try:
            for chunk in body.iter_chunks(READ_BACK_BYTES):
                digest.update(chunk)
        except (BotoCoreError, HTTPClientError, OSError) as error:
            raise ObjectStoreError("", f"reading {bucket}/{key} back broke off: {error}") from error
        if digest.hexdigest() != sha256:
            raise ObjectStoreError(
                "BadDigest", f"{bucket}/{key} is not what was put: its SHA-256 is {digest.hexdigest()}"
            )

    def _call(self, operation: str, bucket: str, **arguments: Any) -> dict[str, Any]:
        try:
            reply: dict[str, Any] = getattr(self._s3, operation)(Bucket=bucket, **arguments)
        except ClientError as error:
            detail = error.response.get("Error", {})
            code = str(detail.get("Code") or error.response["ResponseMetadata"]["HTTPStatusCode"])
            raise ObjectStoreError(code, f"{operation} {bucket}: {detail.get('Message') or code}") from error
        except (BotoCoreError, HTTPClientError) as error:
            raise ObjectStoreError("", f"{operation} {bucket}: {error}") from error
        return reply


def _json(context: Mapping[str, str]) -> bytes:
    return json.dumps(dict(context), separators=(",", ":")).encode()
