from __future__ import annotations

import gzip
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from cairn.cloudwatch.exports import BucketError, Exporter, Tasks, operations
from cairn.cloudwatch.exports import exporter as exporter_module
from cairn.cloudwatch.exports import files as files_module
from cairn.cloudwatch.exports.exporter import RETRIED_FOR_S
from cairn.cloudwatch.exports.tasks import KEPT_S
from cairn.cloudwatch.logs import LOGS, VALIDATION, GroupId, LogEvent, LogStore
from cairn.core.clock import TestClock
from cairn.core.errors import AwsError
from cairn.core.state import State
from cairn.wire.operation import Context
from cairn.wire.validate import validate

ACCOUNT, REGION = "111122223333", "us-east-1"
HERE = Context(account=ACCOUNT, region=REGION)
GROUP = GroupId(ACCOUNT, REGION, "app")


class FakeBuckets:
    """One bucket, which refuses as a test says."""

    def __init__(self) -> None:
        self.objects: dict[str, bytes] = {}
        self.refusal: BucketError | None = None
        self.puts_refused: BucketError | None = None

    def check(self, bucket: str, *, source: str) -> None:
        assert source == GROUP.arn
        if bucket != "there":
            raise BucketError("NoSuchBucket", "it is not there")
        if self.refusal is not None:
            raise self.refusal

    def put(self, bucket: str, key: str, content: Path | bytes, *, source: str) -> None:
        if self.puts_refused is not None:
            raise self.puts_refused
        self.objects[key] = content if isinstance(content, bytes) else content.read_bytes()


class Rig:
    def __init__(self, folder: Path, clock: TestClock) -> None:
        self.clock = clock
        self.state = State.in_folder(folder, LOGS)
        self.state.migrate()
        self.store = LogStore(self.state, clock)
        self.buckets = FakeBuckets()
        self.tasks = Tasks(self.state, clock)
        self.spool = folder / "spool"
        self.exporter = self.begin_anew()
        self._operations = operations(self.tasks, self.store, self.buckets)
        self.store.groups.create(GROUP)

    def begin_anew(self) -> Exporter:
        self.exporter = Exporter(self.tasks, self.store, self.buckets, self.spool, self.clock)
        return self.exporter

    def put(self, stream: str, *messages: str) -> None:
        self.store.streams.ensure(GROUP, stream)
        now_ms = int(self.clock.now() * 1000)
        self.store.put(GROUP, stream, [LogEvent(now_ms + at, message) for at, message in enumerate(messages)])

    def call(self, operation: str, context: Context = HERE, **params: Any) -> Mapping[str, Any]:
        validate("logs", operation, params, VALIDATION)
        return self._operations[operation](context, params)

    def create(self, **params: Any) -> str:
        now_ms = int(self.clock.now() * 1000)
        given = {"logGroupName": "app", "from": now_ms - 1000, "to": now_ms + 1000, "destination": "there"} | params
        task: str = self.call("CreateExportTask", **given)["taskId"]
        return task

    def status(self, task: str) -> str:
        (found,) = self.call("DescribeExportTasks", taskId=task)["exportTasks"]
        code: str = found["status"]["code"]
        return code

    def run(self) -> None:
        while self.exporter.step() == 0.0:
            pass

    def lines(self, key: str) -> list[str]:
        return gzip.decompress(self.buckets.objects[key]).decode().splitlines()


@pytest.fixture
def rig(tmp_path: Path, clock: TestClock) -> Iterator[Rig]:
    rig = Rig(tmp_path, clock)
    yield rig
    rig.state.close()


