"""All that can fail under a trail, one after the other, while calls go on: at the end every call is delivered once."""

from __future__ import annotations

import contextlib
import gzip
import json
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from botocore.exceptions import BotoCoreError, ClientError
from tests.contract.recipients import make_bucket, make_key, make_topic, trail_arn
from tests.contract.test_faults import filled, stopped, succeeds
from tests.contract.test_notices import Subscriber
from tests.contract.test_tutorial import bucket_policy
from tests.contract.test_validate_logs import validate
from tests.contract.waiting import wait_until
from tests.running import Cairn

from cairn.cloudtrail.check import check_delivered
from cairn.cloudtrail.digests.check import check_digests
from cairn.cloudtrail.tables import delivered_files, status
from cairn.core.journal.access import JournalAccess
from cairn.core.journal.nats import NatsJournal
from cairn.core.s3_objects import S3ObjectStore
from cairn.core.state import State

pytestmark = pytest.mark.engine

REGION = "us-east-1"
FAILING, STEADY = "failing", "steady"
"""Trails, each with a bucket of its name. The first is under a KMS key and validated, the second announced."""
ARN = trail_arn(FAILING, REGION)


class Caller(threading.Thread):
    """Somebody who calls all the while, each call when the last was answered."""

    def __init__(self, call: Callable[[int], Any]) -> None:
        super().__init__(daemon=True)
        self.answered: Counter[str] = Counter()
        """Request ids of calls that succeeded."""
        self.refused: Counter[str] = Counter()
        self._call = call
        self._ended = threading.Event()

    def run(self) -> None:
        number = 0
        while not self._ended.wait(0.05):
            number += 1
            with contextlib.suppress(BotoCoreError):
                self._ask(number)

    def end(self) -> None:
        self._ended.set()
        self.join()

    def _ask(self, number: int) -> None:
        try:
            self.answered[self._call(number)["ResponseMetadata"]["RequestId"]] += 1
        except ClientError as error:
            self.refused[error.response["ResponseMetadata"]["RequestId"]] += 1


class Trails:
    """A Cairn with the two trails, and those who call it."""

    def __init__(self, cairn: Cairn) -> None:
        self.cairn = cairn
        self.s3, self.kms, self.trail = (cairn.client(service) for service in ("s3", "kms", "cloudtrail"))
        self.key = make_key(cairn, ARN, REGION)
        topic = make_topic(cairn, STEADY, trail_arn(STEADY, REGION), REGION)
        self.subscriber = Subscriber(cairn, topic, STEADY, REGION)
        proven = {"KmsKeyId": self.key, "EnableLogFileValidation": True}
        for name, settings in ((FAILING, proven), (STEADY, {"SnsTopicName": STEADY})):
            make_bucket(cairn, name)
            self.trail.create_trail(Name=name, S3BucketName=name, IsMultiRegionTrail=True, **settings)
            self.trail.start_logging(Name=name)
        sqs = cairn.client("sqs", retries=0)
        sts = cairn.client("sts", retries=0)
        self.callers = [
            Caller(lambda number: sqs.create_queue(QueueName=f"queue-{number}")),  # moto answers
            Caller(lambda number: sts.get_caller_identity()),  # Cairn itself does
        ]
        for caller in self.callers:
            caller.start()

    def end(self) -> None:
        """Nobody calls any more, and all is delivered."""
        for caller in self.callers:
            caller.end()
        wait_until(lambda: self.cairn.cairn("flush", "--digests"))

    @property
    def answered(self) -> Counter[str]:
        return self.callers[0].answered + self.callers[1].answered

    @property
    def refused_calls(self) -> Counter[str]:
        return self.callers[0].refused + self.callers[1].refused

    def error(self, name: str = FAILING) -> str:
        return str(self.trail.get_trail_status(Name=name).get("LatestDeliveryError", ""))

    def files(self, bucket: str) -> set[str]:
        listed = self.s3.get_paginator("list_objects_v2").paginate(Bucket=bucket)
        return {found["Key"] for page in listed for found in page.get("Contents", ()) if "/CloudTrail/" in found["Key"]}

    def recorded(self, bucket: str) -> set[str]:
        """The same by the saved state, for when nobody answers who may ask."""
        of_bucket = sa.select(delivered_files.c.key).where(delivered_files.c.bucket == bucket)
        return {row.key for row in self._saved(of_bucket)}

    def notices_failed(self) -> bool:
        return bool(self._saved(sa.select(status).where(status.c.kind == "notices", status.c.failed)))

    def _saved(self, select: sa.Select[Any]) -> list[sa.Row[Any]]:
        state = State.in_folder(self.cairn.folder.path)
        with state.read() as connection:
            rows = list(connection.execute(select))
        state.close()
        return rows

    def delivers(self, name: str) -> None:
        """It does: files come that were not there."""
        before = self.files(name)
        wait_until(lambda: self.files(name) - before)

    def refused(self, *codes: str) -> None:
        """The one trail is in trouble and says so, and the other delivers as ever."""
        wait_until(lambda: self.error() in codes)
        self.delivers(STEADY)
        assert self.error(STEADY) == ""

    def requests(self, bucket: str) -> Counter[str]:
        """The request ids in a bucket's log files, and how often each is there."""
        found: Counter[str] = Counter()
        for key in self.files(bucket):
            content = self.s3.get_object(Bucket=bucket, Key=key)["Body"].read()
            found.update(record.get("requestID", "") for record in json.loads(gzip.decompress(content))["Records"])
        return found


