"""The stock clients against the door: whatever way they sign, it holds; whatever is changed, it does not."""

from __future__ import annotations

import contextlib
import hashlib
import http.client
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import boto3
import pytest
from botocore import UNSIGNED
from botocore.config import Config
from botocore.exceptions import ClientError

BODY = b"stones " * 40_000


@pytest.fixture(autouse=True)
def fresh(checkpoint: Any) -> None:
    checkpoint.seen.clear()
    checkpoint.refused.clear()


@pytest.fixture
def clients() -> Iterator[Any]:
    """Makes clients, and closes them in the end."""
    made = []

    def make(service: str, checkpoint: Any, *, tls: bool = False, session: bool = False, **config: Any) -> Any:
        client = boto3.client(
            service,
            endpoint_url=checkpoint.https if tls else checkpoint.http,
            region_name="eu-west-1",
            aws_access_key_id="ASIASESSION" if session else "AKIALASTING",
            aws_secret_access_key="secret2" if session else config.pop("secret", "secret/+="),
            aws_session_token="token/+=" if session else None,
            verify=checkpoint.certificate if tls else None,
            config=Config(retries={"total_max_attempts": 1}, **config),
        )
        made.append(client)
        return client

    yield make
    for client in made:
        client.close()


@pytest.mark.parametrize("tls", [False, True])
@pytest.mark.parametrize("session", [False, True])
@pytest.mark.parametrize("algorithm", ["CRC32", "CRC32C", "CRC64NVME", "SHA1", "SHA256"])
def test_uploads(checkpoint: Any, clients: Any, tls: bool, session: bool, algorithm: str) -> None:
    s3 = clients("s3", checkpoint, tls=tls, session=session)
    s3.put_object(
        Bucket="bucket",
        Key="a b/ü+%41//'(x)~*?&=.txt",
        Body=BODY,
        ChecksumAlgorithm=algorithm,
        Metadata={"note": "two  spaces"},
        Tagging="a=1&b=2",
    )
    [seen] = checkpoint.seen
    assert (seen.body_bytes, seen.body_sha256) == (len(BODY), hashlib.sha256(BODY).hexdigest())
    assert (seen.caller.length, seen.caller.method, seen.caller.version) == (len(BODY), "AuthHeader", "SigV4")
    assert seen.caller.identity.access_key_id == ("ASIASESSION" if session else "AKIALASTING")
    if tls:  # aws-chunked with a trailer; the CLI and boto3 choose that only here
        assert list(seen.caller.trailers) == [f"x-amz-checksum-{algorithm.lower()}"]


@pytest.mark.parametrize("style", ["path", "virtual"])
@pytest.mark.parametrize("version", [None, "s3", "s3v4"])
@pytest.mark.parametrize("session", [False, True])
def test_presigned_urls(checkpoint: Any, clients: Any, style: str, version: str | None, session: bool) -> None:
    config = {"s3": {"addressing_style": style}} | ({"signature_version": version} if version else {})
    s3 = clients("s3", checkpoint, session=session, **config)
    get = s3.generate_presigned_url(
        "get_object", Params={"Bucket": "bucket", "Key": "a b/ü+c", "ResponseContentType": "text/plain; x=1"}
    )
    put = s3.generate_presigned_url(
        "put_object", Params={"Bucket": "bucket", "Key": "k", "ContentType": "text/plain", "ACL": "private"}
    )
    note = s3.generate_presigned_url("put_object", Params={"Bucket": "bucket", "Key": "k", "Metadata": {"note": "1"}})
    headers = {"Content-Type": "text/plain", "x-amz-acl": "private"}
    assert _open(checkpoint, get) == 200
    assert _open(checkpoint, put, b"data", headers) == 200
    assert {seen.call.host_bucket for seen in checkpoint.seen} == {"bucket" if style == "virtual" else ""}
    assert {seen.caller.method for seen in checkpoint.seen} == {"QueryString"}
    assert {seen.caller.version for seen in checkpoint.seen} == {"SigV4" if version == "s3v4" else "SigV2"}
    assert checkpoint.seen[1].body_bytes == 4
    if version != "s3v4":  # botocore moves what it signs into the query; S3 reads it as headers
        assert _open(checkpoint, note, b"data") == 200
        headers_seen = checkpoint.seen[2].call.request.headers
        assert headers_seen.get("x-amz-meta-note") == "1"
        assert ("x-amz-security-token" in headers_seen, headers_seen.all("x-amz-date")) == (False, [])
    for changed in (get.replace("bucket", "other"), get.replace("a%20b", "a%20c"), f"{get}&versionId=1"):
        assert _open(checkpoint, changed) == 403
    assert _open(checkpoint, put, b"data", headers | {"x-amz-acl": "public-read"}) == 403
    assert {error.code for error in checkpoint.refused} == {"SignatureDoesNotMatch"}


