"""What a reply says: the operation's output, or its error, in botocore's names.

For the record of a call that is already answered: whatever an upstream sends, nothing here raises. What cannot be
read is left out.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any
from xml.etree.ElementTree import Element

from botocore.model import OperationModel

from cairn.wire.catalogue import Catalogue
from cairn.wire.http import Headers
from cairn.wire.models import index
from cairn.wire.protocols import Protocol
from cairn.wire.readers.rest import compile_rest_output
from cairn.wire.readers.scalars import Malformed
from cairn.wire.readers.service import ServiceReaders
from cairn.wire.readers.tree import decode_cbor, decode_json
from cairn.wire.readers.xml import decode_xml

OutputReader = Callable[[int, Headers, bytes], dict[str, Any]]


@dataclass(frozen=True, slots=True)
class Reply:
    """A reply, as far as it could be read."""

    output: dict[str, Any] | None = None
    """The output in botocore's names and types, without a streamed body; None for an error, an operation without
    output, or a body that could not be read."""
    error_code: str = ""
    """As the service wrote it, without the shape's namespace; empty where the call succeeded."""
    error_message: str = ""


def parse_reply(service: str, operation: str, status: int, headers: Headers, body: bytes = b"") -> Reply:
    """What a reply to a call says.

    Args:
        body: the whole body, without Content-Encoding; empty where it was streamed.
    """
    protocol = reply_protocol(service, headers)
    if status >= 300:
        return _error(service, operation, status, protocol, headers, body)
    try:
        # S3 may find out that a copy fails after it has answered 200.
        if protocol == Protocol.REST_XML and b"<Error>" in body[:200] and (found := _xml_error(body, alone=True)):
            return Reply(None, *found)
        return Reply(_outputs.get(service, operation, protocol)(status, headers, body))
    except (Malformed, RecursionError, KeyError):
        return Reply()


def reply_protocol(service: str, headers: Headers) -> Protocol:
    """The protocol of a reply, which is that of its request."""
    known = index().services.get(service)
    if known is None:
        return Protocol.REST_XML if "xml" in headers.get("content-type") else Protocol.REST_JSON
    if len(known.protocols) == 1 and known.protocols[0] != "json":
        return Protocol(known.protocols[0])
    if headers.get("smithy-protocol") == "rpc-v2-cbor":
        return Protocol.CBOR
    kind = headers.get("content-type")
    return Protocol.CBOR if "cbor" in kind else Protocol.QUERY if "xml" in kind else Protocol.JSON


def _compile(readers: ServiceReaders, model: OperationModel) -> OutputReader:
    shape = model.output_shape
    if shape is None:
        return lambda status, headers, body: {}
    if readers.protocol in (Protocol.REST_JSON, Protocol.REST_XML):
        return compile_rest_output(readers, model).read
    if model.has_event_stream_output:
        return lambda status, headers, body: {}
    if readers.protocol not in (Protocol.QUERY, Protocol.EC2):
        read = readers.body(shape)
        return lambda status, headers, body: read(body)
    wrapper = shape.serialization.get("resultWrapper")
    read_element = readers.elements.structure(shape)

    def read_xml(status: int, headers: Headers, body: bytes) -> dict[str, Any]:
        root: Element | None = decode_xml(body)
        if root is not None and wrapper is not None and root.tag != wrapper:
            root = root.find(wrapper)
        found: dict[str, Any] = read_element(root) if root is not None else {}
        return found

    return read_xml


_outputs: Catalogue[ServiceReaders, OutputReader] = Catalogue(ServiceReaders, _compile)


def _error(service: str, operation: str, status: int, protocol: Protocol, headers: Headers, body: bytes) -> Reply:
    code, message = "", ""
    try:
        if protocol.speaks_xml:
            code, message = (_xml_error(body) if body.strip() else None) or ("", "")
        else:
            code, message = _tree_error(decode_cbor(body) if protocol == Protocol.CBOR else decode_json(body))
    except Malformed:
        pass  # a proxy's page, or nothing: the status must do
    if not protocol.speaks_xml:
        code = _plain_code(headers.get("x-amzn-errortype")) or code
        code = headers.get("x-amzn-query-error").partition(";")[0] or code
    if not code:
        code, message = _by_status(service, operation, status, headers), message or _phrase(status)
    return Reply(None, code, message)


def _xml_error(body: bytes, *, alone: bool = False) -> tuple[str, str] | None:
    """Code and message, wherever in the document an `Error` stands: S3 has it alone, EC2 in a list.

    Args:
        alone: whether it must be all of the document: DeleteObjects lists errors of single objects in its answer.
    """
    root = decode_xml(body)
    error = root if root.tag == "Error" else None if alone else root.find(".//Error")
    if error is None:
        return None
    return (error.findtext("Code") or "").strip(), (
        error.findtext("Message") or error.findtext("message") or ""
    ).strip()


def _tree_error(tree: Any) -> tuple[str, str]:
    if not isinstance(tree, dict):
        return "", ""
    code = next((tree[key] for key in ("__type", "code", "Code") if isinstance(tree.get(key), str)), "")
    texts = (tree[key] for key in ("message", "Message", "errorMessage") if isinstance(tree.get(key), str))
    return _plain_code(code), next(texts, "")


def _plain_code(code: str) -> str:
    """`com.amazonaws.dynamodb.v20120810#ValidationException:http://...` is `ValidationException`."""
    return code.partition(":")[0].rpartition("#")[2].strip()


_S3_CODES = {
    301: "PermanentRedirect",
    304: "NotModified",
    307: "TemporaryRedirect",
    400: "BadRequest",
    403: "AccessDenied",
    405: "MethodNotAllowed",
    409: "OperationAborted",
    412: "PreconditionFailed",
    416: "InvalidRange",
    500: "InternalError",
    503: "SlowDown",
}


def _by_status(service: str, operation: str, status: int, headers: Headers) -> str:
    """The code of an error without a body: HEAD has none, and S3 has it for nobody else."""
    if service != "s3":
        return str(status)
    if status == 404:
        if headers.get("x-amz-delete-marker") == "true":
            return "NoSuchKey"
        return "NoSuchBucket" if operation == "HeadBucket" else "NoSuchKey"
    return _S3_CODES.get(status, str(status))


def _phrase(status: int) -> str:
    return HTTPStatus(status).phrase if status in HTTPStatus._value2member_map_ else ""
