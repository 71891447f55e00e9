"""A browser's form upload to S3, turned into the put that it stands for, and its answer turned back.

The form is verified first (`wire.post_policy`), and the whole file is at hand before anybody else sees the call, since
the policy may limit its size and a form does not say it.
"""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from tempfile import SpooledTemporaryFile
from typing import IO
from urllib.parse import parse_qsl, quote, unquote, urlencode, urlsplit, urlunsplit
from xml.sax.saxutils import escape

from cairn.core.errors import AwsError
from cairn.wire.form_upload import FormUpload
from cairn.wire.http import Call, Headers, Response
from cairn.wire.payload import OBJECT_BYTES_MAX
from cairn.wire.post_policy import PostPolicy
from cairn.wire.readers.scalars import NotWellFormed
from cairn.wire.readers.xml import decode_xml
from cairn.wire.s3_routes import split_path

MEMORY_BYTES_MAX = 1 << 20
"""Larger files wait on the disk."""
PIECE_BYTES = 64 << 10

_PLAIN = ("cache-control", "content-disposition", "content-encoding", "content-type", "expires")
_GIVES = re.compile(
    r"x-amz-(meta-.+|storage-class|website-redirect-location|server-side-encryption.*|object-lock-.+|checksum-.+"
    r"|sdk-checksum-algorithm)"
)
"""Fields that say something of the object and become the put's headers, beside the plain ones."""
_CONTROL = re.compile(r"[\x00-\x1f\x7f]")
_NAME = re.compile(r"[a-z0-9!#$%&'*+.^_`|~-]+")


async def take_file(form: FormUpload, policy: PostPolicy | None) -> tuple[AsyncIterator[bytes], int]:
    """The form's file and its size, once all of it is here.

    Raises:
        AwsError: it is not as large as the policy wants it, or the form breaks off.
    """
    spool: IO[bytes] = SpooledTemporaryFile(max_size=MEMORY_BYTES_MAX)  # noqa: SIM115 - `_pieces` closes it
    size = 0
    try:
        async for piece in form.content:
            size += len(piece)
            if size > OBJECT_BYTES_MAX:
                raise AwsError("EntityTooLarge", "Your proposed upload exceeds the maximum allowed size")
            spool.write(piece)
        if policy is not None:
            policy.check_size(size)
        spool.seek(0)
    except BaseException:
        spool.close()
        raise
    return _pieces(spool), size


async def _pieces(spool: IO[bytes]) -> AsyncIterator[bytes]:
    with spool:
        while piece := spool.read(PIECE_BYTES):
            yield piece


def posted_bucket(call: Call) -> str:
    """The bucket that a form is posted to."""
    return split_path(call.request.path, call.host_bucket)[0]


def become_put(call: Call, form: FormUpload) -> None:
    """Make `call` the put of the form's object. Its operation stays what it was.

    Raises:
        AwsError: the form names no key, or a field cannot be a header.
    """
    if not form.key:
        raise AwsError("InvalidArgument", "Bucket POST must contain a field named 'key'.")
    request = call.request
    headers = Headers(item for item in request.headers if not _says_of_object(item[0]))
    for name, value in form.fields.items():
        match name:
            case "acl":
                headers.set("x-amz-acl", _header_value(name, value))
            case "tagging":
                headers.set("x-amz-tagging", _tags(value))
            case _ if name in _PLAIN or _GIVES.fullmatch(name):
                headers.set(name, _header_value(name, value))
    base = "" if call.host_bucket else f"/{posted_bucket(call)}"
    request.method, request.headers, request.path = "PUT", headers, f"{base}/{quote(form.key)}"
    request.query = ""
    call.form = dict(form.fields)


def _says_of_object(header: str) -> bool:
    """Whether a header of the form's own request would be one of the object's. Nobody signed it."""
    return header in _PLAIN or header.startswith(("content-", "x-amz-"))


def _header_value(name: str, value: str) -> str:
    if _CONTROL.search(value) or not _NAME.fullmatch(name):
        raise AwsError("InvalidArgument", f"The field {name} cannot be a header.", ArgumentName=name)
    return value.encode().decode("latin-1")


def _tags(document: str) -> str:
    """The field `tagging`, a document, as the header that says the same."""
    try:
        root = decode_xml(document.encode())
    except NotWellFormed:
        raise AwsError("MalformedXML", "The field tagging is not well-formed XML.") from None
    return urlencode([(tag.findtext("Key", ""), tag.findtext("Value", "")) for tag in root.iter("Tag")])


def answer_form(call: Call, reply: Response) -> Response:
    """The answer to a form, from the reply to its put: what its `success_action_` fields ask for."""
    assert call.form is not None
    request, etag = call.request, reply.headers.get("etag")
    bucket, key = split_path(request.path, call.host_bucket)
    location = f"{request.scheme}://{request.headers.get('host')}{request.path}"
    headers = Headers(item for item in reply.headers if item[0] not in ("content-length", "content-type"))
    target = urlsplit(call.form.get("success_action_redirect") or call.form.get("redirect", ""))
    if target.scheme in ("http", "https") and target.netloc:
        added = {"bucket": bucket, "key": unquote(key), "etag": etag}
        query = urlencode([*parse_qsl(target.query, keep_blank_values=True), *added.items()])
        headers.set("location", urlunsplit(target._replace(query=query)))
        return Response(303, headers)
    headers.set("location", location)
    match call.form.get("success_action_status"):
        case "200":
            return Response(200, headers)
        case "201":
            headers.set("content-type", "application/xml")
            members = {"Location": location, "Bucket": bucket, "Key": unquote(key), "ETag": etag}
            content = "".join(f"<{name}>{escape(value)}</{name}>" for name, value in members.items())
            text = f'<?xml version="1.0" encoding="UTF-8"?>\n<PostResponse>{content}</PostResponse>'
            return Response(201, headers, text.encode())
        case _:
            return Response(204, headers)
