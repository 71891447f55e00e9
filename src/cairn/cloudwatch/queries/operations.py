"""Operations on queries: input and output in botocore's names."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from cairn.cloudwatch.logs import GroupId, LogStore
from cairn.cloudwatch.logs.encryption import QueryKeys
from cairn.cloudwatch.logs.groups import DAY_MS, DELIVERY, Group
from cairn.cloudwatch.logs.identifiers import identified, own_group
from cairn.cloudwatch.logs.paging import read_token, token
from cairn.cloudwatch.logs.refusals import not_of_class
from cairn.cloudwatch.queries import refusals
from cairn.cloudwatch.queries.definition_operations import definition_operations
from cairn.cloudwatch.queries.definitions import GROUPS_MAX, LANGUAGE, Definitions
from cairn.cloudwatch.queries.language.query import Query
from cairn.cloudwatch.queries.language.refusals import MalformedQuery
from cairn.cloudwatch.queries.queries import CANCELLED, COMPLETE, Queries, SavedQuery
from cairn.cloudwatch.queries.runner import Runner
from cairn.wire.operation import Context, Operation

Params = dict[str, Any]

PAGE_ROWS_MAX = 10_000
"""Results of a page."""
LISTED_MAX = 1000
"""Queries of a page."""
_NAMERS = ("logGroupName", "logGroupNames", "logGroupIdentifiers")


def operations(queries: Queries, runner: Runner, store: LogStore) -> dict[str, Operation]:
    """By name."""
    doors = _QueryOperations(queries, runner, store)
    return {
        "StartQuery": doors.start_query,
        "GetQueryResults": doors.get_query_results,
        "StopQuery": doors.stop_query,
        "DescribeQueries": doors.describe_queries,
        **definition_operations(Definitions(store.state, store.clock)),
    }


class _QueryOperations:
    def __init__(self, queries: Queries, runner: Runner, store: LogStore) -> None:
        self._queries = queries
        self._runner = runner
        self._store = store
        self._keys = QueryKeys(store.state)

    def start_query(self, context: Context, params: Params) -> Mapping[str, Any]:
        if params.get("queryLanguage", LANGUAGE) != LANGUAGE:
            raise refusals.invalid(f"Cairn does not understand the query language {params['queryLanguage']}.")
        named = _named(context, params)
        start, end = params["startTime"], params["endTime"]
        if end < start:
            raise refusals.invalid("The start of the time range is behind its end.")  # (ours)
        try:
            Query(params["queryString"], now_ms=self._store.now_ms())
        except MalformedQuery as error:
            raise refusals.malformed(error) from None
        found = [self._store.groups.get(group) for group in named]
        for group in found:
            if group.log_class == DELIVERY:
                raise not_of_class("StartQuery", DELIVERY)
        end_ms = end * 1000 + 999
        if all(_is_before(group, end_ms, self._store.now_ms()) for group in found):
            raise refusals.before_groups()
        query = self._queries.schedule(
            context.account,
            context.region,
            groups=[group.name for group in named],
            text=params["queryString"],
            start_ms=start * 1000,
            end_ms=end_ms,
            row_limit=params.get("limit"),
            user_arn=context.identity.arn,
        )
        self._runner.submit(query)
        return {"queryId": query}

    def get_query_results(self, context: Context, params: Params) -> Mapping[str, Any]:
        query = self._queries.get(context.account, context.region, params["queryId"])
        first = read_token(params.get("nextToken"), [query.id], int) or 0
        most = params.get("maxItems") or PAGE_ROWS_MAX
        rows = self._queries.rows(query.id, first, most) if query.status == COMPLETE else []
        answer: dict[str, Any] = {
            "queryLanguage": LANGUAGE,
            "results": [[{"field": name, "value": value} for name, value in row] for row in rows],
            "statistics": _statistics(query),
            "status": query.status,
        }
        if first + len(rows) < query.result_rows and rows:
            answer["nextToken"] = token([query.id], first + len(rows))
        key = self._keys.get(context.account, context.region)
        return answer | ({"encryptionKey": key} if key else {})

    def stop_query(self, context: Context, params: Params) -> Mapping[str, Any]:
        query = self._queries.get(context.account, context.region, params["queryId"])
        if not self._queries.stop(query):
            raise refusals.not_running(query.id)
        return {"success": True}

    def describe_queries(self, context: Context, params: Params) -> Mapping[str, Any]:
        group, status = params.get("logGroupName", ""), params.get("status", "")
        scope = [context.account, context.region, group, status]
        before = read_token(params.get("nextToken"), scope, tuple[int, str])
        if params.get("queryLanguage", LANGUAGE) != LANGUAGE:
            return {"queries": []}
        most = params.get("maxResults", LISTED_MAX)
        found = self._queries.page(
            context.account, context.region, group=group, status=status, before=before, most=most + 1
        )
        answer: dict[str, Any] = {"queries": [_described(query) for query in found[:most]]}
        if len(found) > most:
            last = found[most - 1]
            answer["nextToken"] = token(scope, [last.created_ms, last.id])
        return answer


def _named(context: Context, params: Params) -> list[GroupId]:
    """The groups that a query is about, each once."""
    given = [name for name in _NAMERS if params.get(name)]
    if len(given) != 1:
        text = "Exactly one of logGroupName, logGroupNames and logGroupIdentifiers must be given."  # (ours)
        raise refusals.invalid(text)
    value = params[given[0]]
    names = [value] if isinstance(value, str) else value
    if len(names) > GROUPS_MAX:
        raise refusals.invalid(f"A query can be about {GROUPS_MAX} log groups at the most.")  # (ours)
    of = identified if given[0] == "logGroupIdentifiers" else own_group
    return list(dict.fromkeys(of(context, name) for name in names))


def _is_before(group: Group, end_ms: int, now_ms: int) -> bool:
    """Whether a time range ends before a group was made, or before what it still keeps."""
    # Events may be as old as a fortnight when they are put, so that a new group has some from before it was made.
    return end_ms < max(group.created_ms - _BACKFILL_MS, group.oldest_ms(now_ms))


_BACKFILL_MS = 14 * DAY_MS


def _statistics(query: SavedQuery) -> dict[str, float]:
    return {
        "recordsMatched": float(query.matched),
        "recordsScanned": float(query.scanned),
        "estimatedRecordsSkipped": 0.0,
        "bytesScanned": float(query.bytes),
        "estimatedBytesSkipped": 0.0,
        "logGroupsScanned": float(len(query.groups)),
        "resultCount": float(query.result_rows),
    }


def _described(query: SavedQuery) -> dict[str, Any]:
    answer: dict[str, Any] = {
        "queryLanguage": LANGUAGE,
        "queryId": query.id,
        "queryString": query.text,
        "status": query.status,
        "createTime": query.created_ms,
        "logGroupName": query.groups[0],
        "bytesScanned": float(query.bytes),
    }
    if query.ended_ms is not None and query.status != CANCELLED:
        answer["queryDuration"] = query.ended_ms - query.created_ms
    return answer | ({"userIdentity": query.user_arn} if query.user_arn else {})
