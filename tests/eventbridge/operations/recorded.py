"""AWS's recorded answers, and ours in the form that the recorder gave them."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from tests.eventbridge.operations.rig import ACCOUNT, OTHER, REGION

SNAPSHOT = Path("aws-snapshots") / "test_events.snapshot.json"


class Recorded:
    """The answers of one test of the recorder's."""

    def __init__(self, shared_data: Path, test: str) -> None:
        snapshot = json.loads((shared_data / SNAPSHOT).read_text())
        (found,) = (each for name, each in snapshot.items() if name.endswith(f"::{test}"))
        self._answers: dict[str, Any] = found["recorded-content"]

    def __getitem__(self, key: str) -> Any:
        return _without_metadata(self._answers[key])


def _without_metadata(answer: Any) -> Any:
    if isinstance(answer, dict):
        return {name: value for name, value in answer.items() if name != "ResponseMetadata"}
    return answer


def as_recorded(answer: Any, names: Mapping[str, str], *, account: str = "111111111111") -> Any:
    """An answer with names, accounts, regions and times replaced by the recorder's placeholders.

    Args:
        names: placeholders by what stands in their place.
    """
    replacements = {**names, ACCOUNT: account, OTHER: "<secondary-account-id>", REGION: "<region>"}
    if isinstance(answer, dict):
        return {name: _member(name, value, names, account) for name, value in answer.items()}
    if isinstance(answer, list):
        return [as_recorded(each, names, account=account) for each in answer]
    if not isinstance(answer, str):
        return answer
    text = answer
    for value in sorted(replacements, key=len, reverse=True):
        text = text.replace(value, replacements[value])
    return text.replace("arn:aws:", "arn:<partition>:")


def _member(name: str, value: Any, names: Mapping[str, str], account: str) -> Any:
    if name in ("CreationTime", "LastModifiedTime"):
        return "datetime"
    if name == "time":
        return "date"
    if name == "NextToken":
        return "<next_token:1>"
    if name in ("EventPattern", "Policy"):
        value = json.loads(value)
    return as_recorded(value, names, account=account)
