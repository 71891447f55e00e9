"""SigV4 against botocore's signers: what they sign holds, and nothing that was changed afterwards does."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any
from urllib.parse import quote

import pytest
from botocore.auth import S3SigV4Auth, S3SigV4QueryAuth, SigV4Auth, SigV4QueryAuth
from botocore.crt.auth import CrtS3SigV4Auth, CrtS3SigV4QueryAuth, CrtSigV4Auth, CrtSigV4QueryAuth
from hypothesis import given, settings
from hypothesis import strategies as st

from cairn.core.errors import AwsError
from cairn.wire.http import Headers, Request
from cairn.wire.refusals import Dialect, dialect_of
from cairn.wire.sigv4 import Claim, Proof, read
from cairn.wire.sigv4_fields import UNSIGNED_PAYLOAD

SKEW = 900.0

text = st.text(st.characters(blacklist_categories=("Cs", "Cc")), max_size=12)
segments = st.lists(text | st.sampled_from(["", ".", "..", "a b", "a+b", "%", "ü", "a=b&c", "~x", "*"]), max_size=5)
pairs = st.lists(st.tuples(text.filter(bool), text), max_size=5)
repeated = st.lists(st.sampled_from([("a", "2"), ("a", "1"), ("a", ""), ("A", "x y"), ("a+b", "+")]), max_size=4)
header_value = st.text(
    st.characters(min_codepoint=33, max_codepoint=0x2FF, blacklist_categories=("Cc", "Cs", "Zs")),
    min_size=1,
    max_size=9,
)
extra_headers = st.lists(st.tuples(st.sampled_from(["X-Amz-Meta-A", "X-Amz-Meta-B", "Content-Type"]), header_value))


def prove(
    request: Request, client: SimpleNamespace, dialect: Dialect, body: bytes = b"", secret: str = ""
) -> tuple[Claim, Proof]:
    claim = read(request, dialect, now=client.sent_at(request), skew=SKEW)
    assert claim is not None
    return claim, claim.verify(request, secret or client.secret, hashlib.sha256(body).hexdigest())


def url_of(parts: list[str], query: list[tuple[str, str]]) -> str:
    path = "/" + "/".join(quote(part, safe="-_.~") for part in parts)
    text = "&".join(f"{quote(name, safe='-_.~')}={quote(value, safe='-_.~')}" for name, value in query)
    return f"http://localhost:4590{path}{'?' + text if text else ''}"


@settings(max_examples=150, deadline=None)
@given(
    parts=segments,
    query=pairs | repeated,
    headers=extra_headers,
    body=st.binary(max_size=20),
    s3=st.booleans(),
    native=st.booleans(),
)
def test_what_botocore_signs_holds(
    botocore_client: SimpleNamespace,
    parts: list[str],
    query: list[tuple[str, str]],
    headers: list[tuple[str, str]],
    body: bytes,
    s3: bool,
    native: bool,
) -> None:
    """By botocore's own signer, and by AWS's native one, which is another implementation."""
    signer = (CrtS3SigV4Auth if s3 else CrtSigV4Auth) if native else (S3SigV4Auth if s3 else SigV4Auth)
    request = botocore_client.signed(
        signer,
        "PUT",
        url_of(parts, query),
        headers,
        body,
        service_name="s3" if s3 else "lambda",
        region_name="eu-west-1",
    )
    claim, _ = prove(request, botocore_client, Dialect.S3 if s3 else Dialect.REST_JSON, body)
    assert (claim.key_id, claim.region, claim.method, claim.version) == (
        botocore_client.key,
        "eu-west-1",
        "AuthHeader",
        "SigV4",
    )
    assert claim.payload == (hashlib.sha256(body).hexdigest() if s3 else "")


@settings(max_examples=100, deadline=None)
@given(
    parts=segments,
    query=st.dictionaries(text.filter(bool), text, max_size=4),
    s3=st.booleans(),
    token=st.booleans(),
    native=st.booleans(),
)
def test_urls_that_botocore_presigns_hold(
    botocore_client: SimpleNamespace, parts: list[str], query: dict[str, str], s3: bool, token: bool, native: bool
) -> None:
    signer = (
        (CrtS3SigV4QueryAuth if s3 else CrtSigV4QueryAuth) if native else (S3SigV4QueryAuth if s3 else SigV4QueryAuth)
    )
    request = botocore_client.signed(
        signer,
        "GET",
        url_of(parts, list(query.items())),
        token="T+/=" if token else "",
        service_name="s3" if s3 else "sts",
        region_name="us-east-1",
        expires=60,
    )
    claim, _ = prove(request, botocore_client, Dialect.S3 if s3 else Dialect.QUERY)
    assert (claim.presigned, claim.method, claim.token) == (True, "QueryString", "T+/=" if token else "")
    assert claim.payload == (UNSIGNED_PAYLOAD if s3 else "")


def test_clients_that_encode_otherwise_than_they_sign(botocore_client: SimpleNamespace) -> None:
    """A signer saw the canonical form, its HTTP library sent fewer escapes."""
    request = botocore_client.signed(
        S3SigV4Auth, "GET", "http://h/b/a%3Ab%28c%29?x=a%20b&y=%2F", service_name="s3", region_name="us-east-1"
    )
    request.path, request.query = "/b/a:b(c)", "x=a+b&y=/"
    prove(request, botocore_client, Dialect.S3)
    request.path = "/b/a:b(d)"
    with pytest.raises(AwsError, match="SignatureDoesNotMatch"):
        prove(request, botocore_client, Dialect.S3)


def test_an_encoded_slash_is_not_a_slash_outside_s3(botocore_client: SimpleNamespace) -> None:
    request = botocore_client.signed(
        SigV4Auth, "GET", "http://h/functions/a/code", service_name="lambda", region_name="us-east-1"
    )
    request.path = "/functions/a%2Fcode"
    with pytest.raises(AwsError, match="InvalidSignatureException"):
        prove(request, botocore_client, Dialect.REST_JSON)


def _replace(name: str, change: Callable[[str], str]) -> Callable[[Request], None]:
    return lambda request: request.headers.set(name, change(request.headers.get(name)))


TAMPERINGS: dict[str, Callable[[Request], None]] = {
    "method": lambda request: setattr(request, "method", "DELETE"),
    "path": lambda request: setattr(request, "path", request.path + "x"),
    "query value": lambda request: setattr(request, "query", request.query.replace("a=1", "a=2")),
    "query added": lambda request: setattr(request, "query", request.query + "&acl"),
    "query dropped": lambda request: setattr(request, "query", ""),
    "host": _replace("host", lambda _: "elsewhere"),
    "signed header": _replace("x-amz-acl", lambda _: "public-read"),
    "signed header twice": lambda request: request.headers.add("x-amz-acl", "public-read"),
    "body hash": _replace("x-amz-content-sha256", lambda _: "0" * 64),
    "unsigned payload": _replace("x-amz-content-sha256", lambda _: UNSIGNED_PAYLOAD),
    "token": _replace("x-amz-security-token", lambda _: "another"),
    "date": _replace("x-amz-date", lambda date: date[:-2] + ("1Z" if date[-2] == "0" else "0Z")),
    "region": _replace("authorization", lambda value: value.replace("us-east-1", "us-east-2")),
    "signature": _replace("authorization", lambda value: value[:-1] + ("0" if value[-1] != "0" else "1")),
    "no signature at all": _replace("authorization", lambda value: value.rpartition("=")[0] + "=" + "0" * 64),
    "a letter that is no ASCII": _replace("authorization", lambda value: value[:-1] + "é"),
}


@pytest.mark.parametrize("tampering", TAMPERINGS)
def test_nothing_may_be_changed_under_way(botocore_client: SimpleNamespace, tampering: str) -> None:
    request = botocore_client.signed(
        S3SigV4Auth,
        "PUT",
        "http://localhost:4590/bucket/key?a=1",
        [("X-Amz-Acl", "private")],
        b"body",
        token="token",
        service_name="s3",
        region_name="us-east-1",
    )
    prove(request, botocore_client, Dialect.S3)
    TAMPERINGS[tampering](request)
    with pytest.raises(AwsError) as refused:
        prove(request, botocore_client, Dialect.S3)
    assert (refused.value.code, refused.value.status) == ("SignatureDoesNotMatch", 403)
    assert "CanonicalRequest" in refused.value.members


@pytest.mark.parametrize(
    "change",
    [
        lambda query: query.replace("X-Amz-Expires=60", "X-Amz-Expires=600"),
        lambda query: query + "&versionId=1",
        lambda query: query.replace("X-Amz-SignedHeaders=host", "X-Amz-SignedHeaders=host%3Brange"),
        lambda query: query.replace("X-Amz-Security-Token=T1", "X-Amz-Security-Token=T2"),
    ],
)
def test_nothing_of_a_presigned_url_may_be_changed(
    botocore_client: SimpleNamespace, change: Callable[[str], str]
) -> None:
    request = botocore_client.signed(
        S3SigV4QueryAuth, "GET", "http://h/b/k", token="T1", service_name="s3", region_name="us-east-1", expires=60
    )
    request.query = change(request.query)
    with pytest.raises(AwsError, match="SignatureDoesNotMatch"):
        prove(request, botocore_client, Dialect.S3)


@pytest.mark.parametrize(
    ("dialect", "code", "status"),
    [
        (Dialect.S3, "SignatureDoesNotMatch", 403),
        (Dialect.QUERY, "SignatureDoesNotMatch", 403),
        (Dialect.EC2, "AuthFailure", 401),
        (Dialect.JSON, "InvalidSignatureException", 400),
        (Dialect.REST_JSON, "InvalidSignatureException", 403),
    ],
)
def test_each_family_has_its_words(botocore_client: SimpleNamespace, dialect: Dialect, code: str, status: int) -> None:
    request = botocore_client.signed(S3SigV4Auth, "GET", "http://h/", service_name="x", region_name="us-east-1")
    with pytest.raises(AwsError) as refused:
        prove(request, botocore_client, dialect, secret="wrong")
    assert (refused.value.code, refused.value.status) == (code, status)


@pytest.mark.parametrize(
    ("dialect", "code"),
    [
        (Dialect.S3, "RequestTimeTooSkewed"),
        (Dialect.QUERY, "SignatureDoesNotMatch"),
        (Dialect.EC2, "RequestExpired"),
        (Dialect.JSON, "InvalidSignatureException"),
    ],
)
def test_a_request_is_good_for_fifteen_minutes(botocore_client: SimpleNamespace, dialect: Dialect, code: str) -> None:
    request = botocore_client.signed(S3SigV4Auth, "GET", "http://h/", service_name="x", region_name="us-east-1")
    at = botocore_client.sent_at(request)
    for now in (at - SKEW, at + SKEW):
        assert read(request, dialect, now=now, skew=SKEW)
    for now in (at - SKEW - 1, at + SKEW + 1):
        with pytest.raises(AwsError) as refused:
            read(request, dialect, now=now, skew=SKEW)
        assert refused.value.code == code


def test_a_presigned_url_ends(botocore_client: SimpleNamespace) -> None:
    request = botocore_client.signed(
        S3SigV4QueryAuth, "GET", "http://h/b/k", service_name="s3", region_name="us-east-1", expires=3600
    )
    at = botocore_client.sent_at(request)
    assert read(request, Dialect.S3, now=at + 3600, skew=SKEW)
    with pytest.raises(AwsError, match="Request has expired") as refused:
        read(request, Dialect.S3, now=at + 3601, skew=SKEW)
    assert (refused.value.code, refused.value.status) == ("AccessDenied", 403)
    with pytest.raises(AwsError, match="not valid yet"):
        read(request, Dialect.S3, now=at - SKEW - 1, skew=SKEW)


@pytest.mark.parametrize(
    ("expires", "words"),
    [
        ("604801", "less than a week"),
        ("0", "non-negative"),
        ("-1", "non-negative"),
        ("1h", "a number"),
        ("", "requires"),
    ],
)
def test_how_long_a_url_may_live(botocore_client: SimpleNamespace, expires: str, words: str) -> None:
    request = botocore_client.signed(
        S3SigV4QueryAuth, "GET", "http://h/b/k", service_name="s3", region_name="us-east-1", expires=60
    )
    at = botocore_client.sent_at(request)
    request.query = request.query.replace("X-Amz-Expires=60", f"X-Amz-Expires={expires}")
    with pytest.raises(AwsError, match=words) as refused:
        read(request, Dialect.S3, now=at, skew=SKEW)
    assert (refused.value.code, refused.value.status) == ("AuthorizationQueryParametersError", 400)


def _signed_headers(names: str) -> Callable[[Request], None]:
    return _replace("authorization", lambda value: _between(value, "SignedHeaders=", names))


def _credential(credential: str) -> Callable[[Request], None]:
    return _replace("authorization", lambda value: _between(value, "Credential=", credential))


def _between(value: str, start: str, new: str) -> str:
    head, _, rest = value.partition(start)
    return f"{head}{start}{new}{',' + rest.partition(',')[2] if ',' in rest else ''}"


MALFORMED: dict[str, tuple[Callable[[Request], None], str, str]] = {
    "host unsigned": (_signed_headers("x-amz-content-sha256;x-amz-date"), "AccessDenied", "InvalidSignatureException"),
    "x-amz- unsigned": (
        lambda request: request.headers.add("x-amz-copy-source", "/b/k"),
        "AccessDenied",
        "InvalidSignatureException",
    ),
    "names out of order": (
        _signed_headers("x-amz-date;x-amz-content-sha256;host"),
        "AuthorizationHeaderMalformed",
        "IncompleteSignatureException",
    ),
    "four parts": (_credential("AKIA/20200101/s3/aws4_request"), "AuthorizationHeaderMalformed", "IncompleteSignature"),
    "another end": (_credential("AKIA/20200101/r/s3/aws3"), "AuthorizationHeaderMalformed", "IncompleteSignature"),
    "another day": (_credential("AKIA/20200101/r/s3/aws4_request"), "AuthorizationHeaderMalformed", "InvalidSignature"),
    "no credential": (_credential(""), "AuthorizationHeaderMalformed", "IncompleteSignatureException"),
    "SigV4A": (
        _replace("authorization", lambda value: value.replace("AWS4-HMAC-SHA256", "AWS4-ECDSA-P256-SHA256")),
        "InvalidRequest",
        "IncompleteSignatureException",
    ),
    "two dates": (
        lambda request: request.headers.add("x-amz-date", request.headers.get("x-amz-date")),
        "AuthorizationHeaderMalformed",
        "IncompleteSignatureException",
    ),
    "no date": (lambda request: request.headers.remove("x-amz-date"), "AccessDenied", "IncompleteSignatureException"),
    "odd date": (_replace("x-amz-date", lambda _: "20231301T000000Z"), "AccessDenied", "IncompleteSignatureException"),
    "signed twice": (
        lambda request: setattr(request, "query", "X-Amz-Signature=00"),
        "InvalidArgument",
        "IncompleteSignatureException",
    ),
    "payload hash": (_replace("x-amz-content-sha256", lambda _: "abc"), "InvalidArgument", "InvalidSignature"),
}


@pytest.mark.parametrize("case", MALFORMED)
def test_what_cannot_be_a_signature_is_named(botocore_client: SimpleNamespace, case: str) -> None:
    change, s3_code, json_code = MALFORMED[case]
    for dialect, code in ((Dialect.S3, s3_code), (Dialect.JSON, json_code)):
        request = botocore_client.signed(S3SigV4Auth, "GET", "http://h/", service_name="s3", region_name="us-east-1")
        at = botocore_client.sent_at(request)
        change(request)
        with pytest.raises(AwsError) as refused:
            read(request, dialect, now=at, skew=SKEW)
        assert refused.value.code.startswith(code)


def test_s3_wants_the_hash_of_the_body(botocore_client: SimpleNamespace) -> None:
    request = botocore_client.signed(SigV4Auth, "GET", "http://h/", service_name="s3", region_name="us-east-1")
    with pytest.raises(AwsError, match="x-amz-content-sha256"):
        read(request, Dialect.S3, now=botocore_client.sent_at(request), skew=SKEW)


def test_the_date_may_stand_in_its_http_header(botocore_client: SimpleNamespace) -> None:
    request = botocore_client.signed(
        SigV4Auth, "GET", "http://h/", [("Date", "now")], service_name="iam", region_name="us-east-1"
    )
    assert "x-amz-date" not in request.headers
    from email.utils import parsedate_to_datetime

    at = parsedate_to_datetime(request.headers.get("date")).timestamp()
    claim = read(request, Dialect.QUERY, now=at, skew=SKEW)
    assert claim is not None
    claim.verify(request, botocore_client.secret, hashlib.sha256(b"").hexdigest())


def test_no_signature_is_no_claim() -> None:
    for headers in ([], [("authorization", "Bearer x")], [("authorization", "AWS a:b")]):
        assert read(Request("GET", "/", "", Headers(headers), aiter_none()), Dialect.S3, now=0, skew=1) is None


@given(st.text(max_size=200), st.text(max_size=200))
def test_garbage_never_surprises(header: str, query: str) -> None:
    for dialect in Dialect:
        headers = Headers([("authorization", f"AWS4-HMAC-SHA256 {header}"), ("x-amz-date", "20231114T221320Z")])
        for request in (
            Request("GET", "/", "", headers, aiter_none()),
            Request("GET", "/", f"X-Amz-Algorithm=AWS4-HMAC-SHA256&{query}", Headers(), aiter_none()),
        ):
            with pytest.raises(AwsError):
                read(request, dialect, now=1_700_000_000, skew=SKEW)


def test_which_family_a_service_is_of() -> None:
    assert dialect_of("s3control", "rest-xml") is Dialect.S3
    assert dialect_of("route53", "rest-xml") is Dialect.QUERY
    assert dialect_of("ec2", "ec2") is Dialect.EC2
    assert dialect_of("cloudwatch", "smithy-rpc-v2-cbor") is Dialect.JSON
    assert dialect_of("lambda", "rest-json") is Dialect.REST_JSON


async def aiter_none() -> Any:
    return
    yield b""
