"""`cairn insights replay`: calls from a server to the detector, with a progress bar."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import msgspec

from cairn.cli.output import print_notice
from cairn.cli.server import Server
from cairn.cloudtrail.history.moments import moment
from cairn.cloudtrail.insights.insight import State
from cairn.cloudtrail.insights.records import compose
from cairn.cloudtrail.insights.replaying import Replay
from cairn.cloudtrail.insights.series import Call, SeriesKey
from cairn.core.clock import SystemClock, iso_seconds
from cairn.core.errors import Misuse

DAY_MINUTES = 1440
WEEK_DAYS = 7


class _Calls(msgspec.Struct):
    """An answer of `/_cairn/calls`."""

    events: int
    time: int | None
    """Of the last event."""
    next: str
    series: list[SeriesKey]
    calls: list[tuple[int, int, Call, int]]


def replayed(server: Server, start: str, end: str, asked: Mapping[str, str]) -> list[dict[str, Any]]:
    """The Insights events that events of the history would have made, in order; what was looked at goes to stderr.

    Args:
        start: as people type times, and `end`: exclusive.
        asked: what of the events `cairn search` would be asked for.
    """
    now = SystemClock().now()
    first, last = int(moment(start, now, 0)), int(moment(end, now, now))
    if first >= last:
        raise Misuse("FROM is not before TO", advice="Such as `cairn insights replay 30d`.")
    replay, events = Replay(), 0
    within = {**asked, "since": iso_seconds(first), "until": iso_seconds(last - 1)}
    with _bar(last) as tell:
        for answer in _answers(server, within):
            replay.take((answer.series[place], minute, call, times) for place, minute, call, times in answer.calls)
            events += answer.events
            tell(answer.time or last, events)
    replay.finish(min(last, int(now)) // 60 - 1)
    _tell(replay, events, min(last, int(now)) // 60)
    return [compose(insight) for insight in replay.found]


def _answers(server: Server, asked: Mapping[str, str]) -> Iterator[_Calls]:
    token = ""
    while True:
        answer = msgspec.convert(server.get("calls", {**asked, "next": token}), _Calls)
        yield answer
        token = answer.next
        if not token:
            return


def _tell(replay: Replay, events: int, end: int) -> None:
    """Say what was looked at. Times are in minutes since the epoch."""
    if replay.first is None or replay.judged_from is None:
        print_notice("The history has no calls of that time that Insights counts.")
        return
    print_notice(f"{events:,} events, {replay.calls:,} calls counted in {len(replay.series):,} series.")
    days = (end - replay.judged_from) / DAY_MINUTES
    judged_from = iso_seconds(replay.judged_from * 60)
    if days <= 0:
        print_notice(f"Nothing was judged: that begins a day after the first call, at {judged_from}.")
        return
    insights = sum(insight.state is State.START for insight in replay.found)
    rate = f", {insights / days * WEEK_DAYS:.1f} a week" if days >= 1 else ""
    found = f"{insights:,} insight{'' if insights == 1 else 's'}"
    print_notice(
        f"{found} in {days:.1f} days from {judged_from}{rate}. The day before taught what is usual; with less than "
        "seven days before them, more is taken for unusual than later."
    )


@contextmanager
def _bar(last: int) -> Iterator[Callable[[int, int], None]]:
    """A progress bar over the time of events, in seconds since the epoch, if stderr is a terminal."""
    if not sys.stderr.isatty():
        yield lambda time, events: None
        return
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn

    with Progress(
        TextColumn("replay"),
        BarColumn(),
        TextColumn("{task.fields[day]}, {task.fields[events]:,} events, {task.fields[rate]:,.0f}/s"),
        TimeElapsedColumn(),
        TimeRemainingColumn(),
        console=Console(stderr=True),
        transient=True,
    ) as bar:
        task = bar.add_task("replay", total=None, day="", events=0, rate=0.0)
        begun: int | None = None

        def tell(time: int, events: int) -> None:
            nonlocal begun
            begun = time if begun is None else begun  # the history may begin later than was asked for
            elapsed = bar.tasks[0].elapsed or 0.0
            rate = events / elapsed if elapsed else 0.0
            day = iso_seconds(time)[:10]
            bar.update(task, total=max(last - begun, 1), completed=time - begun, day=day, events=events, rate=rate)

        yield tell
