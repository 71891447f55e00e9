"""PutInsightSelectors and GetInsightSelectors, and which Insights events a trail then logs."""

from __future__ import annotations

import itertools
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.cloudtrail.others import Others
from tests.cloudtrail.rig import ACCOUNT, Rig
from tests.cloudtrail.test_operations import Call, arn, refused

from cairn.cloudtrail import spans
from cairn.cloudtrail.selectors import InsightSelector, Selection, Selector
from cairn.core.records.event import Event, EventHeader, encode_record

CALLS, ERRORS = "ApiCallRateInsight", "ApiErrorRateInsight"
ERROR = "InvalidInsightSelectorsException"
OBJECTS = {"DataResources": [{"Type": "AWS::S3::Object", "Values": ["arn:aws:s3"]}]}


@pytest.fixture(autouse=True)
def trail(call: Call) -> None:
    call("CreateTrail", Name="main", S3BucketName="logs", IsMultiRegionTrail=True)


def put(call: Call, *selectors: dict[str, Any], **more: Any) -> Any:
    return call("PutInsightSelectors", TrailName="main", InsightSelectors=list(selectors), **more)


def test_what_was_put_is_what_is_got(call: Call) -> None:
    call("PutEventSelectors", TrailName="main", EventSelectors=[{"IncludeManagementEvents": True} | OBJECTS])
    answer = put(
        call,
        {"InsightType": CALLS, "EventCategories": ["Management", "Data"]},
        {"InsightType": ERRORS},
    )
    assert answer == {
        "TrailARN": arn("main"),
        "InsightSelectors": [
            {"InsightType": CALLS, "EventCategories": ["Management", "Data"]},
            {"InsightType": ERRORS, "EventCategories": ["Management"]},
        ],
    }
    for region in ("us-east-1", "eu-west-1"):
        assert call("GetInsightSelectors", TrailName=arn("main"), region=region) == answer
    assert call("GetTrail", Name="main")["Trail"]["HasInsightSelectors"] is True
    assert call("DescribeTrails")["trailList"][0]["HasInsightSelectors"] is True


def test_what_is_put_takes_the_place_of_what_was(call: Call) -> None:
    put(call, {"InsightType": CALLS}, {"InsightType": ERRORS})
    put(call, {"InsightType": ERRORS})
    selectors = call("GetInsightSelectors", TrailName="main")["InsightSelectors"]
    assert selectors == [{"InsightType": ERRORS, "EventCategories": ["Management"]}]
    assert put(call) == {"TrailARN": arn("main"), "InsightSelectors": []}
    refused(call, "InsightNotEnabledException", "GetInsightSelectors", TrailName="main")
    assert call("GetTrail", Name="main")["Trail"]["HasInsightSelectors"] is False


def test_a_type_given_twice_has_the_categories_of_both(call: Call) -> None:
    call("PutEventSelectors", TrailName="main", EventSelectors=[{"IncludeManagementEvents": True} | OBJECTS])
    put(call, {"InsightType": CALLS}, {"InsightType": CALLS, "EventCategories": ["Data", "Management"]})
    selectors = call("GetInsightSelectors", TrailName="main")["InsightSelectors"]
    assert selectors == [{"InsightType": CALLS, "EventCategories": ["Management", "Data"]}]


@pytest.mark.parametrize(
    "selector", [{"InsightType": "Everything"}, {}, {"InsightType": CALLS, "EventCategories": ["Insight"]}]
)
def test_selectors_that_are_none(call: Call, selector: dict[str, Any]) -> None:
    refused(call, ERROR, "PutInsightSelectors", TrailName="main", InsightSelectors=[selector])
    refused(call, "InsightNotEnabledException", "GetInsightSelectors", TrailName="main")


MANAGEMENT = [{"Field": "eventCategory", "Equals": ["Management"]}]
DATA = [
    {"Field": "eventCategory", "Equals": ["Data"]},
    {"Field": "resources.type", "Equals": ["AWS::S3::Object"]},
]


def reads(only: str) -> list[dict[str, Any]]:
    return [*MANAGEMENT, {"Field": "readOnly", "Equals": [only]}]


