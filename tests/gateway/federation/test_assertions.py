"""Assertions are believed that the provider's key signed, whatever else somebody put around them."""

from __future__ import annotations

import base64
from datetime import UTC, datetime

import pytest
from tests.gateway.federation.providers import Assertor, response

from cairn.core.errors import AwsError
from cairn.gateway.federation.assertions import check_assertion

NOW = datetime(2026, 11, 30, 12, tzinfo=UTC).timestamp()
ROLE, PROVIDER = "arn:aws:iam::000000000000:role/staff", "arn:aws:iam::000000000000:saml-provider/company"
EVIL = "arn:aws:iam::000000000000:role/evil"


@pytest.fixture(scope="module")
def assertor() -> Assertor:
    return Assertor()


def check(assertor: Assertor, document: bytes, role: str = ROLE, provider: str = PROVIDER) -> None:
    check_assertion(base64.b64encode(document).decode(), assertor.metadata, role, provider, now=NOW)


def refusal(assertor: Assertor, document: bytes, role: str = ROLE, provider: str = PROVIDER) -> str:
    with pytest.raises(AwsError) as caught:
        check(assertor, document, role, provider)
    return f"{caught.value.code}: {caught.value.message}"


@pytest.mark.parametrize("whole", [False, True])
def test_what_the_provider_signed_is_believed(assertor: Assertor, whole: bool) -> None:
    check(assertor, assertor.signed(response(ROLE, PROVIDER), whole=whole))
    both = "".join(f"<saml:AttributeValue>{PROVIDER}, {role}</saml:AttributeValue>" for role in (EVIL, ROLE))
    check(assertor, assertor.signed(response(ROLE, PROVIDER, roles=both), whole=whole))


def test_what_nobody_or_somebody_else_signed_is_not(assertor: Assertor) -> None:
    unsigned = response(ROLE, PROVIDER)
    for document in (unsigned.encode(), Assertor().signed(unsigned), Assertor().signed(unsigned, whole=True)):
        assert refusal(assertor, document) == "InvalidIdentityToken: Response signature invalid"


@pytest.mark.parametrize("whole", [False, True])
def test_nothing_can_be_changed_afterwards(assertor: Assertor, whole: bool) -> None:
    document = assertor.signed(response(ROLE, PROVIDER), whole=whole)
    for before, after in ((b"sam@", b"eve@"), (b"role/staff", b"role/evil"), (b"2096-", b"2097-")):
        assert before in document
        assert "signature invalid" in refusal(assertor, document.replace(before, after), EVIL)


def wrapped(document: bytes) -> list[bytes]:
    """A signed assertion, and in the same response another that nobody signed."""
    begin, end = document.index(b"<saml:Assertion"), document.index(b"</saml:Assertion>") + len(b"</saml:Assertion>")
    head, signed, tail = document[:begin], document[begin:end], document[end:]
    unsigned = response(EVIL, PROVIDER).encode()
    evil = unsigned[unsigned.index(b"<saml:Assertion") : unsigned.index(b"</samlp:Response>")]
    elsewhere = evil.replace(b"saml:", b"x:").replace(b"<x:Assertion ", b'<x:Assertion xmlns:x="urn:evil" ')
    return [
        head + evil + signed + tail,
        head + signed + evil + tail,
        head + evil.replace(b"_assertion", b"_other") + b"<samlp:Extensions>" + signed + b"</samlp:Extensions>" + tail,
        head + evil.replace(b"</saml:Subject>", signed + b"</saml:Subject>") + tail,
        head + elsewhere + signed + tail,
        document.replace(b"</samlp:Response>", b"<samlp:Response>" + evil + b"</samlp:Response></samlp:Response>"),
    ]


def test_a_second_assertion_beside_the_signed_one_is_refused(assertor: Assertor) -> None:
    for document in wrapped(assertor.signed(response(ROLE, PROVIDER))):
        for role in (ROLE, EVIL):
            assert "one assertion" in refusal(assertor, document, role)


