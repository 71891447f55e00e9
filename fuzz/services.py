"""Cairn's own services, each with databases of its own that are empty again for every input."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable, Mapping
from functools import lru_cache
from uuid import UUID

import sqlalchemy as sa
from tests.cloudtrail.companies import Companies

from cairn.cloudtrail import delegation
from cairn.cloudtrail.digests.keys import Keys as DigestKeys
from cairn.cloudtrail.digests.operations import operations as key_operations
from cairn.cloudtrail.history import History, HistoryReader, HistorySink
from cairn.cloudtrail.insights.data_operations import operations as insights_operations
from cairn.cloudtrail.insights.tables import INSIGHTS
from cairn.cloudtrail.operations import VALIDATION as CLOUDTRAIL_VALIDATION
from cairn.cloudtrail.operations import operations as trail_operations
from cairn.cloudtrail.organizations import Owners
from cairn.cloudtrail.trails import Trails
from cairn.cloudwatch.alarms.operations import operations as alarm_operations
from cairn.cloudwatch.alarms.tables import ALARMS
from cairn.cloudwatch.exports import Tasks
from cairn.cloudwatch.exports import operations as export_operations
from cairn.cloudwatch.logs import LOGS, LogStore
from cairn.cloudwatch.logs import operations as log_operations
from cairn.cloudwatch.logs.records import pointer
from cairn.cloudwatch.metric_filters.filters import MetricFilters
from cairn.cloudwatch.metric_filters.filters import with_regexes as metric_filters_with_regexes
from cairn.cloudwatch.metric_filters.operations import operations as filter_operations
from cairn.cloudwatch.metrics.operations import operations as metric_operations
from cairn.cloudwatch.metrics.store import MetricStore
from cairn.cloudwatch.metrics.tables import METRICS
from cairn.cloudwatch.patterns import compile_pattern
from cairn.cloudwatch.patterns.message import Message
from cairn.cloudwatch.queries import Queries, Runner
from cairn.cloudwatch.queries import operations as query_operations
from cairn.cloudwatch.sns.operations import operations as topic_operations
from cairn.cloudwatch.sns.subscriptions import Subscriptions
from cairn.cloudwatch.sns.tables import SNS
from cairn.cloudwatch.sns.topics import Topics
from cairn.cloudwatch.subscriptions import Filters
from cairn.cloudwatch.subscriptions import operations as subscription_operations
from cairn.cloudwatch.subscriptions.filters import with_regexes as subscriptions_with_regexes
from cairn.core.clock import Clock, TestClock
from cairn.core.config import History as HistorySettings
from cairn.core.journal.memory import MemoryJournal
from cairn.core.records.parse import event_from_record
from cairn.core.state import SAVED, Schema, State
from cairn.eventbridge.archives.archives import Archives
from cairn.eventbridge.archives.operations import ArchiveOperations
from cairn.eventbridge.archives.replays import Replays
from cairn.eventbridge.compiled import compile_patterns
from cairn.eventbridge.connections.connections import Connections
from cairn.eventbridge.connections.destinations import Destinations
from cairn.eventbridge.connections.operations import ConnectionOperations
from cairn.eventbridge.connections.vault import Vault
from cairn.eventbridge.operations import VALIDATION as EVENTS_VALIDATION
from cairn.eventbridge.operations import operations as event_operations
from cairn.eventbridge.routing import Router
from cairn.eventbridge.schema import EVENTS
from cairn.service.cloudwatch import VALIDATIONS as CLOUDWATCH_VALIDATIONS
from cairn.wire.operation import Operation
from fuzz import others
from fuzz.samples import records
from fuzz.target import scratch

Operations = Mapping[str, Operation]

REGIONS = ("us-east-1", "eu-west-1")
VALIDATIONS = {**CLOUDWATCH_VALIDATIONS, "events": EVENTS_VALIDATION, "cloudtrail": CLOUDTRAIL_VALIDATION}


class _Runner(Runner):
    """Runs a query before it is answered that it was taken. An error of ours is raised."""

    def submit(self, query: str) -> None:
        found = self._queries.begin(query)
        assert found is not None
        self._work(found)


def _logs(clock: Clock) -> Operations:
    state = _emptied(LOGS)
    store = LogStore(state, clock)
    filters = MetricFilters(store, compile_pattern, others=subscriptions_with_regexes)
    queries, buckets = Queries(state, clock), others.Buckets()
    return {
        **log_operations(store, compile_pattern=_matcher, keys=others.Keys(), filter_counts=filters.counts),
        **filter_operations(filters),
        **query_operations(queries, _Runner(queries, store, pointer, clock), store),
        **subscription_operations(
            store,
            Filters(store, others=metric_filters_with_regexes),
            others.Destinations(),
            _matcher,
            lambda pattern: compile_pattern(pattern).regexes,
        ),
        **export_operations(Tasks(state, clock), store, buckets),
    }


def _matcher(pattern: str) -> Callable[[str], bool]:
    found = compile_pattern(pattern)
    return lambda message: found.matches(Message(message))


def _cloudwatch(clock: Clock) -> Operations:
    alarms = alarm_operations(_emptied(ALARMS), clock)
    return {**metric_operations(MetricStore(_emptied(METRICS), clock)), **alarms}


def _sns(clock: Clock) -> Operations:
    state = _emptied(SNS)
    return topic_operations(Topics(state, clock), Subscriptions(state, clock), allow_private=True, ask_policies=True)


def _events(clock: Clock) -> Operations:
    state = _emptied(EVENTS)
    router = Router(state, clock, compile_patterns, lambda *_: None)
    archives = ArchiveOperations(Archives(state, clock), Replays(state, clock))
    connections = Connections(state, _vault(), clock)
    return {
        **event_operations(state, clock, router, ask_policies=True),
        **archives.operations(),
        **ConnectionOperations(connections, Destinations(state, clock), allow_private=False).operations(),
    }


@lru_cache
def _vault() -> Vault:
    return Vault(scratch())


def _cloudtrail(clock: Clock) -> Operations:
    """The account has an organization with one member, which is a delegated administrator, and another that can be."""
    state, history = _emptied(SAVED), _history()
    companies = Companies()
    companies.found("123456789012", "111122223333", "777788889999", administrators=("111122223333",))
    owners = Owners(companies)
    trails = Trails(state, MemoryJournal(clock=clock), clock)
    return {
        **trail_operations(trails, others.preconditions(), owners),
        **delegation.operations(companies),
        **history.operations(),
        **insights_operations(history, _emptied(INSIGHTS), trails, owners, clock),
        **key_operations(_digest_keys(state), clock),
    }


@lru_cache
def _history() -> HistoryReader:
    """Of genuine records, each several times, so that there are pages."""
    copies = [{**json.loads(record), "eventID": str(UUID(int=number))} for number, record in enumerate(3 * records())]
    folder, settings, clock = scratch(), HistorySettings(), TestClock()
    journal = MemoryJournal(clock=clock)
    sink = HistorySink(folder, settings, clock, journal, wait_s=0.0)
    journal.append([event_from_record(copy) for copy in copies], origin="gateway")
    while sink.behind:
        sink.step()
    sink.close()
    return History(folder, settings, clock).reader()


@lru_cache
def _digest_keys(state: State) -> DigestKeys:
    """Made once, and loaded once: either takes long."""
    keys = DigestKeys(state, scratch(), TestClock())
    for region in REGIONS:
        keys.signing_key(region)
    return keys


@lru_cache
def _state(schema: Schema) -> tuple[State, sqlite3.Connection]:
    """A database of a schema, made once, and what it is when empty."""
    state = State.in_folder(scratch(), schema)
    state.migrate()
    if schema is SAVED:
        _digest_keys(state)
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


OPERATIONS: Mapping[str, Callable[[Clock], Operations]] = {
    "cloudtrail": _cloudtrail,
    "logs": _logs,
    "cloudwatch": _cloudwatch,
    "sns": _sns,
    "events": _events,
}
"""A service's operations by name, over empty databases."""
