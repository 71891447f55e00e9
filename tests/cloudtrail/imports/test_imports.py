"""Import: every form and layout, damage of every kind, broken off and taken up again."""

from __future__ import annotations

import gzip
import hashlib
import json
import os
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cairn.cloudtrail.history import History, Lookup
from cairn.cloudtrail.imports import (
    DamagedFile,
    Importer,
    ImportProgress,
    ImportStanding,
    find,
    find_in_bucket,
    find_in_folder,
    read_log_file,
)
from cairn.cloudtrail.imports.logfiles import gunzip
from cairn.cloudtrail.imports.sources import is_log_file
from cairn.core.clock import TestClock
from cairn.core.config import History as HistorySettings
from cairn.core.errors import CairnError
from cairn.core.journal.memory import MemoryJournal
from cairn.core.memory_objects import MemoryObjectStore
from cairn.core.objects import ObjectStoreError
from cairn.core.records.event import Event
from cairn.core.records.parse import DamagedRecord

ACCOUNT = "111122223333"
KEY = f"AWSLogs/{ACCOUNT}/CloudTrail/us-east-1/2023/07/10/{ACCOUNT}_CloudTrail_us-east-1_20230710T1145Z_abc.json.gz"


class RawRecords(msgspec.Struct):
    Records: list[msgspec.Raw]


def record(number: int, **more: Any) -> dict[str, Any]:
    return {
        "eventVersion": "1.08",
        "userIdentity": {"type": "IAMUser", "accountId": ACCOUNT, "userName": "alice"},
        "eventTime": f"2023-07-10T11:{number // 60 % 60:02}:{number % 60:02}Z",
        "eventSource": "s3.amazonaws.com",
        "eventName": "CreateBucket",
        "awsRegion": "us-east-1",
        "eventID": f"00000000-0000-4000-8000-{number:012}",
        "readOnly": False,
        "managementEvent": True,
        "recipientAccountId": ACCOUNT,
        "eventCategory": "Management",
    } | more


def as_file(*records: Any) -> bytes:
    return json.dumps({"Records": records}, separators=(",", ":")).encode()


def put(path: Path, content: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)


def events_of(name: str, content: bytes) -> list[Event]:
    found = list(read_log_file(name, content))
    assert all(isinstance(event, Event) for event in found), found
    return [event for event in found if isinstance(event, Event)]


class Taken:
    """Where an import hands its events."""

    def __init__(self) -> None:
        self.batches: list[list[Event]] = []

    def __call__(self, batch: list[Event]) -> None:
        self.batches.append(list(batch))

    @property
    def ids(self) -> list[str]:
        return [event.header.id for batch in self.batches for event in batch]


RECORDS = [record(number) for number in range(3)]
LOOKED_UP = [{"EventId": r["eventID"], "EventName": "x", "CloudTrailEvent": json.dumps(r)} for r in RECORDS]


@pytest.mark.parametrize(
    "content",
    [
        as_file(*RECORDS),
        gzip.compress(as_file(*RECORDS), mtime=0),
        gzip.compress(as_file(*RECORDS)[:100], mtime=0) + gzip.compress(as_file(*RECORDS)[100:], mtime=0),
        b"\xef\xbb\xbf" + as_file(*RECORDS),
        json.dumps({"Records": RECORDS}, indent=2).encode(),
        json.dumps({"Events": LOOKED_UP, "NextToken": "x"}, indent=4).encode(),
        json.dumps(RECORDS).encode(),
        "\n".join(map(json.dumps, RECORDS)).encode(),
        "\r\n".join(map(json.dumps, LOOKED_UP)).encode(),
    ],
    ids=["log file", "gzip", "two members", "BOM", "console", "lookup-events", "list", "lines", "lines of lookups"],
)
def test_every_form_is_read(content: bytes) -> None:
    found = events_of("x.json", content)
    assert [event.parse() for event in found] == RECORDS
    assert all(b"\n" not in event.record for event in found)


