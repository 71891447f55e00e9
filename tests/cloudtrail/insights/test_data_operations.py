"""ListInsightsData, ListInsightsMetricData, and LookupEvents of Insights events: answers and refusals."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

import botocore.session
import pytest
from botocore.validate import validate_parameters
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.cloudtrail.companies import ID, Companies
from tests.cloudtrail.rig import ACCOUNT, Rig

from cairn.cloudtrail.history import History, HistoryReader
from cairn.cloudtrail.history.insights import sifted
from cairn.cloudtrail.history.lookup import Found, Lookup, behind
from cairn.cloudtrail.insights import metric_data
from cairn.cloudtrail.insights.attributions import Share
from cairn.cloudtrail.insights.data_operations import operations
from cairn.cloudtrail.insights.insight import Attribution, Insight, Statistics
from cairn.cloudtrail.insights.insight import State as Phase
from cairn.cloudtrail.insights.records import compose
from cairn.cloudtrail.insights.series import CALL_RATE, DATA, ERROR_RATE, SeriesKey
from cairn.cloudtrail.insights.tables import INSIGHTS
from cairn.cloudtrail.organizations import Owners
from cairn.cloudtrail.selectors import InsightSelector
from cairn.core.config import History as HistorySettings
from cairn.core.errors import AwsError
from cairn.core.records.event import Event
from cairn.core.records.parse import event_from_record
from cairn.core.state import State
from cairn.wire.operation import Context

MODEL = botocore.session.get_session().get_service_model("cloudtrail")
HERE = Context(ACCOUNT, "us-east-1")
NOW = 1_700_000_000
MINUTE = NOW // 60
PUT = SeriesKey(ACCOUNT, "us-east-1", "s3.amazonaws.com", "PutObject", CALL_RATE, category=DATA)
CREATE = SeriesKey(ACCOUNT, "us-east-1", "iam.amazonaws.com", "CreateUser", CALL_RATE)
DENIED = CREATE._replace(insight_type=ERROR_RATE, error_code="AccessDenied")
ASKED = {"EventSource": CREATE.source, "EventName": CREATE.name, "InsightType": CALL_RATE}
AGES = (1, 2, 3, 9, 30, 64)
DATA_INSIGHTS = (InsightSelector(type="ApiCallRateInsight", categories=("Data",)),)


def insight_event(key: SeriesKey, minute: int, *, state: Phase = Phase.START, trail: str = "") -> Event:
    shares = (Share("arn:aws:iam::111122223333:user/mallory", 40.0),)
    statistics = Statistics(1.5, 40.0, 1, 10_080)
    attributions = (Attribution("userIdentityArn", shares, ()),)
    return event_from_record(compose(Insight(key, state, minute, minute, statistics, attributions), trail))


class Desk:
    """The operations over a history, metric data and trails, under the rig's clock."""

    def __init__(self, rig: Rig, lookup_rate: float = 0.0) -> None:
        self.rig = rig
        settings = HistorySettings(lookup_rate=lookup_rate)
        history = History(rig.folder / "history", settings, rig.clock)
        self.sink = history.sink(rig.journal)
        self.reader: HistoryReader = history.reader()
        self.state = State.in_folder(rig.folder, INSIGHTS)
        self.state.migrate()
        self.companies = Companies()
        self.operations = self.reader.operations() | operations(
            self.reader, self.state, rig.trails, Owners(self.companies), rig.clock
        )

    def keep(self, *events: Event) -> None:
        self.rig.journal.append(events, origin="insights")
        while self.sink.behind:
            self.sink.step()

    def count(self, *counted: tuple[SeriesKey, int, int], trail: str = "") -> None:
        with self.state.write() as connection:
            metric_data.add(connection, trail, counted)

    def call(self, operation: str, context: Context = HERE, /, **params: Any) -> dict[str, Any]:
        model = MODEL.operation_model(operation)
        answer = dict(self.operations[operation](context, params))
        validate_parameters(answer, model.output_shape)
        return answer

    def events(self, arn: str, /, context: Context = HERE, **params: Any) -> dict[str, Any]:
        return self.call("ListInsightsData", context, InsightSource=arn, DataType="InsightsEvents", **params)

    def points(self, **params: Any) -> list[tuple[int, float]]:
        answer = self.call("ListInsightsMetricData", **ASKED | params)
        times = [int(at.timestamp()) for at in answer["Timestamps"]]
        return list(zip(times, answer["Values"], strict=True))

    def refused(self, operation: str, context: Context = HERE, /, **params: Any) -> str:
        with pytest.raises(AwsError) as error:
            self.call(operation, context, **params)
        return error.value.code

    def close(self) -> None:
        self.sink.close()
        self.reader.close()
        self.state.close()


