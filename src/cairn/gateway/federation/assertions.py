"""Assertions of SAML.

Only what is signed is read, and a document is refused that has more in it than one response with one assertion: then
whoever reads it after us, by whatever rules, can find no other.

Sources: SAML 2.0 core, sections 2.3 to 2.7 and 5; IAM user guide, "Configure SAML assertions for the authentication
response".
"""

from __future__ import annotations

import base64
import re
from collections.abc import Iterator
from xml.etree.ElementTree import Element

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm

from cairn.core.errors import AwsError
from cairn.core.records.times import moment
from cairn.gateway.federation.refusals import expired, invalid
from cairn.wire.readers.scalars import NotWellFormed
from cairn.wire.readers.xml import decode_xml
from cairn.wire.saml import assertion_in, attributes_of, text_of

LEEWAY_S = 60.0
"""By how much the clock of a provider may be ahead."""

_RESPONSE = "{urn:oasis:names:tc:SAML:2.0:protocol}Response"
_ASSERTION = "{urn:oasis:names:tc:SAML:2.0:assertion}Assertion"
_SIGN_IN = re.compile(r"https://([a-z0-9-]+\.)?signin\.aws\.amazon\.com/saml|urn:amazon:webservices")
_SESSION_NAME = re.compile(r"[\w+=,.@-]{2,64}", re.ASCII)


def check_assertion(assertion: str, metadata: str, role: str, provider: str, *, now: float) -> None:
    """Return if `assertion` was signed by the provider that `metadata` describes, and its time is now.

    Args:
        assertion: a response in base64.
        role, provider: ARNs; the assertion must name both together.

    Raises:
        AwsError: it was not, or is over, or is for something else.
    """
    content = _decoded(assertion)
    response, known = _tree(content), _tree(metadata.encode())
    if response.tag != "Response" or any(len(list(response.iter(tag))) != 1 for tag in ("Response", "Assertion")):
        raise invalid("A response with one assertion is needed")
    signed = _signed(content, response, known)
    if text_of(signed.find("Issuer")) != known.get("entityID"):
        raise invalid("Issuer not present in specified provider")
    _check_times(signed, now)
    _check_purpose(signed)
    attributes = attributes_of(signed)
    names = attributes.get("RoleSessionName", [])
    if len(names) != 1 or not _SESSION_NAME.fullmatch(names[0]):
        raise invalid("RoleSessionName is required in AuthnResponse")
    pairs = ({part.strip() for part in value.split(",")} for value in attributes.get("Role", []))
    if {role, provider} not in pairs:
        raise AwsError("AccessDenied", "Not authorized to perform sts:AssumeRoleWithSAML", 403)


def _decoded(assertion: str) -> bytes:
    try:
        return base64.b64decode(assertion)
    except ValueError as error:
        raise invalid("Invalid base64 SAMLResponse") from error


def _tree(document: bytes) -> Element:
    """The root; tags without their namespaces, so that none can hide in another."""
    try:
        return decode_xml(document)
    except NotWellFormed as error:
        raise invalid("Provided SAML document is not well-formed") from error


def _signed(content: bytes, response: Element, known: Element) -> Element:
    """The assertion, as it was signed: by itself, or with all of the response."""
    # Loaded where an assertion comes: most gateways never see one.
    from lxml import etree
    from signxml.exceptions import SignXMLException
    from signxml.verifier import SignatureConfiguration, VerifyResult, XMLVerifier

    place = "./" if response.find("Signature") is not None else f"./{_ASSERTION}/"
    expected = SignatureConfiguration(location=place)
    odd = (SignXMLException, etree.LxmlError, UnsupportedAlgorithm, ValueError, TypeError, KeyError, AttributeError)
    for certificate in _certificates(known):
        try:
            found = XMLVerifier().verify(content, x509_cert=certificate, expect_config=expected)
        except odd:
            continue
        element = found.signed_xml if isinstance(found, VerifyResult) else None
        if element is None:
            continue
        tree = _tree(etree.tostring(element))
        if element.tag == _ASSERTION:
            return tree
        assertion = assertion_in(tree)
        if element.tag == _RESPONSE and assertion is not None:
            return assertion
    raise invalid("Response signature invalid")


def _certificates(known: Element) -> Iterator[x509.Certificate]:
    """Those that the provider signs with."""
    for key in known.iterfind("IDPSSODescriptor/KeyDescriptor"):
        if key.get("use", "signing") != "signing":
            continue
        for text in key.iter("X509Certificate"):
            try:
                yield x509.load_der_x509_certificate(base64.b64decode(text_of(text)))
            except ValueError:
                continue


def _check_times(assertion: Element, now: float) -> None:
    data = assertion.findall("Subject/SubjectConfirmation/SubjectConfirmationData")
    ends = [_time(element, "NotOnOrAfter") for element in data if _SIGN_IN.fullmatch(element.get("Recipient", ""))]
    if not ends:
        raise invalid("The response is for no recipient that is AWS's sign-in")
    if not any(end is not None and now < end for end in ends):
        raise expired("Token must be redeemed within 5 minutes of issuance")
    for conditions in assertion.iterfind("Conditions"):
        end, begin = _time(conditions, "NotOnOrAfter"), _time(conditions, "NotBefore")
        if (end is not None and now >= end) or (begin is not None and now < begin - LEEWAY_S):
            raise expired("Token is not valid at this time")


def _check_purpose(assertion: Element) -> None:
    for restriction in assertion.iterfind("Conditions/AudienceRestriction"):
        if not any(_SIGN_IN.fullmatch(text_of(audience)) for audience in restriction.iterfind("Audience")):
            raise invalid("Audience is not AWS's sign-in")


def _time(element: Element, attribute: str) -> float | None:
    """Seconds since the epoch; None where there is none."""
    text = element.get(attribute)
    if text is None:
        return None
    found = moment(text)
    if found is None:
        raise invalid(f"{attribute} is no time")
    return found.timestamp()
