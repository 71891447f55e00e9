"""What Cairn signs is what botocore would have signed at the same second."""

from __future__ import annotations

from urllib.parse import quote

import pytest
from botocore.auth import S3SigV4Auth, SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials as BotoCredentials
from hypothesis import given, settings
from hypothesis import strategies as st

from cairn.wire.http import Headers
from cairn.wire.signing import Credentials, sign

text = st.text(st.characters(codec="utf-8", exclude_categories=("Cc", "Cs")), max_size=12)
SPACES = ("a\u00a0 b", " a  b\u2003", "\u3000")
HASH = "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"


def botocores(method: str, url: str, signed: Headers, credentials: Credentials, service: str) -> str:
    """botocore's Authorization of what `sign` made, over the same headers at the same time."""
    request = AWSRequest(method=method, url=url)
    for name, value in signed:
        if name == "host" or name.startswith("x-amz-") or name == "content-md5":
            request.headers[name] = value
    request.context["timestamp"] = signed.get("x-amz-date")
    request.context["payload_signing_enabled"] = True
    signer = (S3SigV4Auth if service == "s3" else SigV4Auth)(
        BotoCredentials(credentials.access_key_id, credentials.secret_access_key), service, "eu-west-1"
    )
    to_sign = signer.string_to_sign(request, signer.canonical_request(request))
    return (
        f"AWS4-HMAC-SHA256 Credential={signer.scope(request)}, "
        f"SignedHeaders={signer.signed_headers(signer.headers_to_sign(request))}, "
        f"Signature={signer.signature(to_sign, request)}"
    )


@settings(max_examples=150, deadline=None)
@given(
    parts=st.lists(text.filter(lambda part: part not in (".", "..")), min_size=1, max_size=4),
    query=st.lists(st.tuples(text.filter(bool), text), max_size=4),
    metadata=st.dictionaries(st.from_regex(r"[a-z]{1,5}", fullmatch=True), text | st.sampled_from(SPACES), max_size=3),
    service=st.sampled_from(("s3", "lambda")),
    token=st.sampled_from(("", "a token/of+a session")),
)
def test_it_signs_what_botocore_signs(
    parts: list[str], query: list[tuple[str, str]], metadata: dict[str, str], service: str, token: str
) -> None:
    path = "/" + "/".join(quote(part, safe="-_.~") for part in parts)
    asked = "&".join(f"{quote(name, safe='-_.~')}={quote(value, safe='-_.~')}" for name, value in query)
    url = f"http://localhost:8333{path}" + (f"?{asked}" if asked else "")
    given_headers = Headers(
        [("host", "localhost:8333"), ("content-type", "text/plain"), ("authorization", "another's")]
        + [(f"x-amz-meta-{name}", value) for name, value in metadata.items()]
    )
    credentials = Credentials("AKIAIOSFODNN7EXAMPLE", "a secret", token)
    signed = sign("PUT", url, given_headers, credentials, service=service, region="eu-west-1", payload_hash=HASH)
    assert signed.all("authorization") == [botocores("PUT", url, signed, credentials, service)]
    assert signed.get("x-amz-security-token") == token
    assert signed.get("content-type") == "text/plain"


@pytest.mark.parametrize("name", ["x-amz-date", "x-amz-content-sha256", "x-amz-security-token"])
def test_an_earlier_signature_leaves_nothing(name: str) -> None:
    before = Headers([("host", "localhost"), (name, "an earlier one")])
    signed = sign("GET", "http://localhost/", before, Credentials("A", "B"), service="s3", region="us-east-1")
    assert "an earlier one" not in signed.all(name)