def test_records_stay_as_they_were_written() -> None:
    odd = '{"eventTime":"2023-07-10T11:00:00Z","eventSource":"s3.amazonaws.com","eventName":"GetBucketAcl" ,"n":2143.0,'
    odd += '"u":"\\u00e9","recipientAccountId":"111122223333","awsRegion":"us-east-1","eventID":"x"}'
    (event,) = events_of("x", f'{{"Records":[{odd}]}}'.encode())
    assert event.record.decode() == odd


def test_genuine_files_are_read_byte_for_byte(shared_data: Path) -> None:
    count = 0
    for found in find_in_folder(shared_data / "real-logs"):
        content = found.read()
        raws = msgspec.json.decode(content, type=RawRecords).Records
        assert [event.record for event in events_of(found.name, content)] == [bytes(raw) for raw in raws]
        count += len(raws)
    assert count == 2900
    items = (shared_data / "lookup-events" / "aws_cloudtrail.jsonl").read_bytes()
    assert len(events_of("aws_cloudtrail.jsonl", items)) == 6


def test_the_name_tells_account_and_region_where_the_record_does_not() -> None:
    old = record(1)
    for member in ("recipientAccountId", "awsRegion", "userIdentity"):
        del old[member]
    (event,) = events_of(f"/logs/{KEY}", as_file(old))
    assert (event.header.account, event.header.region) == (ACCOUNT, "us-east-1")
    (damaged,) = read_log_file("other.json", as_file(old))
    assert isinstance(damaged, DamagedRecord)


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"   ",
        b"\x00" * 100,
        b"{",
        b"{}",
        b"[1",
        b'"Records"',
        b"null",
        b"<xml/>",
        b'{"Records": 7}',
        b'{"Records": [' + b"[" * 100_000,
        b'{"Records":[{"a":' + b'{"a":' * 50_000,
        gzip.compress(as_file(*RECORDS), mtime=0)[:-9],
        gzip.compress(as_file(*RECORDS), mtime=0)[:50] + b"????" + gzip.compress(as_file(*RECORDS), mtime=0)[54:],
        gzip.compress(as_file(*RECORDS), mtime=0) + b"trailing",
    ],
)
def test_a_damaged_file_is_refused_whole(content: bytes) -> None:
    with pytest.raises(DamagedFile):
        read_log_file("x.json.gz", content)


def test_damaged_records_are_told_and_the_others_are_read() -> None:
    deep: Any = "x"
    for _ in range(200):
        deep = {"a": deep}
    found = list(
        read_log_file(
            "x.json",
            as_file(
                record(1),
                7,
                None,
                {},
                record(2, eventTime="yesterday"),
                record(3, deep=deep),
                record(4, big="x" * (1 << 20)),
                record(5),
            ),
        )
    )
    kinds = ["event" if isinstance(item, Event) else item.message for item in found]
    assert kinds[0] == kinds[-1] == "event"
    assert len(kinds) == 8
    assert "event" not in kinds[1:-1]
    assert "deep" in kinds[5]
    assert "bytes" in kinds[6]


def test_a_gzip_bomb_is_stopped() -> None:
    bomb = gzip.compress(b"0" * 10_000_000)
    with pytest.raises(DamagedFile, match="more than 1000000 bytes"):
        gunzip(bomb, bytes_max=1_000_000)
    twice = gzip.compress(b"0" * 600_000) * 2
    with pytest.raises(DamagedFile, match="more than"):
        gunzip(twice, bytes_max=1_000_000)
    assert len(gunzip(twice, bytes_max=1_200_000)) == 1_200_000


@settings(max_examples=300, deadline=None)
@given(st.binary(max_size=300), st.booleans(), st.integers(0, 500), st.integers(0, 255))
def test_no_bytes_do_more_than_be_refused(noise: bytes, zipped: bool, place: int, byte: int) -> None:
    altered = bytearray(gzip.compress(as_file(*RECORDS), mtime=0) if zipped else as_file(*RECORDS))
    altered[place % len(altered)] = byte
    for content in (noise, bytes(altered), as_file() + noise, b'{"Records":[' + noise + b"]}"):
        try:
            for found in read_log_file("x", content):
                assert isinstance(found, Event | DamagedRecord)
        except DamagedFile:
            pass


