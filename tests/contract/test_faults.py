"""Engines that hang or die, a journal that is away, a full disk, a crash in the middle of a call."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import BotoCoreError
from tests.contract.waiting import wait_until
from tests.running import Cairn

pytestmark = pytest.mark.engine


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


def searched(cairn: Cairn, *query: str) -> list[Any]:
    """Records that `cairn search` finds; the command is no call, so that it reaches no failpoint."""
    return [json.loads(line) for line in cairn.cairn("search", *query, "--output", "jsonl").splitlines()]
