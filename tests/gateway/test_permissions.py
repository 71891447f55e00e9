"""Which actions and resources a call needs, for the services that people restrict."""

from __future__ import annotations

from typing import Any

import pytest

from cairn.core.records.identity import Identity
from cairn.gateway.iam_actions import actions_of, prefix_of
from cairn.gateway.passed_roles import _MEMBERS as MEMBERS
from cairn.gateway.passed_roles import passed_roles
from cairn.gateway.permissions import permissions_of
from cairn.wire.http import Call, Headers, Request
from cairn.wire.models import index, operation_names, service_model

HERE = "eu-west-1:111122223333"
ALICE = Identity(type="IAMUser", account="111122223333", arn="arn:aws:iam::111122223333:user/team/alice")
FUNCTION = f"arn:aws:lambda:{HERE}:function:f"
TABLE = f"arn:aws:dynamodb:{HERE}:table"


def needed(service: str, operation: str, method: str = "POST", path: str = "/", **params: Any) -> list[tuple[str, str]]:
    found = permissions_of(called(service, operation, params, method, path))
    return [(permission.action, permission.resource) for permission in found]


def called(service: str, operation: str, params: dict[str, Any], method: str = "POST", path: str = "/") -> Call:
    request = Request(method, path, "", Headers(), None)  # type: ignore[arg-type] # nobody reads it
    return Call(request, service, operation, "eu-west-1", account="111122223333", identity=ALICE, params=params)


@pytest.mark.parametrize(
    ("service", "operation", "params", "action", "resource"),
    [
        ("cloudtrail", "LookupEvents", {}, "cloudtrail:LookupEvents", "*"),
        ("cloudtrail", "CreateTrail", {"Name": "t"}, "cloudtrail:CreateTrail", f"arn:aws:cloudtrail:{HERE}:trail/t"),
        ("iam", "CreateUser", {"UserName": "b", "Path": "/x/"}, "iam:CreateUser",
         "arn:aws:iam::111122223333:user/x/b"),
        ("iam", "CreateAccessKey", {}, "iam:CreateAccessKey", ALICE.arn),
        ("iam", "GetPolicy", {"PolicyArn": "arn:aws:iam::aws:policy/P"}, "iam:GetPolicy", "arn:aws:iam::aws:policy/P"),
        ("ec2", "DescribeInstances", {}, "ec2:DescribeInstances", "*"),
        ("sqs", "SendMessageBatch", {"QueueUrl": "http://h/999922223333/q"}, "sqs:SendMessage",
         "arn:aws:sqs:eu-west-1:999922223333:q"),
        ("sns", "PublishBatch", {"TopicArn": f"arn:aws:sns:{HERE}:t"}, "sns:Publish", f"arn:aws:sns:{HERE}:t"),
        ("sns", "Publish", {"TopicArn": "arn:of nothing"}, "sns:Publish", f"arn:aws:sns:{HERE}:*"),
        ("kms", "Encrypt", {"KeyId": "k"}, "kms:Encrypt", f"arn:aws:kms:{HERE}:key/k"),
        ("kms", "Encrypt", {"KeyId": "alias/a"}, "kms:Encrypt", f"arn:aws:kms:{HERE}:alias/a"),
        ("lambda", "Invoke", {"FunctionName": "f"}, "lambda:InvokeFunction", FUNCTION),
        ("lambda", "Invoke", {"FunctionName": FUNCTION}, "lambda:InvokeFunction", FUNCTION),
        ("lambda", "CreateFunction", {"FunctionName": "f", "Role": "arn:aws:iam::111122223333:role/r"},
         "lambda:CreateFunction", FUNCTION),
        ("dynamodb", "Query", {"TableName": "t"}, "dynamodb:Query", f"{TABLE}/t"),
        ("dynamodb", "ExecuteStatement", {"Statement": "delete from t"}, "dynamodb:PartiQLDelete", "*"),
        ("logs", "CreateLogGroup", {"logGroupName": "/g"}, "logs:CreateLogGroup",
         f"arn:aws:logs:{HERE}:log-group:/g:log-stream:"),
        ("ssm", "GetParameter", {"Name": "/a/b"}, "ssm:GetParameter", f"arn:aws:ssm:{HERE}:parameter/a/b"),
        ("events", "UpdateApiDestination", {"Name": "d"}, "events:UpdateApiDestination",
         f"arn:aws:events:{HERE}:api-destination/d"),
        ("events", "DescribeConnection", {"Name": "c"}, "events:DescribeConnection",
         f"arn:aws:events:{HERE}:connection/c"),
        ("events", "PutRule", {"Name": "r", "EventBusName": "default"}, "events:PutRule",
         f"arn:aws:events:{HERE}:rule/r"),
        ("events", "PutTargets", {"Rule": "r", "EventBusName": "b"}, "events:PutTargets",
         f"arn:aws:events:{HERE}:rule/b/r"),
        ("cloudwatch", "PutMetricAlarm", {"AlarmName": "a"}, "cloudwatch:PutMetricAlarm",
         f"arn:aws:cloudwatch:{HERE}:alarm:a"),
        ("resourcegroupstaggingapi", "GetResources", {}, "tag:GetResources", "*"),
    ],
)  # fmt: skip
def test_action_and_resource(service: str, operation: str, params: dict[str, Any], action: str, resource: str) -> None:
    assert needed(service, operation, **params) == [(action, resource)]


