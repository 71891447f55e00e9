"""Uploads by a browser's form, as boto3 prepares them: verified, stored, answered, recorded."""

from __future__ import annotations

import json
import warnings
from typing import Any

import boto3
import pytest
import urllib3
from botocore.config import Config
from tests.contract.looking import Journaled
from tests.running import Cairn
from urllib3.exceptions import InsecureRequestWarning

pytestmark = pytest.mark.engine

BUCKET = "forms"
CONTENT = b"an object \r\n--not a boundary" * 100_000


@pytest.fixture(scope="module", autouse=True)
def bucket(watched: Cairn) -> None:
    watched.client("s3").create_bucket(Bucket=BUCKET)


def prepared(cairn: Cairn, key: str, *, version: str | None = "s3v4", keys: Any = None, **more: Any) -> dict[str, Any]:
    """What boto3 would have a page say: a URL, and the form's fields."""
    administrator = cairn.folder.administrator()
    own = {
        "aws_access_key_id": administrator.access_key_id,
        "aws_secret_access_key": administrator.secret_access_key,
    }
    client = boto3.client(
        "s3",
        endpoint_url=cairn.endpoint,
        region_name="us-east-1",
        verify=cairn.certificate,
        config=Config(signature_version=version, s3={"addressing_style": "path"}),
        **(keys or own),
    )
    form: dict[str, Any] = client.generate_presigned_post(BUCKET, key, **more)
    return form


def post(form: dict[str, Any], content: bytes = CONTENT, name: str = "a.txt", **more: str) -> urllib3.BaseHTTPResponse:
    fields: dict[str, Any] = {**form["fields"], **more, "file": (name, content, "text/plain")}
    browser = urllib3.PoolManager(cert_reqs="CERT_NONE")  # it is asked nothing that the certificate would change
    with warnings.catch_warnings(action="ignore", category=InsecureRequestWarning):
        return browser.request("POST", form["url"], fields=fields, retries=False, redirect=False)


@pytest.mark.parametrize("version", ["s3v4", None])
def test_a_form_is_stored_and_recorded(watched: Cairn, journaled: Journaled, version: str | None) -> None:
    given = {"Content-Type": "text/x-form", "x-amz-meta-colour": "grün", "acl": "bucket-owner-full-control"}
    conditions = [{name: value} for name, value in given.items()] + [["content-length-range", 1, len(CONTENT)]]
    key = f"by form {version}/${{filename}}"
    form = prepared(watched, key, version=version, Fields=given, Conditions=conditions)
    assert ("x-amz-algorithm" in form["fields"]) == (version == "s3v4")
    reply = post(form, name="ä b.txt")
    assert reply.status == 204, reply.data
    stored = watched.client("s3").get_object(Bucket=BUCKET, Key=f"by form {version}/ä b.txt")
    assert stored["Body"].read() == CONTENT
    assert (stored["ContentType"], stored["ETag"]) == ("text/x-form", reply.headers["etag"])
    record = journaled.of(reply.headers["x-amz-request-id"])
    assert (record["eventName"], record["eventCategory"], record["readOnly"]) == ("PostObject", "Data", False)
    assert record["userIdentity"]["userName"] == "administrator"
    parameters = record["requestParameters"]
    assert (parameters["bucketName"], parameters["key"]) == (BUCKET, f"by form {version}/ä b.txt")
    assert parameters["x-amz-acl"] == "bucket-owner-full-control"
    assert record["resources"][0]["ARN"] == f"arn:aws:s3:::{BUCKET}/by form {version}/ä b.txt"
    data = record["additionalEventData"]
    assert (data["bytesTransferredIn"], data["AuthenticationMethod"]) == (len(CONTENT), "HtmlForm")
    assert data["SignatureVersion"] == ("SigV4" if version else "SigV2")
    for secret in ("policy", "signature", "x-amz-signature"):
        assert form["fields"].get(secret, "-" * 99) not in json.dumps(record)


