"""Records as AWS's samples have them (spec 7)."""

from __future__ import annotations

import uuid

from cairn.cloudtrail.insights.attributions import Share
from cairn.cloudtrail.insights.insight import Attribution, Insight, State, Statistics
from cairn.cloudtrail.insights.records import compose, shared_event_id
from cairn.cloudtrail.insights.series import CALL_RATE, DATA, ERROR_RATE, Scope, SeriesKey, keys_of

ROLE = "arn:aws:sts::111122223333:assumed-role/Deploy"
START = 28_409_122
KEY = SeriesKey("111122223333", "us-east-1", "autoscaling.amazonaws.com", "CompleteLifecycleAction", CALL_RATE)
ATTRIBUTIONS = (
    Attribution("userIdentityArn", (Share(ROLE, 4.0), Share("arn:x", 1.5)), (Share(ROLE, 1 / 10181),)),
    Attribution("userAgent", (Share("codedeploy.amazonaws.com", 5.5),), ()),
    Attribution("errorCode", (Share("null", 5.5),), (Share("null", 1 / 10181),)),
)


def insight(state: State, key: SeriesKey = KEY) -> Insight:
    end = state is State.END
    statistics = Statistics(1 / 10181, 5.5, 3 if end else 1, 10181)
    return Insight(key, state, START, START + 3 if end else START, statistics, ATTRIBUTIONS)


def test_a_start_has_the_fields_of_aws_in_their_order() -> None:
    record = compose(insight(State.START))
    assert list(record) == [
        "eventVersion",
        "eventTime",
        "awsRegion",
        "eventID",
        "eventType",
        "recipientAccountId",
        "sharedEventID",
        "insightDetails",
        "eventCategory",
    ]
    assert record["eventTime"] == "2024-01-06T13:22:00Z"
    assert record["eventType"] == "AwsCloudTrailInsight"
    details = record["insightDetails"]
    expected = ["state", "eventSource", "eventName", "insightType", "sourceEventCategory", "insightContext"]
    assert list(details) == expected
    assert details["insightContext"] == {
        "statistics": {
            "baseline": {"average": 0.0000982222},
            "insight": {"average": 5.5},
            "insightDuration": 1,
            "baselineDuration": 10181,
        },
        "attributions": [
            {
                "attribute": "userIdentityArn",
                "insight": [{"value": ROLE, "average": 4}, {"value": "arn:x", "average": 1.5}],
                "baseline": [{"value": ROLE, "average": 0.0000982222}],
            },
            {
                "attribute": "userAgent",
                "insight": [{"value": "codedeploy.amazonaws.com", "average": 5.5}],
                "baseline": [],
            },
            {
                "attribute": "errorCode",
                "insight": [{"value": "null", "average": 5.5}],
                "baseline": [{"value": "null", "average": 0.0000982222}],
            },
        ],
    }


def test_start_and_end_share_an_id_and_have_their_own() -> None:
    start, end = compose(insight(State.START)), compose(insight(State.END))
    assert start["sharedEventID"] == end["sharedEventID"] == str(uuid.UUID(start["sharedEventID"]))
    assert len({start["eventID"], end["eventID"], start["sharedEventID"]}) == 3
    assert end["eventTime"] == "2024-01-06T13:25:00Z"
    assert compose(insight(State.START)) == start, "it is a function of the insight"
    assert shared_event_id(KEY, START + 1) != shared_event_id(KEY, START)
    assert shared_event_id(KEY._replace(region="us-east-2"), START) != shared_event_id(KEY, START)


def test_an_error_rate_names_its_code_and_a_data_insight_its_trail() -> None:
    trail = "arn:aws:cloudtrail:us-east-1:111122223333:trail/all"
    key = KEY._replace(insight_type=ERROR_RATE, error_code="AccessDenied", category=DATA)
    details = compose(insight(State.START, key), trail)["insightDetails"]
    assert list(details)[3:] == ["insightType", "errorCode", "sourceEventCategory", "insightContext", "insightSource"]
    assert (details["errorCode"], details["sourceEventCategory"]) == ("AccessDenied", "Data")
    assert details["insightSource"] == trail


def test_which_series_an_event_counts_in() -> None:
    scope = Scope("111122223333", "us-east-1")

    def kinds(category: str, read_only: bool, error: str) -> list[tuple[str, str]]:
        keys = keys_of(scope, "s3.amazonaws.com", "Some", category, read_only, error)
        return [(key.insight_type, key.error_code) for key in keys]

    assert kinds("Management", False, "") == [(CALL_RATE, "")]
    assert kinds("Management", True, "") == []
    assert kinds("Management", True, "AccessDenied") == [(ERROR_RATE, "AccessDenied")]
    assert kinds("Management", False, "AccessDenied") == [(CALL_RATE, ""), (ERROR_RATE, "AccessDenied")]
    assert kinds("Data", True, "") == [(CALL_RATE, "")]
    assert kinds("NetworkActivity", False, "AccessDenied") == []
    assert kinds("Insight", False, "") == []
