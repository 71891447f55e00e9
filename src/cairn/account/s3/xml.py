"""S3's XML: documents that clients sent, checked against botocore's model, and replies."""

from __future__ import annotations

from xml.etree import ElementTree

from botocore.model import ListShape, Shape, StructureShape

from cairn.core.errors import AwsError

NAMESPACE = "http://s3.amazonaws.com/doc/2006-03-01/"
DOCUMENT_BYTES_MAX = 512 << 10
DEPTH_MAX = 32

Element = ElementTree.Element


def malformed() -> AwsError:
    return AwsError(
        "MalformedXML", "The XML you provided was not well-formed or did not validate against our published schema"
    )


def parse(body: bytes, *, bytes_max: int = DOCUMENT_BYTES_MAX) -> Element:
    """The root of `body`, its names without namespaces, its attributes as they are.

    Raises:
        AwsError: it is no XML, too large, too deep, or declares entities.
    """
    if len(body) > bytes_max:
        raise AwsError("MaxMessageLengthExceeded", "Your request was too big.")
    try:
        text = body.decode("utf-8-sig")
        if "<!" in text.replace("<!--", "").replace("<![CDATA[", ""):
            raise malformed()
        root = ElementTree.fromstring(text)  # noqa: S314 # what could harm, a document type, was refused above
    except (ElementTree.ParseError, ValueError, LookupError):
        raise malformed() from None
    _strip(root, 0)
    return root


def _strip(element: Element, depth: int) -> None:
    if depth > DEPTH_MAX:
        raise malformed()
    element.tag = element.tag.rpartition("}")[2]
    element.tail = None
    for child in element:
        _strip(child, depth + 1)


def render(root: Element) -> bytes:
    """`root` as a reply's body, in S3's namespace."""
    root.set("xmlns", NAMESPACE)
    body: bytes = ElementTree.tostring(root, encoding="UTF-8", xml_declaration=True)
    return body


def element(tag: str, *children: Element | str | None) -> Element:
    """An element with a text or with children; None is left out."""
    made = Element(tag)
    for child in children:
        if isinstance(child, str):
            made.text = child
        elif child is not None:
            made.append(child)
    return made


def text_of(parent: Element, path: str) -> str:
    """The text at `path`, without the white space around it; empty if there is none."""
    return (parent.findtext(path) or "").strip()


def check(root: Element, name: str, shape: Shape) -> None:
    """See that `root` is called `name` and is what `shape` describes.

    Raises:
        AwsError: MalformedXML.
    """
    if root.tag != name:
        raise malformed()
    _check(root, shape)


def _check(node: Element, shape: Shape) -> None:
    if isinstance(shape, StructureShape):
        _check_structure(node, shape)
    elif isinstance(shape, ListShape):
        for child in node:
            if child.tag != shape.member.serialization.get("name", "member"):
                raise malformed()
            _check(child, shape.member)
    else:
        _check_scalar(node, shape)


def _check_structure(node: Element, shape: StructureShape) -> None:
    members = {member.serialization.get("name", name): (name, member) for name, member in shape.members.items()}
    seen: set[str] = set()
    for child in node:
        if child.tag not in members:
            raise malformed()
        name, member = members[child.tag]
        flattened = isinstance(member, ListShape) and member.serialization.get("flattened")
        if name in seen and not flattened:
            raise malformed()
        seen.add(name)
        _check(child, member.member if flattened else member)
    attributes = {name for name, member in shape.members.items() if member.serialization.get("xmlAttribute")}
    if not set(shape.required_members) <= seen | attributes:
        raise malformed()


def _check_scalar(node: Element, shape: Shape) -> None:
    if len(node):
        raise malformed()
    text = (node.text or "").strip()
    if shape.type_name in ("integer", "long") and not text.removeprefix("-").isdecimal():
        raise malformed()
    if shape.type_name == "boolean" and text.lower() not in ("true", "false"):
        raise malformed()
    if getattr(shape, "enum", None) and text not in shape.enum:
        raise malformed()
