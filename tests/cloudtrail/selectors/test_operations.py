"""PutEventSelectors and GetEventSelectors: what was put is what is got, and what AWS refuses is refused."""

from __future__ import annotations

from typing import Any

import pytest
from tests.cloudtrail.rig import Rig
from tests.cloudtrail.test_operations import Call, arn, refused

from cairn.cloudtrail import spans
from cairn.cloudtrail.selectors import Selection, grammar
from cairn.cloudtrail.selectors.checks import advanced_selectors, selectors_from
from cairn.cloudtrail.selectors.resource_types import RESOURCE_TYPES
from cairn.core.errors import AwsError
from cairn.core.records import data_events

DEFAULT = {
    "ReadWriteType": "All",
    "IncludeManagementEvents": True,
    "DataResources": [],
    "ExcludeManagementEventSources": [],
}
ERROR = "InvalidEventSelectorsException"
FUNCTION = "arn:aws:lambda:us-east-1:111122223333:function:hello"
TABLE = "arn:aws:dynamodb:us-east-1:111122223333:table/t"


@pytest.fixture(autouse=True)
def trail(call: Call) -> None:
    call("CreateTrail", Name="main", S3BucketName="logs", IsMultiRegionTrail=True)


def put(call: Call, *basic: dict[str, Any], advanced: list[list[dict[str, Any]]] | None = None) -> Any:
    if advanced is None:
        return call("PutEventSelectors", TrailName="main", EventSelectors=list(basic))
    kept = [{"FieldSelectors": fields} for fields in advanced]
    return call("PutEventSelectors", TrailName="main", AdvancedEventSelectors=kept)


def custom(call: Call) -> bool:
    found: bool = call("GetTrail", Name="main")["Trail"]["HasCustomEventSelectors"]
    return found


def test_basic_selectors_come_back_with_their_defaults_filled_in(call: Call) -> None:
    given = [
        {},
        {
            "ReadWriteType": "WriteOnly",
            "IncludeManagementEvents": False,
            "DataResources": [
                {
                    "Type": "AWS::S3::Object",
                    "Values": ["arn:aws:s3:::bkt/", "arn:aws:s3", "arn:aws:s3:::", "arn:aws:s3:::bkt/p/x"],
                },
                {"Type": "AWS::Lambda::Function", "Values": [FUNCTION, "arn:aws:lambda", FUNCTION + ":prod"]},
                {"Type": "AWS::DynamoDB::Table", "Values": [TABLE, "arn:aws:dynamodb"]},
                {"Type": "AWS::S3::Object", "Values": []},
            ],
            "ExcludeManagementEventSources": ["rdsdata.amazonaws.com", "kms.amazonaws.com"],
        },
    ]
    answer = put(call, *given)
    assert answer == {"TrailARN": arn("main"), "EventSelectors": [DEFAULT, DEFAULT | given[1]]}
    assert call("GetEventSelectors", TrailName=arn("main"), region="eu-west-1") == answer
    assert custom(call)


def test_advanced_selectors_come_back_as_they_were_put(call: Call) -> None:
    given = [
        {
            "Name": "Alles außer KMS",
            "FieldSelectors": [
                {"Field": "readOnly", "Equals": ["true", "false"]},
                {"Field": "eventCategory", "Equals": ["Management"]},
                {"Field": "eventSource", "NotEquals": ["kms.amazonaws.com"]},
            ],
        },
        {
            "Name": "",
            "FieldSelectors": [
                {"Field": "eventCategory", "Equals": ["Data"]},
                {"Field": "resources.type", "Equals": ["AWS::S3::Object"]},
                {
                    "Field": "resources.ARN",
                    "NotEndsWith": [".log"],
                    "NotStartsWith": ["arn:aws:s3:::a/", "arn:aws:s3:::b/"],
                    "NotEquals": ["arn:aws:s3:::c/*"],
                },
                {"Field": "eventName", "StartsWith": ["Get"], "EndsWith": ["Object"], "Equals": ["PutObject"]},
            ],
        },
        {
            "FieldSelectors": [
                {"Field": "eventCategory", "Equals": ["NetworkActivity"]},
                {"Field": "eventSource", "Equals": ["s3.amazonaws.com"]},
                {"Field": "errorCode", "Equals": ["VpceAccessDenied"]},
            ],
        },
    ]
    answer = call("PutEventSelectors", TrailName=arn("main"), AdvancedEventSelectors=given)
    assert answer == {"TrailARN": arn("main"), "AdvancedEventSelectors": given}
    assert call("GetEventSelectors", TrailName="main") == answer
    assert custom(call)