def test_log_files_are_told_from_the_rest() -> None:
    for name in (
        KEY,
        KEY.removesuffix(".gz"),
        f"prefix/{KEY}",
        KEY.replace("AWSLogs/", "AWSLogs/o-exampleorgid/"),
        "download.json",
        "a/CloudTrail-Digestion/x.json",
        KEY.replace("CloudTrail", "CloudTrail-NetworkActivity"),
    ):
        assert is_log_file(name), name
    for name in (
        KEY.replace("CloudTrail", "CloudTrail-Digest"),
        KEY.replace("CloudTrail", "CloudTrail-Insight"),
        KEY.rpartition("/")[2].replace("CloudTrail", "CloudTrail-Digest"),
        "notes.txt",
        "x.json.gz.tmp",
    ):
        assert not is_log_file(name), name


def test_a_folder_and_a_bucket_give_the_same(tmp_path: Path) -> None:
    store = MemoryObjectStore("logs")
    keys = [
        KEY,
        KEY.replace("AWSLogs", "AWSLogs/o-abc"),
        KEY.replace("CloudTrail", "CloudTrail-Digest"),
        "flat.json",
    ]
    for number, key in enumerate(keys):
        content = gzip.compress(as_file(record(number))) if key.endswith(".gz") else as_file(record(number))
        put(tmp_path / key, content)
        store.put("logs", key, content, sha256=hashlib.sha256(content).hexdigest())
    (tmp_path / "fifo.json").unlink(missing_ok=True)
    os.mkfifo(tmp_path / "fifo.json")
    local, remote = Taken(), Taken()
    Importer(find(str(tmp_path), lambda: store), local).run()
    Importer(find("s3://logs", lambda: store), remote).run()
    assert sorted(local.ids) == sorted(remote.ids)
    assert len(local.ids) == 3
    some = Taken()
    Importer(find("s3://logs/AWSLogs/o-", lambda: store), some).run()
    assert len(some.ids) == 1
    with pytest.raises(CairnError, match="no file or folder"):
        find(str(tmp_path / "absent"), lambda: store)


def test_a_single_file_is_read_whatever_its_name(tmp_path: Path) -> None:
    put(tmp_path / "export.txt", as_file(record(1)))
    taken = Taken()
    Importer(find_in_folder(tmp_path / "export.txt"), taken).run()
    assert len(taken.ids) == 1


def test_the_report_names_what_is_damaged_and_counts_repeats(tmp_path: Path) -> None:
    put(tmp_path / "a.json", as_file(record(1), record(2), record(1)))
    put(tmp_path / "b.json", b"{")
    put(tmp_path / "c.json", as_file(record(3), {}, 5))
    put(tmp_path / "d.json.gz", gzip.compress(as_file(record(2), record(4)))[:-4])
    taken = Taken()
    standings: list[tuple[int, int]] = []

    def tell(standing: ImportStanding) -> None:
        standings.append((standing.files_done, standing.bytes_done))

    report = Importer(
        find_in_folder(tmp_path), taken, report=tell, known=lambda ids: set(ids) & {record(3)["eventID"]}
    ).run()
    assert len(taken.ids) == 2
    assert (report.files, report.events, report.duplicates) == (2, 2, 2)
    assert (report.files_damaged, report.records_damaged) == (2, 2)
    assert [Path(name).name for name, _ in report.damaged] == ["b.json", "c.json", "d.json.gz"]
    assert [done for done, _ in standings] == [1, 2, 3, 4]
    assert standings[-1][1] == sum(path.stat().st_size for path in tmp_path.iterdir())


def test_batches_are_of_a_size_a_journal_takes(tmp_path: Path) -> None:
    put(tmp_path / "a.json", as_file(*(record(number) for number in range(1200))))
    put(tmp_path / "b.json", as_file(*(record(2000 + number, big="x" * 300_000) for number in range(10))))
    taken = Taken()
    report = Importer(find_in_folder(tmp_path), taken).run()
    assert report.events == len(taken.ids) == 1210
    assert max(map(len, taken.batches)) == 500
    assert max(sum(len(event.record) for event in batch) for batch in taken.batches) <= 1 << 20


