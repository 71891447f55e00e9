"""Objects under KMS keys: SeaweedFS asks the account's KMS through the relay."""

from __future__ import annotations

import http.client
import json
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError

from cairn.account.kms_keys import KmsKeys
from cairn.account.kms_relay import KmsRelay, Send, http_kms, relay
from cairn.account.seaweedfs import SeaweedFS
from cairn.core.process import free_port

ALICE = "111111111111"
ARN = f"arn:aws:kms:eu-west-2:{ALICE}:key/k"


def code_of(caught: pytest.ExceptionInfo[ClientError]) -> tuple[str, int]:
    response = caught.value.response
    return response["Error"]["Code"], response["ResponseMetadata"]["HTTPStatusCode"]


@pytest.fixture(scope="module")
def kms_url() -> Iterator[str]:
    port = free_port()
    server = subprocess.Popen(
        [str(Path(sys.executable).with_name("moto_server")), "-H", "127.0.0.1", "-p", str(port)],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        try:
            socket.create_connection(("127.0.0.1", port)).close()
            break
        except OSError:
            time.sleep(0.1)
    yield f"http://127.0.0.1:{port}"
    server.terminate()
    server.wait()


@pytest.fixture(scope="module")
def send(kms_url: str) -> Send:
    return http_kms(kms_url, {})


@pytest.fixture(scope="module")
def kms_cloud(send: Send, tmp_path_factory: pytest.TempPathFactory, start_cloud: Any) -> Iterator[Any]:
    folder = tmp_path_factory.mktemp("kms")
    door = KmsRelay(send)
    door.start()
    engine = SeaweedFS(folder / "s3", logs=folder, kms=door.kms)
    engine.start()
    cloud = start_cloud(folder / "cloud", engine, KmsKeys(send))
    yield cloud
    cloud.door.stop()
    cloud.state.close()
    engine.stop()
    door.stop()


@pytest.fixture
def key(send: Send) -> str:
    """A key of Alice's in us-east-1."""
    status, reply = send(ALICE, "us-east-1", "CreateKey", b"{}")
    assert status == 200
    arn: str = json.loads(reply)["KeyMetadata"]["Arn"]
    return arn


@pytest.fixture
def s3(kms_cloud: Any) -> Any:
    return kms_cloud.client()


@pytest.fixture
def bucket(s3: Any, request: pytest.FixtureRequest) -> str:
    name = f"kms-{abs(hash(request.node.name)) % 10**10}"
    s3.create_bucket(Bucket=name)
    return name


@pytest.mark.engine
def test_an_object_under_a_key(s3: Any, bucket: str, key: str, kms_cloud: Any) -> None:
    context = "eyJhIjoiYiJ9"  # {"a":"b"}
    put = s3.put_object(
        Bucket=bucket,
        Key="k",
        Body=b"secret",
        ServerSideEncryption="aws:kms",
        SSEKMSKeyId=key.rpartition("/")[2],
        SSEKMSEncryptionContext=context,
    )
    assert (put["ServerSideEncryption"], put["SSEKMSKeyId"]) == ("aws:kms", key)
    got = s3.get_object(Bucket=bucket, Key="k")
    assert (got["Body"].read(), got["SSEKMSKeyId"]) == (b"secret", key)
    volumes = (kms_cloud.engine._folder / "data").glob("*.dat")
    assert not any(b"secret" in volume.read_bytes() for volume in volumes)


@pytest.mark.engine
def test_by_alias_and_by_default(s3: Any, bucket: str, key: str, send: Send) -> None:
    send(ALICE, "us-east-1", "CreateAlias", json.dumps({"AliasName": "alias/logs", "TargetKeyId": key}).encode())
    put = s3.put_object(Bucket=bucket, Key="k", Body=b"x", ServerSideEncryption="aws:kms", SSEKMSKeyId="alias/logs")
    assert put["SSEKMSKeyId"] == key
    rule = {"ApplyServerSideEncryptionByDefault": {"SSEAlgorithm": "aws:kms", "KMSMasterKeyID": key}}
    s3.put_bucket_encryption(Bucket=bucket, ServerSideEncryptionConfiguration={"Rules": [rule]})
    assert s3.put_object(Bucket=bucket, Key="k", Body=b"by default")["SSEKMSKeyId"] == key
    upload = s3.create_multipart_upload(Bucket=bucket, Key="parts")["UploadId"]
    part = s3.upload_part(Bucket=bucket, Key="parts", UploadId=upload, PartNumber=1, Body=b"in parts")
    s3.complete_multipart_upload(
        Bucket=bucket,
        Key="parts",
        UploadId=upload,
        MultipartUpload={"Parts": [{"PartNumber": 1, "ETag": part["ETag"]}]},
    )
    got = s3.get_object(Bucket=bucket, Key="parts")
    assert (got["Body"].read(), got["SSEKMSKeyId"]) == (b"in parts", key)
    plain = s3.put_object(Bucket=bucket, Key="own", Body=b"x", ServerSideEncryption="AES256")
    assert plain["ServerSideEncryption"] == "AES256"
    s3.delete_bucket_encryption(Bucket=bucket)
    assert s3.put_object(Bucket=bucket, Key="k", Body=b"x")["ServerSideEncryption"] == "AES256"


@pytest.mark.engine
def test_s3s_own_key(s3: Any, bucket: str) -> None:
    put = s3.put_object(Bucket=bucket, Key="k", Body=b"x", ServerSideEncryption="aws:kms")
    assert put["SSEKMSKeyId"].startswith(f"arn:aws:kms:us-east-1:{ALICE}:key/")
    assert s3.get_object(Bucket=bucket, Key="k")["Body"].read() == b"x"


@pytest.mark.engine
def test_keys_that_cannot_be_used(s3: Any, bucket: str, key: str, send: Send) -> None:
    options = {"Bucket": bucket, "Key": "k", "ServerSideEncryption": "aws:kms"}
    with pytest.raises(ClientError) as caught:
        s3.put_object(**options, Body=b"x", SSEKMSKeyId="00000000-0000-0000-0000-000000000000")
    assert code_of(caught) == ("KMS.NotFoundException", 400)
    s3.put_object(**options, Body=b"x", SSEKMSKeyId=key)
    send(ALICE, "us-east-1", "DisableKey", json.dumps({"KeyId": key.rpartition("/")[2]}).encode())
    with pytest.raises(ClientError) as caught:
        s3.put_object(**options, Body=b"y", SSEKMSKeyId=key)
    assert code_of(caught) == ("KMS.DisabledException", 400)
    with pytest.raises(ClientError) as caught:
        s3.get_object(Bucket=bucket, Key="k")
    assert code_of(caught) == ("KMS.DisabledException", 400)
    send(ALICE, "us-east-1", "EnableKey", json.dumps({"KeyId": key.rpartition("/")[2]}).encode())
    assert s3.get_object(Bucket=bucket, Key="k")["Body"].read() == b"x"


def answer(**reply: Any) -> tuple[int, bytes]:
    return 200, json.dumps(reply).encode()


def test_a_ciphertext_finds_its_way_back() -> None:
    seen: list[tuple[str, str, str]] = []

    def kms(account: str, region: str, operation: str, body: bytes) -> tuple[int, bytes]:
        seen.append((account, region, operation))
        if operation == "DescribeKey":
            return answer(KeyMetadata={"Arn": ARN, "KeyState": "Enabled"})
        if operation == "GenerateDataKey":
            return answer(CiphertextBlob="AAEC", Plaintext="UA==", KeyId=ARN)
        assert json.loads(body)["CiphertextBlob"] == "AAEC"
        return answer(Plaintext="UA==", KeyId=ARN)

    _, made = relay(kms, "GenerateDataKey", json.dumps({"KeyId": ARN, "KeySpec": "AES_256"}).encode())
    blob = json.loads(made)["CiphertextBlob"]
    assert blob != "AAEC"
    _, opened = relay(kms, "Decrypt", json.dumps({"CiphertextBlob": blob}).encode())
    assert json.loads(opened)["Plaintext"] == "UA=="
    assert {(account, region) for account, region, _ in seen} == {(ALICE, "eu-west-2")}


@pytest.mark.parametrize(
    ("operation", "body"),
    [
        ("GenerateDataKey", b'{"KeyId": "not-an-arn"}'),
        ("GenerateDataKey", b"{}"),
        ("GenerateDataKey", b"[]"),
        ("Decrypt", b'{"CiphertextBlob": "AAEC"}'),
        ("Decrypt", b'{"CiphertextBlob": "?"}'),
        ("Decrypt", b""),
    ],
)
def test_what_is_not_ours_is_refused(operation: str, body: bytes) -> None:
    with pytest.raises(ValueError):
        relay(lambda *_: answer(), operation, body)


@pytest.mark.parametrize("shown", ["", "AWS4-HMAC-SHA256 Credential=guess/20260101/us-east-1/kms/aws4_request"])
def test_strangers_are_not_let_in(shown: str) -> None:
    door = KmsRelay(lambda *_: answer(Plaintext="key"))
    door.start()
    try:
        connection = http.client.HTTPConnection(door.kms.endpoint.removeprefix("http://"), timeout=5)
        headers = {"x-amz-target": "TrentService.GenerateDataKey", "authorization": shown}
        connection.request("POST", "/", json.dumps({"KeyId": ARN}), headers)
        assert connection.getresponse().status == 403
        connection.close()
    finally:
        door.stop()
