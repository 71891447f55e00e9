"""Paths: what a client writes there reaches no more than an object's name, whatever else it looks like."""

from __future__ import annotations

import json

import pytest
from tests.running import Cairn
from tests.threats.conftest import Keys
from tests.threats.raw import Forged, exchange, json_call

pytestmark = pytest.mark.engine

INTERNAL = ("/-cairn/access_key", "/%2dcairn/access_key", "//-cairn/access_key", "/./-cairn/access_key")


@pytest.mark.parametrize("path", INTERNAL)
def test_no_path_asks_the_embedded_account_what_only_cairn_may(cairn: Cairn, mallory: Keys, path: str) -> None:
    """Cairn asks it for secret keys; a client's JSON could be such a question's."""
    administrator = cairn.folder.administrator()
    asked = json.dumps({"access_key_id": administrator.access_key_id}).encode()
    answer = json_call(cairn, "TrentService.ListKeys", asked, target=path, keys=mallory).send()
    assert answer.status >= 400 or b"Keys" in answer.body
    assert administrator.secret_access_key.encode() not in answer.body


def test_nor_does_a_header_or_somebody_unknown(cairn: Cairn, mallory: Keys) -> None:
    administrator = cairn.folder.administrator()
    asked = json.dumps({"access_key_id": administrator.access_key_id}).encode()
    for name in ("x-cairn-question", "x_cairn_question", "X-Cairn_Question"):
        call = json_call(cairn, "TrentService.ListKeys", asked, keys=mallory)
        answer = call.put(name, "access_key").send()
        assert answer.status == 200 and administrator.secret_access_key.encode() not in answer.body
        cognito = [
            ("host", f"127.0.0.1:{cairn.port}"),
            ("x-amz-target", "AWSCognitoIdentityService.GetId"),
            ("content-type", "application/x-amz-json-1.1"),
            (name, "access_key"),
        ]
        answer = Forged(cairn, "POST", "/-cairn/access_key", cognito, asked).send()
        assert administrator.secret_access_key.encode() not in answer.body


@pytest.fixture(scope="module")
def buckets(cairn: Cairn) -> None:
    """One that everybody may read and write, and one that nobody else may."""
    s3 = cairn.client("s3")
    for name in ("open-paths", "closed-paths"):
        s3.create_bucket(Bucket=name)
        s3.put_object(Bucket=name, Key="a", Body=f"of {name}".encode())
    statement = {"Effect": "Allow", "Principal": "*", "Action": "s3:*Object", "Resource": "arn:aws:s3:::open-paths/*"}
    document = {"Version": "2012-10-17", "Statement": [statement]}
    s3.put_public_access_block(
        Bucket="open-paths",
        PublicAccessBlockConfiguration={"BlockPublicPolicy": False, "RestrictPublicBuckets": False},
    )
    s3.put_bucket_policy(Bucket="open-paths", Policy=json.dumps(document))


WAYS_OUT = (
    "/open-paths/../closed-paths/a",
    "/open-paths/%2e%2e/closed-paths/a",
    "/open-paths/%2E./closed-paths/a",
    "/open-paths/%2e%2e%2fclosed-paths%2fa",
    "/open-paths/..%2fclosed-paths/a",
    "/open-paths/%252e%252e/closed-paths/a",
    "/open-paths/b/../../closed-paths/a",
    "/open-paths/./../closed-paths/a",
    "/open-paths/..;/closed-paths/a",
    "/open-paths/..\\closed-paths\\a",
    "/open-paths//../closed-paths/a",
    "/open-paths%2f..%2fclosed-paths/a",
    "/open-paths/..%00/closed-paths/a",
    "/closed-paths/a%00",
    "//closed-paths/a",
    "/./closed-paths/a",
    "/closed-paths/./a",
    "/open-paths/../../../../../../../../etc/passwd",
)


@pytest.mark.parametrize("path", WAYS_OUT)
def test_no_path_leaves_its_bucket(cairn: Cairn, buckets: None, path: str) -> None:
    """For somebody unknown, who may do as they like in the bucket beside."""
    host = [("host", f"127.0.0.1:{cairn.port}")]
    for method, body in (("GET", b""), ("HEAD", b""), ("PUT", b"overwritten"), ("DELETE", b"")):
        answer = exchange(cairn, Forged(cairn, method, path, [*host, *framed(body)]).head + body, method)
        assert b"of closed-paths" not in answer.body
        assert b"root:" not in answer.body
        assert method in ("PUT", "DELETE") or answer.status >= 400
    s3 = cairn.client("s3")
    assert s3.get_object(Bucket="closed-paths", Key="a")["Body"].read() == b"of closed-paths"
    assert [found["Key"] for found in s3.list_objects_v2(Bucket="closed-paths")["Contents"]] == ["a"]


def framed(body: bytes) -> list[tuple[str, str]]:
    return [("content-length", str(len(body)))] if body else []


@pytest.mark.parametrize(
    "source", ["/open-paths/../closed-paths/a", "open-paths/%2e%2e/closed-paths/a", "closed-paths/a"]
)
def test_no_copy_leaves_a_bucket_either(cairn: Cairn, buckets: None, source: str) -> None:
    headers = [("host", f"127.0.0.1:{cairn.port}"), ("x-amz-copy-source", source)]
    answer = Forged(cairn, "PUT", "/open-paths/copied", headers).send()
    assert answer.status >= 400
    read = Forged(cairn, "GET", "/open-paths/copied", headers[:1]).send()
    assert b"of closed-paths" not in read.body


@pytest.mark.parametrize(
    "path", ["/open-paths/" + "a" * 1025, "/" + "a" * 60_000, "/open-paths/" + "a/" * 20_000, "/*"]
)
def test_a_path_that_is_too_long_is_nothing(cairn: Cairn, buckets: None, path: str) -> None:
    answer = Forged(cairn, "GET", path, [("host", f"127.0.0.1:{cairn.port}")]).send()
    assert 400 <= answer.status < 500


@pytest.mark.parametrize(
    "target", ["a", "http://other.example/open-paths/a", "other.example:443", "/\xff", "/a b", "*"]
)
def test_what_is_no_path_is_refused(cairn: Cairn, target: str) -> None:
    answer = Forged(cairn, "OPTIONS" if target == "*" else "GET", target, [("host", f"127.0.0.1:{cairn.port}")]).send()
    assert 400 <= answer.status < 500
