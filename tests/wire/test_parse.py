"""Inputs read back as botocore's own serializers wrote them, and what comes of garbage."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from random import Random
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from cairn.core.errors import AwsError
from cairn.wire.http import Headers, Request
from cairn.wire.models import index, input_is_streamed, operation_model, operation_names
from cairn.wire.parse import parse_input

SAMPLED = [
    ("json", "dynamodb"), ("json", "logs"), ("json", "events"), ("json", "kms"), ("json", "sagemaker"),
    ("json", "cloudwatch"), ("json", "cloudtrail"), ("query", "iam"), ("query", "sts"), ("query", "sns"),
    ("query", "rds"), ("query", "cloudformation"), ("query", "autoscaling"), ("query", "cloudwatch"), ("query", "sdb"),
    ("ec2", "ec2"), ("rest-json", "lambda"), ("rest-json", "apigateway"), ("rest-json", "iot"),
    ("rest-json", "glacier"),    ("rest-json", "bedrock-runtime"), ("rest-json", "cloudtrail-data"),
    ("rest-json", "route53globalresolver"),
    ("rest-xml", "s3"), ("rest-xml", "s3control"), ("rest-xml", "route53"), ("rest-xml", "cloudfront"),
    ("smithy-rpc-v2-cbor", "cloudwatch"), ("smithy-rpc-v2-cbor", "codebuild"), ("smithy-rpc-v2-cbor", "pi"),
]  # fmt: skip
PROPERTY = settings(
    max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large]
)


HTTP_OWN = {"content-length", "content-type"}  # headers that HTTP itself sets, whether or not they are parameters


def check(service: str, operation: Any, protocol: str, parameters: dict[str, Any], send: Any) -> None:
    """All that was sent must be read, but for a streamed body, and nothing else, but for HTTP's own headers."""
    request, body = send(operation, protocol, parameters)
    found = parse_input(service, operation.name, request, body)
    shape = operation.input_shape
    expected = dict(parameters)
    if shape is not None:
        payload = shape.serialization.get("payload")
        if input_is_streamed(service, operation.name) or parameters.get(payload) == {}:
            expected.pop(payload, None)
        for name, member in shape.members.items():
            if member.serialization.get("name", name).lower() in HTTP_OWN and name not in parameters:
                found.pop(name, None)
    assert found == expected, operation.name


@pytest.mark.parametrize(("protocol", "service"), SAMPLED)
@PROPERTY
@given(data=st.data())
def test_what_botocore_writes_is_read(
    protocol: str, service: str, data: st.DataObject, operations: Any, sampler: Any, as_botocore_sends: Any
) -> None:
    operation = operation_model(service, data.draw(st.sampled_from(operations(service, 10_000))))
    sample = sampler(data.draw(st.randoms(use_true_random=False)), protocol=protocol)
    parameters = sample.value(operation.input_shape) if operation.input_shape is not None else {}
    check(service, operation, protocol, parameters, as_botocore_sends)


EVERY_PROTOCOL = sorted(
    (name, protocol) for name, service in index().services.items() for protocol in service.protocols
)


@pytest.mark.parametrize(("service", "protocol"), EVERY_PROTOCOL)
def test_operations_of_every_service(
    service: str, protocol: str, operations: Any, sampler: Any, as_botocore_sends: Any
) -> None:
    for name in operations(service, 20):
        operation = operation_model(service, name)
        sample = sampler(Random(f"{service}.{name}"), protocol=protocol, sparse=0.7)
        parameters = sample.value(operation.input_shape) if operation.input_shape is not None else {}
        check(service, operation, protocol, parameters, as_botocore_sends)


async def nothing() -> AsyncIterator[bytes]:
    return
    yield b""


def request(method: str, url: str, **headers: str) -> Request:
    path, _, query = url.partition("?")
    return Request(method, path, query, Headers((k.replace("_", "-"), v) for k, v in headers.items()), nothing())


BOMB = b"""<?xml version="1.0"?><!DOCTYPE x [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;&a;&a;">]><Tagging>&b;</Tagging>"""
OUTSIDE = b"""<!DOCTYPE x [<!ENTITY a SYSTEM "file:///etc/passwd">]><Tagging>&a;</Tagging>"""
TAG_OF_SHARED = b"\xd8\x1c\x81\xd8\x1d\x00"  # a list that holds itself
CBOR = {"smithy_protocol": "rpc-v2-cbor"}
CBOR_REQUEST = request("POST", "/service/GraniteServiceVersion20100801/operation/PutMetricData", **CBOR)

