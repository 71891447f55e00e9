"""Metric math, searches, statistics, labels, rules of alarms, messages of topics."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from functools import lru_cache
from html.parser import HTMLParser

from cairn.cloudwatch.alarms.rule import parse_rule
from cairn.cloudwatch.metrics.datum import Metric
from cairn.cloudwatch.metrics.labels import Labelled, label_of, parse_zone
from cairn.cloudwatch.metrics.math import Grid, Kind, MathError, TimeSeries, evaluate, kind_of, parse
from cairn.cloudwatch.metrics.math.search import parse_search
from cairn.cloudwatch.metrics.statistic import parse_statistic
from cairn.cloudwatch.metrics.summary import Summary
from cairn.cloudwatch.sns.arns import check_subscription, topic_of
from cairn.cloudwatch.sns.message import check_deduplication, check_subject, read_bodies
from cairn.cloudwatch.sns.pages import Pages
from cairn.cloudwatch.sns.signing import Signer
from cairn.core.clock import TestClock
from cairn.core.errors import AwsError
from cairn.wire.http import Response
from fuzz.messages import reply_of, request_of
from fuzz.target import Target, attempt, finish, parts, scratch, text

_GRID = Grid(0, 600, 60)
_METRIC = Metric("123456789012", "us-east-1", "AWS/Lambda", "Errors", (("FunctionName", "a"), ("Resource", "b")))
_SERIES = TimeSeries({0: 1.0, 60: 0.0, 120: -2.5, 300: 1e300}, 60)
_IDS = {"m1": _SERIES, "m2": TimeSeries({60: 3.0}, 60), "e1": [_SERIES, TimeSeries({}, 60)], "n": 2.0}
_KINDS = {"m1": Kind.SERIES, "m2": Kind.SERIES, "e1": Kind.ARRAY, "n": Kind.SCALAR}
_SUMMARIES = (
    Summary.of_values([(1.0, 2.0), (3.5, 1.0), (0.0, 4.0)]),
    Summary.of_values([(-1.0, 1.0)]),
    Summary.of_statistics(3, 9, 1, 5),
)
POINTS_MAX = 200_000
_PAGE_TAGS = {"html", "head", "meta", "title", "style", "body", "main"} | {"h1", "p", "b", "code", "a"}
_PAGE_TAGS |= {"form", "input", "button"}
_PAGE_ATTRIBUTES = {"lang", "charset", "name", "content", "type", "value", "method", "action", "href"}


class _Source:
    def __init__(self) -> None:
        self._left = POINTS_MAX

    def metrics(self, text: str) -> list[TimeSeries]:
        return [_SERIES]

    def search(self, search: str, statistic: str, period: int) -> list[TimeSeries]:
        parse_search(search)
        return [_SERIES]

    def spend(self, points: int) -> None:
        self._left -= points
        if self._left < 0:
            raise MathError("too much", 1)

    def band(self, id: str, deviations: float, times: range) -> list[TimeSeries]:
        return [_SERIES, _SERIES]


def expression(data: bytes) -> None:
    node = parse(text(data))
    if kind_of(node, _KINDS) in (Kind.TEXT, Kind.WORD):
        return
    found = evaluate(node, _IDS, _Source(), _GRID)  # type: ignore[arg-type]
    for series in _all(found):
        assert all(math.isfinite(value) for value in series.points.values()), "a point is no number"


def _all(found: object) -> Sequence[TimeSeries]:
    return found if isinstance(found, list) else [found] if isinstance(found, TimeSeries) else []


def search(data: bytes) -> None:
    parse_search(text(data)).matches(_METRIC)


def statistic(data: bytes) -> None:
    name = text(data)
    found = parse_statistic(name)
    if found is not None:
        for summary in _SUMMARIES:
            value = found.of(summary)
            assert value is None or not math.isnan(value)
    parse_zone(name)
    labelled = Labelled(
        points={0: 1.0, 60: -2.0},
        own="own",
        metric=_METRIC,
        statistic="Sum",
        period=60,
        region="us-east-1",
        account="123456789012",
    )
    label_of(name, labelled, several=True, now=1_700_000_000.0, timezone_s=0)


def rule(data: bytes) -> None:
    found = parse_rule(text(data))
    for state in ("OK", "ALARM", "INSUFFICIENT_DATA"):
        assert isinstance(found.holds(dict.fromkeys(found.children, state)), bool)


def topic(data: bytes) -> None:
    """ARNs of topics and subscriptions, and what is published."""
    arn, message = (text(part) for part in parts(data, 2))
    attempt(
        (AwsError,),
        lambda: topic_of(arn),
        lambda: check_subscription(arn),
        lambda: check_subject(arn),
        lambda: check_deduplication(arn, "MessageGroupId"),
        lambda: read_bodies(message, "json"),
    )


class _Shown(HTMLParser):
    """The tags of a page, and where its links lead."""

    def __init__(self) -> None:
        super().__init__()
        self.tags: set[str] = set()
        self.links: list[str] = []
        self.names: set[str] = set()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        self.names.update(name for name, _ in attrs)
        self.links += [value or "" for name, value in attrs if name in ("href", "action")]


@lru_cache
def _signer() -> Signer:
    return Signer(scratch(), TestClock())


def page(data: bytes) -> None:
    """A request of nobody's, and what the call of a page's button was answered."""
    asked, answered = parts(data, 2)
    request, _ = request_of(asked)
    status, headers, content = reply_of(answered)
    pages = Pages(_signer)
    reply = Response(status, headers, content)
    for response in (finish(pages.answer(request)), pages.told(request, reply)):
        if response is None or response is reply or not isinstance(response.body, bytes):
            continue
        shown = _Shown()
        shown.feed(response.body.decode())
        assert shown.tags <= _PAGE_TAGS, shown.tags
        assert shown.names <= _PAGE_ATTRIBUTES, shown.names
        assert all(re.match(r"/($|unsubscribe\.html\?)", link) for link in shown.links), shown.links


TARGETS = (
    Target("metric-math", "Expressions have finite points or are refused.", expression, (MathError,)),
    Target("metric-search", "Searches for metrics.", search, (MathError,)),
    Target("statistic", "Names of statistics, labels and zones of time.", statistic),
    Target("alarm-rule", "Rules of composite alarms hold or do not, whatever the states.", rule, (AwsError,)),
    Target("topic", "ARNs of topics and what is published to them.", topic),
    Target("topic-page", "Pages that links in mail lead to have no markup of strangers.", page),
)
