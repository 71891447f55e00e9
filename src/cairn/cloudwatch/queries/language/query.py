"""A query as a whole: its commands one behind the other, and the columns that its rows show.

Source: CloudWatch Logs user guide, "CloudWatch Logs Insights language query syntax".
"""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator, Sequence

from cairn.cloudwatch.queries.language import stages
from cairn.cloudwatch.queries.language.budget import Budget
from cairn.cloudwatch.queries.language.evaluate import Compiler, shape_of
from cairn.cloudwatch.queries.language.parser import STATS_MAX, parse
from cairn.cloudwatch.queries.language.refusals import MalformedQuery
from cairn.cloudwatch.queries.language.rows import Read, Record, Row, field_reader
from cairn.cloudwatch.queries.language.syntax import (
    Command,
    Dedup,
    Display,
    Fields,
    Filter,
    Limit,
    Parse,
    Sort,
    Stats,
    Unnest,
)
from cairn.cloudwatch.queries.language.values import text

DEFAULT_LIMIT = 10_000
"""Rows of a query that names no limit."""
DEFAULT_COLUMNS = ("@timestamp", "@message")
POINTER = "@ptr"

Shown = list[tuple[str, str]]
"""A row as it is answered: columns and values; what is missing is left out."""


class Query:
    """A compiled query. It runs once."""

    def __init__(self, text: str, *, now_ms: int, limit: int | None = None, budget: Budget | None = None) -> None:
        """
        Args:
            limit: rows at the most where the query names no limit itself.

        Raises:
            MalformedQuery: it is no query.
        """
        self.matched = 0
        """Events that passed the filters so far."""
        self._compiler = Compiler(now_ms)
        self._budget = budget or Budget()
        self._stages: list[stages.Stage] = []
        self._columns: list[str] = []
        self._found: list[str] = []  # by parse, shown behind what fields names
        self._displayed: list[str] | None = None
        self._of_events = True
        self._counts = False
        commands = parse(text)
        if sum(isinstance(command, Stats) for command in commands) > STATS_MAX:
            raise MalformedQuery(f"More than {STATS_MAX} commands stats", 0, len(text))
        if not any(isinstance(command, Limit) for command in commands):
            commands.append(Limit(limit or DEFAULT_LIMIT))
        for number, command in enumerate(commands):
            self._add(command, commands[number + 1 :])

    def run(self, records: Iterable[Record]) -> Iterator[Shown]:
        """The rows that a query shows of events, which come youngest first.

        Raises:
            QueryTooLarge: it would hold too much.
        """
        rows: Iterator[Row] = (Row({}, record) for record in records)
        for stage in self._stages:
            rows = stage(rows)
        columns = [(name, field_reader(name)) for name in self.columns]
        return (_shown(row, columns) for row in rows)

    @property
    def columns(self) -> Sequence[str]:
        """What the rows show, in order."""
        named = self._displayed
        if named is None:
            named = [*(self._columns or (DEFAULT_COLUMNS if self._of_events else ())), *self._found]
        if self._of_events:
            named = [*named, POINTER]
        return list(dict.fromkeys(named))

    def _add(self, command: Command, following: Sequence[Command]) -> None:
        compiler, budget = self._compiler, self._budget
        if isinstance(command, Stats | Sort | Limit | Dedup | Unnest):
            self._count()
        match command:
            case Fields() | Display():
                computed = stages.computing(command.items, compiler)
                if computed is not None:
                    self._stages.append(computed)
                names = [item.name for item in command.items]
                if isinstance(command, Display):
                    self._displayed = names
                else:
                    self._columns += names
            case Filter():
                self._stages.append(stages.filtering(command, compiler))
            case Parse():
                stage, found = stages.parsing(command, compiler)
                self._stages.append(stage)
                self._found += found
            case Stats():
                self._stages.append(stages.grouping(command, compiler, budget))
                self._of_events, self._displayed, self._found = False, None, []
                made = (*command.keys, *command.aggregates)
                self._columns = [item.name for item in made]
                shapes = {shape_of(item.expression): item.name for item in made}
                self._compiler = Compiler(compiler.now_ms, columns=shapes)
            case Sort():
                self._stages.append(stages.sorting(command, compiler, budget, _most(following)))
            case Limit():
                rows = command.rows
                self._stages.append(lambda found: itertools.islice(found, rows))
            case Dedup():
                self._stages.append(stages.deduplicating(command, budget))
            case Unnest():
                self._stages.append(stages.unnesting(command, compiler))
                self._found.append(command.name)

    def _count(self) -> None:
        """Count what comes this far, if nothing was counted yet: what is left of the events by the filters."""
        if not self._counts:
            self._counts = True
            self._stages.append(self._counted)

    def _counted(self, rows: Iterator[Row]) -> Iterator[Row]:
        for row in rows:
            self.matched += 1
            yield row


def _most(following: Sequence[Command]) -> int | None:
    """How many rows the commands behind a `sort` let through, if they say so before they do anything else."""
    for command in following:
        if isinstance(command, Limit):
            return command.rows
        if not isinstance(command, Fields | Display | Parse):
            return None
    return None


def _shown(row: Row, columns: Sequence[tuple[str, Read]]) -> Shown:
    shown = []
    for name, read in columns:
        value = text(read(row))
        if value is not None:
            shown.append((name, value))
    return shown
