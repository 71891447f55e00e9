"""Naming and parsing calls, replies read and answers written: calls a second on one core.

    python benchmarks/wire.py [--seconds 1]

Parsing is measured beside moto's parser and reading replies beside botocore's, in turns in one run: the ratio is what
matters. Both get what the HTTP server hands over and know the operation.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import AsyncIterator, Callable
from functools import partial
from typing import Any

from botocore.parsers import create_parser
from moto.core.model import OperationModel as MotoOperation
from moto.core.parse import PROTOCOL_PARSERS
from moto.core.utils import get_service_model
from werkzeug.datastructures import CombinedMultiDict, MultiDict
from werkzeug.datastructures import Headers as WerkzeugHeaders

from cairn.wire.http import Call, Headers, Request, split_query
from cairn.wire.identify import identify
from cairn.wire.models import operation_model
from cairn.wire.parse import parse_input
from cairn.wire.reply import parse_reply
from cairn.wire.respond import respond

ROUNDS = 5
DOMAINS = ("localhost", "localhost.localstack.cloud")
FORM = ("content-type", "application/x-www-form-urlencoded; charset=utf-8")
ITEM = (
    b'{"TableName":"t","Item":{"id":{"S":"1"},"n":{"N":"5"},"tags":{"L":[{"S":"a"},{"S":"b"}]},"b":{"B":"aGVsbG8="}}}'
)
INSTANCES = (
    b"Action=RunInstances&Version=2016-11-15&ImageId=ami-12345678&InstanceType=t3.micro&MinCount=1&MaxCount=2"
    b"&SecurityGroupId.1=sg-1&SecurityGroupId.2=sg-2&SubnetId=subnet-1&TagSpecification.1.ResourceType=instance"
    b"&TagSpecification.1.Tag.1.Key=Name&TagSpecification.1.Tag.1.Value=web&BlockDeviceMapping.1.DeviceName=%2Fdev%2Fsda1"
    b"&BlockDeviceMapping.1.Ebs.VolumeSize=20&BlockDeviceMapping.1.Ebs.Encrypted=true"
)
USER = b"Action=CreateUser&Version=2010-05-08&UserName=alice&Path=%2Fteam%2F&Tags.member.1.Key=k&Tags.member.1.Value=v"


async def nothing() -> AsyncIterator[bytes]:
    return
    yield b""


def request(method: str, path: str, service: str, *headers: tuple[str, str]) -> Request:
    authorization = (
        f"AWS4-HMAC-SHA256 Credential=AKIAIOSFODNN7EXAMPLE/20260101/us-east-1/{service}/aws4_request, "
        "SignedHeaders=host;x-amz-content-sha256;x-amz-date, Signature=fe5f80f77d5fa3beca038a248ff027d0445342fe2855ddc9"
    )
    usual = [
        ("Host", "127.0.0.1:4590"), ("Accept-Encoding", "identity"), ("User-Agent", "Boto3/1.44.5 Botocore/1.44.5"),
        ("X-Amz-Date", "20260101T000000Z"), ("X-Amz-Content-SHA256", "UNSIGNED-PAYLOAD"),
        ("Authorization", authorization), ("amz-sdk-invocation-id", "8a7a"), ("amz-sdk-request", "attempt=1"),
    ]  # fmt: skip
    path, _, query = path.partition("?")
    return Request(method, path, query, Headers([*usual, *headers]), nothing())


CALLS: dict[str, tuple[str, str, Request, bytes]] = {
    "S3 GetObject": ("s3", "rest-xml", request("GET", "/bucket/some/key.txt", "s3"), b""),
    "S3 PutObject": (
        "s3", "rest-xml",
        request("PUT", "/bucket/key", "s3", ("x-amz-meta-owner", "alice"), ("content-type", "text/plain")), b"",
    ),
    "S3 ListObjectsV2": ("s3", "rest-xml", request("GET", "/bucket?list-type=2&prefix=logs%2F&max-keys=50", "s3"), b""),
    "DynamoDB PutItem": (
        "dynamodb", "json", request("POST", "/", "dynamodb", ("X-Amz-Target", "DynamoDB_20120810.PutItem")), ITEM,
    ),
    "EC2 RunInstances": ("ec2", "ec2", request("POST", "/", "ec2", FORM), INSTANCES),
    "IAM CreateUser": ("iam", "query", request("POST", "/", "iam", FORM), USER),
    "Lambda Invoke": (
        "lambda", "rest-json", request("POST", "/2015-03-31/functions/f/invocations", "lambda"), b'{"a": 1}',
    ),
}  # fmt: skip


def moto_parse(service: str, protocol: str, operation: str, asked: Request, body: bytes, path: dict[str, str]) -> Any:
    """moto's parser, given what its router and werkzeug would hand over."""
    model: MotoOperation = get_service_model(service).operation_model(operation)
    form = split_query(body.decode()) if protocol in ("query", "ec2") else []
    values = CombinedMultiDict([MultiDict(asked.query_pairs()), MultiDict(form)])
    headers = WerkzeugHeaders(list(asked.headers))
    given = {
        "method": asked.method, "values": values, "headers": headers, "body": body, "url_path": asked.path,
        "url_params": path,
    }  # fmt: skip
    return PROTOCOL_PARSERS[protocol](model).parse(given)