def test_one_kind_takes_the_place_of_the_other(call: Call) -> None:
    management = [{"Field": "eventCategory", "Equals": ["Management"]}]
    put(call, {"ReadWriteType": "ReadOnly"})
    put(call, advanced=[management])
    assert set(call("GetEventSelectors", TrailName="main")) == {"TrailARN", "AdvancedEventSelectors"}
    put(call, {"ReadWriteType": "WriteOnly"})
    got = call("GetEventSelectors", TrailName="main")
    assert got == {"TrailARN": arn("main"), "EventSelectors": [DEFAULT | {"ReadWriteType": "WriteOnly"}]}


def test_the_default_put_again_is_no_custom_selector(call: Call) -> None:
    put(call, {"ReadWriteType": "ReadOnly"})
    assert custom(call)
    put(call, {"ReadWriteType": "All", "IncludeManagementEvents": True, "DataResources": []})
    assert not custom(call)
    assert call("GetEventSelectors", TrailName="main")["EventSelectors"] == [DEFAULT]


def test_selectors_are_put_at_home_alone(call: Call) -> None:
    away = {"TrailName": arn("main"), "EventSelectors": [{}], "region": "eu-west-1"}
    refused(call, "InvalidHomeRegionException", "PutEventSelectors", **away)
    refused(call, "TrailNotFoundException", "PutEventSelectors", TrailName="nobody", EventSelectors=[{}])
    refused(call, "CloudTrailARNInvalidException", "GetEventSelectors", TrailName="arn:aws:s3:::logs")


def test_a_change_of_selectors_begins_a_span_and_a_change_of_names_does_not(rig: Rig, call: Call) -> None:
    call("StartLogging", Name="main")
    management = [{"Field": "eventCategory", "Equals": ["Management"]}]
    for name in ("one", "two", None):
        named = {"FieldSelectors": management} | ({"Name": name} if name else {})
        call("PutEventSelectors", TrailName="main", AdvancedEventSelectors=[named])
    with rig.state.read() as connection:
        found = spans.of_trail(connection, 1)
    assert len(found) == 2
    assert Selection.decode(found[-1].selection).advanced == advanced_selectors([{"FieldSelectors": management}])


def data(kind: str, *values: str) -> dict[str, Any]:
    return {"DataResources": [{"Type": kind, "Values": list(values)}]}


def invalid(value: str, member: str = "DataResources.Values") -> str:
    return f"Value {value} for {member} is invalid."


MANY = [f"arn:aws:s3:::bkt/{number}" for number in range(126)]


@pytest.mark.parametrize(
    ("selectors", "text"),
    [
        ([], "Specify a valid number of event selectors (1 to 5) for a trail."),
        ([{}] * 6, "Specify a valid number of event selectors (1 to 5) for a trail."),
        ([{"ReadWriteType": "read-only"}], invalid("read-only", "ReadWriteType")),
        (
            [{"ExcludeManagementEventSources": ["s3.amazonaws.com"]}],
            invalid("s3.amazonaws.com", "ExcludeManagementEventSources"),
        ),
        (
            [{"IncludeManagementEvents": False}],
            "Invalid combination of parameters in EventSelectors. When includeManagementEvents is false, DataResources "
            "must not be empty.",
        ),
        ([data("AWS::SNS::Topic", "arn:aws:sns")], invalid("AWS::SNS::Topic", "DataResources.Type")),
        ([data("AWS::S3::Object", "arn:aws:s3:::*")], invalid("arn:aws:s3:::*")),
        ([data("AWS::S3::Object", "arn:aws:s3:::*/*")], invalid("arn:aws:s3:::*/*")),
        ([data("AWS::S3::Object", "arn:aws:s3:::b-logs/*")], invalid("arn:aws:s3:::b-logs/*")),
        ([data("AWS::S3::Object", "arn:aws:s3:::bucket")], invalid("arn:aws:s3:::bucket")),
        ([data("AWS::S3::Object", "bucket/")], invalid("bucket/")),
        ([data("AWS::Lambda::Function", "arn:aws:lambda:*")], invalid("arn:aws:lambda:*")),
        ([data("AWS::Lambda::Function", "arn:aws:s3")], invalid("arn:aws:s3")),
        ([data("AWS::Lambda::Function", "hello")], invalid("hello")),
        ([data("AWS::DynamoDB::Table", TABLE + "/index/i")], invalid(TABLE + "/index/i")),
        (
            [data("AWS::S3::Object", *MANY), data("AWS::S3::Object", *MANY)],
            "Specify a valid number of DataResources.Values (0 to 250) for all your selectors.",
        ),
    ],
)
def test_basic_selectors_that_are_refused(call: Call, selectors: list[dict[str, Any]], text: str) -> None:
    assert refused(call, ERROR, "PutEventSelectors", TrailName="main", EventSelectors=selectors) == text
    assert not custom(call)


