"""A request's input, in botocore's member names and types.

Driven by botocore's models: the shapes of an operation are compiled to readers when it is first called. Text that a
stranger sent ends here in values of the modelled types or in the protocol's own error, whatever it holds.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

from botocore.model import OperationModel, Shape, StructureShape

from cairn.core.errors import AwsError
from cairn.wire.http import Request, split_query
from cairn.wire.models import operation_model
from cairn.wire.protocols import Protocol, protocol_of
from cairn.wire.readers.form import FormReaders, form_tree
from cairn.wire.readers.rest import BodyReader, RestReader, compile_rest
from cairn.wire.readers.scalars import Malformed, NotWellFormed
from cairn.wire.readers.tree import TreeReaders, decode_cbor, decode_json
from cairn.wire.readers.xml import XmlReaders, decode_xml
from cairn.wire.s3_routes import POST_OBJECT, split_path

InputReader = Callable[[Request, bytes, str], dict[str, Any]]


def parse_input(
    service: str, operation: str, request: Request, body: bytes = b"", *, host_bucket: str = ""
) -> dict[str, Any]:
    """The input of a call, in botocore's names and types: text, int, float, bool, bytes, aware datetimes.

    Members that stand in the path, the query and headers are among them. A streamed body is left out, whether or
    not `body` holds it.

    Args:
        body: the whole body, decoded of aws-chunked.
        host_bucket: the bucket that the host names (`Call.host_bucket`).

    Raises:
        AwsError: the request is malformed; the error is the one that the protocol has for it.
        KeyError: there is no such operation.
    """
    if service == "s3" and operation == POST_OBJECT:
        return {"Bucket": split_path(request.path, host_bucket)[0]}
    protocol = protocol_of(request, service)
    try:
        return _compiled.reader(service, operation, protocol)(request, body, host_bucket)
    except (Malformed, RecursionError) as error:
        raise malformed(protocol, service, error) from error


def malformed(protocol: Protocol, service: str, error: Exception) -> AwsError:
    """The error that a service of `protocol` answers to a request which it cannot read."""
    text = str(error) if isinstance(error, Malformed) else "the request is nested too deep"
    if protocol == Protocol.REST_XML:
        if service in ("s3", "s3control"):
            return AwsError(
                "MalformedXML",
                "The XML you provided was not well-formed or did not validate against our published schema",
            )
        return AwsError("MalformedInput", text)
    if protocol == Protocol.EC2:
        return AwsError("InvalidParameterValue", f"The request is not valid: {text}")
    if protocol == Protocol.QUERY:
        return AwsError("MalformedInput", text)
    return AwsError("SerializationException", text)


class _Compiled:
    """Readers of the operations that were called, by service and protocol."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._readers: dict[tuple[str, str, Protocol], InputReader] = {}
        self._services: dict[tuple[str, Protocol], _Service] = {}

    def reader(self, service: str, operation: str, protocol: Protocol) -> InputReader:
        key = (service, operation, protocol)
        reader = self._readers.get(key)
        if reader is not None:
            return reader
        model = operation_model(service, operation)
        # The readers of structures that hold themselves are unfinished while they are compiled.
        with self._lock:
            compiler = self._services.setdefault((service, protocol), _Service(protocol))
            return self._readers.setdefault(key, compiler.compile(model))


class _Service:
    """What the operations of one service have in common: the readers of its structures."""

    def __init__(self, protocol: Protocol) -> None:
        self._protocol = protocol
        self._trees = TreeReaders(cbor=protocol == Protocol.CBOR)
        self._forms = FormReaders(ec2=protocol == Protocol.EC2)
        self._elements = XmlReaders()

    def compile(self, model: OperationModel) -> InputReader:
        shape = model.input_shape
        match self._protocol:
            case Protocol.REST_JSON:
                return _read_rest(compile_rest(model, self._tree, self._tree_or_nothing))
            case Protocol.REST_XML:
                return _read_rest(compile_rest(model, self._document, self._document))
            case _ if shape is None:
                return lambda request, body, host_bucket: {}
            case Protocol.QUERY | Protocol.EC2:
                return _read_form(self._forms.reader(shape))
            case Protocol.CBOR:
                read_cbor = self._trees.reader(shape)
                return lambda request, body, host_bucket: read_cbor(decode_cbor(body))
        read = self._trees.reader(shape)
        return lambda request, body, host_bucket: read(decode_json(body))

    def _tree(self, shape: Shape) -> BodyReader:
        read = self._trees.reader(shape)
        return lambda body: read(decode_json(body))

    def _tree_or_nothing(self, shape: Shape) -> BodyReader:
        read = self._trees.reader(shape)
        # Clients send an empty object where they have nothing to send.
        return lambda body: read(tree) if (tree := decode_json(body)) != {} else None

    def _document(self, shape: StructureShape) -> BodyReader:
        read = self._elements.reader(shape)
        return lambda body: read(decode_xml(body))


def _read_rest(reader: RestReader) -> InputReader:
    return reader.read


def _read_form(read: Callable[[Any], dict[str, Any]]) -> InputReader:
    def read_request(request: Request, body: bytes, host_bucket: str) -> dict[str, Any]:
        pairs = request.query_pairs() if request.query else []
        if body:
            try:
                pairs += split_query(body.decode("utf-8"))
            except UnicodeDecodeError as error:
                raise NotWellFormed("the form is not UTF-8") from error
        return read(form_tree(pairs))

    return read_request


_compiled = _Compiled()
