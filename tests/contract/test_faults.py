"""Engines that hang or die, a journal that is away, a full disk, a crash in the middle of a call."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from typing import Any

import pytest
import urllib3
from botocore.exceptions import BotoCoreError, ClientError
from tests.contract.waiting import wait_until
from tests.running import Cairn

from cairn.core.frozen import freeze

pytestmark = pytest.mark.engine

LEFT_BYTES = 8 << 20
"""What a full disk has left: so much that SeaweedFS, which looks once a minute, does not make its volumes read-only."""


@pytest.fixture
def own(tmp_path: Path) -> Iterator[Callable[..., Cairn]]:
    """Starts a Cairn of the test's own, with settings."""
    started: list[Cairn] = []

    def start(**environment: str) -> Cairn:
        running = Cairn(tmp_path / "data", environment)
        started.append(running)
        running.start()
        return running

    yield start
    for running in started:
        assert running.stop() == 0


def test_a_crash_between_sending_and_recording_is_one_event_of_unknown_outcome(own: Callable[..., Cairn]) -> None:
    cairn = own(FAILPOINTS="gateway.sent=kill@2")
    iam = cairn.client("iam", retries=0)
    iam.create_user(UserName="recorded")
    with pytest.raises(BotoCoreError):
        iam.create_user(UserName="cut-off")
    found = wait_until(lambda: searched(cairn, "name=CreateUser", "cut-off"))
    assert [(record["errorCode"], record["requestParameters"]) for record in found] == [
        ("OutcomeUnknown", {"userName": "cut-off"})
    ]
    assert iam.get_user(UserName="cut-off")["User"]["UserName"] == "cut-off"
    assert "errorCode" not in searched(cairn, "name=CreateUser", "recorded")[0]
    assert len(searched(cairn, "name=CreateUser")) == 2


def test_engines_that_hang_or_are_gone_are_503_and_recorded(own: Callable[..., Cairn]) -> None:
    cairn = own()
    iam, s3, sts = (cairn.client(service, retries=0) for service in ("iam", "s3", "sts"))
    s3.create_bucket(Bucket="kept")
    iam.create_user(UserName="kept")
    with stopped(cairn, "moto"), stopped(cairn, "weed"):  # both at once: each call takes its time to find out
        with ThreadPoolExecutor() as pool:
            calls = [lambda: iam.create_user(UserName="hung"), lambda: s3.create_bucket(Bucket="hung")]
            list(pool.map(refused, calls))
        assert sts.get_caller_identity()["Arn"].endswith("user/administrator")
    wait_until(lambda: succeeds(lambda: iam.get_user(UserName="kept")))
    with killed_for_good(cairn, "moto", "weed"):
        refused(lambda: iam.create_user(UserName="gone"))
        refused(lambda: s3.delete_bucket(Bucket="kept"))
        assert sts.get_caller_identity()["Arn"].endswith("user/administrator")
    for name, what in (
        ("CreateUser", "hung"),
        ("CreateUser", "gone"),
        ("CreateBucket", "hung"),
        ("DeleteBucket", "kept"),
    ):
        (record,) = wait_until(partial(searched, cairn, f"name={name}", what))
        assert record["errorCode"] in ("ServiceUnavailable", "ServiceUnavailableException")
        assert "does not answer" in record["errorMessage"]
    wait_until(lambda: succeeds(lambda: iam.create_user(UserName="back")))
    wait_until(lambda: succeeds(lambda: s3.create_bucket(Bucket="back")))


def test_while_the_journal_is_away_calls_are_refused_and_all_resumes(own: Callable[..., Cairn]) -> None:
    cairn = own()
    iam = cairn.client("iam", retries=0)
    iam.create_user(UserName="before")
    with stopped(cairn, "nats-server"):
        refused(lambda: iam.create_user(UserName="refused"))
        began = time.monotonic()
        refused(lambda: iam.create_user(UserName="refused-at-once"))
        refused(lambda: iam.list_users())
        assert time.monotonic() - began < 2, "nobody waits to hear what is known"
        assert "the journal does not answer" in cairn.cairn("status", "--output", "json", code=1)
    wait_until(lambda: succeeds(lambda: iam.create_user(UserName="after")))
    names = {user["UserName"] for user in iam.list_users()["Users"]}
    assert names == {"administrator", "before", "after"}, "nothing that was refused reached the upstream"
    found = wait_until(lambda: searched(cairn, "name=CreateUser", "after"))
    assert len([record for record in found if "errorCode" not in record]) == 1
    recorded = searched(cairn, "name=CreateUser", "refused")
    assert {record.get("errorCode") for record in recorded} <= {"ServiceUnavailable"}
    assert metric(cairn, "cairn_events_dropped_total") == 0