@pytest.fixture
def make_desk(rig: Rig) -> Iterator[Callable[..., Desk]]:
    made: list[Desk] = []

    def make(**settings: Any) -> Desk:
        made.append(Desk(rig, **settings))
        return made[-1]

    yield make
    for desk in made:
        desk.close()


@pytest.fixture
def desk(make_desk: Callable[..., Desk]) -> Desk:
    return make_desk()


@pytest.fixture
def counted(desk: Desk) -> Desk:
    """It has as many calls in a minute as that is old, for all of `AGES`."""
    desk.count(*((CREATE, MINUTE - age, age) for age in AGES))
    return desk


def ids(answer: dict[str, Any]) -> list[str]:
    return [event["EventId"] for event in answer["Events"]]


def test_insights_of_a_trails_data_events_are_its_own(rig: Rig, desk: Desk) -> None:
    mine, other = rig.trail("mine", insights=DATA_INSIGHTS), rig.trail("other", insights=DATA_INSIGHTS)
    events = [insight_event(PUT, MINUTE - age, trail=mine.arn) for age in range(3)]
    desk.keep(*events, insight_event(PUT, MINUTE, trail=other.arn), insight_event(CREATE, MINUTE))
    answer = desk.events(mine.arn)
    assert ids(answer) == [event.header.id for event in events]
    first = answer["Events"][0]
    assert set(first) == {"EventId", "EventName", "EventSource", "EventTime", "Resources", "CloudTrailEvent"}
    assert (first["EventName"], first["EventSource"]) == ("PutObject", "s3.amazonaws.com")
    assert json.loads(first["CloudTrailEvent"])["insightDetails"]["insightSource"] == mine.arn
    assert desk.events(mine.arn, Context(ACCOUNT, "us-east-1"), StartTime=NOW + 60)["Events"] == []


def test_lookup_events_has_those_of_management_events(rig: Rig, desk: Desk) -> None:
    management, data = insight_event(CREATE, MINUTE), insight_event(PUT, MINUTE, trail=rig.trail("t").arn)
    plain = management.parse()
    del plain["insightDetails"]["sourceEventCategory"]
    old = event_from_record(plain | {"eventID": "11111111-2222-3333-4444-555555555555"})
    desk.keep(data, management, old)
    answer = desk.call("LookupEvents", EventCategory="insight")
    assert ids(answer) == [old.header.id, management.header.id]
    assert set(answer["Events"][1]) == {
        *("EventId", "EventName", "EventSource", "EventTime", "Resources", "CloudTrailEvent")
    }
    assert answer["Events"][1]["Resources"] == []
    assert desk.call("LookupEvents")["Events"] == []


class Stored(NamedTuple):
    """Of an event, what sifting sees."""

    place: tuple[int, int]
    mine: bool


@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(of_mine=st.lists(st.booleans(), max_size=30), size=st.integers(1, 7))
def test_pages_of_what_is_wanted_have_all_of_it(of_mine: list[bool], size: int) -> None:
    stored: Any = [Stored((number, number), mine) for number, mine in enumerate(of_mine)][::-1]

    def ask(question: Lookup) -> Found:
        rest = [one for one in stored if question.below is None or one.place < question.below]
        page = rest[: question.limit]
        return Found(page, len(rest) > len(page), 99, page[-1].place if page else None)

    question = Lookup(scope=("", "", "Insight"), limit=size)
    found: list[Any] = []
    while True:
        page = sifted(ask, question, lambda event: event.mine)  # type: ignore[attr-defined]
        assert len(page.events) <= size
        found += page.events
        if not page.more:
            break
        assert page.last is not None
        question = behind(question, page.last, page.seq_end)
    assert found == [one for one in stored if one.mine]


