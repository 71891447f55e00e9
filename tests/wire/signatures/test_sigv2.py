"""S3's older signature against botocore's signers."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any
from urllib.parse import quote

import pytest
from botocore.auth import HmacV1Auth, HmacV1QueryAuth
from hypothesis import given, settings
from hypothesis import strategies as st

from cairn.core.clock import SystemClock
from cairn.core.errors import AwsError
from cairn.wire.http import Request
from cairn.wire.sigv2 import Claim, read

now = SystemClock().now
"""What botocore signs with, whenever a test runs."""
SKEW = 900.0

queries = st.lists(
    st.sampled_from(["acl", "versionId=a%2Fb", "response-content-type=text%2Fplain", "prefix=x", "uploads", "a=1"]),
    unique=True,
)
keys = st.text(st.characters(blacklist_categories=("Cs", "Cc")), max_size=12)
headers = st.lists(
    st.sampled_from([("x-amz-meta-b", "2"), ("x-amz-acl", "private"), ("Content-Type", "a/b"), ("Content-MD5", "x==")]),
    unique=True,
)


def prove(request: Request, client: SimpleNamespace, host_bucket: str = "") -> Claim:
    claim = read(request, now=now(), skew=SKEW, host_bucket=host_bucket)
    assert claim is not None
    claim.verify(request, client.secret)
    return claim


@settings(deadline=None)
@given(key=keys, query=queries, headers=headers, presigned=st.booleans(), token=st.booleans())
def test_what_botocore_signs_holds(
    botocore_client: SimpleNamespace,
    key: str,
    query: list[str],
    headers: list[tuple[str, str]],
    presigned: bool,
    token: bool,
) -> None:
    url = f"http://localhost:4590/bucket/{quote(key, safe='-_.~/')}{'?' + '&'.join(query) if query else ''}"
    arguments: dict[str, Any] = {"expires": 60} if presigned else {}
    signer = HmacV1QueryAuth if presigned else HmacV1Auth
    request = botocore_client.signed(signer, "PUT", url, headers, token="T+/" if token else "", **arguments)
    if presigned:  # what the signer covered is now in the query; the client sends none of it as headers
        request.headers.remove(
            "date", "x-amz-meta-b", "x-amz-acl", "content-type", "content-md5", "x-amz-security-token"
        )
    claim = prove(request, botocore_client)
    assert (claim.key_id, claim.token) == (botocore_client.key, "T+/" if token else "")
    assert (claim.method, claim.version) == ("QueryString" if presigned else "AuthHeader", "SigV2")


def test_a_bucket_in_the_host_is_signed_as_path(botocore_client: SimpleNamespace) -> None:
    request = botocore_client.signed(HmacV1QueryAuth, "GET", "http://h/bucket/key", expires=60)
    request.path = "/key"
    prove(request, botocore_client, host_bucket="bucket")
    with pytest.raises(AwsError, match="SignatureDoesNotMatch"):
        prove(request, botocore_client, host_bucket="other")


def test_botocore_signs_a_bucket_with_a_slash(botocore_client: SimpleNamespace) -> None:
    for path in ("/bucket", "/bucket/"):
        request = botocore_client.signed(HmacV1QueryAuth, "GET", f"http://h{path}?location", expires=60)
        request.path = "/bucket"
        prove(request, botocore_client)
    request = botocore_client.signed(HmacV1QueryAuth, "GET", "http://h/bucket/key/", expires=60)
    request.path = "/bucket/key"
    with pytest.raises(AwsError, match="SignatureDoesNotMatch"):
        prove(request, botocore_client)


@pytest.mark.parametrize("change", ["path", "sub-resource", "expires", "amz header"])
def test_nothing_that_is_signed_may_be_changed(botocore_client: SimpleNamespace, change: str) -> None:
    request = botocore_client.signed(HmacV1QueryAuth, "GET", "http://h/bucket/key", expires=60)
    prove(request, botocore_client)
    match change:
        case "path":
            request.path += "2"
        case "sub-resource":
            request.query += "&acl"
        case "expires":
            request.query = request.query.replace("Expires=", "Expires=1")
        case "amz header":
            request.headers.add("x-amz-acl", "public-read")
    with pytest.raises(AwsError, match="SignatureDoesNotMatch"):
        prove(request, botocore_client)


def test_a_url_ends_and_a_header_must_be_on_time(botocore_client: SimpleNamespace) -> None:
    url = botocore_client.signed(HmacV1QueryAuth, "GET", "http://h/bucket/key", expires=60)
    with pytest.raises(AwsError, match="Request has expired"):
        read(url, now=now() + 3600, skew=SKEW)
    header = botocore_client.signed(HmacV1Auth, "GET", "http://h/bucket/key")
    with pytest.raises(AwsError, match="RequestTimeTooSkewed"):
        read(header, now=now() + 3600, skew=SKEW)


@pytest.mark.parametrize("query", ["AWSAccessKeyId=a&Signature=b", "AWSAccessKeyId=a&Signature=b&Expires=soon"])
def test_a_url_without_an_end_is_refused(botocore_client: SimpleNamespace, query: str) -> None:
    with pytest.raises(AwsError, match="AccessDenied"):
        read(botocore_client.received("GET", f"http://h/b/k?{query}", []), now=now(), skew=SKEW)


@pytest.mark.parametrize("header", ["AWS nobody", "AWS :x", "AWS a:"])
def test_a_malformed_header_is_refused(botocore_client: SimpleNamespace, header: str) -> None:
    request = botocore_client.received("GET", "http://h/b/k", [("Authorization", header)])
    with pytest.raises(AwsError, match="InvalidArgument"):
        read(request, now=now(), skew=SKEW)


@given(st.text(max_size=60), st.text(max_size=60))
def test_garbage_never_surprises(botocore_client: SimpleNamespace, header: str, query: str) -> None:
    for text in (header, f"AWS {header}"):
        request = botocore_client.received("GET", "http://h/b", [])
        request.headers.set("authorization", text)
        request.query = query
        try:
            claim = read(request, now=now(), skew=SKEW)
            if claim is not None:
                claim.verify(request, botocore_client.secret)
        except AwsError:
            pass
