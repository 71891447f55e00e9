"""The protocols that AWS's services speak, and which of them a request speaks."""

from __future__ import annotations

from enum import StrEnum

from cairn.wire.http import Request
from cairn.wire.models import index

FORM = "application/x-www-form-urlencoded"


class Protocol(StrEnum):
    """A protocol, by botocore's name."""

    JSON = "json"
    QUERY = "query"
    EC2 = "ec2"
    REST_JSON = "rest-json"
    REST_XML = "rest-xml"
    CBOR = "smithy-rpc-v2-cbor"

    @property
    def speaks_xml(self) -> bool:
        return self in (Protocol.QUERY, Protocol.EC2, Protocol.REST_XML)


def protocol_of(request: Request, service: str) -> Protocol:
    """The protocol that `request` speaks to `service`, which may be empty if it could not be told.

    Most services speak one. Those that changed theirs still understand the older ones, which what the request
    carries tells apart: X-Amz-Target, smithy-protocol, a form.
    """
    known = index().services.get(service)
    if known is not None and known.protocols[0] in ("rest-json", "rest-xml", "ec2", "query"):
        return Protocol(known.protocols[0])
    headers = request.headers
    if "smithy-protocol" in headers and request.path.startswith("/service/"):
        return Protocol.CBOR
    if "x-amz-target" in headers:
        return Protocol.JSON
    if headers.get("content-type").lower().startswith(FORM) or "Action=" in request.query:
        return Protocol.QUERY
    if known is not None:
        return Protocol(known.protocols[0])
    return Protocol.REST_JSON if "json" in headers.get("content-type") else Protocol.REST_XML
