"""A request's input, in botocore's member names and types.

Driven by botocore's models: the shapes of an operation are compiled to readers when it is first called. Text that a
stranger sent ends here in values of the modelled types or in the protocol's own error, whatever it holds.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from botocore.model import OperationModel

from cairn.core.errors import AwsError
from cairn.wire.catalogue import Catalogue
from cairn.wire.http import Request, split_query
from cairn.wire.protocols import Protocol, protocol_of
from cairn.wire.readers.form import form_tree
from cairn.wire.readers.rest import compile_rest_input
from cairn.wire.readers.scalars import Malformed, NotWellFormed
from cairn.wire.readers.service import ServiceReaders
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
        return _inputs.get(service, operation, protocol)(request, body, host_bucket)
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


def _compile(readers: ServiceReaders, model: OperationModel) -> InputReader:
    if readers.protocol in (Protocol.REST_JSON, Protocol.REST_XML):
        return compile_rest_input(readers, model).read
    shape = model.input_shape
    if shape is None:
        return lambda request, body, host_bucket: {}
    if readers.protocol in (Protocol.QUERY, Protocol.EC2):
        return _read_form(readers.form(shape))
    read = readers.body(shape)
    return lambda request, body, host_bucket: read(body)


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


_inputs: Catalogue[ServiceReaders, InputReader] = Catalogue(ServiceReaders, _compile)
