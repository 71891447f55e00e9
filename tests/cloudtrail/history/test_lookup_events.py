"""LookupEvents against a list that is sorted and filtered, and everything it refuses."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import botocore.session
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from cairn.core.errors import AwsError
from cairn.core.records.event import Event
from cairn.core.records.lookup import lookup_facts
from cairn.core.records.parse import event_from_record
from cairn.wire.operation import Context

ACCOUNT = "111122223333"
START = 1_700_000_000
HERE = Context(ACCOUNT, "us-east-1")


def values(event: Event) -> dict[str, set[str]]:
    """The naive index: what an event is found by."""
    found = lookup_facts(event.parse())
    return {
        "EventId": {event.header.id},
        "EventName": {event.header.name},
        "EventSource": {event.header.source},
        "ReadOnly": {"true" if event.header.read_only else "false"},
        "Username": {found.username} - {""},
        "AccessKeyId": {found.access_key_id} - {""},
        "ResourceType": {kind for kind, _ in found.resources} - {""},
        "ResourceName": {name for _, name in found.resources} - {""},
    }


def ask(bench: Any, context: Context = HERE, **input: Any) -> dict[str, Any]:
    return dict(bench.reader.operations()["LookupEvents"](context, input))


def all_pages(bench: Any, context: Context = HERE, **input: Any) -> list[str]:
    ids: list[str] = []
    token: dict[str, str] = {}
    while True:
        page = ask(bench, context, **input, **token)
        ids += [event["EventId"] for event in page["Events"]]
        if "NextToken" not in page:
            return ids
        token = {"NextToken": page["NextToken"]}


def attribute(key: str, value: str) -> list[dict[str, str]]:
    return [{"AttributeKey": key, "AttributeValue": value}]


def refused(bench: Any, code: str, **input: Any) -> str:
    with pytest.raises(AwsError) as error:
        ask(bench, **input)
    assert error.value.code == code
    assert error.value.status == 400
    return error.value.message


_drafts = st.lists(
    st.fixed_dictionaries(
        {
            "time": st.integers(START, START + 30),
            "name": st.sampled_from(["CreateBucket", "DeleteBucket", "GetBucketAcl"]),
            "user": st.sampled_from(["alice", "bob", ""]),
            "key": st.sampled_from(["AKIA1", "AKIA2"]),
            "bucket": st.sampled_from(["", "logs", "data"]),
            "region": st.sampled_from(["us-east-1", "eu-west-1"]),
            "account": st.sampled_from([ACCOUNT, "999988887777"]),
            "category": st.sampled_from(["Management", "Management", "Management", "Data"]),
            "read_only": st.booleans(),
        }
    ),
    max_size=90,
)
_questions = st.one_of(
    st.just(("", "")),
    st.tuples(st.just("EventName"), st.sampled_from(["CreateBucket", "GetBucketAcl", "createbucket", "None"])),
    st.tuples(st.just("Username"), st.sampled_from(["alice", "bob", "ali"])),
    st.tuples(st.just("AccessKeyId"), st.sampled_from(["AKIA1", "AKIA3"])),
    st.tuples(st.just("ResourceName"), st.sampled_from(["logs", "data"])),
    st.tuples(st.just("ResourceType"), st.just("AWS::S3::Bucket")),
    st.tuples(st.just("ReadOnly"), st.sampled_from(["true", "false"])),
    st.tuples(st.just("EventSource"), st.just("s3.amazonaws.com")),
)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    drafts=_drafts,
    question=_questions,
    start=st.none() | st.integers(START - 5, START + 35),
    length=st.integers(0, 35),
    limit=st.integers(1, 50),
)
def test_answers_as_a_sorted_list_would(
    make_bench: Any,
    make_event: Any,
    drafts: list[dict[str, Any]],
    question: tuple[str, str],
    start: int | None,
    length: int,
    limit: int,
) -> None:
    bench = make_bench(segment_events=20)
    events = [make_event(**draft) for draft in drafts]
    bench.keep(*events)
    key, value = question
    range_ = {} if start is None else {"StartTime": start, "EndTime": start + length}
    expected = [
        event.header.id
        for _, event in sorted(enumerate(events), key=lambda item: (item[1].header.time, item[0]), reverse=True)
        if event.header.account == ACCOUNT and event.header.region == "us-east-1"
        if event.header.category == "Management"
        if start is None or start <= event.header.time <= start + length
        if not key or value in values(event)[key]
    ]
    given_attribute = {"LookupAttributes": attribute(key, value)} if key else {}
    assert all_pages(bench, MaxResults=limit, **given_attribute, **range_) == expected
    bench.close()


def test_every_genuine_record_is_found_by_each_of_its_attributes(make_bench: Any, genuine: list[Event]) -> None:
    bench = make_bench(segment_events=700)
    bench.keep(*genuine, batch=100)
    assert bench.states().count("sealed") >= 3
    context = Context(genuine[0].header.account, genuine[0].header.region)
    wanted: dict[tuple[str, str], set[str]] = {}
    for event in genuine:
        assert (event.header.account, event.header.region) == (context.account, context.region)
        for key, found in values(event).items():
            for value in found:
                wanted.setdefault((key, value), set()).add(event.header.id)
    assert len({key for key, _ in wanted}) == 8
    by_key: dict[str, set[str]] = {}
    for (key, value), ids in wanted.items():
        got = all_pages(bench, context, LookupAttributes=attribute(key, value))
        assert set(got) == ids, (key, value)
        assert len(got) == len(ids)
        by_key.setdefault(key, set()).update(got)
    assert len(by_key["EventId"]) == len(by_key["EventName"]) == 2900


def test_the_record_comes_back_byte_for_byte(bench: Any, genuine: list[Event]) -> None:
    bench.keep(*genuine[:200])
    by_id = {event.header.id: event for event in genuine[:200]}
    context = Context(genuine[0].header.account, "us-east-1")
    token: dict[str, str] = {}
    seen = 0
    while True:
        page = ask(bench, context, **token)
        for item in page["Events"]:
            assert item["CloudTrailEvent"].encode() == by_id[item["EventId"]].record
            seen += 1
        if "NextToken" not in page:
            break
        token = {"NextToken": page["NextToken"]}
    assert seen == 200


def test_items_have_the_members_of_the_model(bench: Any, make_event: Any) -> None:
    bench.keep(make_event(START, bucket="logs"), make_event(START + 1, user="", key=""))
    bare, full = ask(bench)["Events"]
    shape = botocore.session.get_session().get_service_model("cloudtrail").shape_for("Event")
    assert list(full) == list(shape.members)
    assert full["EventTime"] == datetime.fromtimestamp(START, UTC)
    assert full["ReadOnly"] == "false"
    assert full["Resources"] == [{"ResourceType": "AWS::S3::Bucket", "ResourceName": "logs"}]
    assert set(shape.members) - set(bare) == {"Username", "AccessKeyId"}
    assert bare["Resources"] == []


def test_items_are_those_that_aws_gave(bench: Any, shared_data: Path) -> None:
    text = (shared_data / "lookup-events" / "aws_cloudtrail.jsonl").read_text()
    # whoever made the ids unrecognizable gave one VPC two of them
    text = text.replace("vpc-01234567890123456", "vpc-0123456789012345")
    genuine = [json.loads(line) for line in text.splitlines()]
    bench.keep(*(event_from_record(item["CloudTrailEvent"].encode()) for item in genuine))
    for item in genuine:
        record = json.loads(item["CloudTrailEvent"])
        context = Context(record["recipientAccountId"], record["awsRegion"])
        (ours,) = ask(bench, context, LookupAttributes=attribute("EventId", item["EventId"]))["Events"]
        assert list(ours) == list(item), "the same members in the same order"
        assert ours.pop("EventTime") == datetime.fromisoformat(item.pop("EventTime"))
        assert json.loads(ours.pop("CloudTrailEvent")) == json.loads(item.pop("CloudTrailEvent"))
        for resources in (ours["Resources"], item["Resources"]):  # in no order that could be told
            resources.sort(key=lambda resource: (resource["ResourceType"], resource["ResourceName"]))
        assert ours == item


def test_insight_events_are_looked_up_apart(bench: Any, make_event: Any) -> None:
    insight = make_event(
        START,
        category="Insight",
        name="",
        source="",
        insightDetails={"eventSource": "iam.amazonaws.com", "eventName": "CreateUser", "state": "Start"},
    )
    bench.keep(insight, make_event(START, name="CreateUser"))
    assert all_pages(bench, EventCategory="insight") == [insight.header.id]
    found = ask(bench, EventCategory="insight", LookupAttributes=attribute("EventName", "CreateUser"))["Events"]
    assert [(event["EventName"], event["EventSource"]) for event in found] == [("CreateUser", "iam.amazonaws.com")]
    assert insight.header.id not in all_pages(bench)
    refused(
        bench,
        "InvalidLookupAttributesException",
        EventCategory="insight",
        LookupAttributes=attribute("Username", "alice"),
    )


def test_paging_is_stable_while_events_arrive(bench: Any, make_event: Any) -> None:
    events = [make_event(START + number // 3) for number in range(100)]
    bench.keep(*events)
    got: list[str] = []
    token: dict[str, str] = {}
    for number in range(100):
        page = ask(bench, MaxResults=7, **token)
        got += [event["EventId"] for event in page["Events"]]
        # newer ones, and late ones among those still to come
        bench.keep(make_event(START + 1000), make_event(START + number % 30))
        if "NextToken" not in page:
            break
        token = {"NextToken": page["NextToken"]}
    assert got == [event.header.id for event in reversed(events)]


def test_a_token_fits_only_the_question_it_came_from(bench: Any, make_event: Any, clock: Any) -> None:
    bench.keep(*(make_event(START + number) for number in range(60)))
    input = {"LookupAttributes": attribute("Username", "alice"), "StartTime": START, "MaxResults": 10}
    token = ask(bench, **input)["NextToken"]
    assert len(ask(bench, **input, NextToken=token)["Events"]) == 10
    assert len(ask(bench, **input, NextToken=token)["Events"]) == 10, "a token may be used again"
    for change in (
        {"LookupAttributes": attribute("Username", "bob")},
        {"LookupAttributes": []},
        {"StartTime": START + 1},
        {"EndTime": START + 100},
        {"MaxResults": 11},
    ):
        refused(bench, "InvalidNextTokenException", **(input | change), NextToken=token)
    for bad in ("", "x", "ä", token[:-1], token + "A", token[1:], "A" * 5000):
        refused(bench, "InvalidNextTokenException", **input, NextToken=bad)
    with pytest.raises(AwsError, match="InvalidNextTokenException"):
        ask(bench, Context(ACCOUNT, "eu-west-1"), **input, NextToken=token)
    with pytest.raises(AwsError, match="InvalidNextTokenException"):
        ask(bench, Context("999988887777", "us-east-1"), **input, NextToken=token)
    other = bench.open_reader()
    assert other.operations()["LookupEvents"](HERE, input | {"NextToken": token})["Events"], "another process"
    other.close()
    clock.advance(3601)
    assert "expired" in refused(bench, "InvalidNextTokenException", **input, NextToken=token)


def test_bad_questions_are_refused(bench: Any) -> None:
    both = attribute("Username", "alice") + attribute("EventName", "CreateBucket")
    refused(bench, "InvalidLookupAttributesException", LookupAttributes=both)
    refused(bench, "InvalidLookupAttributesException", LookupAttributes=attribute("SourceIp", "1.2.3.4"))
    refused(bench, "InvalidLookupAttributesException", LookupAttributes=attribute("Username", ""))
    refused(bench, "InvalidTimeRangeException", StartTime=START + 1, EndTime=START)
    refused(bench, "InvalidTimeRangeException", StartTime=float("inf"))
    refused(bench, "InvalidMaxResultsException", MaxResults=0)
    refused(bench, "InvalidMaxResultsException", MaxResults=51)
    refused(bench, "InvalidEventCategoryException", EventCategory="management")
    assert ask(bench, StartTime=START, EndTime=START) == {"Events": []}


@pytest.mark.parametrize("char", ["_", " ", ",", "\n"])
def test_some_characters_of_a_value_count_twice(bench: Any, char: str) -> None:
    value = char * 500 + "x" * 1000
    assert ask(bench, LookupAttributes=attribute("ResourceName", value)) == {"Events": []}
    refused(bench, "InvalidLookupAttributesException", LookupAttributes=attribute("ResourceName", value + "x"))


def test_times_are_inclusive_and_may_be_datetimes_with_fractions(bench: Any, make_event: Any) -> None:
    events = [make_event(START + number) for number in range(3)]
    bench.keep(*events)
    ids = [event.header.id for event in events]
    at = datetime.fromtimestamp(START + 1, UTC)
    assert all_pages(bench, StartTime=at, EndTime=at) == [ids[1]]
    assert all_pages(bench, StartTime=START + 0.5) == [ids[2], ids[1]]
    assert all_pages(bench, EndTime=START + 1.9) == [ids[1], ids[0]]


def test_the_rate_is_counted_over_processes_and_for_each_account_and_region(make_bench: Any, clock: Any) -> None:
    bench = make_bench(lookup_rate=2.0)
    other = bench.open_reader().operations()["LookupEvents"]
    ask(bench)
    other(HERE, {})
    assert refused(bench, "ThrottlingException") == "Rate exceeded"
    ask(bench, Context(ACCOUNT, "eu-west-1"))
    ask(bench, Context("999988887777", "us-east-1"))
    clock.advance(0.5)
    ask(bench)
    refused(bench, "ThrottlingException")
    clock.advance(60)
    ask(bench)
    ask(bench)
    refused(bench, "ThrottlingException")


def test_without_a_rate_nothing_is_limited(bench: Any) -> None:
    for _ in range(20):
        ask(bench)
    assert not (bench.folder / "rate.sqlite").exists()
