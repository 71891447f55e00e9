"""Replies read back by botocore's own parsers and by ours, and errors that botocore's clients raise as modelled."""

from __future__ import annotations

from random import Random
from typing import Any

import boto3
import pytest
from botocore.awsrequest import AWSResponse
from botocore.parsers import create_parser
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from cairn.core.errors import AwsError
from cairn.wire.http import Call, Response
from cairn.wire.models import index, operation_model, output_is_streamed, service_model
from cairn.wire.reply import parse_reply
from cairn.wire.respond import error_response, respond, unidentified
from cairn.wire.writers.scalars import Unwritable

CBOR = "smithy-rpc-v2-cbor"
SERVED = [
    ("json", "cloudtrail"), ("rest-json", "cloudtrail-data"), ("json", "logs"), ("query", "sns"), ("json", "events"),
    ("json", "cloudwatch"), ("query", "cloudwatch"), (CBOR, "cloudwatch"), ("rest-xml", "s3"),
    ("query", "iam"), ("ec2", "ec2"), ("rest-json", "lambda"), ("rest-xml", "route53"), ("json", "kms"),
]  # fmt: skip
HEADERS = {
    "json": [("x-amz-target", "A.B")],
    CBOR: [("smithy-protocol", "rpc-v2-cbor")],
    "query": [("content-type", "application/x-www-form-urlencoded")],
}


def call_of(arrived: Any, protocol: str, service: str, operation: str = "", method: str = "POST") -> Call:
    path = "/service/a/operation/b" if protocol == CBOR else "/"
    request = arrived(method, f"http://127.0.0.1{path}", dict(HEADERS.get(protocol, [])))
    return Call(request, service, operation, "us-east-1", request_id="c6a0d2f3-REQ")


def as_botocore_reads(protocol: str, reply: Response, shape: Any) -> Any:
    class Folded(dict[str, str]):
        """botocore's own are case-insensitive."""

        def __contains__(self, name: object) -> bool:
            return super().__contains__(str(name).lower())

        def __getitem__(self, name: str) -> str:
            return super().__getitem__(name.lower())

    response = {"status_code": reply.status, "headers": Folded(dict(reply.headers)), "body": reply.body, "context": {}}
    return create_parser(protocol).parse(response, shape)


def check(arrived: Any, protocol: str, service: str, name: str, sample: Any) -> None:
    model = operation_model(service, name)
    shape = model.output_shape
    if model.has_event_stream_output:
        return
    output = sample.value(shape) if shape is not None else {}
    for member, inner in shape.members.items() if shape is not None else ():
        if inner.serialization.get("location") == "statusCode":
            output[member] = 202
    if shape is not None and isinstance(output.get(shape.serialization.get("payload")), bytes):
        output[shape.serialization["payload"]] = b"botocore reads it as text"
    reply = respond(call_of(arrived, protocol, service, name), output)
    read = as_botocore_reads(protocol, reply, shape)
    metadata = read.pop("ResponseMetadata")
    payload = shape.serialization.get("payload") if shape is not None else None
    if payload and (payload not in output or output[payload] in ({}, b"", "")):
        output.pop(payload, None)
        read.pop(payload, None)
    if payload and isinstance(output.get(payload), bytes):  # botocore gives a blob without a stream as text
        read[payload] = output[payload]
    ours = parse_reply(service, name, reply.status, reply.headers, reply.body).output or {}
    if name == "SendApiAsset":  # a map of all headers, whatever their names
        read.pop("ResponseHeaders"), ours.pop("ResponseHeaders"), output.pop("ResponseHeaders", None)
    absent = {member for member in read if member not in output and read[member] == {}}  # maps of headers
    assert {member: value for member, value in read.items() if member not in absent} == output, name
    assert reply.headers.get("x-amzn-requestid") or reply.headers.get("x-amz-request-id") == "c6a0d2f3-REQ"
    assert metadata["HTTPStatusCode"] == reply.status
    assert ours == {k: v for k, v in output.items() if not (output_is_streamed(service, name) and k == payload)}, name


