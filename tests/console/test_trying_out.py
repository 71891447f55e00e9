"""What is tried before it is put: nothing that a person may type is more than refused."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cairn.console.alarm_rules import CheckRequest, checked
from cairn.console.exchange import Refusal
from cairn.console.target_inputs import PreviewRequest, TargetInput, Transformer, preview

WORDS = st.lists(
    st.sampled_from(["ALARM", "OK", "AT_LEAST", "AND", "OR", "NOT", "(", ")", ",", '"a"', "a", "2", "50%", " ", "TRUE"])
)
JSON = st.recursive(st.none() | st.booleans() | st.floats() | st.text(), lambda each: st.lists(each, max_size=3))
PIECES = st.lists(st.sampled_from(["<a>", "<b>", '"', "{", "}", ":", "<aws.events.event.ingestion-time>", "\\", "\n"]))


def previewed(target: TargetInput, event: str) -> dict[str, Any]:
    return asyncio.run(preview(PreviewRequest(target=target, event=event)))


@given(WORDS.map("".join) | st.text(), st.dictionaries(st.sampled_from(["a", "2"]), st.sampled_from(["ALARM", "OK"])))
@settings(deadline=None)
def test_a_rule_is_told_of(rule: str, states: dict[str, str]) -> None:
    told = asyncio.run(checked(CheckRequest(rule=rule, states=states)))
    if told["error"]:
        assert (told["children"], told["holds"]) == ([], None)
        assert told["place"] is None or 0 <= told["place"] <= len(rule)
    else:
        assert (told["holds"] is None) == (not set(told["children"]) <= set(states))


@given(PIECES.map("".join), st.text(max_size=8), st.dictionaries(st.sampled_from(["time", "detail", "id"]), JSON))
@settings(deadline=None)
def test_a_template_is_told_of(template: str, path: str, event: dict[str, Any]) -> None:
    paths = {"a": "$.detail", "b": f"${path}"}
    target = TargetInput(
        id="t", arn="arn", input_transformer=Transformer(input_paths_map=paths, input_template=template)
    )
    try:
        told = previewed(target, json.dumps(event))
    except Refusal as refusal:
        assert refusal.status == 400
    else:
        assert not (told["problems"] and told["sent"])


@pytest.mark.parametrize("time", ["0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-14:00", "never", None, 1])
def test_an_event_of_no_time_is_from_the_beginning(time: Any) -> None:
    template = Transformer(input_template='{"at": <aws.events.event.ingestion-time>}')
    target = TargetInput(id="t", arn="arn", input_transformer=template)
    assert previewed(target, json.dumps({"time": time}))["sent"] == '{"at":"1970-01-01T00:00:00Z"}'


def test_an_event_that_is_nested_too_deeply_is_refused() -> None:
    with pytest.raises(Refusal, match="JSON object"):
        previewed(TargetInput(id="t", arn="arn"), '{"a":' + "[" * 100_000 + "]" * 100_000 + "}")
