"""What a running server tells of its checkpoint logs, which may be anything."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from cairn.cloudtrail.trail import TrailId
from cairn.cloudtrail.verify.checkpoint_log import LogDamaged
from cairn.cloudtrail.verify.servers_logs import servers_logs
from cairn.core.errors import Unreachable

TRAIL = TrailId("111122223333", "us-east-1", "audit")
LOG = {"trail": TRAIL.arn, "key": "k", "checkpoint": "c", "place": ""}


@pytest.mark.parametrize(
    "answer", [None, [], {"logs": {}}, {"logs": [None]}, {"logs": [LOG | {"key": 1}]}, {"logs": [LOG | {"trail": "x"}]}]
)
def test_an_answer_that_is_none(answer: Any) -> None:
    with pytest.raises(Unreachable, match="cannot be read"):
        servers_logs(lambda *_: answer, None)


@pytest.mark.parametrize("file", [None, {}, {"content": None}, {"content": "ü"}, {"content": "a"}])
def test_a_file_that_is_none_is_damage(file: Any) -> None:
    def get(path: str, query: Mapping[str, str]) -> Any:
        return {"logs": [LOG]} if path == "checkpoint" else file

    log = servers_logs(get, None)[TRAIL]
    assert log.fetch("checkpoint") == b"c"
    with pytest.raises(LogDamaged, match="tile/0/000"):
        log.fetch("tile/0/000")
