"""Signatures that are forged, changed under way, out of time, or somebody else's."""

from __future__ import annotations

import time
from collections.abc import Callable

import pytest
from tests.contract.looking import Journaled
from tests.running import Cairn
from tests.threats.conftest import Keys
from tests.threats.raw import FORM, Forged, form, signed

pytestmark = pytest.mark.engine

CREATE = b"Action=CreateUser&Version=2010-05-08&UserName=forged"
MISMATCH, INCOMPLETE = "SignatureDoesNotMatch", "IncompleteSignature"


def authorization(call: Forged, old: str, new: str) -> Forged:
    return call.put("authorization", call.get("authorization").replace(old, new, 1))


def body(call: Forged) -> Forged:
    call.body = call.body.replace(b"forged", b"FORGED")
    return call


def again(call: Forged, name: str, value: str) -> Forged:
    call.headers.append((name, value))
    return call


TAMPERINGS: dict[str, tuple[Callable[[Forged], Forged], str]] = {
    "body": (body, MISMATCH),
    "query": (lambda call: setattr(call, "target", "/?Marker=x") or call, MISMATCH),
    "path": (lambda call: setattr(call, "target", "/other") or call, MISMATCH),
    "method": (lambda call: setattr(call, "method", "PUT") or call, MISMATCH),
    "host": (lambda call: call.put("host", "iam.amazonaws.com"), MISMATCH),
    "signature": (lambda call: authorization(call, "Signature=", "Signature=0"), MISMATCH),
    "no signature": (lambda call: authorization(call, "Signature=", "Signed="), INCOMPLETE),
    "another region": (lambda call: authorization(call, "us-east-1", "eu-west-1"), MISMATCH),
    "another day": (lambda call: authorization(call, f"/{time.strftime('%Y', time.gmtime())}", "/1999"), MISMATCH),
    "another ending": (lambda call: authorization(call, "aws4_request", "aws5_request"), INCOMPLETE),
    "fewer headers": (lambda call: authorization(call, "host;", ""), MISMATCH),
    "a header twice": (lambda call: again(call, "x-amz-date", call.get("x-amz-date")), INCOMPLETE),
    "a header more": (lambda call: again(call, "x-amz-security-token", "x"), MISMATCH),
    "no date": (lambda call: call.without("x-amz-date"), MISMATCH),
    "two signatures": (lambda call: again(call, "authorization", call.get("authorization")), INCOMPLETE),
    "another algorithm": (lambda call: authorization(call, "AWS4-HMAC-SHA256", "AWS4-HMAC-SHA1"), INCOMPLETE),
    "none": (lambda call: call.without("authorization"), "MissingAuthenticationToken"),
}


def users(cairn: Cairn) -> set[str]:
    return {user["UserName"].lower() for user in cairn.client("iam").list_users()["Users"]}


@pytest.mark.parametrize("way", TAMPERINGS)
def test_what_was_signed_may_not_be_changed(cairn: Cairn, recorded: Journaled, way: str) -> None:
    tamper, code = TAMPERINGS[way]
    answer = tamper(form(cairn, CREATE)).send()
    assert (answer.status >= 400, answer.code) in ((True, code), (True, INCOMPLETE), (True, MISMATCH))
    record = recorded.of(answer.request_id)
    assert record["errorCode"] == answer.code
    assert "userName" not in record["userIdentity"]  # nobody has proven to be anybody
    assert "forged" not in users(cairn)


@pytest.mark.parametrize("minutes", [-16, 16, -60 * 24, 60 * 24 * 365])
def test_a_request_of_another_time_is_refused(cairn: Cairn, recorded: Journaled, minutes: int) -> None:
    """A replay as much as a clock that is wrong, in either direction."""
    at = time.time() + 60 * minutes
    answer = form(cairn, CREATE, at=at).send()
    assert answer.code == MISMATCH
    assert recorded.of(answer.request_id)["errorCode"] == MISMATCH
    s3 = signed(cairn, "PUT", "/forged-bucket", service="s3", at=at).send()
    assert s3.code == "RequestTimeTooSkewed"
    assert recorded.of(s3.request_id)["errorCode"] == "RequestTimeTooSkewed"
    assert "forged" not in users(cairn)
    assert "forged-bucket" not in {bucket["Name"] for bucket in cairn.client("s3").list_buckets()["Buckets"]}


@pytest.mark.parametrize("minutes", [-14, 14])
def test_one_that_is_a_little_off_is_not(cairn: Cairn, minutes: int) -> None:
    assert form(cairn, b"Action=ListRoles&Version=2010-05-08", at=time.time() + 60 * minutes).send().status == 200


@pytest.mark.parametrize(
    ("keys", "code"),
    [
        (("AKIAIOSFODNN7EXAMPLE", "x"), "InvalidClientTokenId"),
        (("000000000000", "x"), "InvalidClientTokenId"),
        (("../../etc/passwd", "x"), "InvalidClientTokenId"),
        (("' OR 1=1 --", "x"), "InvalidClientTokenId"),
    ],
)
def test_a_key_that_nobody_has(cairn: Cairn, recorded: Journaled, keys: Keys, code: str) -> None:
    answer = form(cairn, CREATE, keys=keys).send()
    assert answer.code == code
    assert recorded.of(answer.request_id)["userIdentity"]["accessKeyId"] == keys[0]
    assert "forged" not in users(cairn)


@pytest.mark.parametrize("service", ["sts", "kms", "s3", "nothing"])
def test_a_signature_for_one_service_is_none_for_another(cairn: Cairn, mallory: Keys, service: str) -> None:
    call = signed(cairn, "POST", "/", CREATE, service=service, headers=[("content-type", FORM)], keys=mallory)
    assert call.send().status >= 400
    assert "forged" not in users(cairn)
