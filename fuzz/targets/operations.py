"""Cairn's own operations: whatever is asked of them, in whatever order, they answer what their model has or refuse."""

from __future__ import annotations

import json
from collections.abc import Mapping
from functools import partial
from urllib.parse import quote

from cairn.core.clock import TestClock
from cairn.core.errors import AwsError
from cairn.core.records.identity import root
from cairn.wire.http import Call
from cairn.wire.models import operation_names
from cairn.wire.operation import Context, Operation
from cairn.wire.parse import parse_input
from cairn.wire.respond import respond
from cairn.wire.validate import validate
from fuzz.messages import request_of
from fuzz.services import OPERATIONS, VALIDATIONS
from fuzz.target import SEPARATOR, Target, text

ACCOUNT, REGION = "123456789012", "us-east-1"
_FORM = b"POST /\nContent-Type: application/x-www-form-urlencoded\n\n"
CALLS_MAX = 8
_PLACES = {
    "": (ACCOUNT, REGION),
    "away": (ACCOUNT, "eu-west-1"),
    "member": ("111122223333", REGION),
    "stranger": ("444455556666", REGION),
}
"""Who calls, and where, by the word behind an operation's name."""


def calls(service: str, data: bytes) -> None:
    """Calls one after the other on a database of their own: a line with the operation and whose call it is, then its
    input as JSON, or as a form where the service takes those. `@name` in an input stands for the text that an answer
    before it had under that name."""
    operations = OPERATIONS[service](TestClock())
    answered: dict[str, str] = {}
    for part in data.split(SEPARATOR)[:CALLS_MAX]:
        first, _, body = part.partition(b"\n")
        name, _, who = text(first).strip().partition(" ")
        if name in operations and name in operation_names(service) and who in _PLACES:
            for known, value in answered.items():
                body = body.replace(b"@" + known.encode(), value.encode())
            answered |= _call(service, name, operations[name], body, *_PLACES[who])


def _call(service: str, name: str, operation: Operation, body: bytes, account: str, region: str) -> Mapping[str, str]:
    """The texts of the answer as they stand in an input, by name; none where the call is refused."""
    form = service == "sns"
    request, _ = request_of(_FORM if form else f"POST /\nX-Amz-Target: {service}.{name}\n\n".encode())
    call = Call(request, service, name, region, account=account, request_id="request")
    try:
        params = parse_input(service, name, request, body)
        validate(service, name, params, VALIDATIONS[service])
        answer = operation(Context(account, region, root(account)), params)
        respond(call, answer)
    except AwsError:
        return {}
    texts = {key: value for key, value in answer.items() if isinstance(value, str)}
    return {key: quote(value, safe="") if form else json.dumps(value)[1:-1] for key, value in texts.items()}


TARGETS = tuple(
    Target(
        f"operations-{service}",
        "Calls of Cairn's own operations, one after the other, are answered as their model says or refused.",
        partial(calls, service),
    )
    for service in OPERATIONS
)