@pytest.mark.parametrize(("status", "answered"), [("200", 200), ("201", 201), ("204", 204), ("666", 204)])
def test_the_form_says_how_it_is_answered(watched: Cairn, status: str, answered: int) -> None:
    fields = {"success_action_status": status}
    reply = post(prepared(watched, "answered", Fields=fields, Conditions=[fields]), b"x")
    assert reply.status == answered
    assert reply.headers["location"] == f"{watched.endpoint}/{BUCKET}/answered"
    assert (b"<Key>answered</Key>" in reply.data) == (answered == 201)


def test_the_form_says_where_to_go_on(watched: Cairn) -> None:
    fields = {"success_action_redirect": "https://example.com/done?a=1"}
    reply = post(prepared(watched, "on", Fields=fields, Conditions=[fields]), b"x")
    assert reply.status == 303
    assert reply.headers["location"].startswith(f"https://example.com/done?a=1&bucket={BUCKET}&key=on&etag=%22")


def test_a_session_signs_forms_too(watched: Cairn) -> None:
    given = watched.client("sts").get_session_token()["Credentials"]
    keys = {
        "aws_access_key_id": given["AccessKeyId"],
        "aws_secret_access_key": given["SecretAccessKey"],
        "aws_session_token": given["SessionToken"],
    }
    form = prepared(watched, "by-session", keys=keys)
    assert post(form, b"x").status == 204
    form["fields"]["x-amz-security-token"] += "x"
    assert b"<Code>InvalidToken</Code>" in post(form, b"x").data


def test_what_the_policy_does_not_allow_is_refused_and_recorded(watched: Cairn, journaled: Journaled) -> None:
    form = prepared(watched, "refused", Conditions=[["content-length-range", 2, 4]])
    for content, more, code in (
        (b"x", {}, "EntityTooSmall"),
        (b"12345", {}, "EntityTooLarge"),
        (b"123", {"key": "another"}, "AccessDenied"),
        (b"123", {"acl": "public-read"}, "AccessDenied"),
        (b"123", {"x-amz-signature": "0" * 64}, "SignatureDoesNotMatch"),
    ):
        reply = post(form, content, **more)
        assert f"<Code>{code}</Code>" in reply.data.decode()
        record = journaled.of(reply.headers["x-amz-request-id"])
        assert (record["eventName"], record["errorCode"]) == ("PostObject", code)
    expired = prepared(watched, "refused", ExpiresIn=-1)
    assert b"Policy expired" in post(expired, b"123").data
    assert "Contents" not in watched.client("s3").list_objects_v2(Bucket=BUCKET, Prefix="refused")


def test_who_may_not_put_may_not_post(watched: Cairn, journaled: Journaled) -> None:
    iam = watched.client("iam")
    iam.create_user(UserName="poster")
    key = iam.create_access_key(UserName="poster")["AccessKey"]
    keys = {"aws_access_key_id": key["AccessKeyId"], "aws_secret_access_key": key["SecretAccessKey"]}
    reply = post(prepared(watched, "by-nobody", keys=keys), b"x")
    assert (reply.status, b"<Code>AccessDenied</Code>" in reply.data) == (403, True)
    record = journaled.of(reply.headers["x-amz-request-id"])
    assert (record["userIdentity"]["userName"], record["errorCode"]) == ("poster", "AccessDenied")


def test_a_form_that_nobody_signed_needs_an_open_bucket(watched: Cairn, journaled: Journaled) -> None:
    form = {"url": f"{watched.endpoint}/{BUCKET}", "fields": {"key": "open/anonymous"}}
    assert post(form, b"x").status == 403
    s3 = watched.client("s3")
    s3.delete_public_access_block(Bucket=BUCKET)
    everybody = {
        "Effect": "Allow",
        "Principal": "*",
        "Action": "s3:PutObject",
        "Resource": f"arn:aws:s3:::{BUCKET}/open/*",
    }
    s3.put_bucket_policy(Bucket=BUCKET, Policy=json.dumps({"Version": "2012-10-17", "Statement": [everybody]}))
    reply = post(form, b"x")
    assert reply.status == 204
    identity = journaled.of(reply.headers["x-amz-request-id"])["userIdentity"]
    assert identity == {"type": "AWSAccount", "principalId": "", "accountId": "anonymous"}
