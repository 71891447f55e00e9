from __future__ import annotations

import dataclasses
from typing import Any

import pytest
from tests.cloudwatch.logs.rig import GROUP, HERE, Rig, log_events

from cairn.cloudwatch.logs import pointer
from cairn.cloudwatch.logs.groups import DAY_MS

HOUR_MS = 3_600_000
ELSEWHERE = dataclasses.replace(HERE, account="999999999999")


def put_refused(rig: Rig, *events: tuple[int, str], stream: str = "s") -> tuple[str, str]:
    error = rig.refused("PutLogEvents", logGroupName="app", logStreamName=stream, logEvents=log_events(events))
    assert rig.store.end() == 1, "something was stored"
    return error.code, error.message


def test_what_was_put_is_got(rig: Rig) -> None:
    rig.make("s")
    answer = rig.put_events((rig.now_ms, "one"), (rig.now_ms + 1, "zwei ü"))
    assert len(answer["nextSequenceToken"]) == 56 and "rejectedLogEventsInfo" not in answer
    page = rig.call("GetLogEvents", logGroupName="app", logStreamName="s")
    assert page["events"] == [
        {"timestamp": rig.now_ms, "message": "one", "ingestionTime": rig.now_ms},
        {"timestamp": rig.now_ms + 1, "message": "zwei ü", "ingestionTime": rig.now_ms},
    ]


def test_puts_that_are_refused_leave_nothing(rig: Rig) -> None:
    rig.make("s")
    now, bad = rig.now_ms, "InvalidParameterException"
    order = "Log events in a single PutLogEvents request must be in chronological order."
    assert put_refused(rig, (now, "a"), (now - 1, "b")) == (bad, order)
    day = "The batch of log events in a single PutLogEvents request cannot span more than 24 hours."
    assert put_refused(rig, (now - DAY_MS - 1, "a"), (now, "b")) == (bad, day)
    assert put_refused(rig, (now, ""))[0] == bad
    assert put_refused(rig)[0] == bad
    assert put_refused(rig, *[(now, "x")] * 10_001)[0] == bad
    text = "Log event too large: 1048577 bytes exceeds limit of 1048576"
    assert put_refused(rig, (now, "x" * ((1 << 20) - 25))) == (bad, text)
    text = "Upload too large: 1048577 bytes exceeds limit of 1048576"
    assert put_refused(rig, (now, "x" * (1 << 19)), (now, "ü" * ((1 << 18) - 26) + "x")) == (bad, text)
    gone = ("ResourceNotFoundException", "The specified log stream does not exist.")
    assert put_refused(rig, (now, "x"), stream="absent") == gone


def test_the_largest_puts_are_taken(rig: Rig) -> None:
    rig.make("s")
    now = rig.now_ms
    rig.put_events((now, "x" * ((1 << 20) - 26)))
    rig.put_events(*[(now, "x")] * 10_000)
    rig.put_events((now - DAY_MS, "a"), (now, "b"))
    assert rig.store.end() == 4


def test_events_that_are_too_old_expired_or_too_new_are_rejected_and_the_rest_is_taken(rig: Rig) -> None:
    rig.make("s")
    now = rig.now_ms
    old, edge, new, edge_new = now - 14 * DAY_MS - 1, now - 14 * DAY_MS, now + 2 * HOUR_MS + 1, now + 2 * HOUR_MS
    answer = rig.put_events((old, "old"), (edge, "edge"), (edge, "edge"))
    assert answer["rejectedLogEventsInfo"] == {"tooOldLogEventEndIndex": 1}
    answer = rig.put_events((now, "now"), (edge_new, "edge"), (new, "new"), (new, "new"))
    assert answer["rejectedLogEventsInfo"] == {"tooNewLogEventStartIndex": 2}
    assert rig.messages() == ["edge", "edge", "now", "edge"]
    rig.store.groups.change(GROUP, retention_days=3)
    answer = rig.put_events((old, "a"), (now - 3 * DAY_MS - 1, "b"), (now - 1, "c"), (new, "d"))
    assert answer["rejectedLogEventsInfo"] == {
        "tooOldLogEventEndIndex": 1,
        "expiredLogEventEndIndex": 2,
        "tooNewLogEventStartIndex": 3,
    }
    assert "c" in rig.messages()
    end = rig.store.end()
    assert "tooOldLogEventEndIndex" in rig.put_events((old, "a"))["rejectedLogEventsInfo"]
    assert rig.store.end() == end, "nothing was left to store"


def test_a_stale_sequence_token_does_not_matter(rig: Rig) -> None:
    rig.make("s")
    rig.call(
        "PutLogEvents",
        logGroupName="app",
        logStreamName="s",
        logEvents=log_events([(rig.now_ms, "x")]),
        sequenceToken="49invalid",
    )
    assert rig.messages() == ["x"]


