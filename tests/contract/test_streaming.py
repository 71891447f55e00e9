"""Large bodies stream: memory stays flat, and what arrives is what was sent."""

from __future__ import annotations

import hashlib
import io
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.running import Cairn

pytestmark = pytest.mark.engine

OBJECT_BYTES = 1 << 30
MEMORY_BYTES_MAX = 200 << 20
"""Of one gateway (design, 7)."""

GROWTH_BYTES_MAX = 16 << 20
"""What a body of any size may add to the most that a gateway held before."""

BLOCK = hashlib.sha256(b"block").digest() * (1 << 15)


class Blocks(io.RawIOBase):
    """As many bytes as asked for, without holding them; hashes what it gave."""

    def __init__(self, size: int) -> None:
        self.size = size
        self._at = 0

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def seek(self, offset: int, whence: int = 0) -> int:
        self._at = {0: offset, 1: self._at + offset, 2: self.size + offset}[whence]
        return self._at

    def tell(self) -> int:
        return self._at

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override] # typeshed wants any buffer
        begin = self._at % len(BLOCK)
        part = BLOCK[begin : begin + min(len(buffer), self.size - self._at)]
        buffer[: len(part)] = part
        self._at += len(part)
        return len(part)


@pytest.fixture
def fresh(tmp_path: Path) -> Iterator[Cairn]:
    """A Cairn that has done nothing else yet, so that what its processes hold is what the test made them hold."""
    running = Cairn(tmp_path / "data")
    running.start()
    yield running
    assert running.stop() == 0


def test_a_gigabyte_goes_through_in_flat_memory(fresh: Cairn) -> None:
    s3 = fresh.client("s3")
    s3.create_bucket(Bucket="gigabyte")
    s3.put_object(Bucket="gigabyte", Key="small", Body=BLOCK)
    before = max(peaks_bytes(fresh))
    s3.put_object(Bucket="gigabyte", Key="large", Body=io.BufferedReader(Blocks(OBJECT_BYTES)))
    digest = hashlib.sha256()
    for part in s3.get_object(Bucket="gigabyte", Key="large")["Body"].iter_chunks(1 << 20):
        digest.update(part)
    expected = hashlib.sha256()
    source = io.BufferedReader(Blocks(OBJECT_BYTES))
    while part := source.read(1 << 20):
        expected.update(part)
    assert digest.digest() == expected.digest()
    after = max(peaks_bytes(fresh))
    assert after - before < GROWTH_BYTES_MAX
    assert after < MEMORY_BYTES_MAX


def peaks_bytes(cairn: Cairn) -> Iterator[int]:
    """The most memory that each gateway ever held; whichever of them took the calls."""
    for pid in cairn.children():
        if b"cairn\0gateway\0" in Path(f"/proc/{pid}/cmdline").read_bytes():
            status = Path(f"/proc/{pid}/status").read_text()
            yield int(status.partition("VmHWM:")[2].split()[0]) << 10