def _open(checkpoint: Any, url: str, data: bytes | None = None, headers: dict[str, str] | None = None) -> int:
    """The status that `url` answers. Its host need not resolve: all are this machine."""
    parts = urlsplit(url)
    connection = http.client.HTTPConnection(urlsplit(checkpoint.http).netloc)
    with contextlib.closing(connection):
        connection.request(
            "PUT" if data else "GET", f"{parts.path}?{parts.query}", data, {"Host": parts.netloc, **(headers or {})}
        )
        return connection.getresponse().status


@pytest.mark.parametrize(
    ("service", "operation", "params"),
    [
        ("sts", "get_caller_identity", {}),
        ("cloudtrail", "describe_trails", {}),
        ("dynamodb", "get_item", {"TableName": "t", "Key": {"id": {"S": "ü"}}}),
        ("lambda", "get_function", {"FunctionName": "arn:aws:lambda:eu-west-1:111122223333:function:f:1"}),
        ("lambda", "invoke", {"FunctionName": "f", "Payload": b"{}"}),
        ("cloudwatch", "list_metrics", {}),
        ("sqs", "list_queues", {}),
        ("iam", "list_users", {"PathPrefix": "/a b/"}),
        ("ec2", "describe_instances", {}),
        ("apigateway", "get_resource", {"restApiId": "a/b", "resourceId": "c d"}),
    ],
)
def test_other_services(checkpoint: Any, clients: Any, service: str, operation: str, params: dict[str, Any]) -> None:
    """Only that the call is let through is asked; the reply may not please the client's parser."""
    for session in (False, True):
        client = clients(service, checkpoint, session=session)
        try:
            getattr(client, operation)(**params)
        except ClientError as error:
            pytest.fail(str(error))
        except Exception:  # an empty reply that a parser cannot read
            pass
        assert checkpoint.refused == []
    assert [seen.caller.account for seen in checkpoint.seen] == ["111122223333"] * 2


@pytest.mark.parametrize(
    ("service", "operation", "code", "status"),
    [
        ("s3", "list_buckets", "SignatureDoesNotMatch", 403),
        ("sts", "get_caller_identity", "SignatureDoesNotMatch", 403),
        ("ec2", "describe_instances", "AuthFailure", 401),
        ("cloudtrail", "describe_trails", "InvalidSignatureException", 400),
        ("lambda", "list_functions", "InvalidSignatureException", 403),
    ],
)
def test_a_wrong_secret(checkpoint: Any, clients: Any, service: str, operation: str, code: str, status: int) -> None:
    with pytest.raises(ClientError):
        getattr(clients(service, checkpoint, secret="wrong"), operation)()
    [error] = checkpoint.refused
    assert (error.code, error.status) == (code, status)


def test_an_anonymous_upload(checkpoint: Any, clients: Any) -> None:
    for tls in (False, True):
        s3 = clients("s3", checkpoint, tls=tls, signature_version=UNSIGNED)
        s3.put_object(Bucket="bucket", Key="key", Body=BODY)
    for seen in checkpoint.seen:
        assert (seen.caller.identity.account, seen.caller.method, seen.body_bytes) == ("anonymous", "", len(BODY))


@pytest.mark.parametrize("crt", ["true", "false"])
def test_the_aws_cli(checkpoint: Any, tmp_path: Path, crt: str) -> None:
    """With and without AWS's own runtime, which signs by another implementation."""
    file = tmp_path / "a file+.bin"
    file.write_bytes(BODY)
    environment = os.environ | {
        "AWS_ACCESS_KEY_ID": "ASIASESSION",
        "AWS_SECRET_ACCESS_KEY": "secret2",
        "AWS_SESSION_TOKEN": "token/+=",
        "AWS_DEFAULT_REGION": "us-east-1",
        "AWS_CA_BUNDLE": checkpoint.certificate,
        "AWS_CONFIG_FILE": str(tmp_path / "none"),
        "AWS_SHARED_CREDENTIALS_FILE": str(tmp_path / "none"),
        "BOTO_DISABLE_CRT": crt,
    }
    for endpoint, arguments in (
        (checkpoint.http, ["s3", "cp", str(file), "s3://bucket/path/a file+.bin"]),
        (checkpoint.https, ["s3", "cp", str(file), "s3://bucket/path/a file+.bin"]),
        (checkpoint.http, ["sts", "get-caller-identity"]),
    ):
        command = [str(Path(sys.executable).with_name("aws")), "--endpoint-url", endpoint, *arguments]
        done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr
    assert checkpoint.refused == []
    assert [seen.body_bytes for seen in checkpoint.seen[:2]] == [len(BODY)] * 2
    assert checkpoint.seen[1].caller.trailers
