"""Search, counts and histogram against a list that is filtered by hand."""

from __future__ import annotations

import fnmatch
import json
from collections import Counter
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from cairn.cloudtrail.history import BadToken, Query, QueryError, Search, parse_query
from cairn.cloudtrail.history.facts import facts_of
from cairn.cloudtrail.history.live import LiveMatcher
from cairn.cloudtrail.history.pages import PageTokens
from cairn.cloudtrail.history.query import Condition, Pattern, Words
from cairn.cloudtrail.history.search import Budget, search
from cairn.cloudtrail.history.summary import summarize
from cairn.core.clock import TestClock
from cairn.core.records.event import Event
from cairn.core.records.lookup import lookup_facts

ACCOUNT = "111122223333"
OTHER = "999988887777"
START = 1_700_000_000


def values(event: Event, field: str) -> list[str]:
    """The naive index."""
    record = event.parse()
    facts = lookup_facts(record)
    found = {
        "id": [event.header.id],
        "account": [event.header.account],
        "region": [event.header.region],
        "name": [event.header.name],
        "source": [event.header.source],
        "user": [facts.username],
        "key": [facts.access_key_id],
        "resource": [name for _, name in facts.resources],
        "type": [kind for kind, _ in facts.resources],
        "readonly": [json.dumps(event.header.read_only)],
        "error": [record.get("errorCode", "")],
        "ip": [record["sourceIPAddress"]],
        "requestParameters.bucketName": [(record["requestParameters"] or {}).get("bucketName", "")],
    }[field]
    return sorted({value for value in found if value})


def fits(event: Event, query: Query) -> bool:
    for condition in query.conditions:
        hit = any(
            fnmatch.fnmatchcase(value, pattern.text.replace("[", "[[]")) if pattern.wild else value == pattern.text
            for value in values(event, condition.field)
            for pattern in condition.patterns
        )
        if hit == condition.exclude:
            return False
    return all((words.text.lower() in event.record.decode().lower()) != words.exclude for words in query.words)


def expected(events: list[Event], question: Search) -> list[Event]:
    """What a search should find, in order."""
    found = [
        (event.header.time, number, event)
        for number, event in enumerate(events)
        if event.header.category == question.category
        if question.time_min <= event.header.time <= question.time_max
        if not question.accounts or event.header.account in question.accounts
        if not question.regions or event.header.region in question.regions
        if fits(event, question.query)
    ]
    return [event for _, _, event in sorted(found, key=lambda item: item[:2], reverse=question.newest_first)]


def all_pages(bench: Any, question: Search) -> list[str]:
    ids: list[str] = []
    token = ""
    while True:
        hits = bench.reader.search(question, token)
        assert hits.partial == ""
        ids += [event.id for event in hits.events]
        token = hits.next
        if not token:
            return ids


EVENTS = st.lists(
    st.fixed_dictionaries(
        {
            "time": st.integers(START, START + 40),
            "name": st.sampled_from(["CreateBucket", "DeleteBucket", "GetBucketAcl"]),
            "user": st.sampled_from(["alice", "bob", "al[i]ce?", ""]),
            "key": st.sampled_from(["AKIA1", "AKIA2", ""]),
            "bucket": st.sampled_from(["", "logs", "data"]),
            "region": st.sampled_from(["us-east-1", "eu-west-1"]),
            "account": st.sampled_from([ACCOUNT, OTHER]),
            "error": st.sampled_from(["", "", "AccessDenied", "NoSuchBucket"]),
            "ip": st.sampled_from(["10.0.0.1", "10.0.0.2"]),
            "category": st.sampled_from(["Management", "Management", "Insight"]),
            "read_only": st.booleans(),
        }
    ),
    max_size=80,
)
_values = {
    "name": ["CreateBucket", "GetBucketAcl", "*Bucket", "Cre*", "None"],
    "user": ["alice", "bob", "al[i]ce?", "al*", "al[*", "*"],
    "key": ["AKIA1", "AKIA*", "*"],
    "resource": ["logs", "data", "*"],
    "type": ["AWS::S3::Bucket", "AWS::*"],
    "readonly": ["true", "false"],
    "error": ["*", "AccessDenied", "NoSuch*"],
    "ip": ["10.0.0.1", "10.*"],
    "source": ["s3.amazonaws.com", "kms.amazonaws.com"],
    "account": [ACCOUNT, "9*"],
    "region": ["us-east-1", "*-west-*"],
    "requestParameters.bucketName": ["logs", "*"],
}


