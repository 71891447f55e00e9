"""Inputs of each protocol. The first line of an input names the operation; the request follows."""

from __future__ import annotations

import zlib
from collections.abc import Callable

from cairn.core.errors import AwsError
from cairn.gateway.document import document_of
from cairn.wire.http import Call, Headers
from cairn.wire.models import index, operation_names
from cairn.wire.parse import parse_input
from cairn.wire.validate import validate
from fuzz.messages import request_of
from fuzz.recorded import authorized, record
from fuzz.target import Target
from fuzz.targets.calls import refused

_OPERATIONS = {
    "json": (
        ("dynamodb", "PutItem"),
        ("dynamodb", "BatchWriteItem"),
        ("cloudtrail", "PutEventSelectors"),
        ("logs", "PutLogEvents"),
        ("cloudtrail", "LookupEvents"),
        ("events", "PutTargets"),
        ("events", "PutEvents"),
        ("kms", "Encrypt"),
        ("ecs", "RegisterTaskDefinition"),
        ("stepfunctions", "StartExecution"),
        ("cloudwatch", "PutMetricAlarm"),
    ),
    "query": (
        ("sns", "Publish"),
        ("sns", "CreateTopic"),
        ("iam", "CreateRole"),
        ("sts", "AssumeRole"),
        ("rds", "CreateDBInstance"),
        ("cloudformation", "CreateStack"),
        ("elbv2", "CreateListener"),
        ("ses", "SendEmail"),
        ("iam", "SimulateCustomPolicy"),
    ),
    "ec2": (
        ("ec2", "RunInstances"),
        ("ec2", "DescribeInstances"),
        ("ec2", "AuthorizeSecurityGroupIngress"),
        ("ec2", "CreateFleet"),
    ),
    "rest-json": (
        ("lambda", "CreateFunction"),
        ("lambda", "Invoke"),
        ("apigateway", "PutIntegration"),
        ("eks", "CreateCluster"),
        ("sesv2", "SendEmail"),
        ("glacier", "InitiateJob"),
        ("bedrock-runtime", "Converse"),
        ("batch", "SubmitJob"),
    ),
    "rest-xml": (
        ("s3", "PutBucketAcl"),
        ("s3", "PutBucketCors"),
        ("s3", "PutBucketPolicy"),
        ("s3", "DeleteObjects"),
        ("s3", "PutBucketLifecycleConfiguration"),
        ("s3", "CompleteMultipartUpload"),
        ("s3", "PutObject"),
        ("s3", "ListObjectsV2"),
        ("s3", "PutBucketNotificationConfiguration"),
        ("route53", "ChangeResourceRecordSets"),
        ("cloudfront", "CreateDistribution"),
        ("s3control", "CreateAccessPoint"),
        ("s3", "PutBucketReplication"),
        ("s3", "SelectObjectContent"),
    ),
    "smithy-rpc-v2-cbor": (
        ("cloudwatch", "PutMetricData"),
        ("cloudwatch", "GetMetricData"),
        ("cloudwatch", "PutDashboard"),
    ),
}


def _input(protocol: str) -> Callable[[bytes], None]:
    def run(data: bytes) -> None:
        first, _, rest = data.partition(b"\n")
        service, operation = _named(first, protocol)
        if protocol in ("rest-json", "rest-xml"):
            request, body = request_of(rest)
        else:
            request, body = request_of(b"POST /")
            body = rest
            request.headers = _headers(protocol, service, operation)
            if protocol == "smithy-rpc-v2-cbor":
                request.path = f"/service/{service}/operation/{operation}"
        call = Call(request, service, operation, "us-east-1", request_id="request", body=body)
        if service == "s3":
            call.document = document_of(body)
        try:
            call.params = parse_input(service, operation, request, body)
            validate(service, operation, call.params)
        except AwsError as error:
            refused(call, error)
            if call.params is None:
                return
        authorized(call)
        record(call, None)

    return run


def _headers(protocol: str, service: str, operation: str) -> Headers:
    match protocol:
        case "json":
            return Headers([("x-amz-target", f"{service}.{operation}"), ("content-type", "application/x-amz-json-1.1")])
        case "smithy-rpc-v2-cbor":
            return Headers([("smithy-protocol", "rpc-v2-cbor"), ("content-type", "application/cbor")])
    return Headers([("content-type", "application/x-www-form-urlencoded")])


def _named(first: bytes, protocol: str) -> tuple[str, str]:
    """The operation that a line names, or one of the usual ones."""
    service, _, operation = first.decode("latin-1").strip().partition(" ")
    known = index().services.get(service)
    if known is not None and protocol in known.protocols and operation in operation_names(service):
        return service, operation
    usual = _OPERATIONS[protocol]
    return usual[zlib.crc32(first) % len(usual)]


TARGETS = tuple(
    Target(
        f"input-{protocol.removeprefix('smithy-rpc-v2-')}",
        "Parsed or refused in the protocol's own words; what was parsed can be asked about and recorded.",
        _input(protocol),
    )
    for protocol in _OPERATIONS
)
