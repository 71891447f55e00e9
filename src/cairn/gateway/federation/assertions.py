"""Assertions of SAML.

Only what is signed is read here. The account that answers reads the document as it was sent, by the same reader: so a
document is refused that two could read differently, one with another response or assertion in it, or not in UTF-8.

Sources: SAML 2.0 core, sections 2.3 to 2.7, 3.2.2 and 5; IAM user guide, "Configure SAML assertions for the
authentication response", and "Create a SAML identity provider" (certificates count though their time is over).
"""

from __future__ import annotations

import base64
import re
from collections import Counter
from collections.abc import Iterator
from xml.etree.ElementTree import Element

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm

from cairn.core.errors import AwsError
from cairn.core.records.times import moment
from cairn.gateway.federation.refusals import LEEWAY_S, expired, invalid
from cairn.wire.readers.scalars import NotWellFormed
from cairn.wire.readers.xml import decode_xml
from cairn.wire.saml import assertion_in, attributes_of, session_end, text_of

ELEMENTS_MAX = 5_000
NAMESPACES_MAX = 1_000

_RESPONSE = "{urn:oasis:names:tc:SAML:2.0:protocol}Response"
_ASSERTION = "{urn:oasis:names:tc:SAML:2.0:assertion}Assertion"
_SIGN_IN = re.compile(r"https://([a-z0-9-]+\.)?signin\.aws\.amazon\.com/saml|urn:amazon:webservices")
_BEARER = "urn:oasis:names:tc:SAML:2.0:cm:bearer"
_SUCCESS = "urn:oasis:names:tc:SAML:2.0:status:Success"
_EXCLUSIVE = "http://www.w3.org/2001/10/xml-exc-c14n#"
_TRANSFORMS = {_EXCLUSIVE, "http://www.w3.org/2000/09/xmldsig#enveloped-signature"}
_ENCODING = re.compile(rb"(?:\xef\xbb\xbf)?<\?xml[^>]*?encoding\s*=\s*[\"']([^\"']*)")
_ODD = (UnsupportedAlgorithm, NotImplementedError, ValueError, TypeError, KeyError, AttributeError)
"""What libraries raise of odd keys, certificates and signatures, beside their own errors."""
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
    _check_form(content, response)
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
        content = base64.b64decode(assertion)
        content.decode()
    except ValueError as error:
        raise invalid("Invalid base64 SAMLResponse") from error
    declared = _ENCODING.match(content)
    if declared is not None and declared[1].lower() != b"utf-8":
        raise invalid("A response in UTF-8 is needed")
    return content


def _tree(document: bytes) -> Element:
    """The root; tags without their namespaces, so that none can hide in another."""
    try:
        return decode_xml(document)
    except NotWellFormed as error:
        raise invalid("Provided SAML document is not well-formed") from error


def _check_form(content: bytes, response: Element) -> None:
    """What has to hold before anybody looks at a signature, which takes minutes for documents that are made for it."""
    counts = Counter(element.tag for element in response.iter())
    if response.tag != "Response" or response.find("Assertion") is None:
        raise invalid("A response with an assertion is needed")
    if counts["Response"] != 1 or counts["Assertion"] != 1:
        raise invalid("A response with one assertion is needed")
    if counts.total() > ELEMENTS_MAX or content.count(b"xmlns") > NAMESPACES_MAX:
        raise invalid("The response is too large")
    for status in response.iterfind("Status/StatusCode"):
        if status.get("Value") != _SUCCESS:
            raise invalid("The response tells of no success")
    for signature in response.iter("Signature"):
        methods = {method.get("Algorithm") for method in signature.iter("CanonicalizationMethod")}
        transforms = {transform.get("Algorithm") for transform in signature.iter("Transform")}
        if methods != {_EXCLUSIVE} or not transforms <= _TRANSFORMS or len(list(signature.iter("Reference"))) != 1:
            raise invalid("Response signature invalid")


def _signed(content: bytes, response: Element, known: Element) -> Element:
    """The assertion, as it was signed: by itself, or with all of the response."""
    # Loaded where an assertion comes: most gateways never see one.
    from lxml import etree
    from signxml.exceptions import SignXMLException
    from signxml.verifier import SignatureConfiguration, VerifyResult, XMLVerifier

    place = "./" if response.find("Signature") is not None else f"./{_ASSERTION}/"
    for certificate in _certificates(known):
        expected = SignatureConfiguration(
            location=place,
            ignore_ambiguous_key_info=True,  # the certificate is the provider's; nobody signed what comes beside it
            verification_time=certificate.not_valid_before_utc,
        )
        try:
            found = XMLVerifier().verify(content, x509_cert=certificate, expect_config=expected)
        except (SignXMLException, etree.LxmlError, *_ODD):
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
                certificate = x509.load_der_x509_certificate(base64.b64decode(text_of(text)))
                certificate.public_key()
            except (x509.InvalidVersion, *_ODD):
                continue
            yield certificate


def _check_times(assertion: Element, now: float) -> None:
    bearers = (each for each in assertion.iterfind("Subject/SubjectConfirmation") if each.get("Method") == _BEARER)
    data = [found for each in bearers for found in each.iterfind("SubjectConfirmationData")]
    ours = [each for each in data if _SIGN_IN.fullmatch(each.get("Recipient", ""))]
    if not ours:
        raise invalid("The response is for no recipient that is AWS's sign-in")
    if not any(each.get("NotOnOrAfter") is not None and _is_now(each, now) for each in ours):
        raise expired("Token must be redeemed within 5 minutes of issuance")
    if not all(_is_now(conditions, now) for conditions in assertion.iterfind("Conditions")):
        raise expired("Token is not valid at this time")
    ends = session_end(assertion)
    if ends is not None and now >= ends:
        raise expired("Token is not valid at this time")


def _is_now(element: Element, now: float) -> bool:
    begin, end = _time(element, "NotBefore"), _time(element, "NotOnOrAfter")
    return (begin is None or now >= begin - LEEWAY_S) and (end is None or now < end)


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