def test_metric_data_needs_what_events_need_and_that_of_a_trail_its_own() -> None:
    events, trail = ("cloudtrail:LookupEvents", "*"), f"arn:aws:cloudtrail:{HERE}:trail/t"
    own = ("cloudtrail:ListInsightsData", trail)
    assert needed("cloudtrail", "ListInsightsMetricData") == [events]
    assert needed("cloudtrail", "ListInsightsMetricData", TrailName="t") == [events, own]
    assert needed("cloudtrail", "ListInsightsMetricData", TrailName=trail) == [events, own]
    assert needed("cloudtrail", "ListInsightsData", InsightSource=trail) == [own]


def test_making_an_api_destination_is_on_its_connection_too() -> None:
    connection = f"arn:aws:events:{HERE}:connection/c/0"
    found = needed("events", "CreateApiDestination", Name="d", ConnectionArn=connection)
    assert [resource for _, resource in found] == [f"arn:aws:events:{HERE}:api-destination/d", connection]


ROLE = "arn:aws:iam::111122223333:role/team/r"
TO_SNS, TO_EVENTS, TO_LOGS = "sns.amazonaws.com", "events.amazonaws.com", "logs.amazonaws.com"


@pytest.mark.parametrize(
    ("service", "operation", "params", "passed"),
    [
        ("cloudtrail", "UpdateTrail", {"CloudWatchLogsRoleArn": ROLE}, [(ROLE, "cloudtrail.amazonaws.com")]),
        ("cloudtrail", "UpdateTrail", {"Name": "t", "CloudWatchLogsRoleArn": ""}, []),
        ("cloudtrail", "CreateTrail", {"Name": "t", "CloudWatchLogsRoleArn": "no role"}, []),
        ("logs", "PutSubscriptionFilter", {"logGroupName": "g", "roleArn": ROLE}, [(ROLE, TO_LOGS)]),
        ("logs", "PutDestination", {"destinationName": "d", "roleArn": ROLE}, [(ROLE, TO_LOGS)]),
        ("sns", "Subscribe", {"Attributes": {"SubscriptionRoleArn": ROLE, "RedrivePolicy": "{}"}}, [(ROLE, TO_SNS)]),
        ("sns", "SetSubscriptionAttributes", {"AttributeName": "SubscriptionRoleArn", "AttributeValue": ROLE},
         [(ROLE, TO_SNS)]),
        ("sns", "SetSubscriptionAttributes", {"AttributeName": "DeliveryPolicy", "AttributeValue": ROLE}, []),
        ("sns", "SetTopicAttributes", {"AttributeName": "SQSFailureFeedbackRoleArn", "AttributeValue": ROLE},
         [(ROLE, TO_SNS)]),
        ("sns", "Publish", {"Message": ROLE}, []),
        ("events", "PutRule", {"Name": "r", "RoleArn": ROLE}, [(ROLE, TO_EVENTS)]),
        ("events", "PutTargets", {"Rule": "r", "Targets": [{"RoleArn": ROLE}, {"Id": "2"}, {"RoleArn": ROLE},
         {"RoleArn": ROLE + "2"}]}, [(ROLE, TO_EVENTS), (ROLE + "2", TO_EVENTS)]),
        ("events", "PutEvents", {"Entries": [{"RoleArn": ROLE}]}, []),
    ],
)  # fmt: skip
def test_roles_that_a_call_hands_on(
    service: str, operation: str, params: dict[str, Any], passed: list[tuple[str, str]]
) -> None:
    found = passed_roles(called(service, operation, params))
    assert [(each.resource, each.keys["iam:PassedToService"]) for each in found] == passed
    assert {(each.action, each.owner) for each in found} <= {("iam:PassRole", "111122223333")}


def test_what_names_a_role_is_a_member_of_its_operation() -> None:
    for (service, operation), (path, _) in MEMBERS.items():
        shape = service_model(service).operation_model(operation).input_shape
        for name in path.split("."):
            shape = shape.members[name]
            shape = shape.member if shape.type_name == "list" else shape
        assert shape.type_name == "string"


def test_log_groups_by_name_and_by_arn_are_all_asked_about() -> None:
    group = f"arn:aws:logs:{HERE}:log-group"
    asked = {"queryString": "", "startTime": 0, "endTime": 1}
    both = ("logs:StartQuery", f"{group}:a:log-stream:"), ("logs:StartQuery", f"{group}:b:log-stream:")
    for named in (
        {"logGroupNames": ["a", "b"]},
        {"logGroupIdentifiers": [f"{group}:a", "b"]},
        {"logGroupIdentifiers": [f"{group}:a:*", f"{group}:b"]},
    ):
        assert needed("logs", "StartQuery", **asked, **named) == [*both]
    tail = needed("logs", "StartLiveTail", logGroupIdentifiers=[f"{group}:a"])
    assert tail == [("logs:StartLiveTail", f"{group}:a:log-stream:")]


