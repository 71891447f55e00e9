"""Which callers are let in, and as whom."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import pytest
from botocore.auth import HmacV1Auth, S3SigV4Auth, SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

from cairn.core.clock import SystemClock, TestClock
from cairn.core.config import Auth, Server, Settings, Size
from cairn.core.errors import AwsError
from cairn.core.records.identity import Identity, root
from cairn.core.state import State, metadata
from cairn.gateway.authenticate import Authenticator, Caller
from cairn.gateway.keys import AccessKey, KeyTable
from cairn.wire.http import Call, Headers, Request
from cairn.wire.identify import identify

ACCOUNT = "111122223333"
ALICE = Identity(type="IAMUser", account=ACCOUNT, principal_id="AIDA", user_name="alice", access_key_id="AKIAALICE")


@pytest.fixture
def now() -> TestClock:
    """A test clock at the present, since botocore signs with the machine's own."""
    return TestClock(SystemClock().now())


@pytest.fixture
def keys(tmp_path: Path, now: TestClock) -> Iterator[KeyTable]:
    state = State.in_folder(tmp_path)
    metadata.create_all(state.engine)
    keys = KeyTable(state, now, None)  # type: ignore[arg-type] # nothing here asks the directory
    keys.put(AccessKey("AKIAALICE", "secret", ALICE))
    keys.put(AccessKey("AKIAOFF", "secret", ALICE, active=False))
    keys.put(AccessKey("ASIALIVE", "secret", ALICE, "token", expires=now.now() + 600))
    yield keys
    state.close()


def signed(
    service: str, key_id: str, *, signer: Any = SigV4Auth, token: str = "", body: bytes = b"", secret: str = "secret"
) -> Call:
    request = AWSRequest("POST" if body else "GET", "http://localhost:4590/", data=body or None)
    if service not in ("s3", "lambda"):
        request.headers["Content-Type"] = "application/x-www-form-urlencoded"
    arguments = () if signer is HmacV1Auth else (service, "us-east-1")
    signer(Credentials(key_id, secret, token or None), *arguments).add_auth(request)
    return received(request.headers.items(), body, method=request.method)


def received(headers: Any, body: bytes = b"", method: str = "GET", path: str = "/") -> Call:
    async def pieces() -> AsyncIterator[bytes]:
        for at in range(0, len(body), 3):
            yield body[at : at + 3]

    fields = Headers([("Host", "localhost:4590"), *headers])
    fields.set("host", "localhost:4590")
    return identify(Request(method, path, "", fields, pieces()), body, domains=("localhost",))


def authenticate(keys: KeyTable, clock: TestClock, call: Call, mode: Any = "verify", limit: int = 1000) -> Caller:
    settings = Settings(auth=Auth(mode=mode), server=Server(body_bytes_max=Size(limit)))
    return asyncio.run(Authenticator(settings, keys, clock).authenticate(call))


def refusal(keys: KeyTable, clock: TestClock, call: Call, **arguments: Any) -> tuple[str, int]:
    with pytest.raises(AwsError) as refused:
        authenticate(keys, clock, call, **arguments)
    return refused.value.code, refused.value.status


def test_a_known_key(keys: KeyTable, now: TestClock) -> None:
    body = b"Action=GetCallerIdentity&Version=2011-06-15"
    caller = authenticate(keys, now, signed("sts", "AKIAALICE", body=body))
    assert (caller.identity, caller.account, caller.body, caller.length) == (ALICE, ACCOUNT, body, len(body))
    assert (caller.method, caller.version) == ("AuthHeader", "SigV4")
    assert authenticate(keys, now, signed("s3", "AKIAALICE", signer=HmacV1Auth)).version == "SigV2"
    assert authenticate(keys, now, signed("s3", "ASIALIVE", signer=S3SigV4Auth, token="token")).account == ACCOUNT


@pytest.mark.parametrize(
    ("key_id", "token", "s3", "sts", "lambda_"),
    [
        ("AKIANOBODY", "", "InvalidAccessKeyId", "InvalidClientTokenId", "UnrecognizedClientException"),
        ("AKIAOFF", "", "InvalidAccessKeyId", "InvalidClientTokenId", "UnrecognizedClientException"),
        ("ASIALIVE", "", "InvalidAccessKeyId", "InvalidClientTokenId", "UnrecognizedClientException"),
        ("ASIALIVE", "other", "InvalidToken", "InvalidClientTokenId", "UnrecognizedClientException"),
        ("AKIAALICE", "token", "InvalidToken", "InvalidClientTokenId", "UnrecognizedClientException"),
    ],
)
def test_keys_that_do_not_work(
    keys: KeyTable, now: TestClock, key_id: str, token: str, s3: str, sts: str, lambda_: str
) -> None:
    for service, code in (("s3", s3), ("sts", sts), ("lambda", lambda_)):
        signer = S3SigV4Auth if service == "s3" else SigV4Auth
        call = signed(service, key_id, signer=signer, token=token)
        assert refusal(keys, now, call)[0] == code


def test_an_expired_session(keys: KeyTable, now: TestClock) -> None:
    now.advance(601)
    for service, code, status in (("s3", "ExpiredToken", 400), ("sts", "ExpiredToken", 403)):
        call = signed(service, "ASIALIVE", signer=S3SigV4Auth, token="token")
        assert refusal(keys, now, call) == (code, status)


