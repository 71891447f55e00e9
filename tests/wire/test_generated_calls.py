"""Calls as boto3 really sends them, of every service that AWS has: named, placed and parsed exactly.

Each request is caught just before it is sent; its parameters are made up from the shapes. `ALL_OPERATIONS=1` tries all
of some 20,000 operations instead of a part of each service (a minute or two).
"""

from __future__ import annotations

import re
from random import Random
from typing import Any

import botocore.session
import pytest
from botocore.client import Config
from botocore.loaders import Loader

from cairn.wire.identify import identify
from cairn.wire.models import index, input_is_streamed, operation_model
from cairn.wire.parse import parse_input

WHOLE = {
    "s3", "s3control", "iam", "sts", "ec2", "lambda", "dynamodb", "sqs", "sns", "kms", "cloudtrail", "cloudtrail-data",
    "logs", "cloudwatch", "events", "organizations", "secretsmanager", "ssm", "route53", "cloudfront", "cloudformation",
    "elb", "elbv2", "apigateway", "apigatewayv2", "ecs", "ecr", "eks", "kinesis", "stepfunctions", "glacier", "ses",
    "sesv2", "workspaces-web", "bedrock-agent-runtime",
}  # fmt: skip
SAMPLE = 3  # operations of each other service

US_EAST_1 = {"pricing-plan-manager"}
"""Services that clients always sign for us-east-1."""

NOT_SENT = {
    "account-access-runtime": "needs a bearer token",
    "codecatalyst": "needs a bearer token",
    "cloudfront-keyvaluestore": "needs the ARN of a real store to find its endpoint",
    "machinelearning.Predict": "needs the address of a real endpoint",
}
"""What boto3 refuses to send with made-up parameters."""

PRESIGNED = {"PreSignedUrl", "SourceRegion"}  # of a copy between regions

CHANGED = {
    "rds": PRESIGNED,
    "neptune": PRESIGNED,
    "docdb": PRESIGNED,
    "s3": {
        *("SSECustomerKey", "SSECustomerKeyMD5", "CopySourceSSECustomerKey", "CopySourceSSECustomerKeyMD5"),  # encoded
        *("ChecksumMode", "EncodingType"),  # filled in
    },
    "autoscaling.CreateLaunchConfiguration": {"UserData"},  # encoded by the client
    "glacier.UploadArchive": {"checksum"},  # computed by the client
    "glacier.UploadMultipartPart": {"checksum"},
    "ec2.CopySnapshot": {"PresignedUrl", "DestinationRegion"},
    "bedrock-agentcore.InvokeAgentRuntimeCommand": {"contentType"},  # HTTP's own
}
"""Members that clients change or add by themselves."""

FILLED_IN = {"content-type", "content-length", "content-md5", "x-amz-sdk-checksum-algorithm"}

KNOWN_FAILURES = {
    "cloudsearchdomain.Search": "boto3 sends the model's GET as a POST with a form",
}


class Caught(Exception):
    """Carries a request that was about to be sent."""

    def __init__(self, request: Any) -> None:
        super().__init__("caught before it was sent")
        self.request = request


def catch(request: Any, **_: Any) -> None:
    raise Caught(request)


@pytest.fixture(scope="module")
def loader() -> Loader:
    return Loader(include_default_search_paths=False, extra_search_paths=[Loader.BUILTIN_DATA_PATH])


def client_of(service: str, loader: Loader) -> Any:
    session = botocore.session.Session()
    session.set_credentials("AKIDEXAMPLE", "secret", "token")
    session.register_component("data_loader", loader)
    config = Config(
        parameter_validation=False,
        inject_host_prefix=False,
        retries={"total_max_attempts": 1},
        s3={"addressing_style": "path"},
        request_checksum_calculation="when_required",
    )
    client = session.create_client(service, "eu-west-1", endpoint_url="http://127.0.0.1:4590", config=config)
    client.meta.events.register_last("before-send", catch)
    return client


def indistinguishable(service: str, operation: str, found: str, found_operation: str) -> bool:
    """Whether the wire does not tell two operations apart when no host name does."""
    known = index().services
    if not found_operation or known[service].signing_name != known[found].signing_name:
        return False
    if not known[service].is_rest:
        ours, theirs = known[service], known[found]
        return operation == found_operation and (ours.target_prefix, ours.api_version) == (
            theirs.target_prefix, theirs.api_version
        )  # fmt: skip
    (one, other) = (operation_model(*pair).http for pair in ((service, operation), (found, found_operation)))
    path, other_path = (re.sub(r"\{[^}]*\}", "{}", http["requestUri"]).rstrip("/") for http in (one, other))
    return bool(one["method"] == other["method"] and path == other_path)


def altered(
    service: str, operation: str, input_shape: Any, expected: dict[str, Any], found: dict[str, Any]
) -> set[str]:
    """The members that differ, but for those that clients change."""
    differ = {name for name in {*expected, *found} if expected.get(name) != found.get(name)}
    differ -= CHANGED.get(f"{service}.{operation}", set())
    # Tokens and some headers are filled in.
    for name, member in input_shape.members.items() if input_shape is not None else ():
        wire_name = member.serialization.get("name", name).lower()
        if name not in expected and (member.metadata.get("idempotencyToken") or wire_name in FILLED_IN):
            differ.discard(name)
    return differ - CHANGED.get(service, set())


@pytest.mark.parametrize("service", sorted(index().services))
def test_calls_are_named_placed_and_parsed(
    service: str, loader: Loader, operations: Any, sampler: Any, arrived: Any
) -> None:
    client = client_of(service, loader)
    for name in operations(service, 10_000 if service in WHOLE else SAMPLE):
        full_name = f"{service}.{name}"
        model = operation_model(service, name)
        if model.has_event_stream_input or {service, full_name} & {*NOT_SENT, *KNOWN_FAILURES}:
            continue
        sample = sampler(
            Random(full_name), protocol=client.meta.service_model.resolved_protocol, sparse=0.7, plain=True
        )
        parameters = sample.value(model.input_shape) if model.input_shape is not None else {}
        if service == "s3":
            parameters.pop("ChecksumAlgorithm", None)  # boto3 would compute it, and cannot compute them all
        with pytest.raises(Caught) as caught:
            client._make_api_call(name, dict(parameters))
        sent = caught.value.request
        body = sent.body.read() if hasattr(sent.body, "read") else sent.body or b""
        body = body.encode() if isinstance(body, str) else body
        request = arrived(sent.method, sent.url, sent.headers)

        call = identify(request, body, default_region="eu-west-1")
        if (call.service, call.operation) != (service, name):
            assert indistinguishable(service, name, call.service, call.operation), (full_name, call)
        assert call.region == ("us-east-1" if service in US_EAST_1 else "eu-west-1"), full_name

        found = parse_input(service, name, request, body)
        if input_is_streamed(service, name):
            parameters.pop(model.input_shape.serialization["payload"], None)
        assert not altered(service, name, model.input_shape, parameters, found), (full_name, parameters, found)
