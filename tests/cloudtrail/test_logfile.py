from __future__ import annotations

import gzip
import hashlib
import json
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from cairn.cloudtrail.check import KEY
from cairn.cloudtrail.logfile import (
    LogFileDamaged,
    LogFileName,
    read_log_file,
    slot_end,
    unpack,
    write_log_file,
)

NAME = LogFileName(
    "arn:aws:cloudtrail:us-east-1:111122223333:trail/t", "111122223333", "eu-west-1", 1700000100, 5, 9, 0
)


def test_key_has_every_part_of_aws_layout() -> None:
    key = NAME.key("some/prefix/", organization="o-abcdefghij")
    assert key.startswith(
        "some/prefix/AWSLogs/o-abcdefghij/111122223333/CloudTrail/eu-west-1/2023/11/14/"
        "111122223333_CloudTrail_eu-west-1_20231114T2215Z_"
    )
    assert KEY.fullmatch(key)
    assert KEY.fullmatch(NAME.key(""))
    assert "/CloudTrail-Insight/" in NAME.key("", folder="CloudTrail-Insight")


def test_a_name_is_a_function_of_everything_that_makes_the_file() -> None:
    others = [
        NAME._replace(**{field: value})
        for field, value in {
            "arn": NAME.arn + "x",
            "account": "111122223334",
            "region": "eu-west-2",
            "slot": 1700000101,
            "first": 6,
            "next": 10,
            "part": 1,
        }.items()
    ]
    keys = {name.key("") for name in [NAME, *others]}
    assert len(keys) == 1 + len(others)
    assert NAME.key("") == NAME._replace().key("")
    assert NAME.key("").endswith("_5Tn0Pb0wMTbkmVFz.json.gz")  # names must never change between versions


@given(st.floats(1e9, 2e9), st.sampled_from([1.0, 5.0, 60.0, 300.0, 3600.0]))
def test_a_slot_ends_after_its_events_and_on_the_wall_clock(time: float, interval: float) -> None:
    end = slot_end(time, interval)
    assert time < end <= time + interval
    assert end % interval == 0


_RECORDS = st.lists(
    st.dictionaries(
        st.text(max_size=8), st.one_of(st.text(), st.integers(-5, 5), st.none(), st.booleans()), max_size=4
    ),
    min_size=1,
    max_size=30,
)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(_RECORDS)
def test_what_is_written_is_read_back_byte_for_byte(tmp_path: Path, records: list[dict[str, object]]) -> None:
    lines = [json.dumps(record, ensure_ascii=False, separators=(",", ":")).encode() for record in records]
    path = tmp_path / "file.json.gz"
    written = write_log_file(path, lines)
    content = path.read_bytes()
    plain = gzip.decompress(content)  # another implementation than the one that wrote it
    assert plain == b'{"Records":[' + b",".join(lines) + b"]}"
    assert written.bytes == len(plain)
    assert written.sha256 == hashlib.sha256(plain).hexdigest()
    assert written.stored_sha256 == hashlib.sha256(content).hexdigest()
    assert read_log_file(content) == lines
    again = write_log_file(tmp_path / "again.json.gz", lines)
    assert again == written


def test_a_large_file_is_written_in_chunks(tmp_path: Path) -> None:
    lines = [b'{"n":%d,"text":"%s"}' % (number, b"x" * 5000) for number in range(2000)]
    path = tmp_path / "file.json.gz"
    write_log_file(path, lines)
    assert read_log_file(path.read_bytes()) == lines


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"not gzip",
        gzip.compress(b'{"Records":[]}', mtime=0)[:-3],
        gzip.compress(b'{"Records":[]}', mtime=0) + b"more",
        gzip.compress(b"[]", mtime=0),
        gzip.compress(b'{"Records":{}}', mtime=0),
        gzip.compress(b'{"Records":[}', mtime=0),
        gzip.compress(b"{}", mtime=0),
    ],
)
def test_what_is_no_log_file_is_refused(content: bytes) -> None:
    with pytest.raises(LogFileDamaged):
        read_log_file(content)


def test_a_bomb_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("cairn.cloudtrail.logfile.FILE_BYTES_MAX", 1000)
    with pytest.raises(LogFileDamaged, match="more than 1000"):
        unpack(gzip.compress(bytes(100_000)))


def test_genuine_files_match_the_key_and_are_read_whole(shared_data: Path) -> None:
    files = sorted((shared_data / "real-logs").glob("*.json"))
    total = 0
    for file in files:
        account, _, region, stamp, _ = file.stem.split("_")
        day = f"{stamp[:4]}/{stamp[4:6]}/{stamp[6:8]}"
        assert KEY.fullmatch(f"AWSLogs/{account}/CloudTrail/{region}/{day}/{file.name}.gz")
        plain = json.dumps(json.loads(file.read_bytes()), separators=(",", ":")).encode()
        total += len(read_log_file(gzip.compress(plain)))
    assert total == 2900