@pytest.mark.parametrize(
    ("service", "operation", "params", "named"),
    [
        ("logs", "FilterLogEvents", {"logGroupName": "secret", "filterPattern": f"arn:aws:logs:{HERE}:log-group:mine"},
         f"arn:aws:logs:{HERE}:log-group:secret:log-stream:"),
        ("logs", "GetLogEvents", {"logGroupName": "secret", "logStreamName": "s",
         "nextToken": f"arn:aws:logs:{HERE}:log-group:mine:log-stream:mine"},
         f"arn:aws:logs:{HERE}:log-group:secret:log-stream:s"),
        ("logs", "GetLogEvents", {"logGroupIdentifier": f"arn:aws:logs:{HERE}:log-group:secret", "logStreamName": "s",
         "nextToken": f"arn:aws:logs:{HERE}:log-group:mine:log-stream:mine"},
         f"arn:aws:logs:{HERE}:log-group:secret:log-stream:s"),
        ("cloudwatch", "PutMetricAlarm", {"AlarmName": "secret",
         "AlarmDescription": f"arn:aws:cloudwatch:{HERE}:alarm:mine"}, f"arn:aws:cloudwatch:{HERE}:alarm:secret"),
        ("cloudwatch", "PutCompositeAlarm", {"AlarmName": "secret",
         "ActionsSuppressor": f"arn:aws:cloudwatch:{HERE}:alarm:mine"}, f"arn:aws:cloudwatch:{HERE}:alarm:secret"),
        ("sqs", "SendMessage", {"QueueUrl": "http://h/111122223333/secret", "MessageBody": f"arn:aws:sqs:{HERE}:mine"},
         f"arn:aws:sqs:{HERE}:secret"),
    ],
)  # fmt: skip
def test_an_arn_in_a_text_does_not_take_the_place_of_what_is_named(
    service: str, operation: str, params: dict[str, Any], named: str
) -> None:
    assert named in [resource for _, resource in needed(service, operation, **params)]


def test_a_log_stream_of_a_group_that_goes_by_its_arn() -> None:
    group = f"arn:aws:logs:{HERE}:log-group"
    assert needed("logs", "GetLogEvents", logGroupIdentifier=f"{group}:g:*", logStreamName="s") == [
        ("logs:GetLogEvents", f"{group}:g:log-stream:s")
    ]


def test_several_resources_are_several_permissions() -> None:
    instance = f"arn:aws:ec2:{HERE}:instance"
    assert needed("ec2", "TerminateInstances", InstanceIds=["i-1", "i-2"]) == [
        ("ec2:TerminateInstances", f"{instance}/i-1"),
        ("ec2:TerminateInstances", f"{instance}/i-2"),
    ]
    run = needed("ec2", "RunInstances", ImageId="ami-1", SubnetId="s-1")
    assert {("ec2:RunInstances", f"{instance}/*"), ("ec2:RunInstances", "arn:aws:ec2:eu-west-1::image/ami-1")} <= {*run}
    items = [{"Put": {"TableName": "t"}}, {"ConditionCheck": {"TableName": "u"}}, {"Put": {"TableName": "t"}}]
    assert needed("dynamodb", "TransactWriteItems", TransactItems=items) == [
        ("dynamodb:PutItem", f"{TABLE}/t"),
        ("dynamodb:ConditionCheckItem", f"{TABLE}/u"),
    ]


def test_api_gateway_goes_by_methods_and_paths() -> None:
    assert needed("apigateway", "GetRestApi", "GET", "/restapis/a") == [
        ("apigateway:GET", "arn:aws:apigateway:eu-west-1::/restapis/a")
    ]


def test_nearly_every_operation_is_an_action_that_iam_knows() -> None:
    special = {"s3", "s3control", "apigateway", "apigatewayv2"}
    operations = [(name, operation) for name in index().services if name not in special
                  for operation in operation_names(name)]  # fmt: skip
    known = {
        prefix: {action.lower() for action in actions_of(prefix)} for prefix in {prefix_of(s) for s, _ in operations}
    }
    found = [1 for service, operation in operations if operation.lower() in known[prefix_of(service)]]
    assert len(found) > 0.95 * len(operations)


@pytest.mark.parametrize("value", [None, 7, b"x", {}, [], [[]], "", "arn:", "arn:aws", "*", "a" * 10_000])
def test_odd_parameters_are_no_error(value: Any) -> None:
    for service, operation, member in (
        ("iam", "GetUser", "UserName"),
        ("sqs", "SendMessage", "QueueUrl"),
        ("kms", "Encrypt", "KeyId"),
        ("sts", "AssumeRole", "RoleArn"),
        ("dynamodb", "BatchGetItem", "RequestItems"),
        ("dynamodb", "TransactWriteItems", "TransactItems"),
        ("dynamodb", "ExecuteStatement", "Statement"),
        ("lambda", "Invoke", "FunctionName"),
    ):
        assert needed(service, operation, **{member: value})
