"""The writers of one service in one protocol: a whole reply of each operation."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any

from botocore.model import OperationModel, Shape, StructureShape
from botocore.utils import is_json_value_header

from cairn.wire.http import Headers, Response
from cairn.wire.models import Service, index
from cairn.wire.protocols import Protocol
from cairn.wire.writers.scalars import as_base64, text_writer
from cairn.wire.writers.tree import TreeWriters, encode_cbor, encode_json
from cairn.wire.writers.xml import DECLARATION, XmlWriters, xml_text

Output = Mapping[str, Any]
OutputWriter = Callable[[Output, str], Response]
"""Writes the reply of an operation from its output and the request's id."""

S3_NAMESPACE = "http://s3.amazonaws.com/doc/2006-03-01/"

_S3_ROOTS = {
    "ListBuckets": "ListAllMyBucketsResult",
    "ListObjects": "ListBucketResult",
    "ListObjectsV2": "ListBucketResult",
    "ListObjectVersions": "ListVersionsResult",
    "ListMultipartUploads": "ListMultipartUploadsResult",
    "ListParts": "ListPartsResult",
    "GetBucketAcl": "AccessControlPolicy",
    "GetObjectAcl": "AccessControlPolicy",
    "GetBucketVersioning": "VersioningConfiguration",
    "GetBucketTagging": "Tagging",
    "GetObjectTagging": "Tagging",
    "GetBucketLogging": "BucketLoggingStatus",
    "GetBucketCors": "CORSConfiguration",
    "GetBucketWebsite": "WebsiteConfiguration",
    "GetBucketRequestPayment": "RequestPaymentConfiguration",
    "GetBucketLifecycleConfiguration": "LifecycleConfiguration",
    "GetBucketAccelerateConfiguration": "AccelerateConfiguration",
}
"""Root elements that the model does not name."""


class ServiceWriters:
    """Makes the writers of one service's operations. Not for several threads at once."""

    def __init__(self, protocol: Protocol) -> None:
        self.protocol = protocol
        self._elements = XmlWriters()
        self._trees = TreeWriters(cbor=protocol == Protocol.CBOR)

    def compile(self, model: OperationModel) -> OutputWriter:
        service = index().services[model.service_model.service_name]
        match self.protocol:
            case Protocol.JSON | Protocol.CBOR:
                return self._rpc(service, model.output_shape)
            case Protocol.QUERY | Protocol.EC2:
                return self._query(service, model)
        return self._rest(service, model)

    def _rpc(self, service: Service, shape: StructureShape | None) -> OutputWriter:
        write = self._trees.structure(shape) if shape is not None else None
        encode = encode_cbor if self.protocol == Protocol.CBOR else encode_json

        def reply(output: Output, request_id: str) -> Response:
            body = encode(write(output)) if write is not None else b""
            return Response(200, rpc_headers(self.protocol, service, request_id), body)

        return reply

    def _query(self, service: Service, model: OperationModel) -> OutputWriter:
        shape, name = model.output_shape, model.name
        members = self._elements.members(shape) if shape is not None else None
        ec2 = self.protocol == Protocol.EC2
        namespace = query_namespace(service)
        wrapper = "" if ec2 or shape is None else shape.serialization.get("resultWrapper", f"{name}Result")

        def reply(output: Output, request_id: str) -> Response:
            parts = [DECLARATION, f'<{name}Response xmlns="{namespace}">']
            parts += [f"<requestId>{xml_text(request_id)}</requestId>"] if ec2 else []
            parts += [f"<{wrapper}>"] if wrapper else []
            if members is not None:
                members(parts, output)
            parts += [f"</{wrapper}>"] if wrapper else []
            if not ec2:
                parts.append(f"<ResponseMetadata><RequestId>{xml_text(request_id)}</RequestId></ResponseMetadata>")
            parts.append(f"</{name}Response>")
            return Response(200, rpc_headers(self.protocol, service, request_id), "".join(parts).encode())

        return reply

    def _rest(self, service: Service, model: OperationModel) -> OutputWriter:
        shape = model.output_shape
        status_code = int(model.http.get("responseCode", 200))
        if shape is None:
            return lambda output, request_id: Response(status_code, rest_headers(service, request_id))
        body = self._rest_body(service, model, shape)
        placed = [(name, member) for name, member in shape.members.items() if "location" in member.serialization]
        writers = [(name, _header_writer(name, member)) for name, member in placed]
        status_member = next((n for n, member in placed if member.serialization["location"] == "statusCode"), "")

        def reply(output: Output, request_id: str) -> Response:
            headers = rest_headers(service, request_id)
            for name, write in writers:
                if output.get(name) is not None:
                    write(headers, output[name])
            content, kind = body(output)
            if kind and "content-type" not in headers:
                headers.set("content-type", kind)
            return Response(int(output.get(status_member) or status_code), headers, content)

        return reply

    def _rest_body(
        self, service: Service, model: OperationModel, shape: StructureShape
    ) -> Callable[[Output], tuple[bytes, str]]:
        """Makes the body and its content type."""
        payload = shape.serialization.get("payload")
        member = shape.members[payload] if payload else None
        if member is not None and member.type_name in ("blob", "string"):
            return lambda output: (_raw(output.get(payload)), "")
        if member is None and all("location" in inner.serialization for inner in shape.members.values()):
            return lambda output: (b"", "")
        if self.protocol == Protocol.REST_JSON:
            write_tree = self._trees.writer(member if member is not None else shape)
            return lambda output: (
                encode_json(write_tree((output.get(payload) or {}) if payload else output)),
                "application/json",
            )
        root = _root(service, model, shape, member)
        namespace = S3_NAMESPACE if service.name == "s3" else query_namespace(service)
        members = self._elements.members(member if member is not None else shape)

        def write_xml(output: Output) -> tuple[bytes, str]:
            content = output.get(payload) if payload else output
            if content is None:
                return b"", ""
            parts = [DECLARATION, f'<{root} xmlns="{namespace}">']
            members(parts, content)
            parts.append(f"</{root}>")
            return "".join(parts).encode(), "application/xml"

        return write_xml


