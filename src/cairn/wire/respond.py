"""Answers: an output or an error, in botocore's names, as the bytes of the protocol that the call speaks."""

from __future__ import annotations

from cairn.core.errors import AwsError
from cairn.wire.catalogue import Catalogue
from cairn.wire.http import Call, Response
from cairn.wire.identify import action_parameters
from cairn.wire.models import index
from cairn.wire.protocols import Protocol, protocol_of
from cairn.wire.writers.errors import write_error
from cairn.wire.writers.service import Output, OutputWriter, ServiceWriters

_replies: Catalogue[ServiceWriters, OutputWriter] = Catalogue(ServiceWriters, ServiceWriters.compile)


def respond(call: Call, output: Output) -> Response:
    """The reply to `call` with an operation's output.

    Args:
        output: in botocore's names. Times may be datetimes or seconds since the epoch; members that are None are
            left out.

    Raises:
        Unwritable: the output has what the model has not.
        KeyError: the call's operation is unknown.
    """
    protocol = protocol_of(call.request, call.service)
    reply = _replies.get(call.service, call.operation, protocol)(output, call.request_id)
    if call.request.method == "HEAD":
        reply.body = b""
    return reply


def error_response(call: Call, error: AwsError) -> Response:
    """The reply to `call` with an error, whatever is known of the call."""
    protocol = protocol_of(call.request, call.service)
    reply = write_error(protocol, call.service, error, call.request_id)
    if call.request.method == "HEAD":
        reply.body = b""
    if "x-amzn-query-mode" not in call.request.headers:
        reply.headers.remove("x-amzn-query-error")
    return reply


def unidentified(call: Call) -> AwsError:
    """The error for a call whose service or operation could not be told."""
    protocol = protocol_of(call.request, call.service)
    if call.service == "s3":
        return AwsError("MethodNotAllowed", "The specified method is not allowed against this resource.", 405,
                        Method=call.request.method, ResourceType="OBJECT")  # fmt: skip
    if protocol in (Protocol.QUERY, Protocol.EC2):
        action = action_parameters(call.request, call.body).get("Action", "")
        if not action:
            return AwsError("MissingAction", "The request must contain the parameter Action.")
        if protocol == Protocol.QUERY and call.service:
            version = index().services[call.service].api_version
            return AwsError("InvalidAction", f"Could not find operation {action} for version {version}")
        return AwsError("InvalidAction", f"The action {action} is not valid for this web service.")
    if protocol == Protocol.REST_XML:
        return AwsError("InvalidAction", "No operation of this service has such a path.", 404)
    if protocol == Protocol.REST_JSON:
        return AwsError("UnknownOperationException", "No operation of this service has such a path.", 404)
    return AwsError("UnknownOperationException", "The operation is unknown.")