def test_a_signature_counts_for_what_it_signs(assertor: Assertor) -> None:
    """Of an element with the same ID, or of one that is neither response nor assertion."""
    document = assertor.signed(response(ROLE, PROVIDER))
    begin, end = document.index(b"<ds:Signature"), document.index(b"</ds:Signature>") + len(b"</ds:Signature>")
    signature = document[begin:end]
    unsigned = response(EVIL, PROVIDER)
    evil = unsigned.replace("<saml:Issuer>", f"{signature.decode()}<saml:Issuer>")
    assert "signature invalid" in refusal(assertor, evil.encode(), EVIL)
    piece = '<saml:Advice ID="_assertion">harmless</saml:Advice>'
    signed_piece = assertor.signed(
        '<samlp:Response xmlns:samlp="urn:oasis:names:tc:SAML:2.0:protocol" xmlns:saml="urn:oasis:names:tc:SAML:2.0:'
        f'assertion"><saml:Assertion ID="_a">{piece}</saml:Assertion></samlp:Response>'
    )
    begin, end = signed_piece.index(b"<ds:Signature"), signed_piece.index(b"</ds:Signature>") + len(b"</ds:Signature>")
    moved = unsigned.replace("<saml:Issuer>", f"{signed_piece[begin:end].decode()}<saml:Issuer>")
    assert "signature invalid" in refusal(assertor, moved.encode(), EVIL)


def test_comments_do_not_cut_a_name_short(assertor: Assertor) -> None:
    document = assertor.signed(response(ROLE, PROVIDER, session="sam@example.com.evil.org"))
    cut = document.replace(b"sam@example.com.evil.org", b"sam@example.com<!-- -->.evil.org")
    check(assertor, cut)


def test_it_is_for_this_role_by_this_provider(assertor: Assertor) -> None:
    document = assertor.signed(response(ROLE, PROVIDER))
    for role, provider in ((EVIL, PROVIDER), (ROLE, f"{PROVIDER}2"), (PROVIDER, PROVIDER)):
        assert refusal(assertor, document, role, provider).startswith("AccessDenied")


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"until": "2026-11-30T12:00:00Z"}, "ExpiredTokenException: Token must be redeemed within 5 minutes"),
        ({"begins": "2026-11-30T12:02:00Z"}, "ExpiredTokenException: Token is not valid at this time"),
        ({"until": "tomorrow"}, "InvalidIdentityToken: NotOnOrAfter is no time"),
        ({"issuer": "https://other.example.com"}, "InvalidIdentityToken: Issuer not present in specified provider"),
        ({"recipient": "https://other.example.com/saml"}, "InvalidIdentityToken: The response is for no recipient"),
        ({"audience": "https://other.example.com"}, "InvalidIdentityToken: Audience"),
        ({"session": "two words"}, "InvalidIdentityToken: RoleSessionName is required"),
        ({"session": ""}, "InvalidIdentityToken: RoleSessionName is required"),
    ],
)
def test_what_is_signed_must_be_meant_for_us_and_now(assertor: Assertor, changes: dict[str, str], message: str) -> None:
    assert refusal(assertor, assertor.signed(response(ROLE, PROVIDER, **changes))).startswith(message)


@pytest.mark.parametrize(
    "document", [b"", b"no XML", b"<a/>", b'<!DOCTYPE a [<!ENTITY b "c">]><Response>&b;</Response>', b"\xff\xfe<"]
)
def test_what_is_no_response_is_refused(assertor: Assertor, document: bytes) -> None:
    assert refusal(assertor, document).startswith("InvalidIdentityToken")


def test_what_is_no_base64_or_no_metadata_is_refused(assertor: Assertor) -> None:
    with pytest.raises(AwsError, match="base64"):
        check_assertion("é", assertor.metadata, ROLE, PROVIDER, now=NOW)
    assertion = base64.b64encode(assertor.signed(response(ROLE, PROVIDER))).decode()
    for metadata in (
        "a metadata",
        "<EntityDescriptor/>",
        assertor.metadata.replace("<X509C", "<X509CX").replace("9Certificate></", "9CXertificate></"),
    ):
        with pytest.raises(AwsError, match="InvalidIdentityToken"):
            check_assertion(assertion, metadata, ROLE, PROVIDER, now=NOW)
