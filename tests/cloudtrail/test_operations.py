"""CloudTrail's operations on trails: every input and output is checked against botocore's model."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import botocore.session
import pytest
from botocore.validate import ParamValidator
from tests.cloudtrail.companies import Companies
from tests.cloudtrail.others import Others
from tests.cloudtrail.rig import ACCOUNT, Rig

from cairn.cloudtrail.operations import operations
from cairn.cloudtrail.organizations import Owners
from cairn.core.clock import utc
from cairn.core.errors import AwsError
from cairn.wire.operation import Context

MODEL = botocore.session.get_session().get_service_model("cloudtrail")
UNDECLARED = {
    ("ListTags", "ValidationException"),
    ("ListTrails", "InvalidNextTokenException"),
    ("UpdateTrail", "MaximumNumberOfTrailsExceededException"),
}
"""Errors that an operation can have here and, by the model, not on AWS, which does not say what it answers instead."""
Call = Callable[..., Any]


@pytest.fixture
def others() -> Others:
    return Others()


@pytest.fixture
def call(rig: Rig, others: Others) -> Call:
    built = operations(rig.trails, others.checks, Owners(Companies()))

    def call(operation: str, /, region: str = "us-east-1", account: str = ACCOUNT, **params: Any) -> Any:
        model = MODEL.operation_model(operation)
        validate(params, model.input_shape)
        answer = dict(built[operation](Context(account, region), params))
        validate(answer, model.output_shape)
        return answer

    return call


def validate(value: Any, shape: Any) -> None:
    report = ParamValidator().validate(value, shape)
    assert not report.has_errors(), report.generate_report()


def refused(call: Call, code: str, operation: str, /, **params: Any) -> str:
    """The message of the error that a call answers."""
    with pytest.raises(AwsError) as error:
        call(operation, **params)
    assert (error.value.code, error.value.status) == (code, 400)
    declared = {shape.name for shape in MODEL.operation_model(operation).error_shapes}
    assert code in declared or (operation, code) in UNDECLARED
    return error.value.message


def arn(name: str, region: str = "us-east-1", account: str = ACCOUNT) -> str:
    return f"arn:aws:cloudtrail:{region}:{account}:trail/{name}"


def test_a_new_trail_answers_as_a_genuine_one_does(call: Call) -> None:
    assert call("CreateTrail", Name="main", S3BucketName="logs") == {
        "Name": "main",
        "S3BucketName": "logs",
        "IncludeGlobalServiceEvents": True,
        "IsMultiRegionTrail": False,
        "TrailARN": arn("main"),
        "LogFileValidationEnabled": False,
        "IsOrganizationTrail": False,
    }
    full = call(
        "CreateTrail",
        Name="second.trail-2",
        S3BucketName="team-logs",
        S3KeyPrefix="team",
        IsMultiRegionTrail=True,
        EnableLogFileValidation=True,
        SnsTopicName="",
        KmsKeyId="",
    )
    assert full["S3KeyPrefix"] == "team"
    assert full["IsMultiRegionTrail"] and full["IncludeGlobalServiceEvents"] and full["LogFileValidationEnabled"]
    assert call("GetTrail", Name="second.trail-2")["Trail"] == full | {
        "HomeRegion": "us-east-1",
        "HasCustomEventSelectors": False,
        "HasInsightSelectors": False,
    }


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("ab", "Trail name too short. Minimum allowed length: 3 characters. Specified name length: 2 characters."),
        ("", "Trail name too short. Minimum allowed length: 3 characters. Specified name length: 0 characters."),
        (
            "a" * 129,
            "Trail name too long. Maximum allowed length: 128 characters. Specified name length: 129 characters.",
        ),
        (".abc", "Trail name must starts with a letter or number."),
        ("äbc", "Trail name must starts with a letter or number."),
        ("abc-", "Trail name must ends with a letter or number."),
        (
            "a b",
            "Trail name or ARN can only contain uppercase letters, lowercase letters, numbers, periods (.), "
            "hyphens (-), and underscores (_).",
        ),
        ("a-_b", "Trail name cannot have adjacent periods, hyphens or underscores."),
        ("192.168.5.4", "Trail name cannot be in IP address format."),
    ],
)
def test_invalid_names(call: Call, name: str, text: str) -> None:
    assert refused(call, "InvalidTrailNameException", "CreateTrail", Name=name, S3BucketName="logs") == text


def test_a_bucket_elsewhere_may_let_us_in_without_a_policy(call: Call) -> None:
    call("CreateTrail", Name="far-trail", S3BucketName="far", S3KeyPrefix="there")
    with pytest.raises(AwsError) as caught:
        call("CreateTrail", Name="farther-trail", S3BucketName="far")
    assert caught.value.code == "InsufficientS3BucketPolicyException"


@pytest.mark.parametrize(
    ("params", "code", "text"),
    [
        ({"S3BucketName": "nowhere"}, "S3BucketDoesNotExistException", "S3 bucket nowhere does not exist!"),
        (
            {"S3BucketName": "bare"},
            "InsufficientS3BucketPolicyException",
            "Incorrect S3 bucket policy is detected for bucket: bare",
        ),
        (
            {"S3KeyPrefix": "team"},
            "InsufficientS3BucketPolicyException",
            "Incorrect S3 bucket policy is detected for bucket: logs",
        ),
        ({"S3BucketName": "UP"}, "InvalidS3BucketNameException", "UP"),
        ({"S3KeyPrefix": "p" * 201}, "InvalidS3PrefixException", "200"),
        (
            {"IsMultiRegionTrail": True, "IncludeGlobalServiceEvents": False},
            "InvalidParameterCombinationException",
            "Multi-Region trail must include global service events.",
        ),
        ({"TagsList": [{"Key": "aws:x"}]}, "InvalidTagParameterException", "aws:"),
        ({"TagsList": [{"Key": "k"}, {"Key": "k"}]}, "InvalidTagParameterException", "twice"),
        ({"TagsList": [{"Key": f"k{n}"} for n in range(51)]}, "TagsLimitExceededException", "50"),
        ({"IsOrganizationTrail": True}, "OrganizationsNotInUseException", ACCOUNT),
    ],
)
def test_what_create_trail_refuses_leaves_nothing(call: Call, params: dict[str, Any], code: str, text: str) -> None:
    assert text in refused(call, code, "CreateTrail", **{"Name": "main", "S3BucketName": "logs"} | params)
    assert call("ListTrails") == {"Trails": []}


def test_five_trails_a_region_and_shadows_count(call: Call) -> None:
    for number in range(4):
        call("CreateTrail", Name=f"here-{number}", S3BucketName="logs")
    call("CreateTrail", Name="everywhere", S3BucketName="logs", IsMultiRegionTrail=True, region="eu-west-1")
    limit = "MaximumNumberOfTrailsExceededException"
    text = f"User: {ACCOUNT} already has 5 trails in us-east-1."
    assert refused(call, limit, "CreateTrail", Name="sixth", S3BucketName="logs") == text
    elsewhere = {"Name": "wide", "S3BucketName": "logs", "region": "eu-west-1"}
    assert refused(call, limit, "CreateTrail", IsMultiRegionTrail=True, **elsewhere) == text
    call("CreateTrail", **elsewhere)
    assert refused(call, limit, "UpdateTrail", Name="wide", IsMultiRegionTrail=True, region="eu-west-1") == text
    call("DeleteTrail", Name="here-0")
    call("UpdateTrail", Name="wide", IsMultiRegionTrail=True, region="eu-west-1")


def test_a_name_is_taken_where_the_trail_or_its_shadow_is(call: Call) -> None:
    call("CreateTrail", Name="main", S3BucketName="logs", IsMultiRegionTrail=True)
    call("CreateTrail", Name="local", S3BucketName="logs", region="eu-west-1")
    for params in (
        {"Name": "main"},
        {"Name": "main", "region": "eu-west-1"},
        {"Name": "local", "IsMultiRegionTrail": True},
    ):
        text = refused(call, "TrailAlreadyExistsException", "CreateTrail", S3BucketName="logs", **params)
        assert text == f"Trail {params['Name']} already exists for customer: {ACCOUNT}"
    call("CreateTrail", Name="local", S3BucketName="logs")


def test_a_trail_is_changed_only_at_home(call: Call) -> None:
    call("CreateTrail", Name="main", S3BucketName="logs", IsMultiRegionTrail=True)
    for operation in ("UpdateTrail", "DeleteTrail", "StartLogging", "StopLogging"):
        refused(call, "InvalidHomeRegionException", operation, Name=arn("main"), region="eu-west-1")
        text = refused(call, "TrailNotFoundException", operation, Name="main", region="eu-west-1")
        assert text == f"Unknown trail: {arn('main', 'eu-west-1')} for the user: {ACCOUNT}"
        refused(call, "CloudTrailARNInvalidException", operation, Name="arn:aws:s3:::logs")
        refused(call, "InvalidTrailNameException", operation, Name="x")


def test_shadows_are_read_by_arn_and_listed(call: Call) -> None:
    call("CreateTrail", Name="main", S3BucketName="logs", IsMultiRegionTrail=True)
    call("CreateTrail", Name="local", S3BucketName="logs")
    away = {"region": "eu-west-1"}
    assert call("GetTrail", Name=arn("main"), **away)["Trail"]["HomeRegion"] == "us-east-1"
    assert call("GetTrailStatus", Name=arn("main"), **away)["IsLogging"] is False
    refused(call, "TrailNotFoundException", "GetTrail", Name="main", **away)
    refused(call, "TrailNotFoundException", "GetTrail", Name=arn("local"), **away)

    def names(**params: Any) -> list[str]:
        return [trail["Name"] for trail in call("DescribeTrails", **params)["trailList"]]

    assert names() == ["local", "main"]
    assert names(**away) == ["main"]
    assert names(includeShadowTrails=False, **away) == []
    assert names(includeShadowTrails=False) == ["local", "main"]
    assert names(trailNameList=["local", "nobody", arn("main")]) == ["local", "main"]
    assert names(trailNameList=["main"], **away) == []
    assert names(trailNameList=[arn("main")], **away) == ["main"]
    assert names(trailNameList=[arn("local")], **away) == ["local"], "an ARN is found wherever its trail is"
    assert names(trailNameList=[arn("local")], includeShadowTrails=False, **away) == []
    assert names(account="444455556666") == []
    refused(call, "TrailNotFoundException", "GetTrail", Name=arn("main"), account="444455556666")
    listed = call("ListTrails", **away)["Trails"]
    assert listed[1] == {"TrailARN": arn("main"), "Name": "main", "HomeRegion": "us-east-1"}


def test_list_trails_pages(call: Call, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("cairn.cloudtrail.operations.TRAILS_PER_PAGE", 2)
    for region in ("us-east-1", "eu-west-1"):
        for number in range(3):
            call("CreateTrail", Name=f"trail-{number}", S3BucketName="logs", region=region)
    found: list[str] = []
    token: dict[str, str] = {}
    while True:
        page = call("ListTrails", **token)
        found += [trail["TrailARN"] for trail in page["Trails"]]
        if "NextToken" not in page:
            break
        token = {"NextToken": page["NextToken"]}
    assert found == [arn(f"trail-{number}", region) for region in ("eu-west-1", "us-east-1") for number in range(3)]
    refused(call, "InvalidNextTokenException", "ListTrails", NextToken="nonsense")
    refused(call, "InvalidNextTokenException", "ListTrails", account="444455556666", **token)


def test_update_changes_only_what_is_given(call: Call) -> None:
    call("CreateTrail", Name="main", S3BucketName="logs", EnableLogFileValidation=True)
    wide = call("UpdateTrail", Name=arn("main"), IsMultiRegionTrail=True, S3BucketName="team-logs", S3KeyPrefix="team")
    assert wide["LogFileValidationEnabled"] and wide["IsMultiRegionTrail"] and wide["S3KeyPrefix"] == "team"
    combination = "InvalidParameterCombinationException"
    refused(call, combination, "UpdateTrail", Name="main", IncludeGlobalServiceEvents=False)
    narrow = call("UpdateTrail", Name="main", IsMultiRegionTrail=False)
    assert narrow["IncludeGlobalServiceEvents"] is False  # turned off with all regions
    wide = call("UpdateTrail", Name="main", IsMultiRegionTrail=True)
    assert wide["IncludeGlobalServiceEvents"] is True
    refused(call, "S3BucketDoesNotExistException", "UpdateTrail", Name="main", S3BucketName="nowhere")
    refused(call, "InsufficientS3BucketPolicyException", "UpdateTrail", Name="main", S3KeyPrefix="")
    cleared = call("UpdateTrail", Name="main", S3BucketName="logs", S3KeyPrefix="")
    assert "S3KeyPrefix" not in cleared
    assert call("GetTrail", Name="main")["Trail"]["S3BucketName"] == "logs"


def test_status_tells_when_logging_began_and_ended(call: Call, rig: Rig) -> None:
    call("CreateTrail", Name="main", S3BucketName="logs")
    fresh = call("GetTrailStatus", Name="main")
    assert fresh == {
        "IsLogging": False,
        "LatestDeliveryAttemptTime": "",
        "LatestNotificationAttemptTime": "",
        "LatestNotificationAttemptSucceeded": "",
        "LatestDeliveryAttemptSucceeded": "",
        "TimeLoggingStarted": "",
        "TimeLoggingStopped": "",
    }
    call("StartLogging", Name="main")
    call("StartLogging", Name=arn("main"))
    rig.record()
    rig.deliver()
    began = utc(1_700_000_000)
    status = call("GetTrailStatus", Name="main")
    assert status["IsLogging"] is True
    assert (status["StartLoggingTime"], status["TimeLoggingStarted"]) == (began, "2023-11-14T22:13:20Z")
    assert status["LatestDeliveryTime"] == utc(rig.clock.now())
    assert status["LatestDeliveryAttemptSucceeded"] == status["LatestDeliveryAttemptTime"] == "2023-11-14T22:15:00Z"
    call("StopLogging", Name="main")
    call("StopLogging", Name="main")
    status = call("GetTrailStatus", Name="main")
    assert status["IsLogging"] is False
    assert status["StopLoggingTime"] == utc(rig.clock.now())


def test_selectors_are_the_default_and_insights_are_off(call: Call) -> None:
    call("CreateTrail", Name="main", S3BucketName="logs", IsMultiRegionTrail=True)
    assert call("GetEventSelectors", TrailName=arn("main"), region="eu-west-1") == {
        "TrailARN": arn("main"),
        "EventSelectors": [
            {
                "ReadWriteType": "All",
                "IncludeManagementEvents": True,
                "DataResources": [],
                "ExcludeManagementEventSources": [],
            }
        ],
    }
    text = refused(call, "InsightNotEnabledException", "GetInsightSelectors", TrailName="main")
    assert text.startswith("Trail main does not have Insights enabled.")
    refused(call, "InvalidParameterException", "GetInsightSelectors")
    refused(call, "TrailNotFoundException", "GetInsightSelectors", TrailName="nobody")


def test_tags(call: Call) -> None:
    call("CreateTrail", Name="main", S3BucketName="logs", TagsList=[{"Key": "Team", "Value": "a"}, {"Key": "Empty"}])

    def tags() -> list[dict[str, str]]:
        (found,) = call("ListTags", ResourceIdList=[arn("main")])["ResourceTagList"]
        assert found["ResourceId"] == arn("main")
        listed: list[dict[str, str]] = found["TagsList"]
        return listed

    assert tags() == [{"Key": "Empty"}, {"Key": "Team", "Value": "a"}]
    call("AddTags", ResourceId=arn("main"), TagsList=[{"Key": "Team", "Value": "b"}])
    call("RemoveTags", ResourceId=arn("main"), TagsList=[{"Key": "Empty"}, {"Key": "None"}])
    assert tags() == [{"Key": "Team", "Value": "b"}]
    many = [{"Key": f"k{number}"} for number in range(50)]
    refused(call, "TagsLimitExceededException", "AddTags", ResourceId=arn("main"), TagsList=many)
    refused(call, "ResourceNotFoundException", "AddTags", ResourceId=arn("nobody"), TagsList=[])
    refused(call, "CloudTrailARNInvalidException", "ListTags", ResourceIdList=["main"])
    text = refused(call, "CloudTrailARNInvalidException", "ListTags", ResourceIdList=[arn("main")], region="eu-west-1")
    assert text == "Region in ARN is wrong, you can only access resources in region eu-west-1."
    store = arn("x").replace("trail/x", "eventdatastore/x")
    refused(call, "ResourceTypeNotSupportedException", "ListTags", ResourceIdList=[store])
    assert len(call("ListTags", ResourceIdList=[arn("main")] * 20)["ResourceTagList"]) == 20
    text = refused(call, "ValidationException", "ListTags", ResourceIdList=[arn("main")] * 21)
    assert "'resourceIdList'" in text


def test_a_deleted_trail_is_gone_and_its_name_free(call: Call) -> None:
    call("CreateTrail", Name="main", S3BucketName="logs", TagsList=[{"Key": "old"}])
    call("StartLogging", Name="main")
    call("DeleteTrail", Name="main")
    refused(call, "TrailNotFoundException", "GetTrail", Name="main")
    refused(call, "TrailNotFoundException", "DeleteTrail", Name="main")
    call("CreateTrail", Name="main", S3BucketName="logs")
    assert call("GetTrailStatus", Name="main")["IsLogging"] is False
    assert call("ListTags", ResourceIdList=[arn("main")])["ResourceTagList"][0]["TagsList"] == []