def test_events_come_page_by_page_and_by_one_dimension(rig: Rig, desk: Desk) -> None:
    arn = rig.trail("mine").arn
    get = PUT._replace(name="GetObject")
    puts = [insight_event(PUT, MINUTE - age, trail=arn) for age in range(5)]
    gets = [insight_event(get, MINUTE - age, trail=arn) for age in range(2)]
    desk.keep(*puts, *gets)
    asked: dict[str, Any] = {"Dimensions": {"EventName": "PutObject"}, "MaxResults": 2}
    pages, token = [], {}
    while True:
        answer = desk.events(arn, **asked, **token)
        pages.append(ids(answer))
        if "NextToken" not in answer:
            break
        token = {"NextToken": answer["NextToken"]}
    assert [len(page) for page in pages] == [2, 2, 1]
    assert [one for page in pages for one in page] == [event.header.id for event in puts]
    assert ids(desk.events(arn, Dimensions={"EventId": gets[1].header.id})) == [gets[1].header.id]
    assert len(ids(desk.events(arn, Dimensions={"EventSource": "s3.amazonaws.com"}))) == 7
    within = {"StartTime": (MINUTE - 3) * 60, "EndTime": (MINUTE - 1) * 60}
    assert ids(desk.events(arn, **within, Dimensions={"EventName": "PutObject"})) == [e.header.id for e in puts[1:4]]
    code = desk.refused("ListInsightsData", InsightSource=arn, DataType="InsightsEvents", **token)
    assert code == "InvalidParameterException"


def test_two_calls_a_second_are_admitted_beside_those_of_lookup_events(
    rig: Rig, make_desk: Callable[..., Desk]
) -> None:
    desk = make_desk(lookup_rate=2.0)
    arn = rig.trail("mine").arn
    for _ in range(2):
        desk.events(arn)
        desk.call("LookupEvents")
    assert desk.refused("ListInsightsData", InsightSource=arn, DataType="InsightsEvents") == "ThrottlingException"
    rig.clock.advance(0.5)
    desk.events(arn)


@pytest.mark.parametrize(
    ("source", "more"),
    [
        ("mine", {}),
        ("arn:aws:cloudtrail:us-east-1:111122223333:trail/none", {}),
        ("arn:aws:cloudtrail:us-east-1:111122223333:eventdatastore/EXAMPLE", {}),
        ("arn:aws:cloudtrail:us-east-1:111122223333:trail/mine", {"StartTime": 2, "EndTime": 1}),
        ("arn:aws:cloudtrail:us-east-1:111122223333:trail/mine", {"StartTime": 1 << 41}),
        ("arn:aws:cloudtrail:us-east-1:111122223333:trail/mine", {"NextToken": "nonsense"}),
    ],
)
def test_what_list_insights_data_refuses(rig: Rig, desk: Desk, source: str, more: dict[str, Any]) -> None:
    rig.trail("mine")
    code = desk.refused("ListInsightsData", InsightSource=source, DataType="InsightsEvents", **more)
    assert code == "InvalidParameterException"


def test_members_may_not_read_an_organizations_insights(rig: Rig, desk: Desk) -> None:
    member, delegate = "222222222222", "333333333333"
    desk.companies.found(ACCOUNT, member, delegate, administrators=(delegate,))
    arn = rig.trail("ours", organization=ID, members=(member, delegate), insights=DATA_INSIGHTS).arn
    away = PUT._replace(account=delegate)
    desk.keep(insight_event(PUT, MINUTE, trail=arn), insight_event(away, MINUTE, trail=arn))
    for account in (ACCOUNT, delegate):  # each its own account's alone
        found = desk.events(arn, Context(account, "us-east-1"))["Events"]
        assert [json.loads(event["CloudTrailEvent"])["recipientAccountId"] for event in found] == [account]
    there = Context(member, "us-east-1")
    code = desk.refused("ListInsightsData", there, InsightSource=arn, DataType="InsightsEvents")
    assert code == "OperationNotPermittedException"
    code = desk.refused("ListInsightsMetricData", there, TrailName=arn, **ASKED)
    assert code == "OperationNotPermittedException"


