"""PutEvents: what an event becomes of an entry, and what is refused of it; TestEventPattern."""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.eventbridge.operations.rig import ACCOUNT, REGION, Rig

from cairn.core.errors import AwsError
from cairn.eventbridge.operations.events import DETAIL_DEPTH_MAX, ENTRIES_BYTES_MAX, _depth, _one_line

UUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")


@pytest.fixture
def telling(rig: Rig) -> Rig:
    rig.rule()
    rig.target()
    return rig


def test_an_entry_becomes_an_event(telling: Rig) -> None:
    detail = '{ "price": 1.50,\n "price": 12345678901234567890, "name": "caf\u00e9 \\u00e9 a  b" }'
    time = datetime(2026, 1, 2, 3, 4, 5, 999_999, UTC)
    answer = telling.put({"Detail": detail, "Resources": ["arn:a", "b"], "Time": time, "TraceHeader": "Root=1"})
    ((_, _, event),) = telling.owed
    assert answer == {"FailedEntryCount": 0, "Entries": [{"EventId": event.id}]}
    assert UUID.fullmatch(event.id)
    assert event.envelope.decode() == (
        f'{{"version":"0","id":"{event.id}","detail-type":"ordered","source":"shop","account":"{ACCOUNT}",'
        f'"time":"2026-01-02T03:04:05Z","region":"{REGION}","resources":["arn:a","b"],'
        '"detail":{"price":1.50,"price":12345678901234567890,"name":"café \\u00e9 a  b"}}'
    )


def test_an_event_without_a_time_has_that_of_its_arrival(telling: Rig) -> None:
    telling.put({})
    assert telling.told()[0]["time"] == "2023-11-14T22:13:20Z"
    assert telling.told()[0]["resources"] == []


def test_some_entries_may_fail_while_others_do_not(telling: Rig) -> None:
    answer = telling.put({"Detail": "no"}, {}, {"Source": "aws.s3"}, {"Source": "awsome"}, {"Source": "", "Detail": ""})
    assert answer["FailedEntryCount"] == 3
    codes = [entry.get("ErrorCode", "") for entry in answer["Entries"]]
    assert codes == ["MalformedDetail", "", "NotAuthorizedForSourceException", "", "InvalidArgument"]
    assert answer["Entries"][2]["ErrorMessage"] == "Not authorized for the source."
    assert len(telling.told()) == 1


def test_entries_may_be_for_several_buses(telling: Rig) -> None:
    telling.call("CreateEventBus", Name="orders")
    telling.rule("other", bus="orders")
    telling.target("other", bus="orders")
    arn = f"arn:aws:events:{REGION}:{ACCOUNT}:event-bus/orders"
    telling.put({"EventBusName": "orders"}, {}, {"EventBusName": arn}, {"EventBusName": "default"})
    assert [rule.name for rule, _, _ in telling.owed].count("other") == 2
    assert len(telling.owed) == 4


@pytest.mark.parametrize(
    ("call", "error"),
    [
        ({"Entries": []}, "Member must have length greater than or equal to 1"),
        ({}, "Value null at 'entries'"),
        ({"Entries": [{"Source": "s", "EventBusName": "a/b"}]}, "'entries.1.member.eventBusName'"),
        ({"Entries": [{"Source": "s"}], "EndpointId": "abc.def"}, "Endpoint abc.def does not exist."),
        ({"Entries": [{"EventBusName": f"arn:aws:events:eu-west-1:{ACCOUNT}:event-bus/a"}]}, "EventBusName"),
    ],
)
def test_calls_that_are_refused_as_a_whole(telling: Rig, call: dict[str, object], error: str) -> None:
    with pytest.raises(AwsError) as refused:
        telling.call("PutEvents", **call)
    assert error in refused.value.message


