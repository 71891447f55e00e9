"""The HTTP request that tells an API destination of an event.

Of a header or a query parameter that both give, the connection's counts, not the target's.
"""

from __future__ import annotations

import base64
from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import quote, urlencode, urlsplit, urlunsplit

import msgspec

from cairn.core.decoding import UNREADABLE
from cairn.eventbridge.connections.parameters import Parameters, pairs
from cairn.eventbridge.deliveries.endpoints import INVALID_PARAMETER, DeliveryError

AGENT = "Amazon/EventBridge/ApiDestinations"

_ALWAYS = {
    "user-agent": AGENT,
    "range": "bytes=0-1048575",
    "accept-encoding": "gzip,deflate",
    "connection": "close",
}
_TYPE = {"content-type": "application/json; charset=utf-8"}
_REMOVED = frozenset(
    {
        *("a-im", "accept-charset", "accept-datetime", "accept-encoding", "cache-control", "connection"),
        *("content-encoding", "content-length", "content-md5", "date", "expect", "forwarded", "from", "host"),
        *("http2-settings", "if-match", "if-modified-since", "if-none-match", "if-range", "if-unmodified-since"),
        *("max-forwards", "origin", "pragma", "proxy-authorization", "range", "referer", "te", "trailer"),
        *("transfer-encoding", "user-agent", "upgrade", "via", "warning"),
    }
)
"""Headers that neither a connection nor a target can set."""
_WITHOUT_BODY = ("GET", "HEAD", "OPTIONS")


class Request(msgspec.Struct, frozen=True):
    """What is sent."""

    method: str
    url: str
    headers: dict[str, str]
    body: bytes | None


def build(
    method: str, endpoint: str, payload: bytes, target: Mapping[str, Any], parameters: Parameters, token: str
) -> Request:
    """The request of a payload.

    Args:
        target: HttpParameters of the rule's target.
        parameters: AuthParameters of the connection, with their secrets.
        token: of OAuth; empty where the connection is authorized otherwise.

    Raises:
        DeliveryError: the target gives too few path parameters.
    """
    http = parameters.get("InvocationHttpParameters", {})
    headers = _TYPE | _settable(target.get("HeaderParameters", {}).items()) | _settable(pairs(http, "HeaderParameters"))
    query = target.get("QueryStringParameters", {}) | dict(pairs(http, "QueryStringParameters"))
    url = _with_query(_with_path(endpoint, target.get("PathParameterValues", [])), query)
    body = None if method in _WITHOUT_BODY else _with_body(payload, dict(pairs(http, "BodyParameters")))
    return Request(method, url, headers | _ALWAYS | authorization(parameters, token), body)


def authorization(parameters: Parameters, token: str) -> dict[str, str]:
    """The header that authorizes a request."""
    match parameters:
        case {"BasicAuthParameters": basic}:
            name = f"{basic['Username']}:{basic['Password']}"
            return {"authorization": f"Basic {base64.b64encode(name.encode()).decode()}"}
        case {"ApiKeyAuthParameters": key}:
            return _settable([(key["ApiKeyName"].strip(), key["ApiKeyValue"])])
    return {"authorization": f"Bearer {token}"} if token else {}


def _settable(given: Any) -> dict[str, str]:
    return {name.lower(): value for name, value in given if name and name.lower() not in _REMOVED}


def _with_path(endpoint: str, values: Sequence[str]) -> str:
    parts = endpoint.split("*")
    if len(parts) - 1 > len(values):
        text = f"the endpoint has {len(parts) - 1} path parameters, the target gives {len(values)}"
        raise DeliveryError(INVALID_PARAMETER, text, final=True)
    filled = [quote(value, safe="") for value in values[: len(parts) - 1]]
    return parts[0] + "".join(value + part for value, part in zip(filled, parts[1:], strict=True))


def _with_query(url: str, query: Mapping[str, str]) -> str:
    if not query:
        return url
    parts = urlsplit(url)
    more = urlencode(query, quote_via=quote)
    return urlunsplit(parts._replace(query=f"{parts.query}&{more}" if parts.query else more))


def _with_body(payload: bytes, more: Mapping[str, str]) -> bytes:
    """The payload with more members, if it is a JSON object."""
    if not more:
        return payload
    try:
        found = msgspec.json.decode(payload)
    except UNREADABLE:
        return payload
    return msgspec.json.encode({**found, **more}) if isinstance(found, dict) else payload
