"""A backup of a server under load is a server: what was answered before is there, once, and works."""

from __future__ import annotations

import json
import subprocess
import threading
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from tests.contract.test_survival import (
    Made,
    check_buckets,
    check_keys,
    check_messages,
    check_organization,
    check_trail,
)
from tests.contract.waiting import wait_until
from tests.running import BIN, Cairn

pytestmark = pytest.mark.engine

CALLERS = 3


@pytest.fixture
def original(tmp_path: Path) -> Iterator[Cairn]:
    running = Cairn(tmp_path / "data")
    running.start()
    yield running
    assert running.stop() == 0


def test_a_backup_under_load_is_restored(original: Cairn, tmp_path: Path) -> None:
    made = Made(original)
    last = original.client("sqs").send_message(QueueUrl=made.queue, MessageBody="the last answer")["MessageId"]
    stop = threading.Event()
    callers = [Caller(original, stop) for _ in range(CALLERS)]
    wait_until(lambda: all(caller.answered for caller in callers))
    before = [request for caller in callers for request in caller.answered]
    original.cairn("backup", str(tmp_path / "backup"))
    stop.set()
    for caller in callers:
        caller.join()
    found = requests(original)
    assert [request for caller in callers for request in caller.answered if found[request] != 1] == []

    restored = Cairn(tmp_path / "restored")
    restore = [str(BIN / "cairn"), "restore", str(tmp_path / "backup"), "--data", str(restored.folder.path)]
    subprocess.run(restore, check=True, timeout=120)
    restored.start()
    try:
        check_buckets(restored, made)
        check_keys(restored, made)
        check_organization(restored, made)
        check_messages(restored, made, last)
        check_trail(restored)
        found = requests(restored)
        assert [request for request in before if found[request] != 1] == []
        assert max(found.values()) == 1
        trail = restored.client("cloudtrail").get_trail(Name="survivor")["Trail"]["TrailARN"]
        restored.cairn("verify", "--trail", trail, "--checkpoint", str(tmp_path / "seen.json"), "--journal")
    finally:
        assert restored.stop() == 0


class Caller(threading.Thread):
    """Makes users until it is told to stop. Each call has to be answered."""

    def __init__(self, cairn: Cairn, stop: threading.Event) -> None:
        super().__init__()
        self.answered: list[str] = []
        self._iam = cairn.client("iam")
        self._stop_calling = stop
        self.start()

    def run(self) -> None:
        while not self._stop_calling.is_set():
            user = self._iam.create_user(UserName=f"user-{self.ident}-{len(self.answered)}")
            self.answered.append(user["ResponseMetadata"]["RequestId"])


def requests(cairn: Cairn) -> Counter[Any]:
    """How often the history has each request that made a user, once it has read the journal."""

    def behind() -> int:
        rows = [json.loads(line) for line in cairn.cairn("status", code=None).splitlines()]
        return sum(row["behind"] for row in rows if row["loop"] == "history")

    wait_until(lambda: behind() == 0)
    found: Counter[Any] = Counter()
    pages = (
        cairn.client("cloudtrail")
        .get_paginator("lookup_events")
        .paginate(LookupAttributes=[{"AttributeKey": "EventName", "AttributeValue": "CreateUser"}])
    )
    for page in pages:
        found.update(json.loads(event["CloudTrailEvent"])["requestID"] for event in page["Events"])
    return found
