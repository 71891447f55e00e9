"""Policies of form uploads, as boto3 signs them, and everything that must break them."""

from __future__ import annotations

import base64
import json
from collections.abc import AsyncIterator
from typing import Any

import boto3
import pytest
from botocore.config import Config

from cairn.core.errors import AwsError
from cairn.wire.form_upload import FormUpload
from cairn.wire.post_policy import PostPolicy, read_claim

SECRET = "a secret/of+alice"


async def nothing() -> AsyncIterator[bytes]:
    for piece in ():
        yield piece


def form_of(fields: dict[str, str], file_name: str = "a.txt") -> FormUpload:
    return FormUpload({name.lower(): value for name, value in fields.items()}, file_name, nothing())


def signed_by_boto3(version: str | None, *, token: str | None = None, **arguments: Any) -> dict[str, str]:
    client = boto3.client(
        "s3",
        region_name="eu-west-1",
        aws_access_key_id="AKIAALICE",
        aws_secret_access_key=SECRET,
        aws_session_token=token,
        config=Config(signature_version=version),
    )
    fields: dict[str, str] = client.generate_presigned_post("bucket", "user/${filename}", **arguments)["fields"]
    return fields


@pytest.mark.parametrize("token", [None, "a token"])
@pytest.mark.parametrize("version", ["s3v4", "s3"])
def test_what_boto3_signs_holds(version: str, token: str | None) -> None:
    fields = signed_by_boto3(
        version,
        token=token,
        Fields={"acl": "private"},
        Conditions=[{"acl": "private"}, ["content-length-range", 1, 10]],
    )
    form = form_of(fields)
    claim = read_claim(form)
    assert claim is not None
    assert (claim.key_id, claim.token) == ("AKIAALICE", token or "")
    assert claim.version == ("SigV4" if version == "s3v4" else "SigV2")
    claim.verify(SECRET)
    policy = PostPolicy(claim.policy)
    policy.check(form, "bucket", now=0)
    policy.check_size(10)
    for size, code in ((0, "EntityTooSmall"), (11, "EntityTooLarge")):
        with pytest.raises(AwsError) as caught:
            policy.check_size(size)
        assert caught.value.code == code
    with pytest.raises(AwsError, match="SignatureDoesNotMatch"):
        claim.verify("another secret")
    document = json.loads(base64.b64decode(fields["policy"]))
    document["conditions"] = []
    forged = form_of(fields | {"policy": base64.b64encode(json.dumps(document).encode()).decode()})
    claim = read_claim(forged)
    assert claim is not None
    with pytest.raises(AwsError, match="SignatureDoesNotMatch"):
        claim.verify(SECRET)


def policy_of(*conditions: Any, expiration: str = "2030-01-01T00:00:00.000Z") -> PostPolicy:
    document = {"expiration": expiration, "conditions": list(conditions)}
    return PostPolicy(base64.b64encode(json.dumps(document).encode()).decode())


@pytest.mark.parametrize(
    ("conditions", "fields", "problem"),
    [
        ([{"bucket": "bucket"}, {"key": "a"}], {"key": "a"}, None),
        ([{"bucket": "bucket"}, {"key": "a"}], {"key": "b"}, 'failed: ["eq","$key","a"]'),
        ([{"bucket": "other"}, {"key": "a"}], {"key": "a"}, "failed"),
        ([["starts-with", "$key", "user/"]], {"key": "user/${filename}"}, None),
        ([["starts-with", "$key", "user/"]], {"key": "${filename}"}, "failed"),
        (
            [["starts-with", "$key", ""], ["Eq", "$Content-Type", "text/x"]],
            {"key": "a", "content-type": "text/x"},
            None,
        ),
        ([["starts-with", "$key", ""], ["eq", "$content-type", "text/x"]], {"key": "a"}, "failed"),
        ([{"key": "a"}], {"key": "a", "acl": "public-read"}, "Extra input fields: acl"),
        ([{"key": "a"}], {"key": "a", "x-ignore-me": "1", "x-amz-signature": "2"}, None),
    ],
)
def test_conditions(conditions: list[Any], fields: dict[str, str], problem: str | None) -> None:
    policy = policy_of(*conditions)
    if problem is None:
        policy.check(form_of(fields), "bucket", now=0)
        return
    with pytest.raises(AwsError) as caught:
        policy.check(form_of(fields), "bucket", now=0)
    assert (caught.value.code, caught.value.status) == ("AccessDenied", 403)
    assert problem in caught.value.message


def test_an_expired_policy_allows_nothing() -> None:
    with pytest.raises(AwsError, match="Policy expired"):
        policy_of({"key": "a"}, expiration="2020-01-01T00:00:00Z").check(form_of({"key": "a"}), "b", now=1.8e9)


@pytest.mark.parametrize(
    "document",
    [
        b"{",
        b"[]",
        b'{"expiration": "tomorrow", "conditions": []}',
        b'{"conditions": []}',
        b'{"expiration": "2030-01-01T00:00:00Z"}',
        b'{"expiration": "2030-01-01T00:00:00Z", "conditions": [["like", "$key", "a"]]}',
        b'{"expiration": "2030-01-01T00:00:00Z", "conditions": [["eq", "key", "a"]]}',
        b'{"expiration": "2030-01-01T00:00:00Z", "conditions": [["content-length-range", "a", 1]]}',
        b'{"expiration": "2030-01-01T00:00:00Z", "conditions": [{"a": "b", "c": "d"}]}',
        b'{"expiration": "2030-01-01T00:00:00Z", "conditions": 7}',
    ],
)
def test_what_is_no_policy_is_refused(document: bytes) -> None:
    with pytest.raises(AwsError, match="InvalidPolicyDocument"):
        PostPolicy(base64.b64encode(document).decode())
    with pytest.raises(AwsError, match="InvalidPolicyDocument"):
        PostPolicy(document.decode() + "*")


@pytest.mark.parametrize("missing", ["policy", "x-amz-credential", "x-amz-date", "x-amz-signature", "x-amz-algorithm"])
def test_a_signature_needs_all_its_fields(missing: str) -> None:
    fields = signed_by_boto3("s3v4")
    del fields[missing]
    with pytest.raises(AwsError, match="InvalidArgument"):
        read_claim(form_of(fields))


def test_a_form_without_a_signature_claims_nothing() -> None:
    assert read_claim(form_of({"key": "a", "success_action_status": "201"})) is None
