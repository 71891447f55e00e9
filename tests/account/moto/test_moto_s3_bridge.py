"""moto's services find the buckets of the engine that has them; here another moto, as it comes, plays that engine."""

from __future__ import annotations

import gzip
import io
import json
import sys
import time
import urllib.request
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import boto3
import pytest
from botocore.config import Config
from botocore.exceptions import ClientError
from tests.account.moto.running import Running

from cairn.account.moto.wire_names import S3Access
from cairn.core.process import Child, free_port

pytestmark = pytest.mark.engine

ROLE = "arn:aws:iam::111122223333:role/r"


@pytest.fixture
def bucket(tmp_path: Path) -> Iterator[tuple[S3Access, Any]]:
    """An S3 with the bucket `code`, and a client of it."""
    port = free_port()
    url = f"http://127.0.0.1:{port}"
    child = Child(
        "s3",
        [sys.executable, "-m", "moto.server", "-p", str(port)],
        log_file=tmp_path / "s3.log",
        ready=lambda: urllib.request.urlopen(f"{url}/moto-api/", timeout=5).status == 200,
    )
    child.start()
    access = S3Access(url=url, access_key_id="AKIAIOSFODNN7EXAMPLE", secret_access_key="x")
    client = boto3.client(
        "s3", endpoint_url=url, region_name="us-east-1", aws_access_key_id="x", aws_secret_access_key="x",
        config=Config(s3={"addressing_style": "path"}),
    )  # fmt: skip
    client.create_bucket(Bucket="code")
    yield access, client
    child.stop()


@pytest.fixture
def moto_with_s3(tmp_path: Path, bucket: tuple[S3Access, Any]) -> Iterator[Running]:
    running = Running(tmp_path / "account", s3=bucket[0])
    (tmp_path / "account").mkdir()
    running.engine.start()
    yield running
    running.engine.stop()


def test_services_read_from_and_write_to_the_engine_s_buckets(
    moto_with_s3: Running, bucket: tuple[S3Access, Any]
) -> None:
    s3 = bucket[1]
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w") as content:
        content.writestr("f.py", "def h(event, context): return event")
    s3.put_object(Bucket="code", Key="f.zip", Body=archive.getvalue())
    moto_with_s3.client("iam").create_role(
        RoleName="r", AssumeRolePolicyDocument=json.dumps({"Version": "2012-10-17", "Statement": []})
    )
    function: dict[str, Any] = {"FunctionName": "f", "Role": ROLE, "Handler": "f.h", "Runtime": "python3.12"}
    made = moto_with_s3.client("lambda").create_function(**function, Code={"S3Bucket": "code", "S3Key": "f.zip"})
    assert made["CodeSize"] == len(archive.getvalue())
    with pytest.raises(ClientError, match="NoSuchBucket"):
        moto_with_s3.client("lambda").create_function(
            **function | {"FunctionName": "g"}, Code={"S3Bucket": "none", "S3Key": "f.zip"}
        )

    template = {"Resources": {"Q": {"Type": "AWS::SQS::Queue", "Properties": {"QueueName": "from-template"}}}}
    s3.put_object(Bucket="code", Key="t.json", Body=json.dumps(template).encode())
    moto_with_s3.client("cloudformation").create_stack(
        StackName="s", TemplateURL="https://s3.amazonaws.com/code/t.json"
    )
    assert "from-template" in moto_with_s3.client("sqs").list_queues()["QueueUrls"][0]

    logs = moto_with_s3.client("logs")
    now_ms = int(time.time() * 1000)
    logs.create_log_group(logGroupName="g")
    logs.create_log_stream(logGroupName="g", logStreamName="s")
    logs.put_log_events(logGroupName="g", logStreamName="s", logEvents=[{"timestamp": now_ms, "message": "hello"}])
    logs.create_export_task(logGroupName="g", fromTime=0, to=now_ms + 1, destination="code", destinationPrefix="out")
    (key,) = [entry["Key"] for entry in s3.list_objects_v2(Bucket="code", Prefix="out")["Contents"]]
    exported = s3.get_object(Bucket="code", Key=key)["Body"].read()
    assert b"hello" in gzip.decompress(exported)
