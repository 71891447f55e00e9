"""The sync of the engine's index: after every change, shared by those that come together."""

from __future__ import annotations

import asyncio
import os
from pathlib import Path
from typing import Any

import pytest

from cairn.account.s3.name_sync import INDEX, NameSync


@pytest.fixture
def index(tmp_path: Path) -> Path:
    folder = tmp_path / INDEX / "00"
    folder.mkdir(parents=True)
    (folder / "000001.log").write_bytes(b"x")
    return folder


def count_syncs(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    synced: list[int] = []
    genuine = os.fdatasync

    def counting(handle: int) -> None:
        synced.append(os.fstat(handle).st_ino)
        genuine(handle)

    monkeypatch.setattr(os, "fdatasync", counting)
    return synced


def test_a_call_syncs_every_log(index: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    synced = count_syncs(monkeypatch)
    (index / "000002.log").write_bytes(b"y")
    asyncio.run(NameSync(tmp_path)())
    assert set(synced) == {log.stat().st_ino for log in index.glob("*.log")}


def test_only_what_grew_is_synced_again(index: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    synced = count_syncs(monkeypatch)
    other = index / "000002.log"
    other.write_bytes(b"y")
    sync = NameSync(tmp_path)
    sync.sync()
    synced.clear()
    sync.sync()
    assert synced == []
    with other.open("ab") as log:
        log.write(b"y")
    sync.sync()
    assert synced == [other.stat().st_ino]
    other.unlink()
    (index / "000003.log").write_bytes(b"yy")  # perhaps under the inode that was just given back
    sync.sync()
    assert synced[1:] == [(index / "000003.log").stat().st_ino]


def test_calls_that_come_together_share(index: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    sync = NameSync(tmp_path)
    rounds = []
    genuine = sync.sync

    def counting() -> None:
        rounds.append(1)
        genuine()

    monkeypatch.setattr(sync, "sync", counting)

    async def many() -> None:
        await asyncio.gather(*(sync() for _ in range(100)))
        await sync()
        await asyncio.gather(*(sync() for _ in range(100)))

    asyncio.run(many())
    assert 3 <= len(rounds) <= 6


def test_a_call_never_shares_a_sync_that_began_before_it(
    index: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    sync = NameSync(tmp_path)
    seen: list[bytes] = []
    monkeypatch.setattr(os, "fdatasync", lambda handle: seen.append(os.pread(handle, 10_000, 0)))

    async def change(content: bytes) -> None:
        with (index / "000001.log").open("ab") as log:
            log.write(content)
        before = len(seen)
        await sync()
        assert any(content in found for found in seen[before:])

    async def many() -> None:
        for round in range(20):
            await asyncio.gather(*(change(b"<%d.%d>" % (round, number)) for number in range(3)))

    asyncio.run(many())


@pytest.mark.engine
def test_a_put_syncs_the_log_that_names_it(s3: Any, bucket: str, cloud: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    synced = count_syncs(monkeypatch)
    s3.put_object(Bucket=bucket, Key="a-name-to-look-for", Body=b"x")
    logs = list((cloud.engine._folder / INDEX).glob("*/*.log"))
    naming = [log for log in logs if b"a-name-to-look-for" in log.read_bytes()]
    assert naming
    assert {log.stat().st_ino for log in naming} <= set(synced)
    synced.clear()
    s3.get_object(Bucket=bucket, Key="a-name-to-look-for")
    assert synced == []