def test_a_request_from_another_time(keys: KeyTable, now: TestClock) -> None:
    call = signed("s3", "AKIAALICE", signer=S3SigV4Auth)
    now.advance(901)
    assert refusal(keys, now, call) == ("RequestTimeTooSkewed", 403)


def test_another_body_than_was_signed(keys: KeyTable, now: TestClock) -> None:
    call = signed("sts", "AKIAALICE", body=b"Action=GetCallerIdentity&Version=2011-06-15")
    other = received(call.request.headers, b"Action=GetSessionToken&Version=2011-06-15", method="POST")
    assert refusal(keys, now, other) == ("SignatureDoesNotMatch", 403)
    declared = signed("sts", "AKIAALICE", signer=S3SigV4Auth, body=b"Action=GetCallerIdentity&Version=2011-06-15")
    other = received(declared.request.headers, b"Action=GetSessionToken&Version=2011-06-15", method="POST")
    assert refusal(keys, now, other) == ("SignatureDoesNotMatch", 403)


def test_a_body_that_is_too_large(keys: KeyTable, now: TestClock) -> None:
    call = signed("sts", "AKIAALICE", body=b"Action=GetCallerIdentity&x=" + b"x" * 1000)
    assert refusal(keys, now, call) == ("RequestEntityTooLargeException", 413)


def test_unsigned_calls(keys: KeyTable, now: TestClock) -> None:
    for mode in ("verify", "trust"):
        caller = authenticate(keys, now, received([]), mode=mode)
        assert caller.identity.record() == {"type": "AWSAccount", "principalId": "", "accountId": "anonymous"}
        assert (caller.account, caller.method) == ("000000000000", "")
    form = [("Content-Type", "application/x-www-form-urlencoded")]
    web = received(form, b"Action=AssumeRoleWithWebIdentity&Version=2011-06-15", method="POST")
    assert authenticate(keys, now, web).identity.record() == {"type": "Unknown"}
    cognito = [("X-Amz-Target", "AWSCognitoIdentityService.GetId"), ("Content-Type", "application/x-amz-json-1.1")]
    assert authenticate(keys, now, received(cognito, b"{}", method="POST")).identity.record() == {"type": "Unknown"}


def test_a_form_upload_without_a_policy_is_anonymous(keys: KeyTable, now: TestClock) -> None:
    kind = [("Content-Type", "multipart/form-data; boundary=x")]
    body = (
        b'--x\r\nContent-Disposition: form-data; name="key"\r\n\r\na/${filename}\r\n'
        b'--x\r\nContent-Disposition: form-data; name="file"; filename="b c"\r\n\r\nhello\r\n--x--'
    )
    for mode in ("verify", "trust"):
        call = received(kind, body, method="POST", path="/bucket")
        assert call.operation == "PostObject"
        caller = authenticate(keys, now, call, mode=mode)
        assert (caller.identity.account, caller.method, caller.length) == ("anonymous", "", 5)
        assert (call.request.method, call.request.path) == ("PUT", "/bucket/a/b%20c")
    empty = received(kind, b"--x--", method="POST", path="/bucket")
    assert refusal(keys, now, empty) == ("InvalidArgument", 400)


@pytest.mark.parametrize(
    ("headers", "body", "code", "status"),
    [
        (
            [("Content-Type", "application/x-www-form-urlencoded")],
            b"Action=ListUsers&Version=2010-05-08",
            "MissingAuthenticationToken",
            403,
        ),
        ([("X-Amz-Target", "DynamoDB_20120810.ListTables")], b"{}", "MissingAuthenticationTokenException", 400),
    ],
)
def test_calls_that_must_be_signed(
    keys: KeyTable, now: TestClock, headers: Any, body: bytes, code: str, status: int
) -> None:
    assert refusal(keys, now, received(headers, body, method="POST")) == (code, status)
    trusted = authenticate(keys, now, received(headers, body, method="POST"), mode="trust")
    assert trusted.identity == root("000000000000")


@pytest.mark.parametrize("key_id", ["anything", "123456789012"])
@pytest.mark.parametrize("service", ["s3", "sts"])
def test_trust_takes_any_key(keys: KeyTable, now: TestClock, key_id: str, service: str) -> None:
    call = signed(service, key_id, signer=S3SigV4Auth, secret="whatever")
    now.advance(1e6)
    caller = authenticate(keys, now, call, mode="trust")
    assert caller.identity == root(key_id if key_id.isdigit() else "000000000000", key_id)
    assert (caller.method, caller.version) == ("AuthHeader", "SigV4")


def test_trust_knows_those_it_knows(keys: KeyTable, now: TestClock) -> None:
    assert authenticate(keys, now, signed("sts", "AKIAALICE", secret="wrong"), mode="trust").identity == ALICE
    assert refusal(keys, now, signed("sts", "AKIAOFF"), mode="trust")[0] == "InvalidClientTokenId"
    now.advance(601)
    call = signed("sts", "ASIALIVE", token="token")
    assert refusal(keys, now, call, mode="trust")[0] == "ExpiredToken"


def test_trust_takes_malformed_signatures(keys: KeyTable, now: TestClock) -> None:
    for header in ("AWS4-HMAC-SHA256 Credential=AKIAALICE/20200101/us-east-1/s3/aws4_request", "AWS AKIAALICE:x"):
        assert authenticate(keys, now, received([("Authorization", header)]), mode="trust").identity == ALICE
