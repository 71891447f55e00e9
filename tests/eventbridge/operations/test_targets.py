"""Targets: what can be one, and what each kind must come with."""

from __future__ import annotations

from typing import Any

import pytest
from tests.eventbridge.operations.rig import ACCOUNT, OTHER, QUEUE, REGION, ROLE, Rig

from cairn.core.errors import AwsError


def arn(service: str, resource: str, region: str = REGION, account: str = ACCOUNT) -> str:
    return f"arn:aws:{service}:{region}:{account}:{resource}"


@pytest.mark.parametrize(
    "target",
    [
        {"Arn": QUEUE, "SqsParameters": {"MessageGroupId": "g"}, "RetryPolicy": {"MaximumRetryAttempts": 3}},
        {"Arn": arn("sqs", "q.fifo"), "SqsParameters": {"MessageGroupId": "g"}},
        {"Arn": arn("sns", "topic"), "DeadLetterConfig": {"Arn": QUEUE}},
        {"Arn": arn("lambda", "function:f:live"), "Input": '{"a": 1}'},
        {"Arn": arn("logs", "log-group:/aws/events/all:*")},
        {"Arn": arn("logs", "log-group:/aws/events/all")},
        {"Arn": arn("events", "event-bus/other")},
        {"Arn": arn("events", "event-bus/other", account=OTHER), "RoleArn": ROLE},
        {"Arn": arn("events", "event-bus/other", region="eu-west-1"), "RoleArn": ROLE},
        {
            "Arn": arn("events", "api-destination/d/0b1c2d3e-0000-0000-0000-000000000000"),
            "RoleArn": ROLE,
            "HttpParameters": {"HeaderParameters": {"a": "b"}},
        },
        {"Arn": arn("kinesis", "stream/s"), "RoleArn": ROLE, "KinesisParameters": {"PartitionKeyPath": "$.id"}},
        {"Arn": arn("firehose", "deliverystream/s"), "RoleArn": ROLE},
        {"Arn": arn("states", "stateMachine:m"), "RoleArn": ROLE},
        {
            "Arn": arn("ecs", "cluster/c"),
            "RoleArn": ROLE,
            "EcsParameters": {"TaskDefinitionArn": arn("ecs", "task-definition/t:1")},
        },
        {"Arn": arn("codepipeline", "pipeline"), "RoleArn": ROLE},
    ],
)
def test_targets_are_answered_as_they_were_put(rig: Rig, target: dict[str, Any]) -> None:
    rig.rule()
    rig.call("PutTargets", Rule="rule", Targets=[{"Id": "t", **target}])
    assert rig.call("ListTargetsByRule", Rule="rule") == {"Targets": [{"Id": "t", **target}]}
    assert rig.call("ListRuleNamesByTarget", TargetArn=target["Arn"]) == {"RuleNames": ["rule"]}


FORMAT = "Reason: Provided Arn is not in correct format."
NOT_LOCAL = arn("sqs", "q", region="eu-west-1")


@pytest.mark.parametrize(
    ("target", "error"),
    [
        ({"Arn": "queue"}, f"Parameter queue is not valid. {FORMAT}"),
        ({"Arn": arn("appsync", "apis/a")}, f"Parameter {arn('appsync', 'apis/a')} is not valid. {FORMAT}"),
        ({"Arn": arn("s3", "bucket")}, f"Parameter {arn('s3', 'bucket')} is not valid. {FORMAT}"),
        ({"Arn": QUEUE, "RoleArn": "role"}, f"Parameter role is not valid. {FORMAT}"),
        ({"Arn": NOT_LOCAL}, f"Parameter {NOT_LOCAL} is not valid."),
        (
            {"Arn": arn("states", "stateMachine:m")},
            f"RoleArn is required for target {arn('states', 'stateMachine:m')}.",
        ),
        (
            {"Arn": arn("events", "event-bus/b", account=OTHER)},
            f"RoleArn is required for target {arn('events', 'event-bus/b', account=OTHER)}.",
        ),
        ({"Arn": arn("events", "event-bus/default")}, "A rule cannot have its own event bus as a target."),
        ({"Arn": arn("sqs", "q.fifo")}, "Parameter(s) SqsParameters must be specified for target: t."),
        (
            {"Arn": arn("batch", "job-queue/q"), "RoleArn": ROLE},
            "Parameter(s) BatchParameters must be specified for target: t.",
        ),
        (
            {"Arn": QUEUE, "KinesisParameters": {"PartitionKeyPath": "$.id"}},
            "Parameter(s) KinesisParameters not supported for target: t.",
        ),
        (
            {"Arn": QUEUE, "DeadLetterConfig": {"Arn": arn("sns", "t")}},
            "sns is not supported as a dead letter resource",
        ),
        (
            {"Arn": QUEUE, "DeadLetterConfig": {"Arn": arn("sqs", "q.fifo")}},
            "SQS FIFO is not supported by Dead Letter Queues",
        ),
        ({"Arn": QUEUE, "DeadLetterConfig": {"Arn": NOT_LOCAL}}, f"Parameter {NOT_LOCAL} is not valid."),
        (
            {"Arn": QUEUE, "Input": "{}", "InputPath": "$.detail"},
            "Only one of Input, InputPath, or InputTransformer must be provided for target t.",
        ),
        ({"Arn": QUEUE, "RetryPolicy": {"MaximumEventAgeInSeconds": 59}}, "1 validation error detected: Value '59'"),
    ],
)
def test_targets_that_cannot_be_leave_nothing_behind(rig: Rig, target: dict[str, Any], error: str) -> None:
    rig.rule()
    with pytest.raises(AwsError) as refused:
        rig.call("PutTargets", Rule="rule", Targets=[{"Id": "good", "Arn": QUEUE}, {"Id": "t", **target}])
    assert refused.value.code == "ValidationException"
    assert error in refused.value.message
    assert rig.call("ListTargetsByRule", Rule="rule") == {"Targets": []}


def test_five_targets_count_those_that_are_there(rig: Rig) -> None:
    rig.rule()
    for number in range(5):
        rig.target(id=f"t{number}")
    rig.target(id="t4", Input="{}")
    with pytest.raises(AwsError, match="LimitExceededException"):
        rig.target(id="t5")
    rig.call("RemoveTargets", Rule="rule", Ids=["t0"])
    rig.target(id="t5")
    assert [target["Id"] for target in rig.call("ListTargetsByRule", Rule="rule")["Targets"]] == [
        "t1",
        "t2",
        "t3",
        "t4",
        "t5",
    ]


@pytest.mark.parametrize("operation", ["PutTargets", "RemoveTargets", "ListTargetsByRule"])
def test_rules_that_are_not_there_have_no_targets(rig: Rig, operation: str) -> None:
    given: dict[str, Any] = {"PutTargets": {"Targets": [{"Id": "t", "Arn": QUEUE}]}, "RemoveTargets": {"Ids": ["t"]}}
    with pytest.raises(AwsError, match="Rule rule does not exist on EventBus default"):
        rig.call(operation, Rule="rule", **given.get(operation, {}))
