"""Objects through the facade: what boto3 and the AWS CLI do every day, against a real engine."""

from __future__ import annotations

import base64
import hashlib
import http.client
import os
import subprocess
import sys
import urllib.request
import zlib
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError

from cairn.account.s3.replies import canonical_id

ALICE = "111111111111"
SCOPE = f"AWS4-HMAC-SHA256 Credential={ALICE}/20260101/us-east-1/s3/aws4_request"
pytestmark = pytest.mark.engine


def code_of(caught: pytest.ExceptionInfo[ClientError]) -> tuple[str, int]:
    response = caught.value.response
    return response["Error"]["Code"], response["ResponseMetadata"]["HTTPStatusCode"]


@pytest.mark.parametrize("size", [0, 1, 70_000, 3_000_000])
def test_what_is_put_is_got(s3: Any, bucket: str, size: int) -> None:
    content = os.urandom(size)
    put = s3.put_object(
        Bucket=bucket, Key="a/b c+ü%.txt", Body=content, Metadata={"Trail": "one"}, ContentType="text/plain"
    )
    assert put["ETag"] == f'"{hashlib.md5(content).hexdigest()}"'
    assert put["ServerSideEncryption"] == "AES256"
    got = s3.get_object(Bucket=bucket, Key="a/b c+ü%.txt")
    assert got["Body"].read() == content
    assert (got["Metadata"], got["ContentType"]) == ({"trail": "one"}, "text/plain")
    assert "ContentEncoding" not in got
    assert [entry["Key"] for entry in s3.list_objects_v2(Bucket=bucket)["Contents"]] == ["a/b c+ü%.txt"]


@pytest.mark.parametrize("algorithm", ["CRC32", "CRC32C", "CRC64NVME", "SHA1", "SHA256"])
def test_a_checksum_comes_back(s3: Any, bucket: str, algorithm: str) -> None:
    put = s3.put_object(Bucket=bucket, Key="k", Body=os.urandom(100_000), ChecksumAlgorithm=algorithm)
    head = s3.head_object(Bucket=bucket, Key="k", ChecksumMode="ENABLED")
    assert put[f"Checksum{algorithm}"] == head[f"Checksum{algorithm}"]


@pytest.mark.parametrize("content", [b"", b"x" * 200_000])
def test_a_checksum_in_a_trailer_comes_back(cloud: Any, s3: Any, bucket: str, content: bytes) -> None:
    digest = base64.b64encode(zlib.crc32(content).to_bytes(4, "big")).decode()
    chunks = [content[at : at + 65_536] for at in range(0, len(content), 65_536)]
    body = b"".join(b"%x\r\n%b\r\n" % (len(chunk), chunk) for chunk in chunks)
    body += f"0\r\nx-amz-checksum-crc32:{digest}\r\n\r\n".encode()
    headers = {
        "Authorization": SCOPE,
        "Content-Encoding": "aws-chunked",
        "x-amz-content-sha256": "STREAMING-UNSIGNED-PAYLOAD-TRAILER",
        "x-amz-decoded-content-length": str(len(content)),
        "x-amz-sdk-checksum-algorithm": "CRC32",
        "x-amz-trailer": "x-amz-checksum-crc32",
    }
    request = urllib.request.Request(f"{cloud.door.url}/{bucket}/k", data=body, method="PUT", headers=headers)
    with urllib.request.urlopen(request) as reply:
        assert reply.headers["x-amz-checksum-crc32"] == digest
    got = s3.get_object(Bucket=bucket, Key="k", ChecksumMode="ENABLED")
    assert got["Body"].read() == content
    assert got["ChecksumCRC32"] == digest
    assert "ContentEncoding" not in got


def test_an_object_without_a_checksum_gets_one(cloud: Any, bucket: str) -> None:
    s3 = cloud.client(request_checksum_calculation="when_required")
    put = s3.put_object(Bucket=bucket, Key="k", Body=b"hello")
    assert put["ChecksumCRC64NVME"]
    got = s3.get_object(Bucket=bucket, Key="k", ChecksumMode="ENABLED")
    assert got["ChecksumCRC64NVME"] == put["ChecksumCRC64NVME"]


