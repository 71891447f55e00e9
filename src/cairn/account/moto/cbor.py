"""Calls in smithy's rpc-v2-cbor, which moto does not speak: sent on as the JSON that the same services also speak."""

from __future__ import annotations

from botocore.parsers import create_parser
from botocore.serialize import create_serializer

from cairn.core.errors import AwsError
from cairn.wire.client import read_body
from cairn.wire.http import Call, Headers, Response
from cairn.wire.models import index, operation_model
from cairn.wire.parse import parse_input
from cairn.wire.protocols import Protocol, protocol_of
from cairn.wire.respond import respond

REPLY_BYTES_MAX = 64 << 20

_serializer = create_serializer("json", include_validation=False)
_parser = create_parser("json")


def to_translate(call: Call) -> bool:
    """Whether `call` is in CBOR, to a service that speaks JSON too."""
    service = index().services[call.service]
    return protocol_of(call.request, call.service) == Protocol.CBOR and "json" in service.protocols


def as_json(call: Call, headers: Headers) -> bytes:
    """The body to send for `call`; `headers` become those that go with it.

    Raises:
        AwsError: the body is no CBOR of this operation.
    """
    params = call.params
    if params is None:
        params = parse_input(call.service, call.operation, call.request, call.body or b"")
    request = _serializer.serialize_to_request(params, operation_model(call.service, call.operation))
    headers.remove("smithy-protocol", "accept", "content-type", "content-encoding")
    for name, value in request["headers"].items():
        headers.set(name.lower(), value)
    body: bytes = request["body"]
    return body


async def as_cbor(call: Call, reply: Response) -> Response:
    """moto's JSON reply as the reply to `call`.

    Raises:
        AwsError: it is an error.
    """
    body = await read_body(reply, bytes_max=REPLY_BYTES_MAX)
    received = {"status_code": reply.status, "headers": dict(reply.headers), "body": body}
    parsed = _parser.parse(received, operation_model(call.service, call.operation).output_shape)
    del parsed["ResponseMetadata"]
    if reply.status >= 300:
        error = parsed["Error"]
        raise AwsError(error["Code"], error.get("Message") or "", reply.status)
    return respond(call, parsed)