def without_bucket(trails: Trails) -> None:
    """The bucket is emptied and deleted while files come in."""
    s3 = trails.s3

    def gone() -> bool:
        for key in [found["Key"] for found in s3.list_objects_v2(Bucket=FAILING).get("Contents", ())]:
            s3.delete_object(Bucket=FAILING, Key=key)
        return succeeds(lambda: s3.delete_bucket(Bucket=FAILING))

    wait_until(gone)
    trails.refused("NoSuchBucket")
    make_bucket(trails.cairn, FAILING)


def without_policy(trails: Trails) -> None:
    trails.s3.delete_bucket_policy(Bucket=FAILING)
    trails.refused("AccessDenied")
    trails.s3.put_bucket_policy(Bucket=FAILING, Policy=json.dumps(bucket_policy(FAILING)))


def with_a_disabled_key(trails: Trails) -> None:
    trails.kms.disable_key(KeyId=trails.key)
    trails.refused("KMS.DisabledException")
    trails.kms.enable_key(KeyId=trails.key)


def while_kms_hangs(trails: Trails) -> None:
    """And with it the queue that hears of the other trail, whose files and topic do not wait."""
    with stopped(trails.cairn, "moto"):
        for _ in range(3):
            refused, steady = trails.recorded(FAILING), trails.recorded(STEADY)
            wait_until(lambda steady=steady: trails.recorded(STEADY) - steady)
        assert trails.recorded(FAILING) == refused, "nothing is put without the key"
        assert not trails.notices_failed()


def while_the_store_is_slow(trails: Trails) -> None:
    for _ in range(4):
        with stopped(trails.cairn, "weed"):
            time.sleep(1.5)
        time.sleep(0.5)
    trails.delivers(STEADY)


@contextlib.contextmanager
def running(folder: Path) -> Iterator[Trails]:
    cairn = Cairn(folder, {"CAIRN_DELIVERY_INTERVAL": "2s", "CAIRN_DIGEST_INTERVAL": "5s"})
    cairn.start()
    try:
        trails = Trails(cairn)
        yield trails
        for caller in trails.callers:
            caller.end()
    finally:
        code = cairn.stop()
    assert code == 0


@pytest.fixture
def trails(tmp_path: Path) -> Iterator[Trails]:
    with running(tmp_path / "data") as found:
        yield found


def test_whatever_fails_every_call_is_delivered_once(trails: Trails, tmp_path: Path) -> None:
    cairn = trails.cairn
    trails.delivers(FAILING)
    for fail in (without_bucket, without_policy, with_a_disabled_key, while_kms_hangs, while_the_store_is_slow):
        fail(trails)
        wait_until(lambda: cairn.cairn("flush", "--trail", ARN))
        assert trails.error() == ""
        trails.delivers(FAILING)
    trails.end()
    cairn.cairn("redeliver", ARN, "--since", "1h")  # what the deleted bucket had

    calls = trails.answered + trails.refused_calls
    assert set(calls.values()) == {1}
    for bucket in (FAILING, STEADY):
        assert calls - trails.requests(bucket) == Counter(), f"calls that {bucket} lacks"
    assert problems(cairn) == []
    verdict = validate(cairn, FAILING)
    assert (verdict.code, verdict.faults) == (0, [])
    cairn.cairn("verify", "--trail", ARN, "--checkpoint", str(tmp_path / "seen.json"))
    wait_until(lambda: set(trails.subscriber.keys()) >= trails.files(STEADY))
    for name in (FAILING, STEADY):
        told = trails.trail.get_trail_status(Name=name)
        assert not [member for member in told if member.endswith("Error")]


def test_what_is_answered_around_a_full_disk_is_delivered_once(small_disk: Path) -> None:
    with running(small_disk / "data") as trails:
        trails.delivers(FAILING)
        with filled(small_disk):
            before = trails.refused_calls
            wait_until(lambda: trails.refused_calls - before)
            wait_until(lambda: "is full" in trails.cairn.cairn("status", "--output", "json", code=1))
        before = trails.answered
        wait_until(lambda: trails.answered - before)
        trails.delivers(FAILING)
        trails.end()
        for bucket in (FAILING, STEADY):
            assert trails.answered - trails.requests(bucket) == Counter(), f"calls that {bucket} lacks"
        assert problems(trails.cairn) == []


def problems(cairn: Cairn) -> list[str]:
    """What is wrong with the files and digests of all trails, by the journal and the saved state."""
    administrator = cairn.folder.administrator()
    keys = {
        "access_key_id": administrator.access_key_id,
        "secret_access_key": administrator.secret_access_key,
    }
    state = State.in_folder(cairn.folder.path)
    journal = NatsJournal(JournalAccess.load(cairn.folder.journal), writer="test")
    store = S3ObjectStore(cairn.endpoint, **keys)
    try:
        return check_delivered(state, journal, store).problems + check_digests(state, store)
    finally:
        store.close()
        journal.close()
        state.close()
