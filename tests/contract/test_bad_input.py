"""What nobody should send: each gets an AWS-shaped answer, a record where one can be made, and the server goes on."""

from __future__ import annotations

import json
import socket
import subprocess
import time
import urllib.error
import urllib.request
from typing import Any

import boto3
import pytest
from botocore.config import Config
from botocore.exceptions import ClientError
from tests.contract.recipients import make_bucket
from tests.running import BIN, Cairn

from cairn.core.process import free_port

pytestmark = pytest.mark.engine


def still_answers(cairn: Cairn) -> None:
    assert cairn.client("sts").get_caller_identity()["Account"] == "000000000000"


def recorded(cairn: Cairn, name: str, *, error: str) -> dict[str, Any]:
    """The newest record of `name` that has `error`, waited for."""
    deadline = time.monotonic() + 10
    while True:
        page = cairn.client("cloudtrail").lookup_events(
            LookupAttributes=[{"AttributeKey": "EventName", "AttributeValue": name}]
        )
        for event in page["Events"]:
            record: dict[str, Any] = json.loads(event["CloudTrailEvent"])
            if record.get("errorCode") == error:
                return record
        assert time.monotonic() < deadline, f"no record of {name} with {error}: {page['Events']}"
        time.sleep(0.2)


@pytest.mark.parametrize(
    "garbage",
    [
        b"\x16\x03\x01\x00\xa5",
        b"GET\r\n\r\n",
        b"GET / HTTP/9.9\r\n\r\n",
        b"\x00" * 1000,
        b"GET / HTTP/1.1\r\nbad header\r\n\r\n",
    ],
)
def test_garbage_is_answered_and_hung_up_on(cairn: Cairn, garbage: bytes) -> None:
    with socket.create_connection(("127.0.0.1", cairn.port), timeout=10) as connection:
        connection.sendall(garbage)
        connection.shutdown(socket.SHUT_WR)
        answer = b""
        while part := connection.recv(4096):
            answer += part
    assert answer.startswith(b"HTTP/1.1 400") or answer == b""
    still_answers(cairn)


def test_an_unknown_operation_is_refused_and_recorded(cairn: Cairn) -> None:
    client = cairn.client("dynamodb")
    client.meta.events.register(
        "before-sign.dynamodb.ListTables",
        lambda request, **_: request.headers.replace_header("X-Amz-Target", "DynamoDB_20120810.MakeCoffee"),
    )
    with pytest.raises(ClientError) as caught:
        client.list_tables()
    assert caught.value.response["Error"]["Code"] == "UnknownOperationException"
    assert recorded(cairn, "Unknown", error="UnknownOperationException")["eventSource"] == "dynamodb.amazonaws.com"


def test_a_wrong_secret_is_refused_and_recorded_without_believing_it(cairn: Cairn) -> None:
    key = cairn.folder.administrator().access_key_id
    wrong = cairn.client("iam", aws_access_key_id=key, aws_secret_access_key="wrong")
    with pytest.raises(ClientError) as caught:
        wrong.list_roles()
    assert caught.value.response["Error"]["Code"] == "SignatureDoesNotMatch"
    record = recorded(cairn, "ListRoles", error="SignatureDoesNotMatch")
    assert record["userIdentity"].get("userName") is None


def test_an_unknown_key_is_refused_and_recorded(cairn: Cairn) -> None:
    stranger = cairn.client("iam", aws_access_key_id="AKIASTRANGERSTRANGER", aws_secret_access_key="x")
    with pytest.raises(ClientError) as caught:
        stranger.list_groups()
    assert caught.value.response["Error"]["Code"] == "InvalidClientTokenId"
    recorded(cairn, "ListGroups", error="InvalidClientTokenId")


def test_an_expired_url_is_refused(cairn: Cairn) -> None:
    s3 = cairn.client("s3")
    s3.create_bucket(Bucket="expired-urls")
    s3.put_object(Bucket="expired-urls", Key="a", Body=b"a")
    administrator = cairn.folder.administrator()
    for version in ("s3", "s3v4"):
        signer = boto3.client(
            "s3",
            endpoint_url=cairn.endpoint,
            region_name="us-east-1",
            aws_access_key_id=administrator.access_key_id,
            aws_secret_access_key=administrator.secret_access_key,
            config=Config(signature_version=version, s3={"addressing_style": "path"}),
        )
        good = signer.generate_presigned_url("get_object", {"Bucket": "expired-urls", "Key": "a"}, ExpiresIn=60)
        with urllib.request.urlopen(good, timeout=10) as reply:
            assert reply.read() == b"a"
        gone = signer.generate_presigned_url("get_object", {"Bucket": "expired-urls", "Key": "a"}, ExpiresIn=1)
        time.sleep(2.1)
        with pytest.raises(urllib.error.HTTPError) as caught:
            urllib.request.urlopen(gone, timeout=10)
        assert caught.value.code in (400, 403)
        assert "<Code>" in caught.value.read().decode()