def test_all_of_a_type_is_beyond_the_limit_of_values(call: Call) -> None:
    put(call, data("AWS::S3::Object", *MANY), data("AWS::S3::Object", *MANY[:-2], *["arn:aws:s3"] * 5))


CATEGORY = {"Field": "eventCategory", "Equals": ["Data"]}
TYPE = {"Field": "resources.type", "Equals": ["AWS::S3::Object"]}
MANAGEMENT = {"Field": "eventCategory", "Equals": ["Management"]}
NETWORK = {"Field": "eventCategory", "Equals": ["NetworkActivity"]}
SOURCE = {"Field": "eventSource", "Equals": ["s3.amazonaws.com"]}
ONCE = "Field {} is required, once, with one value for Equals."


@pytest.mark.parametrize(
    ("fields", "text"),
    [
        ([TYPE], ONCE.format("eventCategory")),
        ([CATEGORY, CATEGORY, TYPE], ONCE.format("eventCategory")),
        ([{"Field": "eventCategory", "NotEquals": ["Data"]}], ONCE.format("eventCategory")),
        ([{"Field": "eventCategory", "Equals": ["Data", "Management"]}], ONCE.format("eventCategory")),
        ([CATEGORY | {"StartsWith": ["D"]}, TYPE], ONCE.format("eventCategory")),
        ([{"Field": "eventCategory", "Equals": ["Insight"]}], invalid("Insight", "eventCategory")),
        ([{"Field": "eventCategory", "Equals": ["Evidence"]}], invalid("Evidence", "eventCategory")),
        ([CATEGORY], ONCE.format("resources.type")),
        ([CATEGORY, TYPE, TYPE], ONCE.format("resources.type")),
        ([CATEGORY, {"Field": "resources.type", "StartsWith": ["AWS::S3"]}], ONCE.format("resources.type")),
        ([CATEGORY, TYPE | {"Equals": ["AWS::S3::Bucket"]}], invalid("AWS::S3::Bucket", "resources.type")),
        (
            [CATEGORY, TYPE, {"Field": "requestParameters.key", "Equals": ["x"]}],
            "Field requestParameters.key is not valid",
        ),
        ([CATEGORY, TYPE, {"Field": "errorCode", "Equals": ["x"]}], "Field errorCode is not valid"),
        ([CATEGORY, TYPE, {"Field": "vpcEndpointId", "Equals": ["x"]}], "Field vpcEndpointId is not valid"),
        ([MANAGEMENT, TYPE], "Field resources.type is not valid for the eventCategory Management."),
        ([MANAGEMENT, {"Field": "eventName", "Equals": ["x"]}], "Field eventName is not valid"),
        ([MANAGEMENT, {"Field": "userIdentity.arn", "Equals": ["x"]}], "Field userIdentity.arn is not valid"),
        ([MANAGEMENT, SOURCE], "Operator Equals is not valid for field eventSource."),
        (
            [MANAGEMENT, {"Field": "eventSource", "NotEquals": ["s3.amazonaws.com"]}],
            invalid("s3.amazonaws.com", "eventSource"),
        ),
        ([MANAGEMENT, {"Field": "readOnly", "Equals": ["True"]}], invalid("True", "readOnly")),
        (
            [MANAGEMENT, {"Field": "readOnly", "NotEquals": ["true"]}],
            "Operator NotEquals is not valid for field readOnly.",
        ),
        ([CATEGORY, TYPE, {"Field": "readOnly"}], "Field readOnly has no operator."),
        (
            [CATEGORY, TYPE, {"Field": "sessionCredentialFromConsole", "Equals": ["false"]}],
            invalid("false", "sessionCredentialFromConsole"),
        ),
        (
            [CATEGORY, TYPE, {"Field": "sessionCredentialFromConsole", "StartsWith": ["t"]}],
            "Operator StartsWith is not valid",
        ),
        (
            [CATEGORY, TYPE, {"Field": "resources.ARN", "Equals": ["arn:aws:s3:::b"]}],
            invalid("arn:aws:s3:::b", "resources.ARN"),
        ),
        ([CATEGORY, TYPE, {"Field": "resources.ARN", "NotEquals": [FUNCTION]}], invalid(FUNCTION, "resources.ARN")),
        (
            [CATEGORY, TYPE | {"Equals": ["AWS::XRay::Trace"]}, {"Field": "resources.ARN", "Equals": ["arn:aws:xray"]}],
            invalid("arn:aws:xray", "resources.ARN"),
        ),
        ([NETWORK], ONCE.format("eventSource")),
        ([NETWORK, SOURCE, SOURCE], ONCE.format("eventSource")),
        ([NETWORK, {"Field": "eventSource", "Equals": ["s3.amazonaws.com", "x"]}], ONCE.format("eventSource")),
        ([NETWORK, SOURCE, {"Field": "readOnly", "Equals": ["true"]}], "Field readOnly is not valid"),
        ([NETWORK, SOURCE, {"Field": "errorCode", "Equals": ["AccessDenied"]}], invalid("AccessDenied", "errorCode")),
        (
            [CATEGORY, TYPE, {"Field": "eventName", "NotEquals": [str(number) for number in range(499)]}],
            "Specify up to 500 values",
        ),
    ],
)
def test_advanced_selectors_that_are_refused(call: Call, fields: list[dict[str, Any]], text: str) -> None:
    selectors = [{"FieldSelectors": fields}]
    message = refused(call, ERROR, "PutEventSelectors", TrailName="main", AdvancedEventSelectors=selectors)
    assert text in message
    assert not custom(call)


