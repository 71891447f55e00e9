"""How delivery for a trail is doing, per region: what GetTrailStatus tells."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Literal

import sqlalchemy as sa

from cairn.cloudtrail.tables import status
from cairn.cloudtrail.trail import Trail
from cairn.core.clock import iso_seconds, utc

Kind = Literal["files", "notices", "logs", "digests", "signing"]
"""Where things are delivered to: the bucket, the topic, the log group, and the bucket's digest folder. And `signing`,
what precedes the last: the region's KMS key that signs digests."""

_TIME: dict[Kind, str] = {
    "files": "LatestDeliveryTime",
    "notices": "LatestNotificationTime",
    "logs": "LatestCloudWatchLogsDeliveryTime",
    "digests": "LatestDigestDeliveryTime",
}


def succeeded(connection: sa.Connection, trail: int, regions: Iterable[str], now: float, kind: Kind = "files") -> None:
    """Note a delivery for these regions. It clears the error of all: a trail has one destination of a kind."""
    _note(connection, trail, regions, kind, {"succeeded": now, "attempted": now, "error": "", "failed": False})
    clear(connection, trail, kind)


def clear(connection: sa.Connection, trail: int, kind: Kind, region: str = "") -> None:
    """Forget errors of a destination, in one region or in all: it works again, or is one no more."""
    of_kind = sa.update(status).where(status.c.trail == trail, status.c.kind == kind)
    if region:
        of_kind = of_kind.where(status.c.region == region)
    connection.execute(of_kind.values(error="", failed=False))


def failed(
    connection: sa.Connection, trail: int, regions: Iterable[str], now: float, error: str, kind: Kind = "files"
) -> None:
    """Note a failed attempt. `error` is the destination's code, empty where it did not answer."""
    _note(connection, trail, regions, kind, {"attempted": now, "error": error, "failed": True})


def trail_status(connection: sa.Connection, trail: Trail, region: str) -> dict[str, Any]:
    """GetTrailStatus' answer for a region."""
    select = sa.select(status).where(status.c.trail == trail.row, status.c.region == region)
    rows = {row["kind"]: row for row in connection.execute(select).mappings()}
    answer: dict[str, Any] = {"IsLogging": trail.logging}
    for kind, member in _TIME.items():
        if (row := rows.get(kind)) is not None:
            if row["succeeded"] is not None:
                answer[member] = utc(row["succeeded"])
            if row["error"]:
                answer[member.removesuffix("Time") + "Error"] = row["error"]
    if "signing" in rows and rows["signing"]["error"]:
        answer.setdefault("LatestDigestDeliveryError", rows["signing"]["error"])
    if trail.started is not None:
        answer["StartLoggingTime"] = utc(trail.started)
    if trail.stopped is not None:
        answer["StopLoggingTime"] = utc(trail.stopped)
    return answer | _legacy(trail, rows)


def _legacy(trail: Trail, rows: Mapping[str, sa.RowMapping]) -> dict[str, str]:
    """The members of old clients: times as text, empty where there is none."""

    def text(time: float | None) -> str:
        return "" if time is None else iso_seconds(time)

    def last(kind: Kind, column: str) -> str:
        return text(rows[kind][column]) if kind in rows else ""

    return {
        "LatestDeliveryAttemptTime": last("files", "attempted"),
        "LatestNotificationAttemptTime": last("notices", "attempted"),
        "LatestNotificationAttemptSucceeded": last("notices", "succeeded"),
        "LatestDeliveryAttemptSucceeded": last("files", "succeeded"),
        "TimeLoggingStarted": text(trail.started),
        "TimeLoggingStopped": text(trail.stopped),
    }


def _note(connection: sa.Connection, trail: int, regions: Iterable[str], kind: Kind, values: Mapping[str, Any]) -> None:
    for region in sorted(set(regions)):
        place = (status.c.trail == trail, status.c.region == region, status.c.kind == kind)
        if connection.execute(sa.update(status).where(*place).values(**values)).rowcount == 0:
            connection.execute(sa.insert(status).values(trail=trail, region=region, kind=kind, **values))
