"""Every protocol of AWS through the one endpoint, with boto3, and what the records say of each call."""

from __future__ import annotations

import base64
import hashlib
import time
import urllib.request
import zipfile
from io import BytesIO
from typing import Any
from urllib.parse import urlsplit

import boto3
import pytest
import urllib3.connection
import urllib3.util.connection
from botocore.config import Config
from botocore.exceptions import ClientError
from botocore.model import PRIORITY_ORDERED_SUPPORTED_PROTOCOLS
from tests.contract.looking import Journaled, record_of
from tests.running import Cairn

from cairn.core.clock import from_iso
from cairn.wire.checksums import ALGORITHMS
from cairn.wire.http import Headers
from cairn.wire.signing import Credentials, sign

pytestmark = pytest.mark.engine

ACCOUNT = "000000000000"
PART = b"0123456789abcdef" * (5 << 16)


@pytest.fixture(scope="module")
def bucket(cairn: Cairn) -> str:
    cairn.client("s3").create_bucket(Bucket="protocols.of-s3")
    return "protocols.of-s3"


def checked(record: dict[str, Any], source: str, region: str = "us-east-1", **parameters: Any) -> dict[str, Any]:
    """What every record says of a call that was made just now from this machine."""
    assert abs(from_iso(record["eventTime"]) - time.time()) < 60
    assert (record["eventSource"], record["awsRegion"]) == (f"{source}.amazonaws.com", region)
    assert (record["sourceIPAddress"], record["recipientAccountId"]) == ("127.0.0.1", ACCOUNT)
    assert record["userAgent"].strip("[").startswith("Boto3/")
    assert "errorCode" not in record
    given = record["requestParameters"] or {}
    assert {name: given.get(name) for name in parameters} == parameters
    return record


def test_query(cairn: Cairn) -> None:
    reply = cairn.client("iam", region="eu-west-1").create_group(GroupName="query", Path="/a b/ü/")
    record = checked(record_of(cairn, "CreateGroup", reply), "iam", groupName="query", path="/a b/ü/")
    assert record["responseElements"]["group"]["groupId"] == reply["Group"]["GroupId"]
    with pytest.raises(ClientError) as caught:
        cairn.client("iam").get_group(GroupName="nobody")
    assert caught.value.response["Error"]["Code"] == "NoSuchEntity"
    assert record_of(cairn, "GetGroup", caught.value.response)["errorCode"] == "NoSuchEntityException"


def test_ec2(cairn: Cairn) -> None:
    client = cairn.client("ec2", region="eu-central-1")
    made = client.create_security_group(GroupName="ec2", Description="of the protocol")
    reply = client.authorize_security_group_ingress(
        GroupId=made["GroupId"],
        IpPermissions=[{"IpProtocol": "tcp", "FromPort": 22, "ToPort": 22, "IpRanges": [{"CidrIp": "10.0.0.0/8"}]}],
    )
    record = record_of(cairn, "AuthorizeSecurityGroupIngress", reply, region="eu-central-1")
    checked(record, "ec2", "eu-central-1", groupId=made["GroupId"])
    assert record["requestParameters"]["ipPermissions"]["items"][0]["fromPort"] == 22
    assert record["responseElements"]["_return"] is True
    assert record["responseElements"]["requestId"] == record["requestID"]


def test_json_1_0(cairn: Cairn) -> None:
    reply = cairn.client("dynamodb", region="eu-west-2").create_table(
        TableName="json",
        KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
        AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}],
        BillingMode="PAY_PER_REQUEST",
    )
    record = record_of(cairn, "CreateTable", reply, region="eu-west-2")
    checked(record, "dynamodb", "eu-west-2", tableName="json", keySchema=[{"attributeName": "id", "keyType": "HASH"}])
    assert record["responseElements"]["tableDescription"]["tableArn"].startswith("arn:aws:dynamodb:eu-west-2:")


def test_json_1_1(cairn: Cairn) -> None:
    reply = cairn.client("logs").create_log_group(logGroupName="/json/1.1", tags={"team": "security"})
    record = record_of(cairn, "CreateLogGroup", reply)
    checked(record, "logs", logGroupName="/json/1.1", tags={"team": "security"})
    assert record["apiVersion"] == "20140328"


