"""The files of an export: a line an event, its time before its message, compressed.

Source: CloudWatch Logs user guide, "Exporting log data to Amazon S3".
"""

from __future__ import annotations

import gzip
from pathlib import Path

from cairn.core.clock import iso_seconds

FILE_BYTES_MAX = 64 << 20
"""Of lines in a file, one event more at the most."""
TEST_FILE = "aws-logs-write-test"
"""Put when a task is made, to see whether the bucket takes it."""
TEST_CONTENT = b"Permission Check Successful"
_LEVEL = 6


def test_key(prefix: str) -> str:
    return f"{prefix}/{TEST_FILE}"


def key(prefix: str, task: str, stream: str, number: int) -> str:
    """Where a stream's file goes; a stream's name is one folder, whatever slashes are in it."""
    return f"{prefix}/{task}/{stream.replace('/', '-')}/{number:06d}.gz"


class File:
    """A file on its way, on this machine's disk."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._size = 0
        self._file = gzip.GzipFile(path, "wb", _LEVEL, mtime=0)

    @property
    def is_full(self) -> bool:
        return self._size >= FILE_BYTES_MAX

    def add(self, timestamp_ms: int, message: str) -> None:
        line = f"{iso_ms(timestamp_ms)} {message}\n".encode(errors="replace")
        self._size += len(line)
        self._file.write(line)

    def close(self) -> None:
        self._file.close()


def iso_ms(timestamp_ms: int) -> str:
    """`2024-01-01T00:00:00.000Z`."""
    return f"{iso_seconds(timestamp_ms // 1000)[:-1]}.{timestamp_ms % 1000:03d}Z"
