"""The `resources` of a record: what was touched, by ARN, for the services that say so."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from cairn.core.records.data_events import data_resource_type
from cairn.core.records.data_resources import SERVICES, touched
from cairn.core.records.facts import CallFacts
from cairn.core.records.s3 import resources as s3_resources

Resource = dict[str, str]


def resources(facts: CallFacts, source: str, name: str, region: str) -> list[Resource]:
    """resources of a call; empty where its service writes none. The keys stand in the order accountId, type, ARN."""
    if facts.service == "s3":
        return s3_resources(facts, name, bool(data_resource_type(source, name)))
    call = _Call(facts, name, region)
    kind = data_resource_type(source, name)
    if kind and facts.service in SERVICES:
        found = [(kind, arn) for arn in touched(facts.service, kind, call.input, region, facts.account)]
    else:
        finder = _FINDERS.get(facts.service)
        found = finder(call) if finder is not None else []
    return [call.entry(kind, arn) for kind, arn in found if is_arn(arn)]


def is_arn(text: str) -> bool:
    """Whether `text` has the six parts of an ARN."""
    return text.startswith("arn:") and text.count(":") >= 5


class _Call:
    """A call's input and output, and the making of ARNs."""

    def __init__(self, facts: CallFacts, name: str, region: str) -> None:
        self.name = name
        self.input: dict[str, Any] = facts.input or {}
        self.output: dict[str, Any] = facts.output or {}
        self.failed = bool(facts.error_code)
        self._account = facts.account
        self._region = region

    def arn(self, service: str, rest: str, account: str = "") -> str:
        return f"arn:aws:{service}:{self._region}:{account or self._account}:{rest}"

    def entry(self, kind: str, arn: str) -> Resource:
        account = arn.split(":", 5)[4] or self._account
        return {"accountId": account, "type": kind, "ARN": arn} if kind else {"accountId": account, "ARN": arn}

    def text(self, member: str) -> str:
        value = self.input.get(member)
        return value if isinstance(value, str) else ""

    def texts(self, member: str) -> list[str]:
        value = self.input.get(member)
        return [item for item in value if isinstance(item, str)] if isinstance(value, list) else []


Found = list[tuple[str, str]]
"""Type (empty where records give none) and ARN; what is no ARN is passed over."""


def _kms(call: _Call) -> Found:
    metadata = call.output.get("KeyMetadata")
    candidates = [
        metadata.get("Arn") if isinstance(metadata, dict) else None,
        call.output.get("KeyId"),
        call.output.get("KeyArn"),
        call.input.get("KeyId"),
    ]
    for candidate in candidates:
        if isinstance(candidate, str) and ":key/" in candidate:
            return [("AWS::KMS::Key", candidate)]
    key_id = call.text("KeyId")
    if key_id and "/" not in key_id and not call.failed:
        return [("AWS::KMS::Key", call.arn("kms", f"key/{key_id}"))]
    return []


def _sts(call: _Call) -> Found:
    return [] if call.failed else [("AWS::IAM::Role", call.text("RoleArn"))]


_SSM_PARAMETER_CALLS = frozenset(
    {"DeleteParameter", "GetParameter", "GetParameterHistory", "LabelParameterVersion", "PutParameter"}
)


def _ssm(call: _Call) -> Found:
    if call.failed:
        return []
    if call.name in _SSM_PARAMETER_CALLS:
        return [("", _parameter_arn(call, call.text("Name")))]
    if call.name in ("GetParameters", "DeleteParameters"):
        return [("", _parameter_arn(call, name)) for name in call.texts("Names")]
    if call.name == "ListInstanceAssociations":
        return [("", call.arn("ec2", f"instance/{call.text('InstanceId')}"))]
    if call.name == "PutInventory":
        instance = call.text("InstanceId")
        return [
            ("", call.arn("ec2", f"instance/{instance}")),
            ("", call.arn("ssm", f"managed-instance-inventory/{instance}")),
        ]
    return []


def _parameter_arn(call: _Call, name: str) -> str:
    return name if name.startswith("arn:") else call.arn("ssm", "parameter/" + name.lstrip("/"))


def _lambda(call: _Call) -> Found:
    if not call.name.startswith("Invoke"):
        return []
    arn = function_arn(call.text("FunctionName"), call.arn)
    return [("AWS::Lambda::Function", ":".join(arn.split(":")[:FUNCTION_ARN_PARTS]))]