def test_the_size_of_all_entries_is_bounded(telling: Rig) -> None:
    rest = len("shop") + len("ordered") + len("é".encode()) + 14 + len('{"a":""}')
    extra = {"Resources": ["é"], "Time": datetime(2026, 1, 1, tzinfo=UTC)}
    fits = '{"a":"%s"}' % ("x" * (ENTRIES_BYTES_MAX - rest - 1))
    assert telling.put({"Detail": fits, **extra})["FailedEntryCount"] == 0
    with pytest.raises(AwsError, match="Total size of the entries in the request is over the limit"):
        telling.put({"Detail": fits.replace(":", ": "), **extra})
    half = '{"a":"%s"}' % ("x" * (ENTRIES_BYTES_MAX // 2))
    with pytest.raises(AwsError, match="Total size of the entries"):
        telling.put({"Detail": half}, {"Detail": half})
    assert len(telling.owed) == 1


def test_details_are_nested_only_so_deep(telling: Rig) -> None:
    def nested(depth: int) -> str:
        return '{"a":' * (depth - 1) + "{}" + "}" * (depth - 1)

    telling.rule("deep", pattern={"detail": {"a": {"a": {"a": [{"exists": False}]}}}})
    answer = telling.put({"Detail": nested(DETAIL_DEPTH_MAX)}, {"Detail": nested(DETAIL_DEPTH_MAX + 1)})
    assert [entry.get("ErrorCode") for entry in answer["Entries"]] == [None, "MalformedDetail"]
    flat = json.dumps({"a": "[{" * DETAIL_DEPTH_MAX, "b": [[]] * DETAIL_DEPTH_MAX})
    assert telling.put({"Detail": flat})["FailedEntryCount"] == 0
    for hostile in ("[" * 100_000, '{"a":' * 100_000, "[" * 300 + '"' + '\\"' * 100_000, nested(900)):
        assert telling.put({"Detail": hostile})["Entries"][0]["ErrorCode"] == "MalformedDetail"
    quotes = json.dumps({"a": '"\\' * 100_000, "b": [[]] * DETAIL_DEPTH_MAX})
    assert telling.put({"Detail": quotes})["FailedEntryCount"] == 0


def test_texts_that_are_no_unicode_fail_alone(telling: Rig) -> None:
    answer = telling.put({"Source": "\ud800"}, {"Detail": '{"a": "\ud800"}'}, {})
    assert [entry.get("ErrorCode") for entry in answer["Entries"]] == ["InvalidArgument", "MalformedDetail", None]


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=20,
)


@settings(deadline=None)
@given(st.dictionaries(st.text(), JSON, max_size=4), st.sampled_from([None, 1, "\t"]), st.booleans())
def test_a_detail_keeps_its_meaning_on_one_line(detail: dict[str, object], indent: object, ascii: bool) -> None:
    line = _one_line(json.dumps(detail, indent=indent, ensure_ascii=ascii))  # type: ignore[arg-type]
    assert b"\n" not in line
    assert json.loads(line) == detail


@settings(deadline=None)
@given(st.text(alphabet='{}[]"\\:,a1 \n', max_size=40))
def test_any_text_is_a_detail_or_malformed(text: str) -> None:
    try:
        expected = isinstance(json.loads(text), dict)
    except ValueError:
        expected = False
    try:
        _one_line(text)
        found = True
    except Exception as refused:
        assert type(refused).__name__ == "_Refused"
        found = False
    assert found == expected


@settings(deadline=None)
@given(JSON)
def test_depth_is_never_told_too_small(value: object) -> None:
    def depth(of: object) -> int:
        inner = of.values() if isinstance(of, dict) else of if isinstance(of, list) else None
        return 0 if inner is None else 1 + max(map(depth, inner), default=0)

    padding = json.dumps([value] + [[] for _ in range(DETAIL_DEPTH_MAX)])
    assert _depth(padding.encode()) == max(1 + depth(value), 2)


def test_a_pattern_is_tried_on_an_event(rig: Rig) -> None:
    event = {"id": "1", "account": ACCOUNT, "source": "shop", "time": "t", "region": REGION, "detail-type": "d"}
    given = {"Event": json.dumps(event)}
    assert rig.call("TestEventPattern", EventPattern='{"source": ["shop"]}', **given) == {"Result": True}
    assert rig.call("TestEventPattern", EventPattern='{"source": ["bank"]}', **given) == {"Result": False}
    with pytest.raises(AwsError, match="InvalidEventPatternException"):
        rig.call("TestEventPattern", EventPattern="[]", **given)
    with pytest.raises(AwsError, match="Parameter Event is not valid"):
        rig.call("TestEventPattern", EventPattern='{"source": ["shop"]}', Event="[]")
