"""A request from its first byte to its record."""

from __future__ import annotations

from cairn.core.errors import AwsError
from cairn.gateway.document import document_of
from cairn.gateway.passed_roles import passed_roles
from cairn.gateway.permissions import permissions_of
from cairn.gateway.replies import read_outcome
from cairn.wire.compression import inflated, is_gzip, may_be_compressed
from cairn.wire.http import Call
from cairn.wire.identify import identify
from cairn.wire.parse import parse_input
from cairn.wire.respond import error_response, unidentified
from fuzz.messages import request_of
from fuzz.recorded import authorized, record
from fuzz.target import Target, finish

BODY_BYTES_MAX = 1 << 20


def call(data: bytes) -> None:
    request, body = request_of(data)
    found = identify(request, body, domains=("localhost",))
    found.request_id = "request"
    try:
        _parse(found, body)
        permissions_of(found)
        passed_roles(found)
    except AwsError as error:
        refused(found, error)
        return
    authorized(found)
    record(found, None)
    refused(found, AwsError("AccessDenied", "no"))


def _parse(found: Call, body: bytes) -> None:
    headers = found.request.headers
    if body and is_gzip(headers) and may_be_compressed(found.service, found.operation):
        body = inflated(body, BODY_BYTES_MAX)
    found.body = body
    if found.service == "s3":
        found.document = document_of(body)
    if not found.operation:
        raise unidentified(found)
    found.params = parse_input(found.service, found.operation, found.request, body, host_bucket=found.host_bucket)


def refused(found: Call, error: AwsError) -> None:
    """A refusal as it is answered and recorded: what it says is what is read out of it again."""
    response = error_response(found, error)
    for name, value in response.headers:
        (name + value).encode("latin-1", "replace")
        assert "\n" not in value and "\r" not in value, f"{name} carries a line break"
    outcome = finish(read_outcome(found, response))
    assert outcome is not None
    if found.request.method != "HEAD" and found.service and found.service != "s3":
        assert outcome.reply.error_code == error.code, (outcome.reply.error_code, error.code)
    record(found, outcome)


def document(data: bytes) -> None:
    found = document_of(data)
    assert found is None or isinstance(found, dict)


TARGETS = (
    Target("call", "A whole request: named, parsed, asked about, refused in its protocol, and recorded.", call),
    Target("s3-document", "Bodies of S3 as records show them.", document),
)
