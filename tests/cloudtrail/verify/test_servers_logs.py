"""What a running server tells of its checkpoint logs, which may be anything."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import msgspec
import pytest
from tests.cloudtrail.verify.bucket import BUCKET, make_chain, write_folder

from cairn.cloudtrail.trail import TrailId
from cairn.cloudtrail.verify.checkpoint_log import LogDamaged
from cairn.cloudtrail.verify.places import Folder
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


def test_of_a_copy_only_the_trails_that_deliver_to_its_bucket_and_prefix(tmp_path: Path) -> None:
    """Those of others are not gone from it."""
    write_folder(tmp_path / "copy", make_chain(hours=1, files=0, prefix="logs"))
    (tmp_path / "empty").mkdir()
    there = {
        "mine": f"{BUCKET}/logs/AWSLogs/x",
        "new": "",
        "elsewhere": "other/logs/AWSLogs/x",
        "root": f"{BUCKET}/AWSLogs/x",
    }
    told = [
        LOG | {"trail": msgspec.structs.replace(TRAIL, name=name).arn, "place": place} for name, place in there.items()
    ]

    def names(place: Folder) -> set[str]:
        return {trail.name for trail in servers_logs(lambda *_: {"logs": told}, None, place)}

    assert names(Folder(tmp_path / "copy")) == {"mine", "new"}
    assert names(Folder(tmp_path / "empty")) == set(there)
