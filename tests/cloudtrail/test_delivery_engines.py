"""Delivery between real engines: from NATS JetStream into SeaweedFS, which is killed on the way."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import boto3
import pytest
from tests.cloudtrail.rig import ACCOUNT, Rig

from cairn.account.seaweedfs import SeaweedFS
from cairn.cloudtrail.check import check_delivered
from cairn.cloudtrail.delivery import Delivery
from cairn.cloudtrail.flush import Flushes
from cairn.cloudtrail.trail import TrailId, TrailSettings
from cairn.cloudtrail.trails import Trails
from cairn.core.clock import SystemClock
from cairn.core.config import Delivery as DeliverySettings
from cairn.core.config import Duration, Settings, Size
from cairn.core.journal.engine import JournalEngine
from cairn.core.journal.nats import NatsJournal
from cairn.core.loops import Loop
from cairn.core.s3_objects import S3ObjectStore
from cairn.core.state import State, metadata

pytestmark = pytest.mark.engine

BATCHES = 60
FLUSHES_MAX = 40


@pytest.fixture
def s3(tmp_path: Path) -> Iterator[SeaweedFS]:
    engine = SeaweedFS(tmp_path / "s3", logs=tmp_path)
    engine.start()
    yield engine
    engine.stop()


@pytest.fixture
def journal(tmp_path: Path) -> Iterator[NatsJournal]:
    engine = JournalEngine(tmp_path / "journal", Settings())
    journal = NatsJournal(engine.start(), writer="test")
    yield journal
    journal.close()
    engine.stop()


@pytest.fixture
def state(tmp_path: Path) -> Iterator[State]:
    state = State.in_folder(tmp_path)
    metadata.create_all(state.engine)
    yield state
    state.close()


@pytest.fixture
def running(tmp_path: Path, s3: SeaweedFS, journal: NatsJournal, state: State) -> Iterator[Delivery]:
    """A delivery every second, in a loop of its own."""
    key = s3.credentials
    store = S3ObjectStore(s3.endpoint, access_key_id=key.access_key_id, secret_access_key=key.secret_access_key)
    settings = DeliverySettings(interval=Duration(1), file_bytes_max=Size(4000))
    delivery = Delivery(state, journal, store, tmp_path / "spool", settings, SystemClock())
    loop = Loop(delivery)
    loop.start()
    yield delivery
    loop.stop()
    delivery.close()
    store.close()


def test_every_event_arrives_once_though_the_bucket_is_killed(
    s3: SeaweedFS, journal: NatsJournal, state: State, running: Delivery, rig: Rig
) -> None:
    key = {"aws_access_key_id": s3.credentials.access_key_id, "aws_secret_access_key": s3.credentials.secret_access_key}
    client = boto3.client("s3", endpoint_url=s3.endpoint, region_name="us-east-1", **key)
    client.create_bucket(Bucket="logs")
    trails = Trails(state, journal, SystemClock())
    trail = TrailId(ACCOUNT, "us-east-1", "main")
    trails.create(trail, TrailSettings(bucket="logs", prefix="audit", multi_region=True))
    trails.start_logging(trail)
    for number in range(BATCHES):
        journal.append([rig.event(), rig.event(region="eu-west-1")], origin="gateway")
        if number == BATCHES // 2:
            assert s3.pid is not None
            os.kill(s3.pid, signal.SIGKILL)
        time.sleep(0.05)
    _flush(Flushes(state, journal, SystemClock()), running)
    assert running.position == journal.bounds().next
    assert s3.restarts == 1
    _check_object(client)
    client.close()
    store = S3ObjectStore(
        s3.endpoint, access_key_id=key["aws_access_key_id"], secret_access_key=key["aws_secret_access_key"]
    )
    report = check_delivered(state, journal, store)
    store.close()
    assert (report.problems, report.events) == ([], BATCHES * 2)


def _flush(flushes: Flushes, delivery: Delivery) -> None:
    """Flush until nothing fails any more."""
    for _ in range(FLUSHES_MAX):
        answer = flushes.wait(flushes.request(), 10)
        if answer is not None and not answer.failures:
            return
        time.sleep(1)
    raise AssertionError(f"not delivered: {delivery.troubles()}")


def _check_object(client: Any) -> None:
    """An object as any S3 client sees it."""
    found = client.list_objects_v2(Bucket="logs", Prefix=f"audit/AWSLogs/{ACCOUNT}/CloudTrail/eu-west-1/")["Contents"]
    head = client.head_object(Bucket="logs", Key=found[0]["Key"])
    assert (head["ContentType"], head["ContentEncoding"]) == ("application/json", "gzip")