HUGE_VALUE = b'{"MetricData": [{"Value": %d}]}' % (10**400)
JSON_REQUEST = request("POST", "/", x_amz_target="GraniteServiceVersion20100801.PutMetricData")


@pytest.mark.parametrize(
    ("service", "operation", "asked", "body", "code"),
    [
        ("dynamodb", "PutItem", request("POST", "/"), b"{", "SerializationException"),
        ("dynamodb", "PutItem", request("POST", "/"), b"\xff\xfe", "SerializationException"),
        ("dynamodb", "PutItem", request("POST", "/"), b"[]", "SerializationException"),
        ("dynamodb", "PutItem", request("POST", "/"), b"null", "SerializationException"),
        ("dynamodb", "PutItem", request("POST", "/"), b'{"TableName": 1}', "SerializationException"),
        ("dynamodb", "PutItem", request("POST", "/"), b'{"TableName": {"a": 1}}', "SerializationException"),
        ("dynamodb", "PutItem", request("POST", "/"), b'{"Item": {"a": {"B": "!"}}}', "SerializationException"),
        ("dynamodb", "PutItem", request("POST", "/"), b'{"Item": {"a": {"BOOL": "true"}}}', "SerializationException"),
        ("dynamodb", "PutItem", request("POST", "/"), b"[" * 100_000, "SerializationException"),
        ("dynamodb", "Scan", request("POST", "/"), b'{"Limit": 1.5}', "SerializationException"),
        ("dynamodb", "PutItem", request("POST", "/"), b'{"Item":{"a":' + b'{"L":[' * 5000, "SerializationException"),
        ("logs", "FilterLogEvents", request("POST", "/"), b'{"startTime": %d}' % (1 << 63), "SerializationException"),
        ("logs", "FilterLogEvents", request("POST", "/"), b'{"startTime": 1e300}', "SerializationException"),
        ("cloudwatch", "PutMetricData", JSON_REQUEST, HUGE_VALUE, "SerializationException"),
        ("cloudtrail", "LookupEvents", request("POST", "/"), b'{"StartTime": "soon"}', "SerializationException"),
        ("cloudtrail", "LookupEvents", request("POST", "/"), b'{"StartTime": 1e300}', "SerializationException"),
        ("lambda", "CreateFunction", request("POST", "/2015-03-31/functions"), b"<a/>", "SerializationException"),
        ("lambda", "ListFunctions", request("GET", "/2015-03-31/functions?MaxItems=x"), b"", "SerializationException"),
        ("iam", "CreateUser", request("POST", "/"), b"\xff", "MalformedInput"),
        ("iam", "CreateUser", request("POST", "/"), b"Tags.member.x.Key=a", "MalformedInput"),
        ("iam", "CreateUser", request("POST", "/"), b"Tags=a", "MalformedInput"),
        ("iam", "CreateUser", request("POST", "/"), b"UserName.1=a", "MalformedInput"),
        ("iam", "ListUsers", request("POST", "/"), b"MaxItems=ten", "MalformedInput"),
        ("iam", "ListUsers", request("POST", "/"), b"MaxItems=%d" % (1 << 63), "MalformedInput"),
        ("iam", "CreateUser", request("POST", "/"), b"a" + b".a" * 5000 + b"=1", "MalformedInput"),
        ("iam", "CreateUser", request("POST", "/"), b"a=&" * 200_000, "MalformedInput"),
        ("ec2", "RunInstances", request("POST", "/"), b"MinCount=one", "InvalidParameterValue"),
        ("s3", "PutBucketTagging", request("PUT", "/b?tagging"), b"<Tagging><TagSet>", "MalformedXML"),
        ("s3", "PutBucketTagging", request("PUT", "/b?tagging"), b"{}", "MalformedXML"),
        ("s3", "PutBucketTagging", request("PUT", "/b?tagging"), BOMB, "MalformedXML"),
        ("s3", "PutBucketTagging", request("PUT", "/b?tagging"), OUTSIDE, "MalformedXML"),
        ("s3", "PutBucketTagging", request("PUT", "/b?tagging"), BOMB.decode().encode("utf-16"), "MalformedXML"),
        ("s3", "PutBucketTagging", request("PUT", "/b?tagging"), b"<a>" * 100_000, "MalformedXML"),
        ("s3", "PutBucketTagging", request("PUT", "/b?tagging"), b"<a>" + b"<b/>" * 300_000 + b"</a>", "MalformedXML"),
        ("route53", "CreateHostedZone", request("POST", "/2013-04-01/hostedzone"), b"<a", "MalformedInput"),
        ("cloudwatch", "PutMetricData", CBOR_REQUEST, b"\xff", "SerializationException"),
        ("cloudwatch", "PutMetricData", CBOR_REQUEST, b"\x81" * 9999, "SerializationException"),
        ("cloudwatch", "PutMetricData", CBOR_REQUEST, TAG_OF_SHARED, "SerializationException"),
        ("cloudwatch", "PutMetricData", CBOR_REQUEST, b"\xa1\x69Namespace\x01", "SerializationException"),
        ("cloudwatch", "PutMetricData", CBOR_REQUEST, b"\x5b" + b"\xff" * 8, "SerializationException"),
    ],
)  # fmt: skip
def test_malformed_input_is_the_clients_error(
    service: str, operation: str, asked: Request, body: bytes, code: str
) -> None:
    with pytest.raises(AwsError) as raised:
        parse_input(service, operation, asked, body)
    assert (raised.value.code, raised.value.status) == (code, 400)