def test_rest_json(cairn: Cairn) -> None:
    role = cairn.client("iam").create_role(RoleName="rest-json", AssumeRolePolicyDocument="{}")["Role"]["Arn"]
    code = BytesIO()
    with zipfile.ZipFile(code, "w") as archive:
        archive.writestr("main.py", "def handler(event, context):\n    return event\n")
    client = cairn.client("lambda", region="ap-southeast-2")
    reply = client.create_function(
        FunctionName="rest", Role=role, Runtime="python3.12", Handler="main.handler", Code={"ZipFile": code.getvalue()}
    )
    record = record_of(cairn, "CreateFunction20150331", reply, region="ap-southeast-2")
    checked(record, "lambda", "ap-southeast-2", functionName="rest", handler="main.handler", role=role)
    reply = client.tag_resource(Resource=reply["FunctionArn"], Tags={"a b/c": "ü"})
    record = record_of(cairn, "TagResource20170331v2", reply, region="ap-southeast-2")
    checked(record, "lambda", "ap-southeast-2", tags={"a b/c": "ü"})


def test_rest_xml(cairn: Cairn) -> None:
    reply = cairn.client("route53").create_hosted_zone(Name="example.com", CallerReference="once")
    record = checked(record_of(cairn, "CreateHostedZone", reply), "route53", name="example.com", callerReference="once")
    assert record["responseElements"]["hostedZone"]["name"] == "example.com."


def test_rpc_v2_cbor(cairn: Cairn, monkeypatch: pytest.MonkeyPatch) -> None:
    """boto3 speaks JSON with services that take both; other SDKs do not."""
    order = ("smithy-rpc-v2-cbor", *PRIORITY_ORDERED_SUPPORTED_PROTOCOLS)
    monkeypatch.setattr("botocore.model.PRIORITY_ORDERED_SUPPORTED_PROTOCOLS", order)
    client = cairn.client("cloudwatch", region="us-west-2")
    assert client.meta.service_model.resolved_protocol == "smithy-rpc-v2-cbor"
    reply = client.put_metric_alarm(
        AlarmName="cbor",
        MetricName="calls",
        Namespace="cairn",
        Period=60,
        EvaluationPeriods=1,
        Threshold=1.5,
        Statistic="Sum",
        ComparisonOperator="GreaterThanThreshold",
    )
    record = record_of(cairn, "PutMetricAlarm", reply, region="us-west-2")
    checked(record, "monitoring", "us-west-2", alarmName="cbor", threshold=1.5, period=60)
    found = client.describe_alarms(AlarmNames=["cbor"])["MetricAlarms"][0]
    assert (found["AlarmName"], found["Threshold"]) == ("cbor", 1.5)
    with pytest.raises(ClientError) as caught:
        client.get_dashboard(DashboardName="nobody")
    record = record_of(cairn, "GetDashboard", caught.value.response, region="us-west-2")
    assert record["errorCode"] in (caught.value.response["Error"]["Code"], "DashboardNotFoundError")


def test_s3_by_path_and_region(cairn: Cairn) -> None:
    reply = cairn.client("s3", region="eu-west-1").create_bucket(
        Bucket="protocols-in-ireland", CreateBucketConfiguration={"LocationConstraint": "eu-west-1"}
    )
    record = record_of(cairn, "CreateBucket", reply, region="eu-west-1")
    checked(record, "s3", "eu-west-1", bucketName="protocols-in-ireland", Host="127.0.0.1")
    assert reply["ResponseMetadata"]["HTTPHeaders"]["date"].count("GMT") == 1
    assert record["requestParameters"]["CreateBucketConfiguration"]["LocationConstraint"] == "eu-west-1"
    assert record["additionalEventData"]["SignatureVersion"] == "SigV4"
    assert record["additionalEventData"]["AuthenticationMethod"] == "AuthHeader"


