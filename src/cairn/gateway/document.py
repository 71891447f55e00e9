"""The body of an S3 call as its record shows it: XML or JSON as nested values, names in their original case."""

from __future__ import annotations

import re
from typing import Any
from xml.etree.ElementTree import Element

import msgspec

from cairn.core.decoding import UNREADABLE
from cairn.wire.readers.scalars import NotWellFormed
from cairn.wire.readers.xml import decode_xml

BYTES_MAX = 128 << 10
"""A larger body would be left out of the record for its size anyway."""

_NAMESPACE = re.compile(rb"<[A-Za-z]\w*[^>]*?\sxmlns=[\"']([^\"']{1,200})[\"']")


def document_of(body: bytes) -> dict[str, Any] | None:
    """What `body` holds; None where it is neither XML nor a JSON object, or too large."""
    if not body or len(body) > BYTES_MAX:
        return None
    start = body.lstrip()[:1]
    if start == b"{":
        return _json(body)
    if start != b"<":
        return None
    try:
        root = decode_xml(body)
    except NotWellFormed:
        return None
    content = _content(root)
    namespace = _NAMESPACE.search(body[:1024])
    if namespace is not None and isinstance(content, dict):
        content = {"xmlns": namespace[1].decode("utf-8", "replace")} | content
    return {root.tag: content}


def _json(body: bytes) -> dict[str, Any] | None:
    try:
        value = msgspec.json.decode(body)
    except UNREADABLE:
        return None
    return value if isinstance(value, dict) else None


def _content(element: Element) -> Any:
    """Text of a leaf; of others a dictionary, where a name that repeats is a list."""
    if not len(element):
        return element.text or ""
    found: dict[str, Any] = {}
    for child in element:
        content = _content(child)
        if child.tag not in found:
            found[child.tag] = content
        elif isinstance(found[child.tag], list):
            found[child.tag].append(content)
        else:
            found[child.tag] = [found[child.tag], content]
    return found