def test_a_wrong_checksum_is_refused_and_nothing_is_stored(s3: Any, bucket: str) -> None:
    with pytest.raises(ClientError) as caught:
        s3.put_object(Bucket=bucket, Key="k", Body=b"hello", ChecksumCRC32="AAAAAA==")
    assert code_of(caught) == ("BadDigest", 400)
    assert s3.list_objects_v2(Bucket=bucket)["KeyCount"] == 0


def test_ranges_and_conditions(s3: Any, bucket: str) -> None:
    etag = s3.put_object(Bucket=bucket, Key="k", Body=b"0123456789")["ETag"]
    part = s3.get_object(Bucket=bucket, Key="k", Range="bytes=2-4")
    assert (part["Body"].read(), part["ContentRange"]) == (b"234", "bytes 2-4/10")
    with pytest.raises(ClientError) as caught:
        s3.get_object(Bucket=bucket, Key="k", Range="bytes=99-")
    assert code_of(caught) == ("InvalidRange", 416)
    with pytest.raises(ClientError) as caught:
        s3.get_object(Bucket=bucket, Key="k", IfNoneMatch=etag)
    assert code_of(caught)[1] == 304
    with pytest.raises(ClientError) as caught:
        s3.put_object(Bucket=bucket, Key="k", Body=b"x", IfNoneMatch="*")
    assert code_of(caught) == ("PreconditionFailed", 412)
    assert s3.get_object(Bucket=bucket, Key="k")["Body"].read() == b"0123456789"


def test_missing_things_are_named(s3: Any, bucket: str) -> None:
    with pytest.raises(ClientError) as caught:
        s3.get_object(Bucket=bucket, Key="gone")
    assert code_of(caught) == ("NoSuchKey", 404)
    metadata = caught.value.response["ResponseMetadata"]
    assert metadata["RequestId"]
    assert metadata["HostId"]
    with pytest.raises(ClientError) as caught:
        s3.head_object(Bucket=bucket, Key="gone")
    assert code_of(caught)[1] == 404
    with pytest.raises(ClientError) as caught:
        s3.get_object(Bucket="nobody-has-this", Key="gone")
    assert code_of(caught) == ("NoSuchBucket", 404)


def test_copies(s3: Any, bucket: str) -> None:
    s3.put_object(Bucket=bucket, Key="from + here", Body=b"hello", Metadata={"a": "b"})
    copied = s3.copy_object(Bucket=bucket, Key="to", CopySource={"Bucket": bucket, "Key": "from + here"})
    assert copied["CopyObjectResult"]["ETag"] == f'"{hashlib.md5(b"hello").hexdigest()}"'
    assert s3.head_object(Bucket=bucket, Key="to")["Metadata"] == {"a": "b"}
    with pytest.raises(ClientError) as caught:
        s3.copy_object(Bucket=bucket, Key="to", CopySource="nobody-has-this/key")
    assert code_of(caught) == ("NoSuchBucket", 404)


def test_multipart(s3: Any, bucket: str) -> None:
    first, second = os.urandom(5 << 20), os.urandom(1000)
    upload = s3.create_multipart_upload(Bucket=bucket, Key="big", ChecksumAlgorithm="CRC32")["UploadId"]
    parts = []
    for number, body in ((1, first), (2, second)):
        done = s3.upload_part(
            Bucket=bucket, Key="big", UploadId=upload, PartNumber=number, Body=body, ChecksumAlgorithm="CRC32"
        )
        parts.append({"PartNumber": number, "ETag": done["ETag"], "ChecksumCRC32": done["ChecksumCRC32"]})
    listed = s3.list_parts(Bucket=bucket, Key="big", UploadId=upload)
    assert [part["Size"] for part in listed["Parts"]] == [len(first), len(second)]
    assert listed["Initiator"]["ID"] == canonical_id(ALICE)
    assert [one["Key"] for one in s3.list_multipart_uploads(Bucket=bucket)["Uploads"]] == ["big"]
    done = s3.complete_multipart_upload(Bucket=bucket, Key="big", UploadId=upload, MultipartUpload={"Parts": parts})
    assert done["Location"] == f"{s3.meta.endpoint_url}/{bucket}/big"
    assert s3.get_object(Bucket=bucket, Key="big")["Body"].read() == first + second


def test_boto3s_own_uploads_and_downloads(s3: Any, bucket: str, tmp_path: Path) -> None:
    source, target = tmp_path / "a", tmp_path / "b"
    source.write_bytes(os.urandom(9 << 20))
    s3.upload_file(str(source), bucket, "file")
    s3.download_file(bucket, "file", str(target))
    assert source.read_bytes() == target.read_bytes()


