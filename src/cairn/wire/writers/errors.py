"""Errors in the shape that each protocol has for them."""

from __future__ import annotations

from functools import cache
from typing import Any

from botocore.model import StructureShape

from cairn.core.errors import AwsError
from cairn.wire.http import Response
from cairn.wire.models import Service, index, service_model
from cairn.wire.protocols import Protocol
from cairn.wire.writers.service import host_id, query_namespace, rest_headers, rpc_headers
from cairn.wire.writers.tree import encode_cbor, encode_json
from cairn.wire.writers.xml import DECLARATION, xml_text

_UNKNOWN = Service("", (), "", "", "", "", "1.1", "")

_NAMESPACES = {
    "dynamodb": "com.amazonaws.dynamodb.v20120810",
    "dynamodbstreams": "com.amazonaws.dynamodb.v20120810",
    "sqs": "com.amazonaws.sqs",
    "cloudwatch": "com.amazonaws.cloudwatch.v2010_08_01",
}
"""What stands before the `#` in `__type`, for services that have it."""

_FRAMEWORK = "com.amazon.coral.service"
_FRAMEWORK_CODES = ("SerializationException", "UnknownOperationException", "InternalFailure", "AccessDeniedException")


def write_error(protocol: Protocol, service: str, error: AwsError, request_id: str) -> Response:
    """The reply with an error.

    Args:
        service: botocore's name, empty if unknown.
        error: its code may be the wire's or, where they differ, the model's name of the shape.
    """
    known = index().services.get(service, _UNKNOWN)
    shape = _error_shape(service, error.code) if service else None
    traits: dict[str, Any] = shape.metadata.get("error", {}) if shape is not None else {}
    status = error.status
    if protocol.speaks_xml or protocol == Protocol.REST_JSON:
        status = int(traits.get("httpStatusCode", status)) if status == 400 else status
    match protocol:
        case Protocol.JSON | Protocol.CBOR:
            return _rpc_error(protocol, known, shape, error, request_id)
        case Protocol.REST_JSON:
            headers = rest_headers(known, request_id)
            headers.add("content-type", "application/json")
            headers.add("x-amzn-errortype", shape.name if shape is not None else error.code)
            return Response(status, headers, encode_json(_members(shape, error)))
    code = str(traits.get("code", error.code))
    if protocol == Protocol.REST_XML:
        return _rest_xml_error(known, code, status, error, request_id)
    return Response(
        status, rpc_headers(protocol, known, request_id), _query_error(protocol, known, code, error, request_id)
    )


def _rpc_error(
    protocol: Protocol, service: Service, shape: StructureShape | None, error: AwsError, request_id: str
) -> Response:
    name = shape.name if shape is not None else error.code
    tree = {"__type": _type(service, protocol, name), **_members(shape, error)}
    headers = rpc_headers(protocol, service, request_id)
    if service.name and service_model(service.name).is_query_compatible:
        traits = shape.metadata.get("error", {}) if shape is not None else {}
        headers.add("x-amzn-query-error", f"{traits.get('code', error.code)};{_fault(error)}")
    return Response(error.status, headers, (encode_cbor if protocol == Protocol.CBOR else encode_json)(tree))


def _type(service: Service, protocol: Protocol, name: str) -> str:
    """`__type`: services that speak JSON 1.0 or CBOR name the shape in full, the others do not."""
    namespace = _NAMESPACES.get(service.name, "")
    if name in _FRAMEWORK_CODES and (service.json_version == "1.0" or protocol == Protocol.CBOR):
        namespace = _FRAMEWORK
    return f"{namespace}#{name}" if namespace else name


def _members(shape: StructureShape | None, error: AwsError) -> dict[str, object]:
    """The error's members by wire name, the message first, under whichever name the service has for it."""
    message_name = "message"
    for name, member in shape.members.items() if shape is not None else ():
        if name.lower() == "message":
            message_name = member.serialization.get("name", name)
    return {message_name: error.message, **error.members}


def _query_error(protocol: Protocol, service: Service, code: str, error: AwsError, request_id: str) -> bytes:
    inner = f"<Code>{xml_text(code)}</Code><Message>{xml_text(error.message)}</Message>{_elements(error)}"
    if protocol == Protocol.EC2:
        document = (
            f"<Response><Errors><Error>{inner}</Error></Errors><RequestID>{xml_text(request_id)}</RequestID></Response>"
        )
    else:
        document = (
            f'<ErrorResponse xmlns="{query_namespace(service)}"><Error><Type>{_fault(error)}</Type>{inner}</Error>'
            f"<RequestId>{xml_text(request_id)}</RequestId></ErrorResponse>"
        )
    return (DECLARATION + document).encode()


def _rest_xml_error(service: Service, code: str, status: int, error: AwsError, request_id: str) -> Response:
    headers = rest_headers(service, request_id)
    headers.add("content-type", "application/xml")
    if service.name not in ("s3", ""):
        return Response(status, headers, _query_error(Protocol.QUERY, service, code, error, request_id))
    document = (
        f"<Error><Code>{xml_text(code)}</Code><Message>{xml_text(error.message)}</Message>{_elements(error)}"
        f"<RequestId>{xml_text(request_id)}</RequestId><HostId>{host_id(request_id)}</HostId></Error>"
    )
    return Response(status, headers, (DECLARATION + document).encode())


def _elements(error: AwsError) -> str:
    return "".join(f"<{name}>{xml_text(str(value))}</{name}>" for name, value in error.members.items())


def _fault(error: AwsError) -> str:
    return "Sender" if error.sender else "Receiver"


def _error_shape(service: str, code: str) -> StructureShape | None:
    """A service's modelled error of that name or, where nothing has that name, of that code on the wire."""
    name = _error_names(service).get(code)
    return service_model(service).shape_for(name) if name else None


@cache
def _error_names(service: str) -> dict[str, str]:
    shapes = service_model(service).error_shapes
    codes = {shape.metadata.get("error", {}).get("code", shape.name): shape.name for shape in reversed(shapes)}
    return codes | {shape.name: shape.name for shape in shapes}
