"""What happened to alarms: configuration, state, actions. It outlives the alarms, for `KEPT_S`.

Rows are durable with what they tell of, and their numbers only grow. So whoever is to hear of alarms (EventBridge)
reads `detail` of rows beyond its own position; nothing has to call it.
"""

from __future__ import annotations

import base64
from collections.abc import Mapping
from typing import Any

import msgspec
import sqlalchemy as sa

from cairn.cloudwatch.alarms import refusals
from cairn.cloudwatch.alarms.alarm import METRIC_ALARM, AlarmId
from cairn.cloudwatch.alarms.tables import history
from cairn.core.clock import Clock, utc
from cairn.core.decoding import UNREADABLE
from cairn.core.state import State
from cairn.wire.operation import Context, Operation

CONFIGURATION = "ConfigurationUpdate"
STATE = "StateUpdate"
ACTION = "Action"

KEPT_S = 30 * 86_400.0
ITEMS_PER_PAGE = 100
SUMMARY_CHARACTERS_MAX = 255
TRIM_S = 600.0
TRIMMED_A_STEP = 10_000

_INSERT = sa.insert(history)
_ASCENDING = "TimestampAscending"


def note(
    connection: sa.Connection,
    id: AlarmId,
    kind: str,
    now: float,
    type: str,
    summary: str,
    data: Mapping[str, Any],
    detail: Mapping[str, Any] | None = None,
) -> None:
    """Add an item to the history of an alarm, in the transaction in which it happens."""
    values = {
        **id._asdict(),
        "kind": kind,
        "time": now,
        "type": type,
        "summary": summary[:SUMMARY_CHARACTERS_MAX],
        "data": msgspec.json.encode(data).decode(),
        "detail": msgspec.json.encode(detail).decode() if detail is not None else None,
    }
    connection.execute(_INSERT, values)


def operations(state: State) -> dict[str, Operation]:
    return {"DescribeAlarmHistory": _Reader(state).describe_alarm_history}


class _Reader:
    def __init__(self, state: State) -> None:
        self._state = state

    def describe_alarm_history(self, context: Context, params: dict[str, Any]) -> Mapping[str, Any]:
        size = params.get("MaxRecords", ITEMS_PER_PAGE)
        ascending = params.get("ScanBy") == _ASCENDING
        conditions = _conditions(context, params)
        if "NextToken" in params:
            conditions.append(_beyond(_read_token(params["NextToken"]), ascending))
        order = (history.c.time, history.c.id)
        wanted = sa.select(history).where(*conditions).limit(size + 1)
        wanted = wanted.order_by(*order) if ascending else wanted.order_by(*(column.desc() for column in order))
        with self._state.read() as connection:
            rows = connection.execute(wanted).all()
        answer: dict[str, Any] = {"AlarmHistoryItems": [_item(row) for row in rows[:size]]}
        if len(rows) > size:
            answer["NextToken"] = _token(rows[size - 1])
        return answer


class Trimmer:
    """Lets go of old history."""

    name = "alarm history"

    def __init__(self, state: State, clock: Clock) -> None:
        self._state = state
        self._clock = clock

    def step(self) -> float:
        before = self._clock.now() - KEPT_S
        with self._state.write() as connection:
            old = sa.select(history.c.id).where(history.c.time < before).limit(TRIMMED_A_STEP)
            gone = connection.execute(sa.delete(history).where(history.c.id.in_(old))).rowcount
        return 0.0 if gone == TRIMMED_A_STEP else TRIM_S


def _conditions(context: Context, params: dict[str, Any]) -> list[sa.ColumnElement[bool]]:
    kinds = params.get("AlarmTypes") or [METRIC_ALARM]
    found = [
        history.c.account == context.account,
        history.c.region == context.region,
        history.c.kind.in_(kinds),
    ]
    if "AlarmName" in params:
        found.append(history.c.name == params["AlarmName"])
    if "HistoryItemType" in params:
        found.append(history.c.type == params["HistoryItemType"])
    if "StartDate" in params:
        found.append(history.c.time >= params["StartDate"].timestamp())
    if "EndDate" in params:
        found.append(history.c.time <= params["EndDate"].timestamp())
    if "AlarmContributorId" in params:
        found.append(sa.false())  # alarms on several series do not exist here, and so no contributors
    return found


def _beyond(place: tuple[float, int], ascending: bool) -> sa.ColumnElement[bool]:
    here = sa.tuple_(history.c.time, history.c.id)
    there = sa.tuple_(sa.literal(place[0], sa.Double), sa.literal(place[1]))
    return here > there if ascending else here < there


def _item(row: sa.Row[Any]) -> dict[str, Any]:
    return {
        "AlarmName": row.name,
        "AlarmType": row.kind,
        "Timestamp": utc(row.time),
        "HistoryItemType": row.type,
        "HistorySummary": row.summary,
        "HistoryData": row.data,
    }


def _token(row: sa.Row[Any]) -> str:
    return base64.urlsafe_b64encode(msgspec.json.encode([row.time, row.id])).decode()


def _read_token(token: str) -> tuple[float, int]:
    try:
        return msgspec.json.decode(base64.urlsafe_b64decode(token), type=tuple[float, int])
    except (ValueError, *UNREADABLE):
        raise refusals.invalid_token() from None
