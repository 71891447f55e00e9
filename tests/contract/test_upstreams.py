"""Services elsewhere: buckets in another S3, the rest in another account, one that is down. Trails go there too."""

from __future__ import annotations

import gzip
import json
import subprocess
import time
import urllib.request
from collections.abc import Iterator
from io import BytesIO
from pathlib import Path
from typing import Any

import boto3
import pytest
from botocore.config import Config
from botocore.exceptions import ClientError
from tests.contract.looking import Journaled
from tests.contract.waiting import wait_until
from tests.running import BIN, Cairn

from cairn.account.seaweedfs import SeaweedFS
from cairn.core.process import free_port

pytestmark = pytest.mark.engine

ACCOUNT = "123456789012"
LARGE = bytes(range(256)) * (64 << 10)
START_S = 60.0
GROUP = f"arn:aws:logs:us-east-1:{ACCOUNT}:log-group:far:*"
ROLE = f"arn:aws:iam::{ACCOUNT}:role/far"


@pytest.fixture(scope="module")
def far_s3(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SeaweedFS]:
    folder = tmp_path_factory.mktemp("far")
    (folder / "logs").mkdir()
    server = SeaweedFS(folder / "s3", logs=folder / "logs")
    server.start()
    yield server
    server.stop()


@pytest.fixture(scope="module")
def far_account() -> Iterator[str]:
    """An AWS-shaped endpoint for everything."""
    port = free_port()
    command = [str(BIN / "moto_server"), "-H", "127.0.0.1", "-p", str(port)]
    server = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    url = f"http://127.0.0.1:{port}"
    deadline = time.monotonic() + START_S
    while not _answers(f"{url}/moto-api/data.json"):
        assert time.monotonic() < deadline
        time.sleep(0.2)
    yield url
    server.terminate()
    server.wait()


def _answers(url: str) -> bool:
    try:
        with urllib.request.urlopen(url, timeout=5):
            return True
    except OSError:
        return False


@pytest.fixture(scope="module")
def trusting(tmp_path_factory: pytest.TempPathFactory, far_s3: SeaweedFS, far_account: str) -> Iterator[Cairn]:
    """A Cairn with nothing of its own but CloudTrail, which believes every key."""
    keys = f"{far_s3.credentials.access_key_id}:{far_s3.credentials.secret_access_key}"
    running = Cairn(
        tmp_path_factory.mktemp("trusting") / "data",
        {
            "CAIRN_AUTH_MODE": "trust",
            "CAIRN_RECORDING_DATA_EVENTS": "all",
            "CAIRN_UPSTREAMS_S3": far_s3.endpoint.replace("://", f"://{keys}@"),
            "CAIRN_UPSTREAMS_DEFAULT": far_account,
            "CAIRN_UPSTREAMS_SNS": far_account.replace("://", "://AKIAFAR:secret@"),
            "CAIRN_UPSTREAMS_KMS": far_account.replace("://", "://AKIAFAR:secret@"),
            "CAIRN_UPSTREAMS_LOGS": far_account.replace("://", "://AKIAFAR:secret@"),
            "CAIRN_UPSTREAMS_SQS": f"http://127.0.0.1:{free_port()}",
        },
    )
    running.start()
    yield running
    assert running.stop() == 0


@pytest.fixture(scope="module")
def journaled(trusting: Cairn) -> Iterator[Journaled]:
    journal = Journaled(trusting)
    yield journal
    journal.close()


def client(cairn: Cairn, service: str) -> Any:
    return cairn.client(service, aws_access_key_id=ACCOUNT, aws_secret_access_key="anything")


@pytest.fixture(scope="module")
def direct(far_s3: SeaweedFS) -> Any:
    """A client of the S3 elsewhere, past Cairn."""
    return boto3.client(
        "s3",
        endpoint_url=far_s3.endpoint,
        region_name="us-east-1",
        aws_access_key_id=far_s3.credentials.access_key_id,
        aws_secret_access_key=far_s3.credentials.secret_access_key,
        config=Config(s3={"addressing_style": "path"}),
    )