def test_versions(s3: Any, bucket: str) -> None:
    s3.put_bucket_versioning(Bucket=bucket, VersioningConfiguration={"Status": "Enabled"})
    assert s3.get_bucket_versioning(Bucket=bucket)["Status"] == "Enabled"
    first = s3.put_object(Bucket=bucket, Key="k", Body=b"1")["VersionId"]
    s3.put_object(Bucket=bucket, Key="k", Body=b"2")
    marker = s3.delete_object(Bucket=bucket, Key="k")
    assert marker["DeleteMarker"]
    with pytest.raises(ClientError):
        s3.get_object(Bucket=bucket, Key="k")
    assert s3.get_object(Bucket=bucket, Key="k", VersionId=first)["Body"].read() == b"1"
    listed = s3.list_object_versions(Bucket=bucket)
    assert len(listed["Versions"]) == 2
    assert {version["Owner"]["ID"] for version in listed["Versions"]} == {canonical_id(ALICE)}


def test_object_lock(s3: Any) -> None:
    s3.create_bucket(Bucket="locked-bucket", ObjectLockEnabledForBucket=True)
    rule = {"DefaultRetention": {"Mode": "GOVERNANCE", "Days": 1}}
    s3.put_object_lock_configuration(
        Bucket="locked-bucket", ObjectLockConfiguration={"ObjectLockEnabled": "Enabled", "Rule": rule}
    )
    version = s3.put_object(Bucket="locked-bucket", Key="k", Body=b"1")["VersionId"]
    assert s3.get_object_retention(Bucket="locked-bucket", Key="k")["Retention"]["Mode"] == "GOVERNANCE"
    with pytest.raises(ClientError) as caught:
        s3.delete_object(Bucket="locked-bucket", Key="k", VersionId=version)
    assert code_of(caught) == ("AccessDenied", 403)
    s3.delete_object(Bucket="locked-bucket", Key="k", VersionId=version, BypassGovernanceRetention=True)


def test_many_deleted_at_once(s3: Any, bucket: str) -> None:
    for key in ("a", "b", "c"):
        s3.put_object(Bucket=bucket, Key=key, Body=b"x")
    gone = s3.delete_objects(Bucket=bucket, Delete={"Objects": [{"Key": "a"}, {"Key": "b"}]})
    assert sorted(one["Key"] for one in gone["Deleted"]) == ["a", "b"]
    assert [one["Key"] for one in s3.list_objects(Bucket=bucket)["Contents"]] == ["c"]


def test_tags_of_objects(s3: Any, bucket: str) -> None:
    s3.put_object(Bucket=bucket, Key="k", Body=b"x", Tagging="team=a")
    assert s3.get_object_tagging(Bucket=bucket, Key="k")["TagSet"] == [{"Key": "team", "Value": "a"}]
    s3.delete_object_tagging(Bucket=bucket, Key="k")
    assert s3.get_object_tagging(Bucket=bucket, Key="k")["TagSet"] == []


def test_presigned_urls(s3: Any, bucket: str) -> None:
    url = s3.generate_presigned_url("put_object", Params={"Bucket": bucket, "Key": "k"})
    request = urllib.request.Request(url, data=b"presigned", method="PUT")
    with urllib.request.urlopen(request) as reply:
        assert reply.status == 200
    url = s3.generate_presigned_url("get_object", Params={"Bucket": bucket, "Key": "k"})
    with urllib.request.urlopen(url) as reply:
        assert reply.read() == b"presigned"


def test_virtual_hosts(cloud: Any, s3: Any, bucket: str) -> None:
    for host in (f"{bucket}.localhost", f"{bucket}.s3.eu-west-1.localhost", f"{bucket}.s3.amazonaws.com"):
        headers = {"Host": host, "Authorization": SCOPE}
        request = urllib.request.Request(f"{cloud.door.url}/a/b", data=host.encode(), method="PUT", headers=headers)
        with urllib.request.urlopen(request) as reply:
            assert reply.status == 200
        assert s3.get_object(Bucket=bucket, Key="a/b")["Body"].read() == host.encode()


def test_an_encoding_is_kept(s3: Any, bucket: str) -> None:
    s3.put_object(Bucket=bucket, Key="k", Body=b"x", ContentEncoding="gzip")
    assert s3.get_object(Bucket=bucket, Key="k")["ContentEncoding"] == "gzip"