def rpc_headers(protocol: Protocol, service: Service, request_id: str) -> Headers:
    """The headers that every reply of a service without REST has."""
    headers = Headers([("x-amzn-requestid", request_id)])
    match protocol:
        case Protocol.JSON:
            headers.add("content-type", f"application/x-amz-json-{service.json_version}")
        case Protocol.CBOR:
            headers.add("content-type", "application/cbor")
            headers.add("smithy-protocol", "rpc-v2-cbor")
        case _:
            headers.add("content-type", "text/xml;charset=UTF-8")
    return headers


def rest_headers(service: Service, request_id: str) -> Headers:
    """The headers that every reply of a REST service has."""
    if service.name in ("s3", "s3control"):
        return Headers([("x-amz-request-id", request_id), ("x-amz-id-2", host_id(request_id))])
    return Headers([("x-amzn-requestid", request_id)])


def host_id(request_id: str) -> str:
    """S3's second id: which of its hosts answered. There is one."""
    return as_base64(f"cairn/{request_id}")


def query_namespace(service: Service) -> str:
    return service.xml_namespace or f"http://{service.endpoint_prefix}.amazonaws.com/doc/{service.api_version}/"


def _root(service: Service, model: OperationModel, shape: StructureShape, member: Shape | None) -> str:
    if member is not None:
        return str(member.serialization.get("name", member.name))
    if service.name == "s3" and model.name in _S3_ROOTS:
        return _S3_ROOTS[model.name]
    return str(shape.serialization.get("name", shape.name))


def _header_writer(name: str, shape: Shape) -> Callable[[Headers, Any], None]:
    wire_name = shape.serialization.get("name", name).lower()
    location = shape.serialization["location"]
    if location == "statusCode":
        return lambda headers, value: None
    if location == "headers":
        return lambda headers, value: _set_all(headers, wire_name, value)
    if is_json_value_header(shape):
        return lambda headers, value: headers.set(wire_name, as_base64(json.dumps(value, separators=(",", ":"))))
    if shape.type_name == "list":
        item = text_writer(shape.member, timestamp="rfc822")
        return lambda headers, value: headers.set(wire_name, ",".join(map(item, value)))
    write = text_writer(shape, timestamp="rfc822")
    return lambda headers, value: headers.set(wire_name, write(value))


def _set_all(headers: Headers, prefix: str, values: Mapping[str, str]) -> None:
    for name, value in values.items():
        headers.set(prefix + name.lower(), value)


def _raw(value: Any) -> bytes:
    return value.encode() if isinstance(value, str) else bytes(value or b"")