def test_an_account_number_as_a_key_is_that_accounts_root(trusting: Cairn, journaled: Journaled) -> None:
    said = client(trusting, "sts").get_caller_identity()
    assert (said["Account"], said["Arn"]) == (ACCOUNT, f"arn:aws:iam::{ACCOUNT}:root")
    record = journaled.of_reply(said)
    assert record["recipientAccountId"] == ACCOUNT
    assert record["userIdentity"] == {
        "type": "Root",
        "principalId": ACCOUNT,
        "arn": f"arn:aws:iam::{ACCOUNT}:root",
        "accountId": ACCOUNT,
        "accessKeyId": ACCOUNT,
    }


def test_the_default_takes_what_is_not_named(trusting: Cairn, journaled: Journaled, far_account: str) -> None:
    made = client(trusting, "sns").create_topic(Name="elsewhere")
    record = journaled.of_reply(made)
    assert (record["eventName"], record["responseElements"]) == ("CreateTopic", {"topicArn": made["TopicArn"]})
    there = boto3.client(
        "sns", endpoint_url=far_account, region_name="us-east-1", aws_access_key_id="a", aws_secret_access_key="b"
    )
    assert [topic["TopicArn"] for topic in there.list_topics()["Topics"]] == [made["TopicArn"]]
    key = client(trusting, "iam")
    key.create_user(UserName="far")
    issued = key.create_access_key(UserName="far")["AccessKey"]
    keys = {"aws_access_key_id": issued["AccessKeyId"], "aws_secret_access_key": issued["SecretAccessKey"]}
    record = journaled.of_reply(trusting.client("sns", **keys).list_topics())
    assert (record["userIdentity"]["type"], record["userIdentity"]["userName"]) == ("IAMUser", "far")


def test_objects_go_to_the_other_s3_signed_anew(trusting: Cairn, journaled: Journaled, direct: Any) -> None:
    s3 = client(trusting, "s3")
    made = s3.create_bucket(Bucket="far-away")
    assert journaled.of_reply(made)["requestParameters"]["bucketName"] == "far-away"
    put = s3.put_object(Bucket="far-away", Key="a b/ü+%", Body=BytesIO(LARGE), ChecksumAlgorithm="SHA256")
    record = journaled.of_reply(put)
    assert (record["eventName"], record["additionalEventData"]["bytesTransferredIn"]) == ("PutObject", len(LARGE))
    assert direct.get_object(Bucket="far-away", Key="a b/ü+%")["Body"].read() == LARGE
    got = s3.get_object(Bucket="far-away", Key="a b/ü+%", ChecksumMode="ENABLED")
    assert got["Body"].read() == LARGE
    assert got["ChecksumSHA256"] == put["ChecksumSHA256"]
    assert journaled.of_reply(got)["additionalEventData"]["bytesTransferredOut"] == len(LARGE)
    url = s3.generate_presigned_url("get_object", {"Bucket": "far-away", "Key": "a b/ü+%"})
    with urllib.request.urlopen(url, timeout=10) as answer:
        assert answer.read() == LARGE
    with pytest.raises(ClientError) as caught:
        s3.get_object(Bucket="far-away", Key="nothing")
    assert journaled.of_reply(caught.value.response)["errorCode"] == "NoSuchKey"


def test_a_bucket_in_the_host_reaches_the_other_s3(trusting: Cairn, direct: Any) -> None:
    client(trusting, "s3").create_bucket(Bucket="far-by-host")
    request = urllib.request.Request(f"{trusting.endpoint}/by-host", data=b"x", method="PUT")
    request.add_unredirected_header("Host", f"far-by-host.s3.localhost:{trusting.port}")
    scope = f"{ACCOUNT}/20260101/us-east-1/s3/aws4_request"
    request.add_header("Authorization", f"AWS4-HMAC-SHA256 Credential={scope}, SignedHeaders=host, Signature=0")
    with urllib.request.urlopen(request, timeout=10) as answer:
        assert answer.status == 200
    assert direct.get_object(Bucket="far-by-host", Key="by-host")["Body"].read() == b"x"