@settings(max_examples=300, deadline=None)
@given(st.binary(max_size=200), st.text(max_size=60), st.sampled_from(SAMPLED), st.data())
def test_garbage_is_never_another_exception(body: bytes, query: str, named: tuple[str, str], data: Any) -> None:
    _, service = named
    operation = data.draw(st.sampled_from(sorted(operation_names(service))))
    for asked in (
        request("POST", f"/a/b/c?{query}"),
        request("POST", f"/service/x/operation/y?{query}", **CBOR),
        request("POST", f"/?{query}", content_type="application/x-www-form-urlencoded"),
    ):
        with contextlib.suppress(AwsError):
            assert isinstance(parse_input(service, operation, asked, body), dict)


def test_virtual_host_buckets_and_keys() -> None:
    asked = request("GET", "/a%2Fb//c%20d/", x_amz_meta_a="1", range="bytes=0-1")
    assert parse_input("s3", "GetObject", asked, host_bucket="bucket") == {
        "Bucket": "bucket", "Key": "a/b//c d/", "Range": "bytes=0-1"
    }  # fmt: skip
    asked = request("PUT", "/bucket/k?x-id=PutObject", x_amz_meta_a="1", x_amz_meta_b="2")
    found = parse_input("s3", "PutObject", asked, b"not a parameter")
    assert found == {"Bucket": "bucket", "Key": "k", "Metadata": {"a": "1", "b": "2"}}


def test_timestamps_in_any_of_the_formats() -> None:
    moment = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
    for text in ("Fri, 02 Jan 2026 03:04:05 GMT", "2026-01-02T03:04:05Z", "2026-01-02T04:04:05+01:00", "1767323045"):
        asked = request("GET", "/b/k", if_modified_since=text)
        assert parse_input("s3", "GetObject", asked)["IfModifiedSince"] == moment
    for number in (b"1767323045", b"1767323045.0", b'"2026-01-02T03:04:05Z"'):
        body = b'{"StartTime": ' + number + b"}"
        assert parse_input("cloudtrail", "LookupEvents", request("POST", "/"), body) == {"StartTime": moment}


def test_unknown_members_and_nulls_are_passed_over() -> None:
    body = b'{"TableName": "t", "Item": null, "Nothing": [1]}'
    assert parse_input("dynamodb", "PutItem", request("POST", "/"), body) == {"TableName": "t"}


def test_lists_of_a_form_are_read_in_the_order_of_their_numbers() -> None:
    body = b"Version=1&Tags.member.10.Key=b&Tags.member.2.Key=a&Tags.member.2.Value=x+y"
    found = parse_input("iam", "CreateUser", request("POST", "/?Action=CreateUser&UserName=u"), body)
    assert found == {"UserName": "u", "Tags": [{"Key": "a", "Value": "x y"}, {"Key": "b"}]}


def test_xml_with_and_without_its_namespace() -> None:
    for opening in ("<Tagging>", '<Tagging xmlns="http://s3.amazonaws.com/doc/2006-03-01/">'):
        body = f"{opening}<TagSet><Tag><Key>a</Key><Value/></Tag></TagSet><Strange/></Tagging>".encode()
        found = parse_input("s3", "PutBucketTagging", request("PUT", "/b?tagging"), body)
        assert found == {"Bucket": "b", "Tagging": {"TagSet": [{"Key": "a", "Value": ""}]}}
