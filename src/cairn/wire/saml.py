"""What SAML assertions say: one reader for who checks the signed part of one, and for who answers, of what was sent.

Only children are looked for, by their whole paths: what somebody added beside the assertion, or within the signature
that does not sign itself, is not seen. Elements have tags without their namespaces, as `readers.xml` gives them.

Sources: SAML 2.0 core, section 2; IAM user guide, "Configure SAML assertions for the authentication response".
"""

from __future__ import annotations

from xml.etree.ElementTree import Element

from cairn.core.records.times import moment

_ATTRIBUTES = "https://aws.amazon.com/SAML/Attributes/"


def assertion_in(response: Element) -> Element | None:
    """The assertion of a response."""
    return response.find("Assertion") if response.tag == "Response" else None


def attributes_of(assertion: Element) -> dict[str, list[str]]:
    """The values of each of AWS's attributes, by the last part of its name: `Role`, `RoleSessionName`."""
    found = {
        attribute.get("Name", ""): [text_of(value) for value in attribute.iterfind("AttributeValue")]
        for attribute in assertion.iterfind("AttributeStatement/Attribute")
    }
    return {name.removeprefix(_ATTRIBUTES): values for name, values in found.items() if name.startswith(_ATTRIBUTES)}


def session_end(assertion: Element) -> float | None:
    """When the first of the sessions ends that its subject has with the provider, in seconds since the epoch.

    None: they have no end, or none that is a time.
    """
    ends = (moment(statement.get("SessionNotOnOrAfter")) for statement in assertion.iterfind("AuthnStatement"))
    return min((end.timestamp() for end in ends if end is not None), default=None)


def text_of(element: Element | None) -> str:
    """All text in an element, whatever comments stand in between."""
    return "".join(element.itertext()).strip() if element is not None else ""