@pytest.mark.parametrize(
    ("service", "call", "spoilt", "code"),
    [
        ("dynamodb", "list_tables", b'{"Limit": ', "SerializationException"),
        ("dynamodb", "list_tables", b"[" * 100_000, "SerializationException"),
        ("cloudtrail", "list_trails", b"\xff\xfe", "SerializationException"),
    ],
)
def test_a_body_that_cannot_be_read_is_refused(cairn: Cairn, service: str, call: str, spoilt: bytes, code: str) -> None:
    client = cairn.client(service)

    def spoil(request: Any, **_: Any) -> None:
        request.data = spoilt

    client.meta.events.register(f"before-sign.{service}.*", spoil)
    with pytest.raises(ClientError) as caught:
        getattr(client, call)()
    assert caught.value.response["Error"]["Code"] == code
    still_answers(cairn)


def test_bad_xml_is_refused_and_changes_nothing(cairn: Cairn) -> None:
    s3 = cairn.client("s3")
    s3.create_bucket(Bucket="bad-xml")
    bomb = b'<!DOCTYPE a [<!ENTITY b "c">]><Tagging>&b;</Tagging>'

    def spoil(request: Any, **_: Any) -> None:
        request.data = bomb
        for name in ("Content-MD5", "x-amz-checksum-crc32", "x-amz-sdk-checksum-algorithm", "x-amz-checksum-crc64nvme"):
            del request.headers[name]

    s3.meta.events.register("before-sign.s3.PutBucketTagging", spoil)
    with pytest.raises(ClientError) as caught:
        s3.put_bucket_tagging(Bucket="bad-xml", Tagging={"TagSet": [{"Key": "a", "Value": "b"}]})
    assert caught.value.response["Error"]["Code"] == "MalformedXML"
    with pytest.raises(ClientError, match="NoSuchTagSet"):
        s3.get_bucket_tagging(Bucket="bad-xml")
    recorded(cairn, "PutBucketTagging", error="MalformedXML")


def test_a_body_that_is_too_large_is_refused(cairn: Cairn) -> None:
    client = cairn.client("kms")
    large = b'{"Marker": "' + b"x" * (17 << 20) + b'"}'
    client.meta.events.register("before-sign.kms.*", lambda request, **_: setattr(request, "data", large))
    with pytest.raises(ClientError) as caught:
        client.list_keys()
    assert caught.value.response["ResponseMetadata"]["HTTPStatusCode"] == 413
    still_answers(cairn)


def test_a_client_that_hangs_up_half_way_leaves_no_object(cairn: Cairn) -> None:
    s3 = cairn.client("s3")
    s3.create_bucket(Bucket="half-way")
    url = s3.generate_presigned_url("put_object", {"Bucket": "half-way", "Key": "a"})
    path = url.removeprefix(cairn.endpoint)
    with socket.create_connection(("127.0.0.1", cairn.port), timeout=10) as connection:
        head = f"PUT {path} HTTP/1.1\r\nhost: 127.0.0.1:{cairn.port}\r\ncontent-length: 1000000\r\n\r\n"
        connection.sendall(head.encode() + b"x" * 1000)
        time.sleep(0.5)
    time.sleep(0.5)
    assert "Contents" not in s3.list_objects_v2(Bucket="half-way")
    still_answers(cairn)


def test_headers_that_steer_engines_are_taken_away(cairn: Cairn) -> None:
    iam = cairn.client("iam")
    iam.meta.events.register(
        "before-sign.iam.*", lambda request, **_: request.headers.add_header("x-moto-account-id", "111111111111")
    )
    user = iam.create_user(UserName="smuggler")["User"]
    assert user["Arn"] == "arn:aws:iam::000000000000:user/smuggler"
    iam.delete_user(UserName="smuggler")


def test_a_second_server_on_the_same_folder_is_refused_and_told_who_holds_it(cairn: Cairn) -> None:
    second = subprocess.run(
        [str(BIN / "cairn"), "up", "--data", str(cairn.folder.path), "--port", str(free_port())],
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert second.returncode == 1
    assert f"in use by process {cairn.folder.runtime().pid}" in second.stderr
    still_answers(cairn)


def test_a_stranger_who_signs_for_no_region_stops_no_trail(cairn: Cairn) -> None:
    """Keys of log files have the Region of their events, also of those that are refused."""
    trails = cairn.client("cloudtrail")
    trails.create_trail(Name="strangers", S3BucketName=make_bucket(cairn, "strangers-logs"), IsMultiRegionTrail=True)
    trails.start_logging(Name="strangers")
    scope = "AKIANOBODY/20260101/../sts/aws4_request"
    stranger = urllib.request.Request(
        cairn.endpoint,
        b"Action=GetCallerIdentity&Version=2011-06-15",
        {"Authorization": f"AWS4-HMAC-SHA256 Credential={scope}, SignedHeaders=host, Signature=0"},
    )
    with pytest.raises(urllib.error.HTTPError):
        urllib.request.urlopen(stranger, timeout=10)
    cairn.cairn("flush")
    assert "LatestDeliveryError" not in trails.get_trail_status(Name="strangers")
    trails.delete_trail(Name="strangers")