def test_an_import_that_broke_off_goes_on(tmp_path: Path) -> None:
    for number in range(40):
        put(tmp_path / "logs" / f"{number:02}.json", as_file(*(record(number * 100 + n) for n in range(100))))
    taken = Taken()

    def breaking(batch: list[Event]) -> None:
        if len(taken.batches) == 3:
            raise ConnectionError("the journal is away")
        taken(batch)

    with ImportProgress(tmp_path / "progress.db") as progress:
        with pytest.raises(ConnectionError):
            Importer(find_in_folder(tmp_path / "logs"), breaking, progress=progress).run()
    handed = len(taken.ids)
    rest = Taken()
    with ImportProgress(tmp_path / "progress.db") as progress:
        report = Importer(find_in_folder(tmp_path / "logs"), rest, progress=progress).run()
        assert report.files_before == handed // 100
        assert sorted(taken.ids + rest.ids) == sorted(record(n)["eventID"] for n in range(4000))
        again = Importer(find_in_folder(tmp_path / "logs"), Taken(), progress=progress).run()
        assert (again.files, again.files_before) == (0, 40)
        put(tmp_path / "logs" / "00.json", as_file(record(1), record(9999)))
        changed = Taken()
        Importer(find_in_folder(tmp_path / "logs"), changed, progress=progress).run()
        assert changed.ids == [record(1)["eventID"], record(9999)["eventID"]]
        progress.forget()
        assert Importer(find_in_folder(tmp_path / "logs"), Taken(), progress=progress).run().files == 40


def test_a_damaged_file_is_read_once_it_is_mended(tmp_path: Path) -> None:
    path = tmp_path / "logs" / "a.json"
    put(path, b"{")
    with ImportProgress(tmp_path / "progress.db") as progress:
        assert Importer(find_in_folder(tmp_path / "logs"), Taken(), progress=progress).run().files_damaged == 1
        put(path, as_file(record(1)))
        assert Importer(find_in_folder(tmp_path / "logs"), Taken(), progress=progress).run().events == 1


def test_a_store_that_goes_away_ends_the_import_and_is_no_damage() -> None:
    store = MemoryObjectStore("logs")
    content = as_file(record(1))
    store.put("logs", "a.json", content, sha256=hashlib.sha256(content).hexdigest())
    store.put("logs", "b.json", content, sha256=hashlib.sha256(content).hexdigest())
    files = list(find_in_bucket(store, "logs"))
    store.faults.refused_keys = {"a.json": "AccessDenied"}
    report = Importer(files, Taken()).run()
    assert report.damaged == [("s3://logs/a.json", "it cannot be read: AccessDenied: logs refuses this")]
    assert report.events == 1
    store.faults.away = True
    with pytest.raises(ObjectStoreError):
        Importer(files, Taken()).run()


def test_genuine_files_imported_twice_are_in_the_history_once(shared_data: Path, tmp_path: Path) -> None:
    journal = MemoryJournal()
    history = History(tmp_path / "history", HistorySettings(), TestClock(1_790_000_000.0))
    sink, reader = history.sink(journal), history.reader()

    def append(batch: list[Event]) -> None:
        journal.append(batch, origin="import")

    def settle() -> None:
        while sink.behind:
            sink.step()

    first = Importer(find_in_folder(shared_data / "real-logs"), append, known=reader.known).run()
    settle()
    second = Importer(find_in_folder(shared_data / "real-logs"), append).run()
    settle()
    third = Importer(find_in_folder(shared_data / "real-logs"), append, known=reader.known).run()
    assert (first.events, second.events, third.events) == (2900, 2900, 0)
    assert (first.files, first.duplicates, third.duplicates) == (55, 0, 2900)
    assert sink.duplicates == 2900
    account = journal.read_from(1)[0].batch.events[0].header.account
    found = reader.lookup(Lookup(scope=(account, "us-east-1", "Management"), limit=5000))
    assert len({event.id for event in found.events}) == len(found.events) == 2900
    sink.close()
    reader.close()
