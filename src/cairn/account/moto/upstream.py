"""Sending calls to the child, in the form by which moto tells service, account and region."""

from __future__ import annotations

import re
from collections.abc import Callable

import msgspec

from cairn.account.moto import cbor
from cairn.account.moto.said import said_once
from cairn.account.moto.wire_names import ACCOUNT, CALLER, FAILURE, OPERATION, SCHEME, SECRET
from cairn.core.errors import AwsError
from cairn.wire.client import HttpClient, read_body
from cairn.wire.http import Call, Headers, Response
from cairn.wire.models import index
from cairn.wire.protocols import protocol_of
from cairn.wire.respond import unidentified

FAILURE_BYTES_MAX = 64 << 10
REPLY_BYTES_MAX = 64 << 20

_NOT_FOR_MOTO = (
    "authorization",
    "expect",
    "user-agent",  # moto looks for a region in it
    "x-amz-date",
    "x-amz-security-token",
    "x-amz-content-sha256",
    "date",
)
_KEY_ID = re.compile(r"[A-Z0-9]{20}")
_NO_KEY = "AKIAIOSFODNN7EXAMPLE"
_REQUEST_ID = re.compile(rb"<(RequestId|requestId|RequestID)>[^<]*</\1>")
_OWN_HOST = {"sqs"}
"""Services whose answers hold addresses made of the request's Host, which must lead back to the gateway."""


class MotoUpstream:
    """The child at `url`, which wants `secret` with each call.

    Refusals that are the child's and not a service's are raised as `AwsError`, since only the gateway knows the
    protocol's form of an error.
    """

    def __init__(self, url: str, secret: str, *, client: Callable[[], HttpClient]) -> None:
        self._url = url.rstrip("/")
        self._secret = secret
        self._client = client

    async def send(self, call: Call) -> Response:
        """The reply to `call`.

        Raises:
            AwsError: the child refuses the call or fails.
            UpstreamUnavailable: it does not answer.
        """
        if not call.service or not call.operation:
            raise unidentified(call)
        request = call.request
        headers = self._headers(call)
        path, query, body = "/", "", call.body
        translated = cbor.to_translate(call)
        if translated:
            body = cbor.as_json(call, headers)
        else:
            path, (query, body) = _path(call), said_once(call, headers)
        if body is not None:
            headers.set("content-length", str(len(body)))
        url = self._url + path + (f"?{query}" if query else "")
        reply = await self._client().send(request.method, url, headers, request.body if body is None else body)
        code = reply.headers.get(FAILURE)
        if code:
            raise await _refusal(code, reply)
        if translated:
            reply = await cbor.as_cbor(call, reply)
        return await _with_request_id(call, reply)

    def _headers(self, call: Call) -> Headers:
        headers = call.request.headers.copy()
        headers.remove(*_NOT_FOR_MOTO)
        service = index().services[call.service]
        if call.service not in _OWN_HOST:
            headers.set("host", f"{service.endpoint_prefix}.{call.region}.amazonaws.com")
        key_id = call.identity.access_key_id if _KEY_ID.fullmatch(call.identity.access_key_id) else _NO_KEY
        scope = f"{key_id}/20200101/{call.region}/{service.signing_name}/aws4_request"
        headers.set("authorization", f"AWS4-HMAC-SHA256 Credential={scope}, SignedHeaders=host, Signature=0")
        headers.set(SECRET, self._secret)
        headers.set(SCHEME, call.request.scheme)
        headers.set(OPERATION, call.operation)
        if call.identity.type == "IAMUser":
            headers.set(CALLER, call.identity.user_name)
        if call.account:
            headers.set(ACCOUNT, call.account)
        return headers


def _path(call: Call) -> str:
    """WSGI servers take what stands behind two slashes for a host, and leave it out."""
    path = call.request.path or "/"
    return f"/%2F{path[2:]}" if path.startswith("//") else path


async def _with_request_id(call: Call, reply: Response) -> Response:
    """`reply` under the call's own id: moto answers many calls under the same one, or under none."""
    reply.headers.set("x-amzn-requestid", call.request_id)
    if protocol_of(call.request, call.service).speaks_xml:
        body = await read_body(reply, bytes_max=REPLY_BYTES_MAX)
        reply.body = _REQUEST_ID.sub(rb"<\1>" + call.request_id.encode() + rb"</\1>", body)
        reply.headers.set("content-length", str(len(reply.body)))
    return reply


async def _refusal(code: str, reply: Response) -> AwsError:
    answer = msgspec.json.decode(await read_body(reply, bytes_max=FAILURE_BYTES_MAX), type=dict[str, str])
    return AwsError(code, answer["message"], reply.status)
