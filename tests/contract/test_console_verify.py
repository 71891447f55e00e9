"""Verifying a trail from the console: read as the person, told in lines, broken off when nobody listens."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from typing import Any

import pytest
from tests.contract.browsing import Browser
from tests.contract.recipients import make_bucket
from tests.contract.test_console_events import fits
from tests.contract.test_console_sign_in import ACCOUNT, ALLOW_ALL, PASSWORD, make_user
from tests.contract.waiting import wait_until
from tests.running import Cairn

from cairn.console.openapi import document
from cairn.core.clock import iso_seconds

pytestmark = pytest.mark.engine

BUCKET = NAME = "console-verified"


@pytest.fixture(scope="module")
def arn(cairn: Cairn) -> Iterator[str]:
    make_bucket(cairn, BUCKET)
    trails = cairn.client("cloudtrail")
    trail = trails.create_trail(Name=NAME, S3BucketName=BUCKET, EnableLogFileValidation=True)["TrailARN"]
    trails.start_logging(Name=NAME)
    cairn.client("sqs").create_queue(QueueName="verified")
    cairn.cairn("flush", "--digests", "--trail", trail)
    yield trail
    trails.delete_trail(Name=NAME)


def asked(arn: str, seconds: int = 3600) -> dict[str, str]:
    now = int(time.time())
    return {"trail": arn, "start": iso_seconds(now - seconds), "end": iso_seconds(now + 3600)}


def verify(browser: Browser, arn: str) -> list[dict[str, Any]]:
    """The lines of a verification, each as the document says."""
    reply = browser.ask("POST", "/api/verify", asked(arn))
    assert reply.status == 200, reply.body
    assert reply.headers["content-type"] == "application/x-ndjson"
    lines = [json.loads(line) for line in reply.body.splitlines()]
    schema = document()["components"]["schemas"]["VerifyLine"]
    assert all(fits(line, schema) for line in lines), lines
    return lines


def of_logs(lines: list[dict[str, Any]]) -> list[str]:
    """What was found of checkpoint logs."""
    return [line["verdict"] for line in lines if line.get("what") == "checkpoint log"]


def test_a_trail_is_valid_until_a_file_is_changed_which_is_named(cairn: Cairn, arn: str) -> None:
    browser = Browser(cairn).as_administrator()
    wait_until(lambda: "valid" in of_logs(verify(browser, arn)))  # the checkpoint log follows within seconds
    lines = verify(browser, arn)
    summary = lines[-1]
    assert summary["type"] == "summary"
    assert summary["logs"]["valid"] >= 1
    assert (summary["logs"]["invalid"], summary["digests"]["invalid"], summary["byCairn"]) == (0, 0, 0)
    store = cairn.client("s3")
    files = [each for each in store.list_objects_v2(Bucket=BUCKET)["Contents"] if "/CloudTrail/" in each["Key"]]
    key = min(files, key=lambda each: each["LastModified"])["Key"]  # a digest file names it
    whole = store.get_object(Bucket=BUCKET, Key=key)["Body"].read()
    store.put_object(Bucket=BUCKET, Key=key, Body=b"{}")
    changed = verify(browser, arn)
    store.put_object(Bucket=BUCKET, Key=key, Body=whole)
    assert changed[-1]["logs"]["invalid"] == 1
    (problem,) = [line for line in changed if line.get("verdict") == "invalid"]
    assert problem["key"] == key
    assert problem["line"].startswith(f"Log file\ts3://{BUCKET}/{key}\tINVALID: ")


def test_the_bucket_is_read_with_the_persons_rights(watched: Cairn) -> None:
    bucket = make_bucket(watched, "console-unread")
    trails = watched.client("cloudtrail")
    trail = trails.create_trail(Name="console-unread", S3BucketName=bucket, EnableLogFileValidation=True)["TrailARN"]
    make_user(watched, "verifier")
    users = watched.client("iam")
    users.detach_user_policy(UserName="verifier", PolicyArn=ALLOW_ALL)
    see = {"Effect": "Allow", "Action": ["cloudtrail:GetTrail", "cloudtrail:ListPublicKeys"], "Resource": "*"}
    policy = {"Version": "2012-10-17", "Statement": [see]}
    users.put_user_policy(UserName="verifier", PolicyName="see", PolicyDocument=json.dumps(policy))
    browser = Browser(watched)
    assert browser.sign_in(account=ACCOUNT, user="verifier", password=PASSWORD).status == 200
    (*_, last) = verify(browser, trail)
    assert last["type"] == "error"
    assert "AccessDenied" in last["error"]["message"]
    trails.delete_trail(Name="console-unread")


def test_what_cannot_be_verified_is_refused(cairn: Cairn, arn: str) -> None:
    browser = Browser(cairn).as_administrator()
    assert browser.ask("POST", "/api/verify", asked(f"{arn}-none")).code == "TrailNotFoundException"
    assert browser.ask("POST", "/api/verify", asked(arn, 400 * 86400)).code == "ValidationException"
    assert browser.ask("POST", "/api/verify", asked(arn) | {"start": "yesterday"}).code == "ValidationException"
    browser.csrf = ""
    assert browser.ask("POST", "/api/verify", asked(arn)).code == "Forbidden"
