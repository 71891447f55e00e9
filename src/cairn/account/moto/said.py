"""A call as it is sent to moto: each thing said once, and nothing beside what the gateway read.

moto looks for an operation and for parameters in the form, the query, the JSON and even in headers, whichever has them
first. What it finds has to be what the gateway authorized and recorded.
"""

from __future__ import annotations

import json
from functools import cache
from urllib.parse import urlencode

from cairn.wire.http import Call, Headers, split_query
from cairn.wire.models import operation_model
from cairn.wire.protocols import FORM, Protocol, protocol_of
from cairn.wire.routes import query_names

_QUERY_AUTH = {
    "x-amz-algorithm",
    "x-amz-credential",
    "x-amz-date",
    "x-amz-expires",
    "x-amz-security-token",
    "x-amz-signature",
    "x-amz-signedheaders",
    "awsaccesskeyid",
    "signature",
    "signaturemethod",
    "signatureversion",
}
_FORMS = (FORM, "multipart/")


def said_once(call: Call, headers: Headers) -> tuple[str, bytes | None]:
    """The query and the body to send for `call`, which was parsed; `headers` become those that go with them."""
    protocol = protocol_of(call.request, call.service)
    pairs = [pair for pair in call.request.query_pairs() if pair[0].lower() not in _QUERY_AUTH]
    if protocol in (Protocol.QUERY, Protocol.EC2):
        headers.remove("x-amz-target")
        if not call.body:
            return urlencode(pairs), call.body
        headers.set("content-type", f"{FORM}; charset=utf-8")
        return "", urlencode(pairs + split_query(call.body.decode())).encode()
    if headers.get("content-type").lower().startswith(_FORMS):
        headers.set("content-type", "application/octet-stream")
    if protocol not in (Protocol.REST_JSON, Protocol.REST_XML):
        return "", call.body
    headers.remove("x-amz-target")
    names = query_names(call.service, call.operation)
    query = [pair for pair in pairs if names is None or pair[0] in names]
    return urlencode(query), _without_others(call.body, _in_json(call.service, call.operation))


@cache
def _in_json(service: str, operation: str) -> frozenset[str] | None:
    """Names of the members that an operation has in a JSON body; None where the body is something else."""
    model = operation_model(service, operation)
    shape = model.input_shape
    if shape is None or shape.serialization.get("payload") or model.metadata["protocol"] == Protocol.REST_XML:
        return None
    beside = ((name, member.serialization) for name, member in shape.members.items())
    return frozenset(traits.get("name", name) for name, traits in beside if "location" not in traits)


def _without_others(body: bytes | None, names: frozenset[str] | None) -> bytes | None:
    """A JSON body without members that the operation does not have."""
    if not body or names is None:
        return body
    document = json.loads(body)
    if not isinstance(document, dict) or document.keys() <= names:
        return body
    return json.dumps({name: value for name, value in document.items() if name in names}).encode()