@pytest.mark.parametrize(
    ("params", "member"),
    [
        ({"EventSelectors": [None]}, "EventSelectors"),
        ({"EventSelectors": [{"DataResources": [None]}]}, "DataResources"),
        ({"EventSelectors": [{"DataResources": [{"Type": "AWS::S3::Object", "Values": [None]}]}]}, "Values"),
        ({"EventSelectors": [{"ExcludeManagementEventSources": [None]}]}, "ExcludeManagementEventSources"),
        ({"AdvancedEventSelectors": [None]}, "AdvancedEventSelectors"),
        ({"AdvancedEventSelectors": [{"FieldSelectors": [None]}]}, "FieldSelectors"),
        ({"AdvancedEventSelectors": [{"FieldSelectors": [CATEGORY | {"Equals": [None]}]}]}, "Equals"),
    ],
)
def test_nulls_in_lists_are_refused(params: dict[str, Any], member: str) -> None:
    with pytest.raises(AwsError) as error:  # no client of botocore's sends them
        selectors_from(params)
    assert (error.value.code, error.value.message) == (ERROR, invalid("null", member))


def test_both_kinds_and_none_are_refused(call: Call) -> None:
    both = {"EventSelectors": [{}], "AdvancedEventSelectors": [{"FieldSelectors": [MANAGEMENT]}]}
    assert "not both" in refused(call, ERROR, "PutEventSelectors", TrailName="main", **both)
    refused(call, ERROR, "PutEventSelectors", TrailName="main")
    refused(call, ERROR, "PutEventSelectors", TrailName="main", AdvancedEventSelectors=[])


def test_every_type_of_a_data_event_can_be_selected() -> None:
    types = {kind for names in data_events._TYPES.values() for kind in names.values()}
    assert types <= RESOURCE_TYPES
    assert set(grammar._ARNS) <= RESOURCE_TYPES
