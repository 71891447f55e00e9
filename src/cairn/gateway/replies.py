"""What an upstream's reply says, read as far as a record needs it and streamed where it may be large."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from cairn.core.records.read_only import is_read_only
from cairn.wire.client import read_body
from cairn.wire.http import Call, Headers, Response
from cairn.wire.models import operation_names, output_is_streamed
from cairn.wire.reply import Reply, parse_reply

REPLY_BYTES_MAX = 64 << 20
"""Largest reply that is read whole. Objects and event streams are never read whole."""

_REQUEST_ID = re.compile(rb"<(?:RequestId|requestId|RequestID)>([^<]{1,128})</")
_REQUEST_ID_HEADERS = ("x-amzn-requestid", "x-amz-request-id", "x-amzn-request-id")


@dataclass(slots=True)
class Outcome:
    """What became of a call."""

    status: int
    headers: Headers
    reply: Reply
    bytes_out: int = 0
    request_id: str = ""
    body: bytes = field(default=b"", repr=False)


async def read_outcome(call: Call, response: Response) -> Outcome | None:
    """The outcome that `response` tells, its body read and put back as bytes; None where it is to be streamed.

    Raises:
        UpstreamUnavailable: the reply broke off or is too large.
    """
    if not isinstance(response.body, bytes):
        if is_streamed(call, response):
            return None
        response.body = await read_body(response, bytes_max=REPLY_BYTES_MAX)
        response.headers.remove("transfer-encoding")
        if call.request.method != "HEAD":
            response.headers.set("content-length", str(len(response.body)))
    reply = parse_reply(call.service, call.operation, response.status, response.headers, response.body)
    return Outcome(
        status=response.status,
        headers=response.headers,
        reply=reply,
        bytes_out=len(response.body),
        request_id=_request_id(response),
        body=response.body,
    )


def head_outcome(call: Call, response: Response) -> Outcome:
    """The outcome of a reply that is streamed, as far as its head tells it."""
    return Outcome(
        status=response.status, headers=response.headers, reply=Reply(output={}), request_id=_request_id(response)
    )


def is_streamed(call: Call, response: Response) -> bool:
    """Whether a reply's body goes through unread: objects, listings of S3, event streams. Errors never do."""
    if response.status >= 300 or call.operation not in operation_names(call.service):
        return False
    if call.service == "s3":
        return is_read_only("s3.amazonaws.com", call.operation)
    return output_is_streamed(call.service, call.operation)


def _request_id(response: Response) -> str:
    """The id under which the client knows the call: in the body of the query protocols, else in a header."""
    if isinstance(response.body, bytes) and response.body.startswith(b"<"):
        found = _REQUEST_ID.search(response.body[-4096:]) or _REQUEST_ID.search(response.body[:4096])
        if found:
            return found[1].decode("latin-1")
    for name in _REQUEST_ID_HEADERS:
        if name in response.headers:
            return response.headers.get(name)
    return ""