@pytest.mark.parametrize(("protocol", "service"), SERVED)
@settings(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck))
@given(data=st.data())
def test_outputs_are_read_back(
    protocol: str, service: str, data: st.DataObject, operations: Any, sampler: Any, arrived: Any
) -> None:
    name = data.draw(st.sampled_from(operations(service, 10_000)))
    check(
        arrived,
        protocol,
        service,
        name,
        sampler(data.draw(st.randoms(use_true_random=False)), protocol=protocol, millis=True),
    )


EVERY_PROTOCOL = sorted(
    (name, protocol) for name, service in index().services.items() for protocol in service.protocols
)


@pytest.mark.parametrize(("service", "protocol"), EVERY_PROTOCOL)
def test_outputs_of_every_service(service: str, protocol: str, operations: Any, sampler: Any, arrived: Any) -> None:
    for name in operations(service, 12):
        check(arrived, protocol, service, name, sampler(Random(name), protocol=protocol, sparse=0.7, millis=True))


MODELLED = [
    ("json", "cloudtrail", AwsError("TrailNotFoundException", "Unknown trail: x"), "TrailNotFoundException", 400),
    ("json", "logs", AwsError("ResourceNotFoundException", "No group."), "ResourceNotFoundException", 400),
    ("json", "events", AwsError("LimitExceededException", "Too many."), "LimitExceededException", 400),
    ("json", "dynamodb", AwsError("ResourceNotFoundException", "No table."), "ResourceNotFoundException", 400),
    ("rest-json", "cloudtrail-data", AwsError("ChannelNotFound", "No channel."), "ChannelNotFound", 400),
    ("rest-json", "lambda", AwsError("ResourceNotFoundException", "No function."), "ResourceNotFoundException", 404),
    ("query", "sns", AwsError("NotFoundException", "No topic."), "NotFoundException", 404),
    ("query", "sns", AwsError("NotFound", "No topic."), "NotFoundException", 404),
    ("query", "iam", AwsError("NoSuchEntity", "No user."), "NoSuchEntityException", 404),
    ("query", "cloudwatch", AwsError("InvalidFormat", "No format."), "InvalidFormatFault", 400),
    (CBOR, "cloudwatch", AwsError("InvalidParameterValueException", "Bad."), "InvalidParameterValueException", 400),
    (CBOR, "cloudwatch", AwsError("InvalidParameterValue", "Bad."), "InvalidParameterValueException", 400),
    ("json", "cloudwatch", AwsError("InvalidParameterValue", "Bad."), "InvalidParameterValueException", 400),
    ("rest-xml", "s3", AwsError("NoSuchBucket", "No bucket.", 404, BucketName="b"), "NoSuchBucket", 404),
    ("rest-xml", "route53", AwsError("NoSuchHostedZone", "No zone."), "NoSuchHostedZone", 404),
]  # fmt: skip


@pytest.mark.parametrize(("protocol", "service", "error", "raised", "status"), MODELLED)
def test_errors_are_raised_as_modelled(
    protocol: str, service: str, error: AwsError, raised: str, status: int, arrived: Any
) -> None:
    call = call_of(arrived, protocol, service)
    call.request.headers.set("x-amzn-query-mode", "true")
    reply = error_response(call, error)
    assert reply.status == status
    # As a client does it: the code decides the shape, and so the class of the exception.
    read = as_botocore_reads(protocol, reply, None)
    assert service_model(service).shape_for_error_code(read["Error"]["Code"]).name == raised
    assert read["Error"]["Message"] == error.message
    ours = parse_reply(service, "", reply.status, reply.headers, reply.body)
    assert (ours.error_code, ours.error_message) == (read["Error"]["Code"], error.message)