def got(rig: Rig, **params: Any) -> tuple[list[str], str, str]:
    page = rig.call("GetLogEvents", logGroupName="app", logStreamName="s", **params)
    return [event["message"] for event in page["events"]], page["nextForwardToken"], page["nextBackwardToken"]


def test_a_stream_is_paged_forward_and_back_and_tokens_repeat_at_both_ends(rig: Rig) -> None:
    rig.make("s", "t")
    for number in range(7):
        rig.put("s", str(number), at=rig.now_ms + number)
        rig.put("t", "other", at=rig.now_ms + number)
    page, forward, _ = got(rig, startFromHead=True, limit=3)
    assert page == ["0", "1", "2"]
    page, forward, back = got(rig, nextToken=forward, limit=3)
    assert page == ["3", "4", "5"]
    assert got(rig, nextToken=back, limit=2)[0] == ["1", "2"]
    page, forward, _ = got(rig, nextToken=forward, limit=3)
    assert page == ["6"]
    page, same, back = got(rig, nextToken=forward, limit=3)
    assert (page, same) == ([], forward)
    assert got(rig, nextToken=back, limit=3)[0] == ["4", "5", "6"]
    rig.put("s", "7", at=rig.now_ms + 7)
    assert got(rig, nextToken=forward)[0] == ["7"]
    _, _, back = got(rig, startFromHead=True, limit=3)
    page, _, same = got(rig, nextToken=back)
    assert (page, same) == ([], back)


def test_without_direction_the_last_page_comes_first(rig: Rig) -> None:
    rig.make("s")
    rig.put("s", *"abcde")
    page, _, back = got(rig, limit=2)
    assert page == ["d", "e"]
    page, _, back = got(rig, limit=2, nextToken=back)
    assert page == ["b", "c"]
    assert got(rig, limit=2, nextToken=back)[0] == ["a"]


def test_an_empty_stream_has_tokens_that_find_what_comes_later(rig: Rig) -> None:
    rig.make("s")
    for from_head in (True, False):
        page, forward, back = got(rig, startFromHead=from_head)
        assert page == [] and forward.startswith("f/") and back.startswith("b/")
    _, forward, _ = got(rig, startFromHead=True)
    rig.put("s", "first")
    assert got(rig, nextToken=forward)[0] == ["first"]


def test_a_time_range_has_its_start_in_it_and_its_end_not(rig: Rig) -> None:
    rig.make("s")
    rig.put("s", *"abcde")
    assert got(rig, startTime=rig.now_ms + 1, endTime=rig.now_ms + 3)[0] == ["b", "c"]
    found = rig.call("FilterLogEvents", logGroupName="app", startTime=rig.now_ms + 1, endTime=rig.now_ms + 3)
    assert [event["message"] for event in found["events"]] == ["b", "c", "d"], "there it is in it"


def test_a_page_is_at_most_a_megabyte(rig: Rig) -> None:
    rig.make("s")
    for number in range(5):
        rig.put("s", str(number) + "x" * 400_000, at=rig.now_ms + number)
    page, forward, _ = got(rig, startFromHead=True)
    assert [message[0] for message in page] == ["0", "1"]
    assert [message[0] for message in got(rig, nextToken=forward)[0]] == ["2", "3"]
    assert [message[0] for message in got(rig)[0]] == ["3", "4"]
    messages: list[str] = []
    for page in filtered_pages(rig):
        assert sum(len(event["message"]) + 26 for event in page) <= 1 << 20
        messages += [event["message"][0] for event in page]
    assert messages == list("01234")


@pytest.mark.parametrize("token", ["x", "f/1/s", f"g/{0:056d}/s", f"f/{0:056d}"])
def test_tokens_that_were_not_made_here(rig: Rig, token: str) -> None:
    rig.make("s")
    error = rig.refused("GetLogEvents", logGroupName="app", logStreamName="s", nextToken=token)
    assert (error.code, error.message) == ("InvalidParameterException", "The specified nextToken is invalid.")
    assert rig.refused("FilterLogEvents", logGroupName="app", nextToken=token).code == "InvalidParameterException"


def filtered_pages(rig: Rig, **params: Any) -> list[list[dict[str, Any]]]:
    pages = []
    while True:
        page = rig.call("FilterLogEvents", logGroupName="app", **params)
        pages.append(list(page["events"]))
        assert page["searchedLogStreams"] == []
        if "nextToken" not in page:
            return pages
        params["nextToken"] = page["nextToken"]


def filtered(rig: Rig, **params: Any) -> list[str]:
    return [event["message"] for page in filtered_pages(rig, **params) for event in page]


