"""What exports ask of buckets."""

from __future__ import annotations

from pathlib import Path
from typing import Protocol

from cairn.core.errors import CairnError


class BucketError(CairnError):
    """The bucket refused. `code` is S3's error code (`NoSuchBucket`, `AccessDenied`); empty if nothing answered."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code


class Buckets(Protocol):
    """Buckets as CloudWatch Logs reaches them for a log group, whose ARN is `source`. Errors are `BucketError`."""

    def check(self, bucket: str, *, source: str) -> None:
        """Raise unless there is such a bucket, in the log group's region, and CloudWatch Logs may look at its ACL."""

    def put(self, bucket: str, key: str, content: Path | bytes, *, source: str) -> None:
        """Put a file; what returns is durable there."""