def test_where_settings_allow_it_calls_pass_while_the_journal_is_away(own: Callable[..., Cairn]) -> None:
    cairn = own(CAIRN_RECORDING_ON_FAILURE="allow")
    iam = cairn.client("iam", retries=0)
    iam.create_user(UserName="before")
    with stopped(cairn, "nats-server"):
        for number in range(3):
            iam.create_user(UserName=f"passed-{number}")
        assert metric(cairn, "cairn_events_dropped_total") >= 3
    assert len(iam.list_users()["Users"]) == 5
    wait_until(lambda: recorded_again(cairn, iam))


def test_a_full_disk_refuses_and_works_again_once_there_is_room(small_disk: Path) -> None:
    cairn = Cairn(small_disk / "data", {"CAIRN_DELIVERY_INTERVAL": "5s"})
    cairn.start()
    iam, s3, sqs = (cairn.client(service, retries=0) for service in ("iam", "s3", "sqs"))
    s3.create_bucket(Bucket="kept")
    content = bytes(range(256)) * 4000
    s3.put_object(Bucket="kept", Key="before", Body=content)
    with filled(small_disk):
        for number in range(3):
            refused(lambda number=number: iam.create_user(UserName=f"refused-{number}"))
            refused(sqs.list_queues)
            refused(lambda number=number: s3.create_bucket(Bucket=f"refused-{number}"))
        assert "is full" in cairn.cairn("status", "--output", "json", code=1)
    users = [f"user-{number}" for number in range(3)]
    for user in users:
        wait_until(lambda user=user: succeeds(lambda: iam.create_user(UserName=user)))
    wait_until(lambda: succeeds(lambda: s3.put_object(Bucket="kept", Key="after", Body=content)))
    cairn.kill()
    cairn.start()
    assert {user["UserName"] for user in iam.list_users()["Users"]} == {"administrator", *users}
    assert [s3.get_object(Bucket="kept", Key=key)["Body"].read() for key in ("before", "after")] == [content] * 2
    assert [bucket["Name"] for bucket in s3.list_buckets()["Buckets"]] == ["kept"]
    for user in users:
        assert len(wait_until(partial(searched, cairn, "name=CreateUser", user))) == 1
    assert cairn.stop() == 0


def searched(cairn: Cairn, *query: str) -> list[Any]:
    """Records that `cairn search` finds; the command is no call, so that it reaches no failpoint."""
    return [json.loads(line) for line in cairn.cairn("search", *query, "--output", "jsonl").splitlines()]


def recorded_again(cairn: Cairn, iam: Any) -> bool:
    """Whether a call made now is found: the journal is back."""
    name = f"back-{time.monotonic_ns()}"
    iam.create_user(UserName=name)
    time.sleep(1)
    return bool(searched(cairn, "name=CreateUser", name))


def refused(call: Callable[[], Any]) -> None:
    """It is answered with 503, in AWS's words."""
    with pytest.raises(ClientError) as caught:
        call()
    assert caught.value.response["ResponseMetadata"]["HTTPStatusCode"] == 503
    assert caught.value.response["Error"]["Code"] == "ServiceUnavailable"


def succeeds(call: Callable[[], Any]) -> bool:
    try:
        call()
    except (ClientError, BotoCoreError):
        return False
    return True


def pids(cairn: Cairn, kind: str) -> list[int]:
    """Processes of a Cairn whose command line names `kind`."""
    found = [pid for pid in cairn.children() if kind.encode() in Path(f"/proc/{pid}/cmdline").read_bytes()]
    assert found
    return found


@contextlib.contextmanager
def stopped(cairn: Cairn, kind: str) -> Iterator[None]:
    """An engine hangs meanwhile."""
    victims = pids(cairn, kind)
    try:
        for pid in victims:
            freeze(pid)
        yield
    finally:
        for pid in victims:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGCONT)


@contextlib.contextmanager
def killed_for_good(cairn: Cairn, *kinds: str) -> Iterator[None]:
    """Engines are dead, and their supervisor cannot start them again meanwhile."""
    supervisor = cairn.folder.runtime().pid
    os.kill(supervisor, signal.SIGSTOP)
    try:
        for pid in [pid for kind in kinds for pid in pids(cairn, kind)]:
            os.kill(pid, signal.SIGKILL)
        yield
    finally:
        os.kill(supervisor, signal.SIGCONT)


@contextlib.contextmanager
def filled(disk: Path) -> Iterator[None]:
    """Somebody else's file takes all the room meanwhile."""
    filler = disk / "filler"
    with filler.open("wb") as file:
        while os.statvfs(disk).f_bavail * os.statvfs(disk).f_frsize > LEFT_BYTES:
            file.write(bytes(1 << 20))
            file.flush()
    yield
    filler.unlink()


def metric(cairn: Cairn, name: str) -> float:
    """Over all processes."""
    text = urllib3.request("GET", f"{cairn.endpoint}/metrics").data.decode()
    return sum(float(line.split()[-1]) for line in text.splitlines() if line.startswith((f"{name} ", f"{name}{{")))