def test_events_are_filtered_over_streams_page_by_page(rig: Rig) -> None:
    rig.make("s", "sb", "t")
    for number in range(9):
        rig.put(("s", "sb", "t")[number % 3], f"{'odd' if number % 2 else 'even'} {number}", at=rig.now_ms + number)
    assert filtered(rig, limit=2) == [f"{'odd' if number % 2 else 'even'} {number}" for number in range(9)]
    assert filtered(rig, filterPattern="odd", limit=1) == ["odd 1", "odd 3", "odd 5", "odd 7"]
    assert filtered(rig, filterPattern="odd", limit=3, startFromHead=False) == ["odd 7", "odd 5", "odd 3", "odd 1"]
    assert filtered(rig, logStreamNames=["t"]) == ["even 2", "odd 5", "even 8"]
    assert filtered(rig, logStreamNamePrefix="s", filterPattern="even") == ["even 0", "even 4", "even 6"]
    [page] = filtered_pages(rig, filterPattern="odd 5")
    assert page == [
        {
            "logStreamName": "t",
            "timestamp": rig.now_ms + 5,
            "message": "odd 5",
            "ingestionTime": rig.now_ms,
            "eventId": rig.read()[5].id,
        }
    ]


def test_a_call_looks_at_so_much_and_answers_with_a_token(rig: Rig, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("cairn.cloudwatch.logs.pages.SCAN_BYTES_MAX", 1000)
    rig.make("s")
    rig.put("s", *["x" * 100] * 40, "needle")
    pages = filtered_pages(rig, filterPattern="needle")
    assert len(pages) > 4 and pages[0] == []
    assert [event["message"] for page in pages for event in page] == ["needle"]


def test_filters_that_are_refused(rig: Rig) -> None:
    rig.make("s")
    for params, code in (
        ({"logStreamNames": ["s"], "logStreamNamePrefix": "s"}, "InvalidParameterException"),
        ({"filterPattern": "{"}, "InvalidParameterException"),
        ({"filterPattern": "x" * 1025}, "InvalidParameterException"),
        ({"logStreamNames": ["absent"]}, "ResourceNotFoundException"),
        ({"limit": 10_001}, "InvalidParameterException"),
    ):
        assert rig.refused("FilterLogEvents", logGroupName="app", **params).code == code
    assert rig.refused("FilterLogEvents", ELSEWHERE, logGroupName="app").code == "ResourceNotFoundException"
    assert rig.refused("FilterLogEvents", logGroupName="app", logGroupIdentifier="app").code == "ValidationException"


def test_events_of_infrequent_access_are_read_by_queries_alone(rig: Rig) -> None:
    rig.store.groups.create(GROUP, log_class="INFREQUENT_ACCESS")
    rig.store.streams.create(GROUP, "s")
    rig.put_events((rig.now_ms, "x"))
    assert rig.refused("FilterLogEvents", logGroupName="app").code == "InvalidParameterException"
    assert rig.refused("GetLogEvents", logGroupName="app", logStreamName="s").code == "InvalidParameterException"
    assert rig.messages() == ["x"]


def test_a_record_is_found_by_its_pointer(rig: Rig) -> None:
    rig.make("s")
    rig.put("s", "plain", '{"a": {"b": [1, "two"]}, "c": null, "d": true}')
    event = rig.read()[1]
    text = pointer(GROUP, event.place)
    assert rig.call("GetLogRecord", logRecordPointer=text)["logRecord"] == {
        "a.b.0": "1",
        "a.b.1": "two",
        "c": "null",
        "d": "true",
        "@timestamp": str(event.timestamp_ms),
        "@ingestionTime": str(rig.now_ms),
        "@message": event.message,
        "@logStream": "s",
        "@log": f"{GROUP.account}:app",
        "@ptr": text,
    }
    assert rig.refused("GetLogRecord", ELSEWHERE, logRecordPointer=text).code == "ResourceNotFoundException"
    absent = pointer(GROUP, event.place._replace(number=7))
    assert rig.refused("GetLogRecord", logRecordPointer=absent).code == "ResourceNotFoundException"
    for bad in ("", "x", "AAAA"):
        assert rig.refused("GetLogRecord", logRecordPointer=bad).code == "InvalidParameterException"


def test_fields_of_a_group_with_their_shares(rig: Rig) -> None:
    rig.make("s")
    assert rig.call("GetLogGroupFields", logGroupName="app")["logGroupFields"] == []
    rig.put("s", '{"a": 1}', '{"a": {"b": 2}}', "text", '{"broken')
    rig.put("s", '{"z": 1}', at=rig.now_ms - HOUR_MS)
    rig.clock.advance(1)
    found = rig.call("GetLogGroupFields", logGroupName="app")["logGroupFields"]
    shares = {field["name"]: field["percent"] for field in found}
    assert shares == {
        "@ingestionTime": 100, "@log": 100, "@logStream": 100, "@message": 100, "@timestamp": 100, "a": 25, "a.b": 25,
    }  # fmt: skip
    assert [field["percent"] for field in found] == sorted(shares.values(), reverse=True)
    past = rig.call("GetLogGroupFields", logGroupName="app", time=rig.now_ms // 1000 - 3600)
    assert "z" in {field["name"] for field in past["logGroupFields"]}