@st.composite
def _condition(draw: st.DrawFn) -> Condition:
    field = draw(st.sampled_from(sorted(_values)))
    texts = draw(st.lists(st.sampled_from(_values[field]), min_size=1, max_size=2, unique=True))
    return Condition(field, tuple(Pattern(text, "*" in text) for text in texts), draw(st.booleans()))


QUESTIONS = st.builds(
    Search,
    query=st.builds(
        Query,
        st.lists(_condition(), max_size=3).map(tuple),
        st.lists(
            st.builds(Words, st.sampled_from(["logs", "ALICE", "Denied", '"eventName"']), st.booleans()), max_size=1
        ).map(tuple),
    ),
    accounts=st.sampled_from([(), (), (ACCOUNT,), (ACCOUNT, OTHER), ("000000000000",)]),
    regions=st.sampled_from([(), (), ("us-east-1",)]),
    category=st.sampled_from(["Management", "Management", "Insight"]),
    time_min=st.sampled_from([0, START + 10]),
    time_max=st.sampled_from([START + 1000, START + 30]),
    newest_first=st.booleans(),
    limit=st.integers(1, 60),
)


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(drafts=EVENTS, questions=st.lists(QUESTIONS, min_size=4, max_size=4))
def test_finds_and_counts_as_a_filtered_list_would(
    make_bench: Any, make_event: Any, drafts: list[dict[str, Any]], questions: list[Search]
) -> None:
    bench = make_bench(segment_events=20)
    events = [make_event(**draft) for draft in drafts]
    bench.keep(*events)
    for question in questions:
        live = LiveMatcher(question.query)
        for event in events:
            assert live.fits(event.header, facts_of(event.header, event.parse()), event.record) == fits(
                event, question.query
            )
        wanted = expected(events, question)
        assert all_pages(bench, question) == [event.header.id for event in wanted]
        fields = ["name", "user", "resource", "account", "readonly", "error", "requestParameters.bucketName"]
        summary = bench.reader.summarize(question, fields=fields, buckets=7)
        assert summary.partial == ""
        assert summary.total == len(wanted)
        for field in fields:
            counted = Counter(value for event in wanted for value in values(event, field))
            assert dict(summary.counts[field]) == dict(counted), field
        kinds: Counter[tuple[int, str]] = Counter()
        for event in wanted:
            kind = "error" if values(event, "error") else "read" if event.header.read_only else "write"
            kinds[event.header.time // summary.bucket_s * summary.bucket_s, kind] += 1
        got = {
            (bucket.start, kind): count
            for bucket in summary.histogram
            for kind in ("write", "read", "error")
            if (count := getattr(bucket, kind))
        }
        assert got == dict(kinds)
        assert len(summary.histogram) <= 8
    bench.close()


def test_an_id_is_found_wherever_it_is(bench: Any, make_event: Any) -> None:
    events = [make_event(START + number) for number in range(120)]
    bench.keep(*events)
    for event in (events[0], events[60], events[119]):
        hits = bench.reader.search(Search(query=parse_query(f"id={event.header.id}")))
        assert [found.id for found in hits.events] == [event.header.id]
        assert hits.looked <= 2, "it goes straight there"
    two = parse_query(f"id={events[3].header.id},{events[90].header.id} name=CreateBucket")
    assert all_pages(bench, Search(query=two)) == [events[90].header.id, events[3].header.id]
    assert len(all_pages(bench, Search(query=parse_query(f"id!={events[3].header.id}"), limit=1000))) == 119


def test_what_is_found_carries_its_facts(bench: Any, make_event: Any) -> None:
    event = make_event(START, bucket="logs", error="AccessDenied", user="bob", ip="192.0.2.1")
    bench.keep(event)
    (found,) = bench.reader.search(Search(query=parse_query('error=* "logs"'))).events
    assert found.record == event.record
    assert (found.name, found.user, found.error, found.source_ip) == (
        "CreateBucket",
        "bob",
        "AccessDenied",
        "192.0.2.1",
    )
    assert found.resources == (("AWS::S3::Bucket", "logs"),)
    assert (found.account, found.region, found.category) == (ACCOUNT, "us-east-1", "Management")


def test_pages_are_stable_while_events_arrive_both_ways(bench: Any, make_event: Any) -> None:
    events = [make_event(START + number // 2) for number in range(90)]
    bench.keep(*events)
    for newest in (True, False):
        question = Search(query=parse_query("user=alice CreateBucket"), newest_first=newest, limit=8)
        before = [event.header.id for event in expected(events, question)]
        got: list[str] = []
        token = ""
        while True:
            hits = bench.reader.search(question, token)
            got += [event.id for event in hits.events]
            events += (fresh := [make_event(START + 1000), make_event(START + 5)])
            bench.keep(*fresh)
            token = hits.next
            if not token:
                break
        assert got == before


class Spent(Budget):
    """A budget that is spent after each chunk."""

    def spent(self) -> str:
        return "enough" if self.looked else ""


@pytest.mark.parametrize("newest", [True, False])
def test_a_search_that_is_cut_short_says_so_and_goes_on(bench: Any, make_event: Any, newest: bool) -> None:
    # the segments overlap in time, some much, some little
    times = [START + number // 10 + number % 3 * 20 if number < 1000 else START + number % 50 for number in range(1500)]
    events = [make_event(time, user="alice" if number % 90 else "rare") for number, time in enumerate(times)]
    bench.keep(*events, batch=200)
    question = Search(query=parse_query('"rare"'), newest_first=newest)
    tokens = PageTokens(bench.folder, bench.clock)
    got: list[str] = []
    token, rounds = "", 0
    while True:
        hits = search(bench.reader.segments, question, token, tokens=tokens, arrived_min=0, budget=Spent(TestClock()))
        got += [event.id for event in hits.events]
        token, rounds = hits.next, rounds + 1
        if not token:
            break
        assert hits.partial == "enough"
        assert rounds < 100
    assert got == [event.header.id for event in expected(events, question)]
    assert rounds > 3
    counted = summarize(bench.reader.segments, question, fields=[], buckets=0, arrived_min=0, budget=Spent(TestClock()))
    assert counted.partial == "enough"
    assert counted.total < len(got)


def test_every_budget_has_its_words() -> None:
    clock = TestClock()
    assert "looked at 0 events" in Budget(clock, rows=0).spent()
    assert "read 0 records" in Budget(clock, records=0).spent()
    budget = Budget(clock, seconds=1.5)
    assert budget.spent() == ""
    clock.advance(1.5)
    assert "1.5 seconds" in budget.spent()


def test_a_token_fits_only_its_question(bench: Any, make_event: Any) -> None:
    bench.keep(*(make_event(START + number) for number in range(30)))
    token = bench.reader.search(Search(limit=10)).next
    assert bench.reader.search(Search(limit=10), token).events
    assert len(bench.reader.search(Search(limit=11), token).events) == 11
    for other in (
        Search(limit=10, time_min=1),
        Search(limit=10, accounts=(OTHER,)),
        Search(limit=10, newest_first=False),
    ):
        with pytest.raises(BadToken):
            bench.reader.search(other, token)


def test_counts_of_an_unknown_field_are_refused(bench: Any) -> None:
    with pytest.raises(QueryError, match="no field"):
        bench.reader.summarize(Search(), fields=["nmae"])


def test_genuine_records(make_bench: Any, genuine: list[Event]) -> None:
    bench = make_bench(segment_events=700)
    bench.keep(*genuine, batch=100)
    for line in (
        "error=* source=iam",
        "user=bert-jan -name=Get*,List*,Describe*",
        "userIdentity.sessionContext.attributes.mfaAuthenticated=true readonly=false",
        '"mfa" -source=iam.amazonaws.com error=*',
    ):
        question = Search(query=parse_query(line), limit=1000)
        wanted = [
            event.header.id
            for _, _, event in sorted(
                ((event.header.time, number, event) for number, event in enumerate(genuine) if naive(event, line)),
                key=lambda item: item[:2],
                reverse=True,
            )
        ]
        assert wanted, line
        assert all_pages(bench, question) == wanted, line
    summary = bench.reader.summarize(Search(), fields=["source", "error"], buckets=60)
    assert summary.total == 2900
    assert sum(count for _, count in summary.counts["error"]) == 300
    assert sum(bucket.error for bucket in summary.histogram) == 300


def naive(event: Event, line: str) -> bool:
    """The four lines above, by hand."""
    record, header = event.parse(), event.header
    if line.startswith("error=* source=iam"):
        return "errorCode" in record and header.source == "iam.amazonaws.com"
    if line.startswith("user="):
        return lookup_facts(record).username == "bert-jan" and not header.name.startswith(("Get", "List", "Describe"))
    if line.startswith("userIdentity"):
        attributes = record["userIdentity"].get("sessionContext", {}).get("attributes", {})
        return attributes.get("mfaAuthenticated") == "true" and not header.read_only
    return b"mfa" in event.record.lower() and header.source != "iam.amazonaws.com" and "errorCode" in record
