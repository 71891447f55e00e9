"""`aws cloudtrail validate-logs` in this process, over a bucket in memory: the judge of our verdicts."""

from __future__ import annotations

import contextlib
import io
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import jmespath
from awscli.customizations.cloudtrail.validation import CloudTrailValidateLogs, DigestProvider
from botocore.exceptions import ClientError

from cairn.core.memory_objects import MemoryObjectStore
from cairn.core.objects import ObjectStoreError


class _Page:
    def __init__(self, keys: list[str]) -> None:
        self._keys = keys

    def search(self, expression: str) -> Iterator[str]:
        return iter(jmespath.search(expression, {"Contents": [{"Key": key} for key in self._keys]}))


class _S3:
    """The two calls of S3 that the tool makes, and its provider of clients."""

    def __init__(self, store: MemoryObjectStore) -> None:
        self._store = store

    def get_client(self, bucket: str) -> _S3:
        return self

    def get_paginator(self, operation: str) -> _S3:
        assert operation == "list_objects"
        return self

    def paginate(self, *, Bucket: str, Marker: str, Prefix: str) -> _Page:
        return _Page([info.key for info in self._store.list(Bucket, Prefix, after=Marker)])

    def get_object(self, *, Bucket: str, Key: str) -> dict[str, Any]:
        try:
            content, metadata = self._store.get(Bucket, Key), self._store.head(Bucket, Key).metadata
        except ObjectStoreError as error:
            raise ClientError({"Error": {"Code": error.code, "Message": error.message}}, "GetObject") from error
        return {"Body": io.BytesIO(content), "Metadata": metadata}


class _CloudTrail:
    def __init__(self, keys: list[dict[str, Any]]) -> None:
        self._keys = keys

    def list_public_keys(self, **times: object) -> dict[str, Any]:
        return {"PublicKeyList": self._keys}


def validate_logs(
    store: MemoryObjectStore,
    keys: list[dict[str, Any]],
    *,
    arn: str,
    bucket: str,
    prefix: str,
    region: str,
    start: int,
    end: int,
) -> tuple[int, str, str]:
    """The tool's exit code, stdout and stderr."""
    command = CloudTrailValidateLogs(None)
    command.trail_arn, command.is_verbose = arn, True
    command.s3_bucket, command.s3_prefix, command.account_id = bucket, prefix or None, None
    command.start_time, command.end_time = datetime.fromtimestamp(start, UTC), datetime.fromtimestamp(end, UTC)
    command._source_region = region
    command.s3_client_provider, command.organization_client = _S3(store), None
    command.cloudtrail_client = _CloudTrail(keys)
    assert DigestProvider  # the tool lists through it
    out, err = io.StringIO(), io.StringIO()
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        command._call()
    wrong = command._invalid_digests + command._invalid_backfill_digests + command._invalid_logs
    return int(wrong > 0), out.getvalue(), err.getvalue()
