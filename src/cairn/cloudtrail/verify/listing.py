"""A page of ListObjectsV2's answer."""

from __future__ import annotations

from typing import NamedTuple
from urllib.parse import unquote_plus

from cairn.cloudtrail.verify.places import Listed
from cairn.core.clock import from_iso
from cairn.core.errors import Refused
from cairn.wire.readers.scalars import NotWellFormed
from cairn.wire.readers.xml import decode_xml


class Page(NamedTuple):
    """Some of the objects. `more` is the token for those that follow; empty if none do."""

    objects: list[Listed]
    more: str


def read_page(content: bytes) -> Page:
    """A page as it came.

    Raises:
        Refused: it is none.
    """
    try:
        root = decode_xml(content)
        encoded = root.findtext("EncodingType") == "url"
        objects = []
        for found in root.iterfind("Contents"):
            fields = {child.tag: child.text or "" for child in found}
            key = unquote_plus(fields["Key"]) if encoded else fields["Key"]
            objects.append(Listed(key, from_iso(fields["LastModified"])))
        more = root.findtext("NextContinuationToken") if root.findtext("IsTruncated") == "true" else ""
    except (NotWellFormed, ValueError, LookupError) as error:
        raise Refused(f"what the S3 there answered is no list of objects: {error}") from error
    return Page(objects, more or "")
