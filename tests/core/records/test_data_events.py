"""Data events: what they touched, which selectors choose by, and what they must not tell."""

from __future__ import annotations

from typing import Any

import botocore.session
import pytest
from tests.core.records.conftest import MakeCall

from cairn.core.records import data_resources
from cairn.core.records.compose import compose
from cairn.core.records.data_events import data_resource_type
from cairn.core.records.facts import S3Facts
from cairn.core.records.names import event_source
from cairn.core.records.redact import HIDDEN

ACCOUNT = "111122223333"
HERE = f"eu-west-1:{ACCOUNT}"


@pytest.mark.parametrize(
    ("service", "operation", "given", "expected"),
    [
        (
            "lambda",
            "Invoke",
            {"FunctionName": "f:prod", "Payload": b"x"},
            [("AWS::Lambda::Function", f"lambda:{HERE}:function:f")],
        ),
        (
            "lambda",
            "Invoke",
            {"FunctionName": "arn:aws:lambda:eu-west-1:444455556666:function:f"},
            [("AWS::Lambda::Function", "lambda:eu-west-1:444455556666:function:f")],
        ),
        ("dynamodb", "GetItem", {"TableName": "t"}, [("AWS::DynamoDB::Table", f"dynamodb:{HERE}:table/t")]),
        (
            "dynamodbstreams",
            "GetShardIterator",
            {"StreamArn": f"arn:aws:dynamodb:{HERE}:table/t/stream/2"},
            [
                ("AWS::DynamoDB::Table", f"dynamodb:{HERE}:table/t"),
                ("AWS::DynamoDB::Stream", f"dynamodb:{HERE}:table/t/stream/2"),
            ],
        ),
        ("sns", "Publish", {"TopicArn": f"arn:aws:sns:{HERE}:t"}, [("AWS::SNS::Topic", f"sns:{HERE}:t")]),
        ("sns", "Publish", {"TargetArn": f"arn:aws:sns:{HERE}:t"}, [("AWS::SNS::Topic", f"sns:{HERE}:t")]),
        (
            "sns",
            "Publish",
            {"TargetArn": f"arn:aws:sns:{HERE}:endpoint/GCM/a/1"},
            [("AWS::SNS::PlatformEndpoint", f"sns:{HERE}:endpoint/GCM/a/1")],
        ),
        ("sns", "Publish", {"PhoneNumber": "+1"}, []),
        (
            "sqs",
            "SendMessage",
            {"QueueUrl": "http://localhost:4590/444455556666/q"},
            [("AWS::SQS::Queue", "sqs:eu-west-1:444455556666:q")],
        ),
        ("kinesis", "PutRecord", {"StreamName": "s"}, [("AWS::Kinesis::Stream", f"kinesis:{HERE}:stream/s")]),
        (
            "kinesis",
            "SubscribeToShard",
            {"ConsumerARN": f"arn:aws:kinesis:{HERE}:stream/s/consumer/c:1"},
            [
                ("AWS::Kinesis::Stream", f"kinesis:{HERE}:stream/s"),
                ("AWS::Kinesis::StreamConsumer", f"kinesis:{HERE}:stream/s/consumer/c:1"),
            ],
        ),
        (
            "events",
            "PutEvents",
            {"Entries": [{"Detail": "{}"}, {"EventBusName": "b"}, {"EventBusName": "b"}]},
            [
                ("AWS::Events::EventBus", f"events:{HERE}:event-bus/default"),
                ("AWS::Events::EventBus", f"events:{HERE}:event-bus/b"),
            ],
        ),
        (
            "stepfunctions",
            "GetActivityTask",
            {"activityArn": f"arn:aws:states:{HERE}:activity:a"},
            [("AWS::StepFunctions::Activity", f"states:{HERE}:activity:a")],
        ),
        (
            "bedrock-runtime",
            "InvokeModel",
            {"modelId": "m"},
            [("AWS::Bedrock::Model", "bedrock:eu-west-1::foundation-model/m")],
        ),
        (
            "bedrock-runtime",
            "InvokeModel",
            {"modelId": f"arn:aws:bedrock:{HERE}:inference-profile/p"},
            [("AWS::Bedrock::Model", f"bedrock:{HERE}:inference-profile/p")],
        ),
        (
            "s3vectors",
            "GetVectors",
            {"vectorBucketName": "v", "indexName": "i"},
            [("AWS::S3Vectors::Index", f"s3vectors:{HERE}:bucket/v/index/i")],
        ),
        (
            "cognito-identity",
            "GetId",
            {"IdentityPoolId": "eu-west-1:1"},
            [("AWS::Cognito::IdentityPool", f"cognito-identity:{HERE}:identitypool/eu-west-1:1")],
        ),
        ("stepfunctions", "SendTaskSuccess", {"taskToken": "t"}, []),
    ],
)
def test_resources_are_what_the_call_touched(
    call: MakeCall, service: str, operation: str, given: dict[str, Any], expected: list[tuple[str, str]]
) -> None:
    event = compose(call(service, operation, input=given))
    record = event.parse()
    assert record["eventCategory"] == event.header.category == "Data"
    assert record["managementEvent"] is False
    found = record.get("resources", [])
    assert [(entry["type"], entry["ARN"].removeprefix("arn:aws:")) for entry in found] == expected
    kind = data_resource_type(record["eventSource"], record["eventName"])
    assert event.header.types == tuple(entry["type"] for entry in found) or event.header.types == (kind,)
    assert all(entry["accountId"] == (entry["ARN"].split(":")[4] or ACCOUNT) for entry in found)


def test_management_events_have_no_types_in_their_header(call: MakeCall) -> None:
    event = compose(call("kms", "DescribeKey", input={"KeyId": f"arn:aws:kms:{HERE}:key/1"}))
    assert event.parse()["resources"][0]["type"] == "AWS::KMS::Key"
    assert event.header.types == ()