@pytest.mark.parametrize(
    ("logged", "allowed"),
    [
        ({"EventSelectors": [{}]}, {(CALLS, "Management"), (ERRORS, "Management")}),
        ({"EventSelectors": [{"ReadWriteType": "ReadOnly"}]}, {(ERRORS, "Management")}),
        ({"EventSelectors": [{"ReadWriteType": "WriteOnly"}]}, {(CALLS, "Management"), (ERRORS, "Management")}),
        ({"EventSelectors": [{"IncludeManagementEvents": False} | OBJECTS]}, {(CALLS, "Data"), (ERRORS, "Data")}),
        ({"AdvancedEventSelectors": [MANAGEMENT]}, {(CALLS, "Management"), (ERRORS, "Management")}),
        ({"AdvancedEventSelectors": [reads("true")]}, {(ERRORS, "Management")}),
        ({"AdvancedEventSelectors": [reads("false")]}, {(CALLS, "Management"), (ERRORS, "Management")}),
        ({"AdvancedEventSelectors": [DATA]}, {(CALLS, "Data"), (ERRORS, "Data")}),
        (
            {"AdvancedEventSelectors": [DATA, reads("true")]},
            {(CALLS, "Data"), (ERRORS, "Data"), (ERRORS, "Management")},
        ),
    ],
)
def test_a_trail_must_log_what_is_looked_at(call: Call, logged: Any, allowed: set[tuple[str, str]]) -> None:
    if "AdvancedEventSelectors" in logged:
        logged = {"AdvancedEventSelectors": [{"FieldSelectors": fields} for fields in logged["AdvancedEventSelectors"]]}
    call("PutEventSelectors", TrailName="main", **logged)
    for kind, category in itertools.product((CALLS, ERRORS), ("Management", "Data")):
        selector = {"InsightType": kind, "EventCategories": [category]}
        if (kind, category) in allowed:
            put(call, selector)
        else:
            refused(call, ERROR, "PutInsightSelectors", TrailName="main", InsightSelectors=[selector])


def test_other_mistakes(call: Call, others: Others) -> None:
    one = [{"InsightType": CALLS}]
    operation = "PutInsightSelectors"
    refused(call, "InvalidParameterException", operation, InsightSelectors=one)
    refused(call, "TrailNotFoundException", operation, TrailName="nobody", InsightSelectors=one)
    refused(call, "InvalidTrailNameException", operation, TrailName="a", InsightSelectors=one)
    refused(
        call, "InvalidHomeRegionException", operation, TrailName=arn("main"), InsightSelectors=one, region="eu-west-1"
    )
    store = {"EventDataStore": "EXAMPLE-f852-4e8f-8bd1-bcf6cEXAMPLE"}
    both = {"TrailName": "main", **store}
    for asked in (operation, "GetInsightSelectors"):
        more = {"InsightSelectors": one} if asked == operation else {}
        refused(call, "InvalidParameterCombinationException", asked, **both, **more)
        refused(call, "UnsupportedOperationException", asked, **store, **more)
    refused(call, "InvalidParameterException", "GetInsightSelectors")
    destination = {"InsightsDestination": "EXAMPLE-f852"}
    refused(
        call, "InvalidParameterCombinationException", operation, TrailName="main", InsightSelectors=one, **destination
    )


def test_the_bucket_must_take_their_folder(call: Call, others: Others) -> None:
    others.buckets.policies["logs"] = f'["AWSLogs/{ACCOUNT}/CloudTrail/"]'
    one = [{"InsightType": CALLS}]
    refused(call, "InsufficientS3BucketPolicyException", "PutInsightSelectors", TrailName="main", InsightSelectors=one)
    assert put(call)["InsightSelectors"] == [], "to give up Insights nothing is needed"


def test_a_logging_trail_looks_from_now_on(call: Call, rig: Rig) -> None:
    call("StartLogging", Name="main")
    put(call, {"InsightType": CALLS})
    with rig.state.read() as connection:
        first, second = (Selection.decode(span.selection) for span in spans.reaching(connection, 0))
    assert (first.insights, second.insights) == ((), (InsightSelector(type=CALLS),))


def insight_event(kind: str, category: str, account: str, region: str, source: str) -> Event:
    details = {"insightType": kind, "sourceEventCategory": category}
    if source:
        details["insightSource"] = source
    header = EventHeader("id", account, region, "Insight", 0, False, "ec2.amazonaws.com", "RunInstances")
    return Event(header, encode_record({"insightDetails": details}))


KINDS = st.sampled_from((CALLS, ERRORS))
CATEGORIES = st.sampled_from(("Management", "Data"))
SELECTORS = st.builds(InsightSelector, type=KINDS, categories=st.lists(CATEGORIES, min_size=1, unique=True).map(tuple))


@given(
    insights=st.lists(SELECTORS, max_size=2, unique_by=lambda one: one.type).map(tuple),
    multi_region=st.booleans(),
    members=st.sampled_from([(), ("444455556666",)]),
    event=st.tuples(KINDS, CATEGORIES, st.sampled_from([ACCOUNT, "444455556666", "999999999999"])),
    region=st.sampled_from(["us-east-1", "eu-west-1"]),
    of=st.sampled_from(["main", "other"]),
)
def test_a_trail_logs_the_insights_that_it_asks_for(
    insights: tuple[InsightSelector, ...],
    multi_region: bool,
    members: tuple[str, ...],
    event: tuple[str, str, str],
    region: str,
    of: str,
) -> None:
    selector = Selector(
        Selection(
            account=ACCOUNT,
            home_region="us-east-1",
            multi_region=multi_region,
            global_events=True,
            members=members,
            insights=insights,
            trail=arn("main"),
        )
    )
    kind, category, account = event
    here = account in (ACCOUNT, *members) and (multi_region or region == "us-east-1")
    asked = any(one.type == kind and category in one.categories for one in insights)
    own = category == "Management" or of == "main"
    wanted = selector.wants(insight_event(kind, category, account, region, arn(of) if category == "Data" else ""))
    assert wanted is (here and asked and own)