def test_a_client_raises_the_modelled_exception(arrived: Any) -> None:
    for service, operation, arguments, error, protocol in (
        ("cloudtrail", "get_trail", {"Name": "x"}, AwsError("TrailNotFoundException", "Unknown trail: x"), "json"),
        ("cloudwatch", "delete_dashboards", {"DashboardNames": ["x"]}, AwsError("InvalidFormat", "no"), "json"),
        ("sns", "get_topic_attributes", {"TopicArn": "x"}, AwsError("NotFound", "no"), "query"),
    ):  # fmt: skip
        client = boto3.client(service, "us-east-1", aws_access_key_id="a", aws_secret_access_key="b")
        call = call_of(arrived, protocol, service)
        call.request.headers.set("x-amzn-query-mode", "true")
        reply = error_response(call, error)

        def send(request: Any, reply: Response = reply, **_: Any) -> AWSResponse:
            response = AWSResponse(request.url, reply.status, dict(reply.headers), None)
            response._content = reply.body
            return response

        client.meta.events.register("before-send", send)
        modelled = service_model(service).shape_for_error_code(error.code)
        with pytest.raises(client.exceptions.from_code(error.code)) as raised:
            getattr(client, operation)(**arguments)
        assert type(raised.value).__name__ == modelled.name
        assert raised.value.response["ResponseMetadata"]["RequestId"] == "c6a0d2f3-REQ"


def test_the_bytes_of_errors(arrived: Any) -> None:
    def of(protocol: str, service: str, error: AwsError, method: str = "POST") -> Response:
        return error_response(call_of(arrived, protocol, service, method=method), error)

    assert of("json", "cloudtrail", AwsError("X", "é")).body == '{"__type":"X","message":"é"}'.encode()
    dynamodb = of("json", "dynamodb", AwsError("ResourceNotFoundException", "no")).body
    assert dynamodb == b'{"__type":"com.amazonaws.dynamodb.v20120810#ResourceNotFoundException","message":"no"}'
    framework = of("json", "dynamodb", AwsError("SerializationException", "no")).body
    assert framework == b'{"__type":"com.amazon.coral.service#SerializationException","message":"no"}'
    assert of("rest-json", "lambda", AwsError("ResourceNotFoundException", "no")).body == b'{"Message":"no"}'
    assert b"<Errors><Error><Code>A.B</Code>" in of("ec2", "ec2", AwsError("A.B", "<&>")).body
    assert b"<Message>&lt;&amp;&gt;</Message>" in of("ec2", "ec2", AwsError("A.B", "<&>")).body
    assert b"<Type>Receiver</Type>" in of("query", "sts", AwsError("InternalFailure", "no", 500)).body
    s3 = of("rest-xml", "s3", AwsError("NoSuchKey", "no", 404, Key="k"))
    assert (
        b"<Error><Code>NoSuchKey</Code><Message>no</Message><Key>k</Key><RequestId>c6a0d2f3-REQ</RequestId>" in s3.body
    )
    assert s3.headers.get("x-amz-request-id") == "c6a0d2f3-REQ"
    assert of("rest-xml", "s3", AwsError("NoSuchKey", "no", 404), "HEAD").body == b""
    unknown = of("json", "", AwsError("UnknownOperationException", "no"))
    assert unknown.body == b'{"__type":"UnknownOperationException","message":"no"}'
    control = of("rest-xml", "s3", AwsError("A", "\x00\ud800")).body
    assert b"<Message>\xef\xbf\xbd\xef\xbf\xbd</Message>" in control


def test_calls_that_cannot_be_told_get_their_protocols_error(arrived: Any) -> None:
    def code(protocol: str, service: str, path: str = "/") -> str:
        call = call_of(arrived, protocol, service)
        call.request.query = path.partition("?")[2]
        return unidentified(call).code

    assert code("json", "logs") == "UnknownOperationException"
    assert code("json", "") == "UnknownOperationException"
    assert code("query", "iam") == "MissingAction"
    assert code("query", "iam", "/?Action=Nothing") == "InvalidAction"
    assert code("ec2", "ec2", "/?Action=Nothing") == "InvalidAction"
    assert code("rest-json", "lambda") == "UnknownOperationException"
    assert code("rest-xml", "route53") == "InvalidAction"
    assert code("rest-xml", "s3") == "MethodNotAllowed"


def test_times_and_empty_values(arrived: Any) -> None:
    call = call_of(arrived, "json", "cloudtrail", "GetTrailStatus")
    body = respond(call, {"IsLogging": True, "LatestDeliveryTime": 1700000000.5, "LatestDeliveryError": None}).body
    assert body == b'{"IsLogging":true,"LatestDeliveryTime":1700000000.5}'
    assert respond(call_of(arrived, "json", "logs", "CreateLogGroup"), {}).body == b""
    with pytest.raises(Unwritable):
        respond(call, {"IsLoging": True})