@pytest.mark.parametrize("operation", ["HeadBucket", "ListObjectsV2", "DeleteObjects", "ListMultipartUploads"])
def test_calls_on_all_objects_of_a_bucket_have_the_beginning_of_their_arns(call: MakeCall, operation: str) -> None:
    record = compose(call("s3", operation, s3=S3Facts(bucket="b"))).parse()
    assert record["resources"] == [
        {"type": "AWS::S3::Object", "ARNPrefix": "arn:aws:s3:::b/"},
        {"accountId": ACCOUNT, "type": "AWS::S3::Bucket", "ARN": "arn:aws:s3:::b"},
    ]


def test_of_a_bucket_that_is_not_there_only_the_object_is_known(call: MakeCall) -> None:
    facts = call("s3", "GetObject", s3=S3Facts(bucket="b", key="k"), error_code="NoSuchBucket", status=404)
    assert compose(facts).parse()["resources"] == [{"type": "AWS::S3::Object", "ARN": "arn:aws:s3:::b/k"}]


def test_an_invocation_of_lambda(call: MakeCall) -> None:
    facts = call(
        "lambda",
        "Invoke",
        input={"FunctionName": "f", "InvocationType": "RequestResponse", "LogType": "Tail", "Payload": b"secret"},
        output={"StatusCode": 200, "ExecutedVersion": "$LATEST", "Payload": b"secret"},
    )
    record = compose(facts).parse()
    arn = f"arn:aws:lambda:{HERE}:function:f"
    assert record["requestParameters"] == {"functionName": arn, "invocationType": "RequestResponse", "logType": "Tail"}
    assert record["responseElements"] is None
    assert record["additionalEventData"] == {"functionVersion": f"{arn}:$LATEST"}
    assert record["resources"] == [{"accountId": ACCOUNT, "type": "AWS::Lambda::Function", "ARN": arn}]
    assert (record["apiVersion"], record["readOnly"]) == ("2015-03-31", False)
    assert "secret" not in compose(facts).record.decode()


def test_a_message_of_sns_is_hidden(call: MakeCall) -> None:
    topic = f"arn:aws:sns:{HERE}:t"
    attributes = {"a": {"DataType": "String", "StringValue": "hush"}}
    given = {"TopicArn": topic, "Message": "hush", "Subject": "hush", "MessageAttributes": attributes}
    record = compose(call("sns", "Publish", input=given, output={"MessageId": "m"})).parse()
    assert record["requestParameters"] == {
        "topicArn": topic,
        "message": HIDDEN,
        "subject": HIDDEN,
        "messageAttributes": HIDDEN,
    }
    assert record["responseElements"] == {"messageId": "m"}


SECRET = "hush"  # the body of all messages below


@pytest.mark.parametrize(
    ("service", "operation", "given", "output"),
    [
        ("sqs", "SendMessage", {"QueueUrl": "http://h/1/q", "MessageBody": SECRET}, {"MessageId": "m"}),
        (
            "sqs",
            "SendMessageBatch",
            {"QueueUrl": "http://h/1/q", "Entries": [{"Id": "1", "MessageBody": SECRET}]},
            {"Successful": []},
        ),
        ("sqs", "ReceiveMessage", {"QueueUrl": "http://h/1/q"}, {"Messages": [{"MessageId": "m", "Body": SECRET}]}),
        (
            "sns",
            "PublishBatch",
            {"TopicArn": "arn:aws:sns:r:1:t", "PublishBatchRequestEntries": [{"Id": "1", "Message": SECRET}]},
            {},
        ),
        ("kinesis", "PutRecord", {"StreamName": "s", "Data": SECRET, "PartitionKey": "p"}, {"ShardId": "s"}),
        ("kinesis", "PutRecords", {"StreamName": "s", "Records": [{"Data": SECRET, "PartitionKey": "p"}]}, {}),
        ("kinesis", "GetRecords", {"ShardIterator": "i"}, {"Records": [{"Data": SECRET}]}),
        ("firehose", "PutRecord", {"DeliveryStreamName": "s", "Record": {"Data": SECRET}}, {}),
        ("events", "PutEvents", {"Entries": [{"Detail": SECRET}]}, {}),
        ("dynamodb", "PutItem", {"TableName": "t", "Item": {"id": {"S": "1"}, "x": {"S": SECRET}}}, {}),
        ("dynamodb", "GetItem", {"TableName": "t", "Key": {"id": {"S": "1"}}}, {"Item": {"x": {"S": SECRET}}}),
        ("sagemaker-runtime", "InvokeEndpoint", {"EndpointName": "e", "Body": SECRET.encode()}, {}),
        ("bedrock-runtime", "InvokeModel", {"modelId": "m", "body": SECRET.encode()}, {"body": SECRET.encode()}),
    ],
)
def test_what_is_in_messages_and_items_is_not_told(
    call: MakeCall, service: str, operation: str, given: dict[str, Any], output: dict[str, Any]
) -> None:
    event = compose(call(service, operation, input=given, output=output))
    assert event.header.category == "Data"
    assert SECRET not in event.record.decode()
    assert event.parse()["requestParameters"]


def test_the_table_names_members_of_its_services() -> None:
    session = botocore.session.get_session()
    for (service, kind), patterns in data_resources._PATTERNS.items():
        model = session.get_service_model(service)
        members = {
            member
            for name in model.operation_names
            if data_resource_type(event_source(service), name) == kind
            for member in model.operation_model(name).input_shape.members
        }
        named = {name for pattern in patterns for name in data_resources._MEMBER.findall(pattern)}
        assert named - {"region", "account"} <= members, (service, kind)