def test_a_task_leaves_a_file_of_each_stream(rig: Rig) -> None:
    rig.put("a/b", "one", "two")
    rig.put("c", "three")
    rig.store.streams.create(GROUP, "empty")
    task = rig.create(taskName="mine")
    assert rig.status(task) == "PENDING"
    rig.run()
    assert set(rig.buckets.objects) == {
        "exportedlogs/aws-logs-write-test",
        f"exportedlogs/{task}/a-b/000000.gz",
        f"exportedlogs/{task}/c/000000.gz",
    }
    assert rig.buckets.objects["exportedlogs/aws-logs-write-test"] == b"Permission Check Successful"
    assert rig.lines(f"exportedlogs/{task}/a-b/000000.gz") == [
        "2023-11-14T22:13:20.000Z one",
        "2023-11-14T22:13:20.001Z two",
    ]
    now_ms = int(rig.clock.now() * 1000)
    assert rig.call("DescribeExportTasks")["exportTasks"] == [
        {
            "taskId": task,
            "taskName": "mine",
            "logGroupName": "app",
            "from": now_ms - 1000,
            "to": now_ms + 1000,
            "destination": "there",
            "destinationPrefix": "exportedlogs",
            "status": {"code": "COMPLETED", "message": "Completed successfully"},
            "executionInfo": {"creationTime": now_ms, "completionTime": now_ms},
        }
    ]
    assert list(rig.spool.iterdir()) == []


def test_only_what_was_asked_for_is_exported(rig: Rig) -> None:
    rig.put("web-1", "x", "y", "z")
    rig.put("db-1", "x")
    now_ms = int(rig.clock.now() * 1000)
    task = rig.create(
        **{"from": now_ms + 1, "to": now_ms + 2}, logStreamNamePrefix="web", destinationPrefix="/deep/down/"
    )
    rig.run()
    files = [key for key in rig.buckets.objects if "write-test" not in key]
    assert files == [f"deep/down/{task}/web-1/000000.gz"]
    assert [line.split(" ")[1] for line in rig.lines(files[0])] == ["y", "z"]


