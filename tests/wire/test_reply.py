"""Replies read as botocore's own parsers read them, and what comes of garbage."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cairn.wire.http import Headers
from cairn.wire.models import index, operation_names
from cairn.wire.reply import Reply, parse_reply

JSON = Headers([("content-type", "application/x-amz-json-1.1")])
REST_JSON = Headers([("content-type", "application/json"), ("x-amzn-errortype", "ResourceNotFoundException:http://x/")])
XML = Headers([("content-type", "text/xml")])
CBOR = Headers([("content-type", "application/cbor"), ("smithy-protocol", "rpc-v2-cbor")])
SQS = Headers([("x-amzn-query-error", "AWS.SimpleQueueService.NonExistentQueue;Sender")])

IAM_ERROR = b"""<ErrorResponse xmlns="https://iam.amazonaws.com/doc/2010-05-08/"><Error><Type>Sender</Type>
  <Code>NoSuchEntity</Code><Message>The user is not here.</Message></Error><RequestId>1</RequestId></ErrorResponse>"""
EC2_ERROR = b"""<?xml version="1.0" encoding="UTF-8"?>
<Response><Errors><Error><Code>InvalidVpcID.NotFound</Code><Message>No.</Message></Error></Errors>
<RequestID>1</RequestID></Response>"""
S3_ERROR = (
    b"""<?xml version="1.0" encoding="UTF-8"?>\n<Error><Code>NoSuchKey</Code><Message>No key.</Message></Error>"""
)


@pytest.mark.parametrize(
    ("service", "operation", "status", "headers", "body", "code", "message"),
    [
        ("dynamodb", "GetItem", 400, JSON, b'{"__type":"com.amazonaws.dynamodb.v20120810#ResourceNotFoundException",'
         b'"message":"No table."}', "ResourceNotFoundException", "No table."),
        ("kms", "Encrypt", 400, JSON, b'{"__type":"NotFoundException","Message":"No."}', "NotFoundException", "No."),
        ("lambda", "Invoke", 404, REST_JSON, b'{"Message":"No."}', "ResourceNotFoundException", "No."),
        ("lambda", "Invoke", 403, JSON, b'{"code":"AccessDenied","message":"No."}', "AccessDenied", "No."),
        ("sqs", "SendMessage", 400, SQS, b'{"__type":"com.amazonaws.sqs#QueueDoesNotExist","message":"No."}',
         "AWS.SimpleQueueService.NonExistentQueue", "No."),
        ("cloudwatch", "PutMetricData", 400, CBOR,
         b"\xa2\x66__type\x78\x28com.amazonaws.x#InvalidParameterValueExc\x67message\x62no",
         "InvalidParameterValueExc", "no"),
        ("cloudwatch", "PutMetricData", 400, XML, IAM_ERROR, "NoSuchEntity", "The user is not here."),
        ("iam", "GetUser", 404, XML, IAM_ERROR, "NoSuchEntity", "The user is not here."),
        ("ec2", "DescribeVpcs", 400, XML, EC2_ERROR, "InvalidVpcID.NotFound", "No."),
        ("s3", "GetObject", 404, XML, S3_ERROR, "NoSuchKey", "No key."),
        ("s3", "CopyObject", 200, XML, S3_ERROR, "NoSuchKey", "No key."),
        ("s3", "HeadObject", 404, Headers(), b"", "NoSuchKey", "Not Found"),
        ("s3", "HeadBucket", 404, Headers(), b"", "NoSuchBucket", "Not Found"),
        ("s3", "HeadObject", 403, Headers(), b"", "AccessDenied", "Forbidden"),
        ("s3", "GetObject", 304, Headers(), b"", "NotModified", "Not Modified"),
        ("s3", "GetObject", 502, Headers(), b"<html><body>Bad Gateway", "502", "Bad Gateway"),
        ("dynamodb", "GetItem", 500, JSON, b"<html>", "500", "Internal Server Error"),
        ("dynamodb", "GetItem", 599, JSON, b"", "599", ""),
        ("", "", 400, JSON, b'{"__type":"Unknown"}', "Unknown", ""),
    ],
)  # fmt: skip
def test_errors(
    service: str, operation: str, status: int, headers: Headers, body: bytes, code: str, message: str
) -> None:
    assert parse_reply(service, operation, status, headers, body) == Reply(None, code, message)


def test_outputs() -> None:
    body = b"""<CreateUserResponse xmlns="https://iam.amazonaws.com/doc/2010-05-08/"><CreateUserResult><User>
      <UserName>a</UserName><Tags><member><Key>k</Key><Value>v</Value></member></Tags></User></CreateUserResult>
      <ResponseMetadata><RequestId>1</RequestId></ResponseMetadata></CreateUserResponse>"""
    user = {"UserName": "a", "Tags": [{"Key": "k", "Value": "v"}]}
    assert parse_reply("iam", "CreateUser", 200, XML, body).output == {"User": user}
    body = b"<R><requestId>1</requestId><vpcSet><item><vpcId>v</vpcId></item></vpcSet></R>"
    assert parse_reply("ec2", "DescribeVpcs", 200, XML, body).output == {"Vpcs": [{"VpcId": "v"}]}
    head = Headers([("ETag", '"e"'), ("x-amz-version-id", "1"), ("x-amz-meta-a", "b")])
    assert parse_reply("s3", "GetObject", 200, head).output == {
        "ETag": '"e"', "VersionId": "1", "Metadata": {"a": "b"}
    }  # fmt: skip
    assert parse_reply("s3", "DeleteBucket", 204, Headers()).output == {}
    assert parse_reply("lambda", "Invoke", 200, Headers(), b"xyz").output == {"StatusCode": 200, "Payload": b"xyz"}


def test_objects_that_were_not_deleted_are_no_error_of_the_call() -> None:
    error = "<Error><Key>k</Key><Code>AccessDenied</Code><Message>No.</Message></Error>"
    reply = parse_reply("s3", "DeleteObjects", 200, XML, f"<DeleteResult>{error}</DeleteResult>".encode())
    assert reply.output == {"Errors": [{"Key": "k", "Code": "AccessDenied", "Message": "No."}]}


@settings(max_examples=400, deadline=None)
@given(st.binary(max_size=200), st.integers(100, 599), st.sampled_from(sorted(index().services)), st.data())
def test_garbage_is_never_an_exception(body: bytes, status: int, service: str, data: st.DataObject) -> None:
    operation = data.draw(st.sampled_from(sorted(operation_names(service))))
    for headers in (JSON, REST_JSON, XML, CBOR, SQS, Headers()):
        assert isinstance(parse_reply(service, operation, status, headers, body), Reply)


@pytest.mark.parametrize(
    "body", [b"[" * 99_999, b"<a>" * 99_999, b"\x81" * 99_999, b"{" * 9, b"<!DOCTYPE a><a/>", b"[1]", b"1"]
)
@pytest.mark.parametrize("service", ["dynamodb", "iam", "s3", "lambda", "cloudwatch", ""])
@pytest.mark.parametrize("status", [200, 400])
def test_hostile_bodies_are_no_exception(body: bytes, service: str, status: int) -> None:
    operation = {"dynamodb": "GetItem", "iam": "GetUser", "s3": "ListBuckets", "lambda": "ListFunctions"}.get(
        service, ""
    )
    for headers in (JSON, XML, CBOR, Headers()):
        assert parse_reply(service, operation, status, headers, body).output in (None, {})