def test_lists_name_the_owner_and_page(s3: Any, bucket: str) -> None:
    for number in range(5):
        s3.put_object(Bucket=bucket, Key=f"logs/{number}", Body=b"x")
    s3.put_object(Bucket=bucket, Key="other", Body=b"x")
    assert {one["Owner"]["ID"] for one in s3.list_objects(Bucket=bucket)["Contents"]} == {canonical_id(ALICE)}
    pages = s3.get_paginator("list_objects_v2").paginate(
        Bucket=bucket, Prefix="logs/", PaginationConfig={"PageSize": 2}
    )
    assert [one["Key"] for page in pages for one in page["Contents"]] == [f"logs/{number}" for number in range(5)]
    folders = s3.list_objects_v2(Bucket=bucket, Delimiter="/")
    assert [one["Prefix"] for one in folders["CommonPrefixes"]] == ["logs/"]
    after = s3.list_objects_v2(Bucket=bucket, StartAfter="logs/3")
    assert [one["Key"] for one in after["Contents"]] == ["logs/4", "other"]


@pytest.mark.parametrize(
    ("operation", "arguments"),
    [
        ("get_object_torrent", {"Key": "k"}),
        ("restore_object", {"Key": "k", "RestoreRequest": {"Days": 1}}),
        ("rename_object", {"Key": "new", "RenameSource": "k"}),
    ],
)
def test_what_is_not_supported_says_so_and_does_nothing(
    s3: Any, bucket: str, operation: str, arguments: dict[str, Any]
) -> None:
    s3.put_object(Bucket=bucket, Key="k", Body=b"precious")
    with pytest.raises(ClientError) as caught:
        getattr(s3, operation)(Bucket=bucket, **arguments)
    assert code_of(caught) == ("NotImplemented", 501)
    assert s3.get_object(Bucket=bucket, Key="k")["Body"].read() == b"precious"


def test_two_layers_of_encryption_are_refused_not_left_out(s3: Any, bucket: str) -> None:
    with pytest.raises(ClientError) as caught:
        s3.put_object(Bucket=bucket, Key="k", Body=b"x", ServerSideEncryption="aws:kms:dsse")
    assert code_of(caught) == ("NotImplemented", 501)


def test_a_body_of_unknown_length_is_refused(cloud: Any, bucket: str) -> None:
    connection = http.client.HTTPConnection("127.0.0.1", cloud.door.port)
    connection.request("PUT", f"/{bucket}/k", iter([b"a", b"b"]), {"Authorization": SCOPE}, encode_chunked=True)
    reply = connection.getresponse()
    assert reply.status == 411
    assert b"MissingContentLength" in reply.read()
    connection.close()


def test_the_aws_command_line(cloud: Any, s3: Any, bucket: str, tmp_path: Path) -> None:
    environment = {
        "PATH": os.environ["PATH"],
        "HOME": str(tmp_path),
        "AWS_ACCESS_KEY_ID": ALICE,
        "AWS_SECRET_ACCESS_KEY": "secret",
        "AWS_DEFAULT_REGION": "us-east-1",
        "AWS_ENDPOINT_URL": cloud.door.url,
    }

    def aws(*arguments: str) -> str:
        command = [sys.executable, "-m", "awscli", "s3", *arguments]
        done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=60)
        assert done.returncode == 0, done.stderr
        return done.stdout

    content = os.urandom(9 << 20)
    (tmp_path / "logs").mkdir()
    (tmp_path / "logs" / "big").write_bytes(content)
    (tmp_path / "logs" / "small").write_bytes(b"small")
    aws("sync", str(tmp_path / "logs"), f"s3://{bucket}/logs")
    assert s3.get_object(Bucket=bucket, Key="logs/big")["Body"].read() == content
    assert s3.head_object(Bucket=bucket, Key="logs/small", ChecksumMode="ENABLED")["ChecksumCRC32"]
    assert "small" in aws("ls", f"s3://{bucket}/logs/")
    aws("cp", f"s3://{bucket}/logs/big", str(tmp_path / "back"))
    assert (tmp_path / "back").read_bytes() == content
    aws("rb", "--force", f"s3://{bucket}")
    with pytest.raises(ClientError):
        s3.head_bucket(Bucket=bucket)
