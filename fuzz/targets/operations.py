"""Cairn's own operations: whatever is asked of them, in whatever order, they answer what their model has or refuse."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Mapping
from functools import lru_cache, partial

import sqlalchemy as sa

from cairn.cloudwatch.alarms.operations import operations as alarm_operations
from cairn.cloudwatch.alarms.tables import ALARMS
from cairn.cloudwatch.logs import LOGS, LogStore
from cairn.cloudwatch.logs import operations as log_operations
from cairn.cloudwatch.metric_filters.filters import MetricFilters
from cairn.cloudwatch.metric_filters.operations import operations as filter_operations
from cairn.cloudwatch.metrics.operations import operations as metric_operations
from cairn.cloudwatch.metrics.store import MetricStore
from cairn.cloudwatch.metrics.tables import METRICS
from cairn.cloudwatch.patterns import compile_pattern
from cairn.cloudwatch.patterns.message import Message
from cairn.cloudwatch.sns.operations import operations as topic_operations
from cairn.cloudwatch.sns.subscriptions import Subscriptions
from cairn.cloudwatch.sns.tables import SNS
from cairn.cloudwatch.sns.topics import Topics
from cairn.core.clock import TestClock
from cairn.core.errors import AwsError
from cairn.core.records.identity import root
from cairn.core.state import Schema, State
from cairn.eventbridge.archives.archives import Archives
from cairn.eventbridge.archives.operations import ArchiveOperations
from cairn.eventbridge.archives.replays import Replays
from cairn.eventbridge.compiled import compile_patterns
from cairn.eventbridge.operations import VALIDATION as EVENTS_VALIDATION
from cairn.eventbridge.operations import operations as event_operations
from cairn.eventbridge.routing import Router
from cairn.eventbridge.schema import EVENTS
from cairn.service.cloudwatch import VALIDATIONS
from cairn.wire.http import Call
from cairn.wire.models import operation_names
from cairn.wire.operation import Context, Operation
from cairn.wire.parse import parse_input
from cairn.wire.respond import respond
from cairn.wire.validate import validate
from fuzz.messages import request_of
from fuzz.target import SEPARATOR, Target, scratch, text

ACCOUNT, REGION = "123456789012", "us-east-1"
CALLS_MAX = 6
_SCHEMAS: Mapping[str, tuple[Schema, ...]] = {
    "logs": (LOGS,),
    "cloudwatch": (METRICS, ALARMS),
    "sns": (SNS,),
    "events": (EVENTS,),
}
_VALIDATIONS = {**VALIDATIONS, "events": EVENTS_VALIDATION}
_FORM = b"POST /\nContent-Type: application/x-www-form-urlencoded\n\n"
_CLOCK = TestClock()


def calls(service: str, data: bytes) -> None:
    """Calls one after the other on a database of their own: a line with the operation, then its input as JSON, or as a
    form where the service takes those."""
    operations = _operations(service, [_emptied(schema) for schema in _SCHEMAS[service]])
    for part in data.split(SEPARATOR)[:CALLS_MAX]:
        first, _, body = part.partition(b"\n")
        name = text(first).strip()
        if name in operations and name in operation_names(service):
            _call(service, name, operations[name], body)


def _call(service: str, name: str, operation: Operation, body: bytes) -> None:
    request, _ = request_of(_FORM if service == "sns" else f"POST /\nX-Amz-Target: {service}.{name}\n\n".encode())
    call = Call(request, service, name, REGION, account=ACCOUNT, request_id="request")
    try:
        params = parse_input(service, name, request, body)
        validate(service, name, params, _VALIDATIONS[service])
        respond(call, operation(Context(ACCOUNT, REGION, root(ACCOUNT)), params))
    except AwsError:
        return


@lru_cache
def _state(schema: Schema) -> tuple[State, sqlite3.Connection]:
    """A database of a schema, made once, and what it is when empty."""
    state = State.in_folder(scratch(), schema)
    state.migrate()
    empty = sqlite3.connect(":memory:")
    with state.engine.connect() as connection:
        _file(connection).backup(empty)
    return state, empty


def _emptied(schema: Schema) -> State:
    state, empty = _state(schema)
    with state.engine.connect() as connection:
        empty.backup(_file(connection))
    return state


def _file(connection: sa.Connection) -> sqlite3.Connection:
    found = connection.connection.driver_connection
    assert isinstance(found, sqlite3.Connection)
    return found


def _matcher(pattern: str) -> Callable[[str], bool]:
    found = compile_pattern(pattern)
    return lambda message: found.matches(Message(message))


def _operations(service: str, states: list[State]) -> Mapping[str, Operation]:
    state = states[0]
    if service == "logs":
        store = LogStore(state, _CLOCK)
        filters = MetricFilters(store, compile_pattern)
        logs = log_operations(store, compile_pattern=_matcher, keys=None, filter_counts=filters.counts)
        return {**logs, **filter_operations(filters)}
    if service == "cloudwatch":
        return {**metric_operations(MetricStore(state, _CLOCK)), **alarm_operations(states[1], _CLOCK)}
    if service == "sns":
        return topic_operations(
            Topics(state, _CLOCK), Subscriptions(state, _CLOCK), allow_private=True, ask_policies=True
        )
    router = Router(state, _CLOCK, compile_patterns, lambda *_: None)
    archives = ArchiveOperations(Archives(state, _CLOCK), Replays(state, _CLOCK))
    return {**event_operations(state, _CLOCK, router, ask_policies=True), **archives.operations()}


TARGETS = tuple(
    Target(
        f"operations-{service}",
        "Calls of Cairn's own operations, one after the other, are answered as their model says or refused.",
        partial(calls, service),
    )
    for service in _SCHEMAS
)
