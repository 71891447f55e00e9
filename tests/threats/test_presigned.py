"""Presigned URLs: what they allow is what was signed, for as long as was signed."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

import boto3
import pytest
from botocore.config import Config
from tests.contract.looking import Journaled
from tests.running import Cairn
from tests.threats.raw import Answer, Forged

pytestmark = pytest.mark.engine

BUCKET = "presigned-abuse"


@pytest.fixture(scope="module")
def url(cairn: Cairn) -> Iterator[Callable[..., str]]:
    """Makes the path of a URL, signed with SigV4."""
    s3 = cairn.client("s3")
    s3.create_bucket(Bucket=BUCKET)
    s3.create_bucket(Bucket=f"{BUCKET}-other")
    for name in (BUCKET, f"{BUCKET}-other"):
        s3.put_object(Bucket=name, Key="a", Body=b"secret")
    administrator = cairn.folder.administrator()
    signer = boto3.client(
        "s3",
        endpoint_url=cairn.endpoint,
        region_name="us-east-1",
        aws_access_key_id=administrator.access_key_id,
        aws_secret_access_key=administrator.secret_access_key,
        config=Config(signature_version="s3v4", s3={"addressing_style": "path"}),
    )

    def made(operation: str = "get_object", seconds: int = 60, **params: str) -> str:
        presigned: str = signer.generate_presigned_url(
            operation, {"Bucket": BUCKET, "Key": "a"} | params, ExpiresIn=seconds
        )
        return presigned.removeprefix(cairn.endpoint)

    yield made


def opened(cairn: Cairn, target: str, method: str = "GET", body: bytes = b"", **headers: str) -> Answer:
    named = [("host", f"127.0.0.1:{cairn.port}"), *((name.replace("_", "-"), value) for name, value in headers.items())]
    return Forged(cairn, method, target, named, body).send()


CHANGES: dict[str, Callable[[str], str]] = {
    "another key": lambda target: target.replace("/a?", "/b?"),
    "another bucket": lambda target: target.replace(f"/{BUCKET}/", f"/{BUCKET}-other/"),
    "dots": lambda target: target.replace(f"/{BUCKET}/a", f"/{BUCKET}/../{BUCKET}-other/a"),
    "longer": lambda target: target.replace("X-Amz-Expires=60", "X-Amz-Expires=3600"),
    "a second off": lambda target: re.sub(r"(X-Amz-Date=\w+)(\d)Z", lambda at: f"{at[1]}{9 - int(at[2])}Z", target),
    "more": lambda target: f"{target}&versionId=1",
    "less": lambda target: target.replace("&X-Amz-SignedHeaders=host", ""),
    "a header less": lambda target: target.replace("X-Amz-SignedHeaders=host", "X-Amz-SignedHeaders=date"),
    "twice": lambda target: f"{target}&X-Amz-Expires=3600",
    "another case": lambda target: target.replace("X-Amz-Signature=", "X-Amz-Signature=0"),
    "another subresource": lambda target: f"{target}&acl",
}


@pytest.mark.parametrize("way", CHANGES)
def test_nothing_of_it_may_be_changed(cairn: Cairn, recorded: Journaled, url: Callable[..., str], way: str) -> None:
    changed = CHANGES[way](url())
    answer = opened(cairn, changed)
    assert answer.code in ("SignatureDoesNotMatch", "AuthorizationQueryParametersError", "AccessDenied")
    assert b"secret" not in answer.body


def test_unchanged_it_holds(cairn: Cairn, url: Callable[..., str]) -> None:
    assert opened(cairn, url()).body == b"secret"


@pytest.mark.parametrize("method", ["PUT", "DELETE", "POST"])
def test_another_method_is_refused(cairn: Cairn, url: Callable[..., str], method: str) -> None:
    answer = opened(cairn, url(), method, b"x")
    assert answer.status >= 400
    assert opened(cairn, url()).body == b"secret"


@pytest.mark.parametrize("seconds", ["604801", "0", "-1", "1e9", "9" * 30])
def test_it_lives_a_week_at_most(cairn: Cairn, url: Callable[..., str], seconds: str) -> None:
    answer = opened(cairn, url(seconds=604_801).replace("X-Amz-Expires=604801", f"X-Amz-Expires={seconds}"))
    assert answer.code == "AuthorizationQueryParametersError"


def test_two_signatures_are_too_many(cairn: Cairn, url: Callable[..., str]) -> None:
    answer = opened(cairn, url(), authorization="AWS4-HMAC-SHA256 Credential=a/20260101/us-east-1/s3/aws4_request")
    assert (answer.status, answer.code) == (400, "InvalidArgument")


def test_a_header_that_was_not_signed_does_nothing(cairn: Cairn, url: Callable[..., str]) -> None:
    """An upload's URL makes no copy of an object that its owner may read, and opens nothing to the public."""
    target = url("put_object", Key="uploaded")
    for name, value in (("x_amz_copy_source", f"{BUCKET}-other/a"), ("x_amz_acl", "public-read")):
        assert opened(cairn, target, "PUT", b"x", **{name: value}).code == "AccessDenied"
    assert "uploaded" not in {each["Key"] for each in cairn.client("s3").list_objects_v2(Bucket=BUCKET)["Contents"]}