def test_points_are_the_calls_of_each_period(rig: Rig, desk: Desk) -> None:
    desk.count((CREATE, MINUTE - 1, 3), (CREATE, MINUTE - 2, 4), (CREATE, MINUTE - 70, 5), (DENIED, MINUTE, 9))
    minutes = [((MINUTE - 70) * 60, 5.0), ((MINUTE - 2) * 60, 4.0), ((MINUTE - 1) * 60, 3.0)]
    assert desk.points(Period=60) == minutes
    assert sum(calls for _, calls in desk.points()) == 12
    assert all(at % 3600 == 0 for at, _ in desk.points())
    assert desk.points(InsightType=ERROR_RATE, ErrorCode="AccessDenied", Period=300) == [(NOW // 300 * 300, 9.0)]
    assert desk.points(EventName="DeleteUser") == []
    answer = desk.call("ListInsightsMetricData", **ASKED | {"InsightType": ERROR_RATE, "ErrorCode": "AccessDenied"})
    assert (answer["ErrorCode"], "TrailARN" in answer) == ("AccessDenied", False)
    assert "ErrorCode" not in desk.call("ListInsightsMetricData", ErrorCode="AccessDenied", **ASKED)


def test_the_start_is_inclusive_and_the_end_is_not(desk: Desk) -> None:
    desk.count(*((CREATE, MINUTE - age, 1) for age in range(1, 5)))
    within = {"StartTime": (MINUTE - 4) * 60, "EndTime": (MINUTE - 2) * 60, "Period": 60}
    assert [at // 60 - MINUTE for at, _ in desk.points(**within)] == [-4, -3]


def test_a_trails_points_are_those_of_its_data_events(rig: Rig, desk: Desk) -> None:
    arn = rig.trail("mine", insights=DATA_INSIGHTS).arn
    rig.trail("other")
    desk.count((PUT, MINUTE - 1, 7), trail=arn)
    asked: dict[str, Any] = {"EventSource": PUT.source, "EventName": PUT.name, "Period": 60}
    assert desk.points(**asked) == []
    assert desk.points(**asked, TrailName="other") == []
    for name in ("mine", arn):
        assert desk.points(**asked, TrailName=name) == [((MINUTE - 1) * 60, 7.0)]
    assert desk.call("ListInsightsMetricData", **ASKED, TrailName="mine")["TrailARN"] == arn
    assert "TrailARN" not in desk.call("ListInsightsMetricData", **ASKED, TrailName="other")


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    start=st.integers(-4000, 10),
    length=st.integers(0, 4000),
    size=st.integers(1, 50),
    period=st.sampled_from([60, 300, 3600]),
    fill=st.booleans(),
)
def test_pages_have_every_point_once(
    counted: Desk, start: int, length: int, size: int, period: int, fill: bool
) -> None:
    first, end = NOW + start, NOW + start + length
    asked: dict[str, Any] = {"StartTime": first, "EndTime": end, "Period": period, "MaxResults": size}
    asked["DataType"] = "FillWithZeros" if fill else "NonZeroData"
    found: dict[int, float] = {}
    token: dict[str, str] = {}
    while True:
        answer = counted.call("ListInsightsMetricData", **ASKED, **asked, **token)
        times = [int(at.timestamp()) for at in answer["Timestamps"]]
        assert len(times) <= size
        assert not set(times) & set(found)
        found |= dict(zip(times, answer["Values"], strict=True))
        if "NextToken" not in answer:
            break
        token = {"NextToken": answer["NextToken"]}
    naive: dict[int, float] = {}
    for age in AGES:
        at = (MINUTE - age) * 60 // period * period
        naive[at] = naive.get(at, 0.0) + age
    last = min(end, NOW)
    grid = range(-(-first // period) * period, last, period)
    expected = {at: naive.get(at, 0.0) for at in grid if fill or at in naive}
    assert found == expected
    assert list(found) == sorted(found)


def test_zeros_fill_no_more_than_is_kept(desk: Desk) -> None:
    days = len(desk.points(Period=60, DataType="FillWithZeros")) / 1440
    assert days == 15
    assert len(desk.points(DataType="FillWithZeros")) == 90 * 24


@pytest.mark.parametrize(
    ("more", "code"),
    [
        ({"Period": 120}, "InvalidParameterException"),
        ({"InsightType": ERROR_RATE}, "InvalidParameterException"),
        ({"StartTime": 2, "EndTime": 1}, "InvalidParameterException"),
        ({"StartTime": 1 << 41}, "InvalidParameterException"),
        ({"NextToken": "nonsense"}, "InvalidParameterException"),
        ({"TrailName": "none"}, "InvalidParameterException"),
        ({"TrailName": "arn:aws:cloudtrail:us-east-1:111122223333:channel/c"}, "InvalidParameterException"),
        ({"TrailName": "-"}, "InvalidTrailNameException"),
    ],
)
def test_what_list_insights_metric_data_refuses(desk: Desk, more: dict[str, Any], code: str) -> None:
    assert desk.refused("ListInsightsMetricData", **ASKED | more) == code