def rates(seconds: float, **runs: Callable[[], Any]) -> dict[str, float]:
    """Calls a second of each, in turns; the best round of each."""
    best = dict.fromkeys(runs, 0.0)
    for _ in range(ROUNDS):
        for name, run in runs.items():
            run()
            count, start = 0, time.perf_counter()
            while (passed := time.perf_counter() - start) < seconds / ROUNDS:
                for _ in range(20):
                    run()
                count += 20
            best[name] = max(best[name], count / passed)
    return best


def requests(seconds: float) -> None:
    print(f"{'calls a second':18} {'identify':>10} {'µs':>6} {'parse':>10} {'moto parse':>11} {'ratio':>6}")
    path = {"Bucket": "bucket", "Key": "some/key.txt", "FunctionName": "f"}
    for name, (service, protocol, asked, body) in CALLS.items():
        operation = identify(asked, body, domains=DOMAINS).operation
        found = rates(
            seconds,
            identify=partial(identify, asked, body, domains=DOMAINS),
            parse=partial(parse_input, service, operation, asked, body),
            moto=partial(moto_parse, service, protocol, operation, asked, body, path),
        )
        print(
            f"{name:18} {found['identify']:10,.0f} {1e6 / found['identify']:6.1f} {found['parse']:10,.0f} "
            f"{found['moto']:11,.0f} {found['parse'] / found['moto']:6.1f}"
        )


def replies(seconds: float) -> None:
    trail = {"Name": "t", "S3BucketName": "b", "TrailARN": "arn:aws:cloudtrail:us-east-1:111122223333:trail/t"}
    user = {"Path": "/", "UserName": "a", "UserId": "AIDA", "Arn": "arn:aws:iam::1:user/a", "CreateDate": 1_700_000_000}
    vpcs = [{"VpcId": f"vpc-{n}", "CidrBlock": "10.0.0.0/16", "State": "available"} for n in range(20)]
    print(f"\n{'calls a second':18} {'write':>10} {'read':>10} {'botocore':>10} {'ratio':>6}")
    for service, operation, protocol, headers, output in (
        ("cloudtrail", "DescribeTrails", "json", [("x-amz-target", "a.b")], {"trailList": [trail] * 5}),
        ("iam", "ListUsers", "query", [FORM], {"Users": [user] * 20, "IsTruncated": False}),
        ("ec2", "DescribeVpcs", "ec2", [FORM], {"Vpcs": vpcs}),
    ):
        call = Call(request("POST", "/", service, *headers), service, operation, "us-east-1", request_id="id")
        reply = respond(call, output)
        content = bytes(reply.body)  # type: ignore[arg-type]  # never streamed here
        shape = operation_model(service, operation).output_shape
        given: dict[str, Any] = {"status_code": 200, "headers": dict(reply.headers), "body": content}
        found = rates(
            seconds,
            write=partial(respond, call, output),
            read=partial(parse_reply, service, operation, 200, reply.headers, content),
            botocore=partial(create_parser(protocol).parse, given, shape),
        )
        print(
            f"{operation:18} {found['write']:10,.0f} {found['read']:10,.0f} {found['botocore']:10,.0f} "
            f"{found['read'] / found['botocore']:6.1f}"
        )


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seconds", type=float, default=1.0, help="for each figure")
    arguments = parser.parse_args()
    requests(arguments.seconds)
    replies(arguments.seconds)