def test_large_streams_go_into_several_files(rig: Rig, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(files_module, "FILE_BYTES_MAX", 1000)
    monkeypatch.setattr(exporter_module, "EVENTS_A_STEP", 7)
    rig.put("s", *(f"message {number:03d}" for number in range(100)))
    task = rig.create()
    rig.run()
    keys = sorted(key for key in rig.buckets.objects if task in key)
    assert [key[-9:] for key in keys] == ["000000.gz", "000001.gz", "000002.gz", "000003.gz"]
    assert [line[-3:] for key in keys for line in rig.lines(key)] == [f"{number:03d}" for number in range(100)]


def test_a_task_that_was_interrupted_begins_anew(rig: Rig, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(exporter_module, "EVENTS_A_STEP", 5)
    for stream in ("a", "b", "c"):
        rig.put(stream, *(str(number) for number in range(20)))
    task = rig.create()
    for _ in range(6):
        rig.exporter.step()
    assert rig.status(task) == "RUNNING"
    rig.begin_anew()
    rig.run()
    assert rig.status(task) == "COMPLETED"
    for stream in ("a", "b", "c"):
        assert len(rig.lines(f"exportedlogs/{task}/{stream}/000000.gz")) == 20


def test_a_bucket_that_is_away_is_waited_for_and_one_that_refuses_is_not(rig: Rig) -> None:
    rig.put("s", "x")
    task = rig.create()
    rig.buckets.puts_refused = BucketError("", "nobody answers")
    for _ in range(3):
        with pytest.raises(BucketError):
            rig.exporter.step()
    rig.buckets.puts_refused = None
    rig.run()
    assert rig.status(task) == "COMPLETED"
    refused = rig.create()
    rig.buckets.puts_refused = BucketError("AccessDenied", "no")
    rig.run()
    assert rig.status(refused) == "FAILED"
    rig.buckets.puts_refused = None
    late = rig.create()
    rig.buckets.puts_refused = BucketError("", "nobody answers")
    with pytest.raises(BucketError):
        rig.exporter.step()
    rig.clock.advance(RETRIED_FOR_S)
    rig.run()
    assert rig.status(late) == "FAILED"


def test_tasks_are_cancelled_where_they_wait_and_where_they_run(rig: Rig, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(exporter_module, "EVENTS_A_STEP", 5)
    rig.put("s", *(str(number) for number in range(50)))
    waits = rig.create()
    rig.call("CancelExportTask", taskId=waits)
    assert rig.status(waits) == "CANCELLED"
    runs = rig.create()
    rig.exporter.step()
    rig.call("CancelExportTask", taskId=runs)
    assert rig.status(runs) == "PENDING_CANCEL"
    rig.run()
    assert rig.status(runs) == "CANCELLED"
    assert not any(runs in key for key in rig.buckets.objects)
    with pytest.raises(AwsError) as refused:
        rig.call("CancelExportTask", taskId=runs)
    assert refused.value.code == "InvalidOperationException"


def test_a_group_that_is_deleted_meanwhile_fails_its_task(rig: Rig) -> None:
    rig.put("s", "x")
    task = rig.create()
    rig.store.groups.delete(GROUP)
    rig.run()
    assert rig.status(task) == "FAILED"


def test_one_task_an_account_and_region_is_active(rig: Rig) -> None:
    rig.create()
    with pytest.raises(AwsError) as refused:
        rig.create()
    assert refused.value.code == "LimitExceededException"
    rig.run()
    rig.create()


@pytest.mark.parametrize(
    ("params", "code", "said"),
    [
        ({"logGroupName": "none"}, "ResourceNotFoundException", "log group does not exist"),
        ({"from": 9, "to": 8}, "InvalidParameterException", "before its end"),
        ({"destination": "none"}, "InvalidParameterException", "given bucket does not exist"),
    ],
)
def test_what_is_refused_leaves_nothing(rig: Rig, params: dict[str, Any], code: str, said: str) -> None:
    with pytest.raises(AwsError, match=said) as refused:
        rig.create(**params)
    assert refused.value.code == code
    assert rig.call("DescribeExportTasks") == {"exportTasks": []}
    assert rig.buckets.objects == {}


def test_what_the_bucket_refuses_is_told(rig: Rig) -> None:
    rig.buckets.puts_refused = BucketError("AccessDenied", "no")
    with pytest.raises(AwsError, match="PutObject call on the given bucket failed"):
        rig.create()
    rig.buckets.refusal = BucketError("AccessDenied", "no")
    with pytest.raises(AwsError, match="GetBucketAcl call on the given bucket failed"):
        rig.create()
    rig.buckets.refusal = BucketError("", "nobody answers")
    with pytest.raises(AwsError) as refused:
        rig.create()
    assert refused.value.status == 503


def test_tasks_are_listed_the_youngest_first_and_forgotten_in_the_end(rig: Rig) -> None:
    made = []
    for _ in range(3):
        made.append(rig.create())
        rig.run()
        rig.clock.advance(1)
    first = rig.call("DescribeExportTasks", limit=2)
    second = rig.call("DescribeExportTasks", limit=2, nextToken=first["nextToken"])
    assert [task["taskId"] for task in first["exportTasks"] + second["exportTasks"]] == made[::-1]
    assert rig.call("DescribeExportTasks", statusCode="FAILED") == {"exportTasks": []}
    other = Context("999999999999", REGION)
    assert rig.call("DescribeExportTasks", other) == {"exportTasks": []}
    with pytest.raises(AwsError, match="export task does not exist"):
        rig.call("CancelExportTask", other, taskId=made[0])
    rig.clock.advance(KEPT_S)
    rig.run()
    assert rig.call("DescribeExportTasks") == {"exportTasks": []}


def test_a_task_that_breaks_off_is_never_called_complete(rig: Rig, monkeypatch: pytest.MonkeyPatch) -> None:
    rig.put("a", "one")
    task = rig.create()
    put = rig.buckets.put

    def full(*arguments: Any, **more: Any) -> None:
        raise OSError("no space left on device")

    monkeypatch.setattr(rig.buckets, "put", full)
    for _ in range(3):
        with pytest.raises(OSError, match="no space"):
            rig.exporter.step()
    assert rig.status(task) == "RUNNING"
    monkeypatch.setattr(rig.buckets, "put", put)
    rig.run()
    assert (rig.status(task), rig.lines(f"exportedlogs/{task}/a/000000.gz")) == (
        "COMPLETED",
        ["2023-11-14T22:13:20.000Z one"],
    )


def test_a_task_that_breaks_off_for_too_long_has_failed(rig: Rig, monkeypatch: pytest.MonkeyPatch) -> None:
    rig.put("a", "one")
    task = rig.create()

    def broken(*arguments: Any, **more: Any) -> None:
        raise OSError("no space left on device")

    monkeypatch.setattr(rig.buckets, "put", broken)
    with pytest.raises(OSError, match="no space"):
        rig.exporter.step()
    rig.clock.advance(RETRIED_FOR_S + 1)
    rig.exporter.step()
    assert rig.status(task) == "FAILED"