def test_a_checksum_in_a_trailer_reaches_the_other_s3(trusting: Cairn, direct: Any) -> None:
    client(trusting, "s3").create_bucket(Bucket="far-trailers")
    body = b"9\r\n123456789\r\n0\r\nx-amz-checksum-crc32:y/Q5Jg==\r\n\r\n"
    scope = f"{ACCOUNT}/20260101/us-east-1/s3/aws4_request"
    headers = {
        "Authorization": f"AWS4-HMAC-SHA256 Credential={scope}, SignedHeaders=host, Signature=0",
        "Content-Encoding": "aws-chunked",
        "Content-Type": "text/plain",
        "x-amz-content-sha256": "STREAMING-UNSIGNED-PAYLOAD-TRAILER",
        "x-amz-decoded-content-length": "9",
        "x-amz-sdk-checksum-algorithm": "CRC32",
        "x-amz-trailer": "x-amz-checksum-crc32",
    }
    url = f"{trusting.endpoint}/far-trailers/a"
    with urllib.request.urlopen(urllib.request.Request(url, body, headers, method="PUT"), timeout=10) as answer:
        assert answer.status == 200
    stored = direct.get_object(Bucket="far-trailers", Key="a", ChecksumMode="ENABLED")
    assert (stored["Body"].read(), stored["ChecksumCRC32"]) == (b"123456789", "y/Q5Jg==")
    assert "aws-chunked" not in stored.get("ContentEncoding", "")


def test_an_upstream_that_is_down_is_said_and_recorded(trusting: Cairn, journaled: Journaled) -> None:
    for call in (
        lambda sqs: sqs.create_queue(QueueName="nowhere"),
        lambda sqs: sqs.list_queues(),
    ):
        with pytest.raises(ClientError) as caught:
            call(client(trusting, "sqs"))
        reply = caught.value.response
        assert (reply["Error"]["Code"], reply["ResponseMetadata"]["HTTPStatusCode"]) == ("ServiceUnavailable", 503)
        assert "upstream does not answer" in reply["Error"]["Message"]
        record = journaled.of_reply(reply)
        assert (record["errorCode"], record["errorMessage"]) == ("ServiceUnavailable", reply["Error"]["Message"])


def delivered(s3: Any, bucket: str) -> dict[str, list[str]]:
    """Names of the events in each log file."""
    found = {}
    for entry in s3.list_objects_v2(Bucket=bucket).get("Contents", []):
        if entry["Key"].endswith(".json.gz"):
            content = gzip.decompress(s3.get_object(Bucket=bucket, Key=entry["Key"])["Body"].read())
            found[entry["Key"]] = [record["eventName"] for record in json.loads(content)["Records"]]
    return found


def test_a_trail_is_delivered_to_the_other_s3(trusting: Cairn, direct: Any) -> None:
    trail = client(trusting, "cloudtrail")
    with pytest.raises(ClientError) as caught:
        trail.create_trail(Name="far", S3BucketName="there-is-no-such-bucket")
    assert caught.value.response["Error"]["Code"] == "S3BucketDoesNotExistException"
    client(trusting, "s3").create_bucket(Bucket="far-logs")
    arn = trail.create_trail(Name="far", S3BucketName="far-logs", IsMultiRegionTrail=True)["TrailARN"]
    trail.start_logging(Name="far")
    client(trusting, "iam").create_user(UserName="delivered")
    trusting.cairn("flush")
    files = delivered(direct, "far-logs")
    assert "CreateUser" in [name for names in files.values() for name in names]
    assert all(key.startswith(f"AWSLogs/{ACCOUNT}/CloudTrail/") for key in files)
    assert "LatestDeliveryError" not in trail.get_trail_status(Name="far")
    for key in files:
        direct.delete_object(Bucket="far-logs", Key=key)
    trusting.cairn("redeliver", arn, "--since", "1h")
    assert delivered(direct, "far-logs") == files


