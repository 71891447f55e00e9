"""What AWS was recorded to answer: which events patterns match, and how patterns and events are refused."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from cairn.core.errors import AwsError
from cairn.eventbridge.patterns import InvalidEventPattern, event_patterns, parse_pattern

CASES = 78
REFUSALS = 41
EVENT = '{"id": "1", "source": "s", "detail-type": "t", "account": "1", "region": "r", "time": "2026-11-28T00:00:00Z"'


def _case(path: Path) -> dict[str, Any]:
    """Of JSON with comments and commas too many."""
    text = re.sub(r"^\s*//.*$", "", path.read_text(), flags=re.MULTILINE)
    case: dict[str, Any] = json.loads(re.sub(r",(\s*[}\]])", r"\1", text))
    return case


def test_events_match_patterns_as_the_cases_say(shared_data: Path) -> None:
    cases = sorted((shared_data / "event-patterns").glob("*.json5"))
    assert len(cases) == CASES
    for path in cases:
        case = _case(path)
        pattern, event = (json.dumps(case[name], ensure_ascii=False) for name in ("EventPattern", "Event"))
        if path.stem.endswith("_EXC"):
            with pytest.raises(InvalidEventPattern):
                event_patterns.test(pattern, event)
        else:
            assert event_patterns.test(pattern, event) != path.stem.endswith("_NEG"), path.stem


def _refusals(shared_data: Path) -> Iterator[tuple[str, str]]:
    """Patterns, and AWS's messages. A message says its pattern; where it does not, a case of its name does."""
    path = shared_data / "aws-snapshots" / "test_events_patterns.snapshot.json"
    for entry in json.loads(path.read_text()).values():
        for name, answer in entry["recorded-content"].items():
            error = (answer.get("exception_message") or answer).get("Error", {}) if isinstance(answer, dict) else {}
            if error.get("Code") != "InvalidEventPatternException":
                continue
            message = error.get("MessageRaw", error["Message"])
            message = message.replace("<partition>", "aws").replace("<region>", "us-east-1")
            said = re.search(r'\(String\)"(.*)"; line', message.splitlines()[-1])
            case = shared_data / "event-patterns" / f"{name}.json5"
            if said is not None:
                yield said[1], message
            elif case.exists():
                yield json.dumps(_case(case)["EventPattern"]), message


def test_patterns_are_refused_in_the_words_of_aws(shared_data: Path) -> None:
    refusals = list(_refusals(shared_data))
    assert len(refusals) == REFUSALS
    for text, message in refusals:
        with pytest.raises(InvalidEventPattern) as refused:
            parse_pattern(text)
        assert (refused.value.code, refused.value.message) == ("InvalidEventPatternException", message)


@pytest.mark.parametrize(
    "event",
    ["", "plain", '"a string"', '["id", "1"]', "{", EVENT, EVENT.replace('"account": "1", ', "") + "}", "[" * 9999],
)
def test_an_event_that_is_none_is_refused(event: str) -> None:
    with pytest.raises(AwsError) as refused:
        event_patterns.test('{"source": ["s"]}', event)
    assert (refused.value.code, refused.value.message) == ("ValidationException", "Parameter Event is not valid.")


def test_an_event_need_not_name_resources() -> None:
    assert event_patterns.test('{"source": ["s"]}', EVENT + "}")
    assert not event_patterns.test('{"source": ["s"], "resources": [{"exists": true}]}', EVENT + "}")
