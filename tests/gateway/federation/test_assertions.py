"""Assertions are believed that the provider's key signed, whatever else somebody put around them."""

from __future__ import annotations

import base64
from datetime import UTC, datetime

import pytest
from tests.gateway.federation.providers import Assertor, response, session_until

from cairn.core.errors import AwsError
from cairn.gateway.federation.assertions import check_assertion
from cairn.wire.readers.xml import decode_xml
from cairn.wire.saml import assertion_in, attributes_of, text_of

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


def test_who_has_no_session_with_the_provider_any_more_is_refused(assertor: Assertor) -> None:
    after, before = "2026-11-30T12:00:01Z", "2026-11-30T12:00:00Z"
    for ends in ((), (after,), (after, "2026-12-01T00:00:00Z"), ("some time",)):
        check(assertor, assertor.signed(response(ROLE, PROVIDER, authenticated=session_until(*ends))))
    for ends in ((before,), (after, before)):
        document = assertor.signed(response(ROLE, PROVIDER, authenticated=session_until(*ends)))
        assert refusal(assertor, document) == "ExpiredTokenException: Token is not valid at this time"


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


def signature_of(document: bytes) -> str:
    begin, end = document.index(b"<ds:Signature"), document.index(b"</ds:Signature>") + len(b"</ds:Signature>")
    return document[begin:end].decode()


def test_a_signature_counts_for_what_it_signs(assertor: Assertor) -> None:
    """Of another assertion with the same ID, or of a piece that is neither response nor assertion."""
    unsigned = response(EVIL, PROVIDER)
    theirs = signature_of(assertor.signed(response(ROLE, PROVIDER)))
    assert "signature invalid" in refusal(
        assertor, unsigned.replace("<saml:Issuer>", f"{theirs}<saml:Issuer>").encode(), EVIL
    )
    advice = '<saml:Advice xmlns:saml="urn:oasis:names:tc:SAML:2.0:assertion" ID="_advice">harmless</saml:Advice>'
    theirs = signature_of(assertor.signed_element(advice))
    moved = unsigned.replace("<saml:Issuer>", f"{theirs}<saml:Issuer>").replace(
        "</saml:Assertion>", f"{advice}</saml:Assertion>"
    )
    assert "#_advice" in moved
    assert "signature invalid" in refusal(assertor, moved.encode(), EVIL)


def test_comments_do_not_cut_a_name_short(assertor: Assertor) -> None:
    """Neither for who checks nor for who answers, of the document as it was sent."""
    document = assertor.signed(response(ROLE, PROVIDER, session="sam@example.com.evil.org"))
    cut = document.replace(b"sam@example.com.evil.org", b"sam@example.com<!-- -->.evil.org")
    check(assertor, cut)
    sent = assertion_in(decode_xml(cut))
    assert sent is not None
    assert attributes_of(sent)["RoleSessionName"] == ["sam@example.com.evil.org"]
    assert text_of(sent.find("Subject/NameID")) == "sam@example.com.evil.org"


def test_what_would_take_long_is_refused_before_its_signature_is_looked_at(assertor: Assertor) -> None:
    """Canonical XML of another kind, of documents with many namespaces: its time is their number squared."""
    document = assertor.signed(response(ROLE, PROVIDER))
    exclusive = b"http://www.w3.org/2001/10/xml-exc-c14n#"
    inclusive = document.replace(exclusive, b"http://www.w3.org/TR/2001/REC-xml-c14n-20010315")
    assert "signature invalid" in refusal(assertor, inclusive)
    begin, end = document.index(b"<ds:Reference"), document.index(b"</ds:Reference>") + len(b"</ds:Reference>")
    twice = document[:end] + document[begin:end] + document[end:]
    assert "signature invalid" in refusal(assertor, twice)
    spaces = "".join(f' xmlns:p{number}="u:{number}"' for number in range(1001))
    assert "too large" in refusal(
        assertor, document.replace(b"<samlp:Response", f"<samlp:Response{spaces}".encode(), 1)
    )
    stray = b"<a/>" * 5000
    assert "too large" in refusal(assertor, document.replace(b"</samlp:Response>", stray + b"</samlp:Response>"))


def test_what_could_be_read_in_two_ways_is_refused(assertor: Assertor) -> None:
    document = assertor.signed(response(ROLE, PROVIDER))
    check(assertor, b'<?xml version="1.0" encoding="UTF-8"?>' + document)
    for encoding in ("macroman", "latin-1", "utf-16"):
        assert "UTF-8" in refusal(assertor, f'<?xml version="1.0" encoding="{encoding}"?>'.encode() + document)
        assert "UTF-8" in refusal(assertor, f"\ufeff<?xml version='1.0' encoding='{encoding}'?>".encode() + document)
    assert "base64" in refusal(assertor, document.decode().encode("utf-16"))


def test_an_assertion_elsewhere_in_the_response_is_none(assertor: Assertor) -> None:
    document = assertor.signed(response(ROLE, PROVIDER))
    begin, end = document.index(b"<saml:Assertion"), document.index(b"</saml:Assertion>") + len(b"</saml:Assertion>")
    within = document[:begin] + b"<samlp:Extensions>" + document[begin:end] + b"</samlp:Extensions>" + document[end:]
    assert "an assertion is needed" in refusal(assertor, within)


def test_a_certificate_counts_though_its_time_is_over() -> None:
    """As IAM's guide says, and whatever stands beside it that is no certificate or has no key that is known."""
    old = Assertor(days=(-800, -400))
    document = old.signed(response(ROLE, PROVIDER))
    check(old, document)
    begin, end = old.metadata.index("<KeyDescriptor"), old.metadata.index("</IDPSSODescriptor>")
    odd = old.metadata[begin:end].replace("<X509Certificate>", "<X509Certificate>AAAA")
    metadata = old.metadata[:begin] + odd + old.metadata[begin:]
    check_assertion(base64.b64encode(document).decode(), metadata, ROLE, PROVIDER, now=NOW)


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
        ({"method": "holder-of-key"}, "InvalidIdentityToken: The response is for no recipient"),
        ({"status": "Requester"}, "InvalidIdentityToken: The response tells of no success"),
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