def test_a_trail_s_topic_and_key_are_elsewhere_too(trusting: Cairn) -> None:
    trail, sns, kms = (client(trusting, service) for service in ("cloudtrail", "sns", "kms"))
    client(trusting, "s3").create_bucket(Bucket="far-told")
    made = {"Name": "told", "S3BucketName": "far-told"}
    for change, code in (
        ({"SnsTopicName": "far-topic"}, "InsufficientSnsTopicPolicyException"),
        ({"KmsKeyId": "alias/far"}, "KmsKeyNotFoundException"),
        (
            {"CloudWatchLogsLogGroupArn": GROUP, "CloudWatchLogsRoleArn": ROLE},
            "InvalidCloudWatchLogsLogGroupArnException",
        ),
    ):
        with pytest.raises(ClientError) as caught:
            trail.create_trail(**made, **change)
        assert caught.value.response["Error"]["Code"] == code
    key = kms.create_key()["KeyMetadata"]["Arn"]
    kms.create_alias(AliasName="alias/far", TargetKeyId=key)
    with pytest.raises(ClientError) as caught:  # that S3 has no KMS, as its answer to an empty object says
        trail.create_trail(**made, KmsKeyId="alias/far")
    assert caught.value.response["Error"]["Code"] == "InsufficientEncryptionPolicyException"

    topic = sns.create_topic(Name="far-topic")["TopicArn"]
    answer = trail.create_trail(**made, SnsTopicName="far-topic")
    assert answer["SnsTopicARN"] == topic
    trail.start_logging(Name="told")
    sns.create_topic(Name="recorded")
    trusting.cairn("flush")
    wait_until(lambda: "LatestNotificationTime" in trail.get_trail_status(Name="told"))
    sns.delete_topic(TopicArn=topic)
    sns.create_topic(Name="recorded-again")
    trusting.cairn("flush")
    wait_until(lambda: trail.get_trail_status(Name="told").get("LatestNotificationError") == "NotFound")
    trail.delete_trail(Name="told")


def test_a_trail_s_events_reach_a_log_group_elsewhere(trusting: Cairn) -> None:
    trail, logs = client(trusting, "cloudtrail"), client(trusting, "logs")
    client(trusting, "s3").create_bucket(Bucket="far-sent")
    logs.create_log_group(logGroupName="far")
    to = {"CloudWatchLogsLogGroupArn": GROUP, "CloudWatchLogsRoleArn": ROLE}
    trail.create_trail(Name="sent", S3BucketName="far-sent", **to)
    trail.start_logging(Name="sent")
    client(trusting, "sns").create_topic(Name="sent")
    stream = f"{ACCOUNT}_CloudTrail_us-east-1"
    found: set[str] = set()

    def arrived() -> bool:
        if logs.describe_log_streams(logGroupName="far")["logStreams"]:
            events = logs.get_log_events(logGroupName="far", logStreamName=stream, startFromHead=True)["events"]
            found.update(json.loads(event["message"])["eventName"] for event in events)
        return "CreateTopic" in found

    wait_until(arrived)
    assert "LatestCloudWatchLogsDeliveryTime" in trail.get_trail_status(Name="sent")
    logs.delete_log_group(logGroupName="far")
    client(trusting, "sns").create_topic(Name="sent-again")
    wait_until(
        lambda: (
            trail.get_trail_status(Name="sent").get("LatestCloudWatchLogsDeliveryError") == "ResourceNotFoundException"
        )
    )
    trail.delete_trail(Name="sent")


def test_an_s3_that_is_down_is_said_in_its_own_words(trusting: Cairn, journaled: Journaled, far_s3: SeaweedFS) -> None:
    far_s3.stop()
    s3 = client(trusting, "s3")
    for call in (lambda: s3.list_objects_v2(Bucket="far-away"), lambda: s3.delete_bucket(Bucket="far-by-host")):
        with pytest.raises(ClientError) as caught:
            call()
        reply = caught.value.response
        assert (reply["Error"]["Code"], reply["ResponseMetadata"]["HTTPStatusCode"]) == ("ServiceUnavailable", 503)
        assert journaled.of_reply(reply)["errorCode"] == "ServiceUnavailable"
    with pytest.raises(ClientError) as caught:
        client(trusting, "cloudtrail").create_trail(Name="nowhere", S3BucketName="far-logs")
    assert caught.value.response["ResponseMetadata"]["HTTPStatusCode"] == 503


def test_a_service_that_does_not_exist_is_refused_at_the_start(tmp_path: Path) -> None:
    (tmp_path / "cairn.toml").write_text('[upstreams]\ndynamod = "http://127.0.0.1:1"\n')
    done = subprocess.run(
        [str(BIN / "cairn"), "up", "--data", str(tmp_path), "--port", str(free_port())],
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert done.returncode == 3
    assert "Did you mean upstreams.dynamodb?" in done.stderr