@pytest.fixture
def localhost(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every name under localhost is this machine, as browsers and some resolvers have it."""
    connect = urllib3.util.connection.create_connection

    def to_loopback(address: tuple[str, int], *arguments: Any, **more: Any) -> Any:
        host, port = address
        return connect(("127.0.0.1" if host.endswith(".localhost") else host, port), *arguments, **more)

    monkeypatch.setattr(urllib3.connection.connection, "create_connection", to_loopback)


@pytest.mark.usefixtures("localhost")
@pytest.mark.parametrize("domain", ["s3.localhost", "localhost", "s3.eu-west-1.localhost"])
def test_s3_by_virtual_host(cairn: Cairn, domain: str) -> None:
    administrator = cairn.folder.administrator()
    s3 = boto3.client(
        "s3",
        endpoint_url=f"http://{domain}:{cairn.port}",
        region_name="us-east-1",
        aws_access_key_id=administrator.access_key_id,
        aws_secret_access_key=administrator.secret_access_key,
        config=Config(s3={"addressing_style": "virtual"}, retries={"max_attempts": 1}),
    )
    name = f"virtual-{domain.replace('.', '-')}"
    s3.create_bucket(Bucket=name)
    s3.put_object(Bucket=name, Key="a folder/ö+?%", Body=b"virtual")
    assert s3.get_object(Bucket=name, Key="a folder/ö+?%")["Body"].read() == b"virtual"
    assert [entry["Key"] for entry in s3.list_objects_v2(Bucket=name)["Contents"]] == ["a folder/ö+?%"]
    reply = s3.put_bucket_tagging(Bucket=name, Tagging={"TagSet": [{"Key": "a", "Value": "b"}]})
    record = record_of(cairn, "PutBucketTagging", reply)
    checked(record, "s3", bucketName=name, Host=f"{name}.{domain}", tagging="")
    url = s3.generate_presigned_url("get_object", {"Bucket": name, "Key": "a folder/ö+?%"})
    assert urlsplit(url).hostname == f"{name}.{domain}"
    local = urllib.request.Request(url.replace(f"{name}.{domain}", "127.0.0.1", 1))
    local.add_unredirected_header("Host", urlsplit(url).netloc)
    with urllib.request.urlopen(local, timeout=10) as answer:
        assert answer.read() == b"virtual"


@pytest.mark.parametrize("version", ["s3v4", None])
def test_presigned_urls(cairn: Cairn, bucket: str, version: str | None) -> None:
    administrator = cairn.folder.administrator()
    s3 = boto3.client(
        "s3",
        endpoint_url=cairn.endpoint,
        region_name="us-east-1",
        aws_access_key_id=administrator.access_key_id,
        aws_secret_access_key=administrator.secret_access_key,
        config=Config(signature_version=version, s3={"addressing_style": "path"}),
    )
    key = f"signed by {version} & co/ä"
    put = s3.generate_presigned_url(
        "put_object", {"Bucket": bucket, "Key": key, "ContentType": "text/plain", "Metadata": {"colour": "green"}}
    )
    assert ("X-Amz-Algorithm" in put) == (version == "s3v4")
    headers = {"Content-Type": "text/plain", "x-amz-meta-colour": "green"}
    request = urllib.request.Request(put, data=b"presigned", method="PUT", headers=headers)
    with urllib.request.urlopen(request, timeout=10) as answer:
        assert answer.status == 200
    get = s3.generate_presigned_url("get_object", {"Bucket": bucket, "Key": key, "ResponseContentType": "text/x"})
    with urllib.request.urlopen(get, timeout=10) as answer:
        assert answer.read() == b"presigned"
        assert answer.headers["content-type"] == "text/x"
        assert answer.headers["x-amz-meta-colour"] == "green"
    with pytest.raises(urllib.error.HTTPError, match="403"):
        urllib.request.urlopen(get.replace("ResponseContentType", "x").replace("text", "html"), timeout=10)
    location = s3.generate_presigned_url("get_bucket_location", {"Bucket": bucket})
    with urllib.request.urlopen(location, timeout=10) as answer:
        request_id = answer.headers["x-amz-request-id"]
    record = record_of(cairn, "GetBucketLocation", {"ResponseMetadata": {"RequestId": request_id}})
    assert record["additionalEventData"]["AuthenticationMethod"] == "QueryString"
    assert record["additionalEventData"]["SignatureVersion"] == ("SigV4" if version else "SigV2")
    assert "Signature" not in str(record["requestParameters"])


@pytest.mark.parametrize("algorithm", ["CRC32", "CRC64NVME", "SHA256"])
def test_checksums_in_headers(cairn: Cairn, bucket: str, algorithm: str) -> None:
    s3 = cairn.client("s3")
    put = s3.put_object(Bucket=bucket, Key=f"in-header-{algorithm}", Body=PART, ChecksumAlgorithm=algorithm)
    read = s3.head_object(Bucket=bucket, Key=f"in-header-{algorithm}", ChecksumMode="ENABLED")
    expected = checksum(algorithm, PART)
    assert put[f"Checksum{algorithm}"] == read[f"Checksum{algorithm}"] == expected


def checksum(algorithm: str, content: bytes) -> str:
    digest = ALGORITHMS[algorithm.lower()]()
    digest.update(content)
    return base64.b64encode(digest.digest()).decode()


@pytest.mark.parametrize("algorithm", ["CRC32", "CRC64NVME", "SHA256"])
def test_checksums_in_trailers(cairn: Cairn, bucket: str, algorithm: str) -> None:
    """boto3 sends trailers over TLS alone; other SDKs do over plain HTTP too."""
    key, name = f"in-trailer-{algorithm}", f"x-amz-checksum-{algorithm.lower()}"

    def put(value: str) -> int:
        body = b"".join(b"%x\r\n%b\r\n" % (len(piece), piece) for piece in (PART[:100_000], PART[100_000:]))
        body += f"0\r\n{name}:{value}\r\n\r\n".encode()
        url = f"{cairn.endpoint}/{bucket}/{key}"
        headers = Headers(
            [
                ("host", urlsplit(url).netloc),
                ("content-encoding", "aws-chunked"),
                ("content-length", str(len(body))),
                ("x-amz-decoded-content-length", str(len(PART))),
                ("x-amz-trailer", name),
            ]
        )
        administrator = cairn.folder.administrator()
        credentials = Credentials(administrator.access_key_id, administrator.secret_access_key)
        payload = "STREAMING-UNSIGNED-PAYLOAD-TRAILER"
        signed = sign("PUT", url, headers, credentials, service="s3", region="us-east-1", payload_hash=payload)
        return urllib3.request("PUT", url, body=body, headers=dict(signed), retries=False).status

    expected = checksum(algorithm, PART)
    assert put(expected) == 200
    s3 = cairn.client("s3")
    assert s3.head_object(Bucket=bucket, Key=key, ChecksumMode="ENABLED")[f"Checksum{algorithm}"] == expected
    assert s3.get_object(Bucket=bucket, Key=key)["Body"].read() == PART
    assert put(checksum(algorithm, b"something else")) == 400


def test_multipart_and_copy(cairn: Cairn, bucket: str) -> None:
    s3 = cairn.client("s3")
    upload = s3.create_multipart_upload(Bucket=bucket, Key="large", ChecksumAlgorithm="CRC32")["UploadId"]
    parts = []
    for number, body in enumerate((PART, PART[::-1], b"the end"), start=1):
        part = s3.upload_part(
            Bucket=bucket, Key="large", UploadId=upload, PartNumber=number, Body=body, ChecksumAlgorithm="CRC32"
        )
        assert part["ChecksumCRC32"] == checksum("CRC32", body)
        parts.append({"PartNumber": number, "ETag": part["ETag"], "ChecksumCRC32": part["ChecksumCRC32"]})
    assert len(s3.list_parts(Bucket=bucket, Key="large", UploadId=upload)["Parts"]) == 3
    done = s3.complete_multipart_upload(Bucket=bucket, Key="large", UploadId=upload, MultipartUpload={"Parts": parts})
    assert done["ETag"].endswith('-3"')
    s3.copy_object(Bucket=bucket, Key="copy", CopySource={"Bucket": bucket, "Key": "large"})
    whole = s3.get_object(Bucket=bucket, Key="copy")["Body"].read()
    assert hashlib.sha256(whole).digest() == hashlib.sha256(PART + PART[::-1] + b"the end").digest()
    ranged = s3.get_object(Bucket=bucket, Key="large", Range=f"bytes={len(PART) * 2}-")
    assert ranged["Body"].read() == b"the end"


def test_what_tls_agreed_on(watched: Cairn, journaled: Journaled) -> None:
    record = journaled.of_reply(watched.client("sqs").create_queue(QueueName="tls"))
    assert record["tlsDetails"] == {
        "tlsVersion": "TLSv1.3",
        "cipherSuite": record["tlsDetails"]["cipherSuite"],
        "clientProvidedHostHeader": f"127.0.0.1:{watched.port}",
    }
    assert record["tlsDetails"]["cipherSuite"] in ("TLS_AES_256_GCM_SHA384", "TLS_AES_128_GCM_SHA256")
    assert record["responseElements"]["queueUrl"].startswith("https://")


def test_objects_over_tls_with_trailers(watched: Cairn, journaled: Journaled) -> None:
    s3 = watched.client("s3")
    s3.create_bucket(Bucket="over-tls")
    put = s3.put_object(Bucket="over-tls", Key="a/b c", Body=BytesIO(PART), ChecksumAlgorithm="CRC64NVME")
    record = journaled.of_reply(put)
    assert (record["eventName"], record["eventCategory"], record["managementEvent"]) == ("PutObject", "Data", False)
    assert record["requestParameters"]["key"] == "a/b c"
    data = record["additionalEventData"]
    assert (data["bytesTransferredIn"], data["CipherSuite"]) == (len(PART), record["tlsDetails"]["cipherSuite"])
    assert record["resources"][0] == {"type": "AWS::S3::Object", "ARN": "arn:aws:s3:::over-tls/a/b c"}
    got = s3.get_object(Bucket="over-tls", Key="a/b c", ChecksumMode="ENABLED")
    assert got["Body"].read() == PART
    assert got["ChecksumCRC64NVME"] == checksum("CRC64NVME", PART)
    record = journaled.of_reply(got)
    assert (record["eventName"], record["additionalEventData"]["bytesTransferredOut"]) == ("GetObject", len(PART))


@pytest.mark.parametrize(
    ("forwarded", "source"),
    [
        ("203.0.113.7", "203.0.113.7"),
        ("198.51.100.1, 203.0.113.7, 127.0.0.9", "203.0.113.7"),
        ("2001:db8::7", "2001:db8::7"),
        ("nobody", "127.0.0.1"),
    ],
)
def test_the_source_address_behind_a_proxy(watched: Cairn, journaled: Journaled, forwarded: str, source: str) -> None:
    sqs = watched.client("sqs")
    sqs.meta.events.register(
        "before-send.sqs.*", lambda request, **_: request.headers.__setitem__("X-Forwarded-For", forwarded) or None
    )
    assert journaled.of_reply(sqs.list_queues())["sourceIPAddress"] == source


def test_a_forwarded_address_is_not_believed_without_a_proxy(cairn: Cairn) -> None:
    sqs = cairn.client("sqs")
    sqs.meta.events.register(
        "before-send.sqs.*", lambda request, **_: request.headers.__setitem__("X-Forwarded-For", "203.0.113.7") or None
    )
    assert record_of(cairn, "ListQueues", sqs.list_queues())["sourceIPAddress"] == "127.0.0.1"


def test_commands_reach_a_server_with_a_certificate_that_nobody_issued(watched: Cairn) -> None:
    assert "history" in watched.cairn("status", code=None)


def test_plain_http_to_a_server_with_tls_gets_no_answer(watched: Cairn) -> None:
    with pytest.raises(OSError):
        urllib.request.urlopen(f"http://127.0.0.1:{watched.port}/livez", timeout=10)
