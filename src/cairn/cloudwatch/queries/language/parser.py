"""Queries: from text to commands.

Source: CloudWatch Logs user guide, "CloudWatch Logs Insights language query syntax".
"""

from __future__ import annotations

from collections.abc import Callable

from cairn.cloudwatch.queries.language.expressions import Expressions
from cairn.cloudwatch.queries.language.refusals import MalformedQuery
from cairn.cloudwatch.queries.language.syntax import (
    Command,
    Dedup,
    Display,
    Expression,
    Field,
    Fields,
    Filter,
    Limit,
    Named,
    Parse,
    Sort,
    SortKey,
    Stats,
    Unnest,
)
from cairn.cloudwatch.queries.language.tokens import Kind, Tokens

COMMANDS_MAX = 100
STATS_MAX = 10
"""Commands `stats` in a query."""
LIMIT_MAX = 100_000
"""Rows that `limit` may ask for."""
MESSAGE = "@message"
_ELSEWHERE = ("anomaly", "diff", "join", "lookup", "pattern", "source", "unmask")
"""Commands of Logs Insights that Cairn does not have."""


def parse(text: str) -> list[Command]:
    """The commands of a query, in order; none for an empty one.

    Raises:
        MalformedQuery: it is no query, with the place where that shows.
    """
    return _Parser(text).query()


class _Parser:
    def __init__(self, text: str) -> None:
        self._text = text
        self._tokens = Tokens(text)
        self._expressions = Expressions(self._tokens)
        self._commands: dict[str, Callable[[], Command]] = {
            "fields": lambda: Fields(self._named_list()),
            "display": lambda: Display(self._named_list()),
            "filter": lambda: Filter(self._expressions.expression()),
            "filterindex": lambda: Filter(self._expressions.expression()),
            "stats": self._stats,
            "sort": self._sort,
            "order": self._sort,
            "limit": self._limit,
            "head": self._limit,
            "dedup": self._dedup,
            "parse": self._parse,
            "unnest": self._unnest,
        }

    def query(self) -> list[Command]:
        commands: list[Command] = []
        token = self._tokens.next
        while token.kind is not Kind.END:
            commands.append(self._command())
            if len(commands) > COMMANDS_MAX:
                raise MalformedQuery(f"More than {COMMANDS_MAX} commands", 0, len(self._text))
            token = self._tokens.next
            if token.is_symbol("|"):
                self._tokens.take()
                if self._tokens.next.kind is Kind.END:
                    raise self._tokens.unexpected()
            elif token.kind is not Kind.END:
                raise self._tokens.unexpected()
        return commands

    def _command(self) -> Command:
        token = self._tokens.next
        if token.kind is not Kind.NAME:
            raise self._tokens.unexpected()
        read = self._commands.get(token.value.lower())
        if read is None:
            if token.value.lower() in _ELSEWHERE:
                text = f"The command {token.value} is not supported by Cairn"
                raise MalformedQuery(text, token.start, token.end)
            raise self._tokens.unexpected()
        self._tokens.take()
        return read()

    def _named_list(self) -> tuple[Named, ...]:
        items = [self._named()]
        while self._tokens.next.is_symbol(","):
            self._tokens.take()
            items.append(self._named())
        return tuple(items)

    def _named(self) -> Named:
        expression = self._expressions.expression()
        if self._tokens.next.is_word("as"):
            self._tokens.take()
            return Named(expression, self._expressions.field().name)
        if isinstance(expression, Field):
            return Named(expression, expression.name)
        return Named(expression, self._text[expression.start : self._tokens.last_end].strip())

    def _stats(self) -> Command:
        aggregates = self._named_list()
        keys: tuple[Named, ...] = ()
        if self._tokens.next.is_word("by"):
            self._tokens.take()
            keys = self._named_list()
        return Stats(aggregates, keys)

    def _sort(self) -> Command:
        if self._tokens.next.is_word("by"):
            self._tokens.take()
        keys = [self._sort_key()]
        while self._tokens.next.is_symbol(","):
            self._tokens.take()
            keys.append(self._sort_key())
        return Sort(tuple(keys))

    def _sort_key(self) -> SortKey:
        expression = self._expressions.expression()
        descending = self._tokens.next.is_word("desc")
        if descending or self._tokens.next.is_word("asc"):
            self._tokens.take()
        return SortKey(expression, descending)

    def _limit(self) -> Command:
        token = self._tokens.next
        if token.kind is not Kind.NUMBER or not token.value.isdigit():
            raise self._tokens.unexpected()
        self._tokens.take()
        if len(token.value) > 9 or not 1 <= int(token.value) <= LIMIT_MAX:
            raise MalformedQuery(f"The limit must be between 1 and {LIMIT_MAX}", token.start, token.end)
        return Limit(int(token.value))

    def _dedup(self) -> Command:
        fields = [self._expressions.field()]
        while self._tokens.next.is_symbol(","):
            self._tokens.take()
            fields.append(self._expressions.field())
        return Dedup(tuple(fields))

    def _parse(self) -> Command:
        start = self._tokens.next.start
        operand: Expression = Field(MESSAGE, start, start)
        if not self._tokens.at_regex() and self._tokens.next.kind is not Kind.STRING:
            operand = self._parsed()
        if self._tokens.at_regex():
            pattern, regex = self._tokens.take_regex(), True
        elif self._tokens.next.kind is Kind.STRING:
            pattern, regex = self._tokens.take(), False
        else:
            raise self._tokens.unexpected()
        names: list[str] = []
        if self._tokens.next.is_word("as"):
            self._tokens.take()
            names.append(self._expressions.field().name)
            while self._tokens.next.is_symbol(","):
                self._tokens.take()
                names.append(self._expressions.field().name)
        return Parse(operand, pattern.value, regex, tuple(names), pattern.start, pattern.end)

    def _parsed(self) -> Expression:
        """What `parse` looks at: a field, since the slash behind it begins a regular expression."""
        return self._expressions.field()

    def _unnest(self) -> Command:
        operand = self._expressions.field()
        if not self._tokens.next.is_word("into"):
            raise self._tokens.unexpected()
        self._tokens.take()
        return Unnest(operand, self._expressions.field().name)