FUNCTION_ARN_PARTS = 7
"""Of a function's ARN. A version or an alias is one part more, and no resource of its own."""


def function_arn(name: str, arn: Callable[[str, str], str]) -> str:
    """The ARN of a Lambda function given by name, by `account:function:name` or by ARN."""
    return name if is_arn(name) else arn("lambda", "function:" + name.rpartition("function:")[2])


def _dynamodb(call: _Call) -> Found:
    names = [call.text("TableName")]
    requests = call.input.get("RequestItems")
    names += list(requests) if isinstance(requests, dict) else ()
    items = call.input.get("TransactItems")
    for item in items if isinstance(items, list) else ():
        actions = item.values() if isinstance(item, dict) else ()
        names += [action["TableName"] for action in actions if isinstance(action, dict) and "TableName" in action]
    arns = dict.fromkeys(
        name if is_arn(name) else call.arn("dynamodb", f"table/{name}")
        for name in names
        if isinstance(name, str) and name
    )
    return [("AWS::DynamoDB::Table", arn) for arn in arns]


def _dynamodb_streams(call: _Call) -> Found:
    stream = call.text("StreamArn")
    if not stream:
        return []
    return [("AWS::DynamoDB::Table", stream.partition("/stream/")[0]), ("AWS::DynamoDB::Stream", stream)]


def _sns(call: _Call) -> Found:
    if not call.name.startswith("Publish"):
        return []
    arn = call.text("TopicArn") or call.text("TargetArn")
    return [("AWS::SNS::PlatformEndpoint" if ":endpoint/" in arn else "AWS::SNS::Topic", arn)]


_ACCOUNT = re.compile(r"\d{12}")
_SQS_DATA = ("SendMessage", "ReceiveMessage", "DeleteMessage", "ChangeMessageVisibility")


def _sqs(call: _Call) -> Found:
    rest, _, queue = call.text("QueueUrl").rstrip("/").rpartition("/")
    owner = rest.rpartition("/")[2]
    if not queue or not call.name.startswith(_SQS_DATA):
        return []
    return [("AWS::SQS::Queue", call.arn("sqs", queue, owner if _ACCOUNT.fullmatch(owner) else ""))]


def _kinesis(call: _Call) -> Found:
    stream = call.text("StreamARN") or (call.arn("kinesis", f"stream/{name}") if (name := _stream(call)) else "")
    consumer = call.text("ConsumerARN")
    stream = stream or consumer.partition("/consumer/")[0]
    found = [("AWS::Kinesis::Stream", stream)]
    return [*found, ("AWS::Kinesis::StreamConsumer", consumer)] if consumer else found


def _stream(call: _Call) -> str:
    return call.text("StreamName")


def _firehose(call: _Call) -> Found:
    stream = call.text("DeliveryStreamName")
    if not stream or not call.name.startswith("PutRecord"):
        return []
    return [("AWS::KinesisFirehose::DeliveryStream", call.arn("firehose", f"deliverystream/{stream}"))]


def _states(call: _Call) -> Found:
    return [
        ("AWS::StepFunctions::StateMachine", call.text("stateMachineArn")),
        ("AWS::StepFunctions::Activity", call.text("activityArn") if call.name == "GetActivityTask" else ""),
    ]


def _events(call: _Call) -> Found:
    if call.name != "PutEvents":
        return []
    entries = call.input.get("Entries")
    entries = entries if isinstance(entries, list) else []
    names = dict.fromkeys(entry.get("EventBusName") or "default" for entry in entries if isinstance(entry, dict))
    buses = [
        name if is_arn(name) else call.arn("events", f"event-bus/{name}") for name in names if isinstance(name, str)
    ]
    return [("AWS::Events::EventBus", bus) for bus in buses]


def _ecr(call: _Call) -> Found:
    repository = call.text("repositoryName")
    return [("", call.arn("ecr", f"repository/{repository}"))] if repository else []


_FINDERS: dict[str, Callable[[_Call], Found]] = {
    "dynamodb": _dynamodb,
    "dynamodbstreams": _dynamodb_streams,
    "ecr": _ecr,
    "events": _events,
    "firehose": _firehose,
    "kinesis": _kinesis,
    "kms": _kms,
    "lambda": _lambda,
    "sns": _sns,
    "sqs": _sqs,
    "ssm": _ssm,
    "stepfunctions": _states,
    "sts": _sts,
}
