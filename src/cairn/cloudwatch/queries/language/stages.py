"""Commands compiled: each takes rows and gives rows, one at a time where it can.

Rows of events come youngest first, as AWS has them unless a query sorts.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator, Sequence

from cairn.cloudwatch.queries.language.aggregates import NAMES, Aggregate, Maker, maker
from cairn.cloudwatch.queries.language.budget import Budget
from cairn.cloudwatch.queries.language.evaluate import Compiler
from cairn.cloudwatch.queries.language.refusals import MalformedQuery
from cairn.cloudwatch.queries.language.regexes import Regex
from cairn.cloudwatch.queries.language.rows import Read, Row, field_reader
from cairn.cloudwatch.queries.language.syntax import (
    Binary,
    Call,
    Dedup,
    Expression,
    Field,
    Filter,
    In,
    Like,
    Named,
    Parse,
    Sort,
    Stats,
    Unary,
    Unnest,
)
from cairn.cloudwatch.queries.language.values import SortKey, Value, sort_key, text

Stage = Callable[[Iterator[Row]], Iterator[Row]]

GROUP_CELLS = 8
"""What a group counts for, and each of its aggregates, besides the values that they keep."""


def filtering(command: Filter, compiler: Compiler) -> Stage:
    """`filter`."""
    holds = compiler.condition(command.condition)
    return lambda rows: filter(holds, rows)


def computing(items: Sequence[Named], compiler: Compiler) -> Stage | None:
    """`fields` and `display`, as far as they compute columns; None where they only name some."""
    computed = [
        (item.name, compiler.compile(item.expression))
        for item in items
        if not (isinstance(item.expression, Field) and item.expression.name == item.name)
    ]
    if not computed:
        return None

    def stage(rows: Iterator[Row]) -> Iterator[Row]:
        for row in rows:
            for name, read in computed:
                row.values[name] = read(row)
            yield row

    return stage


def parsing(command: Parse, compiler: Compiler) -> tuple[Stage, Sequence[str]]:
    """`parse`, and the names of what it finds."""
    operand = compiler.compile(command.operand)
    find, names = _by_regex(command) if command.regex else _by_glob(command)

    def stage(rows: Iterator[Row]) -> Iterator[Row]:
        for row in rows:
            shown = text(operand(row))
            found = find(shown) if shown is not None else None
            if found is not None:
                row.values.update(found)
            yield row

    return stage, names


def sorting(command: Sort, compiler: Compiler, budget: Budget, most: int | None) -> Stage:
    """`sort`. Of rows beyond the first `most`, if that is given, nothing is kept."""
    reads = [compiler.compile(key.expression) for key in command.keys]
    descending = [key.descending for key in command.keys]
    return lambda rows: _sorted(rows, reads, descending, budget, most)


def deduplicating(command: Dedup, budget: Budget) -> Stage:
    """`dedup`: the first row of each. A row that lacks one of the fields is the double of none."""
    reads = [field_reader(field.name) for field in command.fields]

    def stage(rows: Iterator[Row]) -> Iterator[Row]:
        seen: set[tuple[str | None, ...]] = set()
        for row in rows:
            key = tuple(text(read(row)) for read in reads)
            if None not in key:
                if key in seen:
                    continue
                budget.take_cells(GROUP_CELLS)
                seen.add(key)
            yield row

    return stage


def unnesting(command: Unnest, compiler: Compiler) -> Stage:
    """`unnest`: a row for each item of a list, and one without for what is none."""
    operand, name = compiler.compile(command.operand), command.name

    def stage(rows: Iterator[Row]) -> Iterator[Row]:
        for row in rows:
            value = operand(row)
            for item in value if type(value) is list and value else (None,):
                yield Row({**row.values, name: item}, row.record)

    return stage


def grouping(command: Stats, compiler: Compiler, budget: Budget) -> Stage:
    """`stats`."""
    calls: dict[Call, str] = {}
    for item in command.aggregates:
        node = item.expression
        if not _collect(node, calls, inside=False):
            raise MalformedQuery("stats needs a function of groups, such as count(*)", node.start, node.end)
    makers = [maker(call, compiler.compile) for call in calls]
    outer = Compiler(compiler.now_ms, calls)
    results = [(item.name, outer.compile(item.expression)) for item in command.aggregates]
    keys = [(item.name, compiler.compile(item.expression)) for item in command.keys]
    slots = list(calls.values())
    return lambda rows: _grouped(rows, keys, makers, slots, results, budget)


def _by_regex(command: Parse) -> tuple[Callable[[str], dict[str, Value] | None], Sequence[str]]:
    regex = Regex(command.pattern, command.start, command.end)
    names = regex.names
    if not names:
        wanted = "The regular expression of parse must have named groups, such as (?<name>...)"
        raise MalformedQuery(wanted, command.start, command.end)
    renamed = dict(zip(names, command.names or names, strict=False))
    if len(renamed) != len(names) or (command.names and len(command.names) != len(names)):
        raise MalformedQuery("parse must name as many fields as there are groups", command.start, command.end)

    def find(shown: str) -> dict[str, Value] | None:
        found = regex.groups(shown)
        if found is None:
            return None
        return {renamed[name]: value for name, value in found.items() if value is not None}

    return find, list(renamed.values())


def _by_glob(command: Parse) -> tuple[Callable[[str], dict[str, Value] | None], Sequence[str]]:
    first, *following = command.pattern.split("*")
    names = command.names
    if len(names) != len(following) or not names:
        raise MalformedQuery("parse must name as many fields as there are * in it", command.start, command.end)

    def find(shown: str) -> dict[str, Value] | None:
        at = shown.find(first)
        if at < 0:
            return None
        at += len(first)
        found: dict[str, Value] = {}
        for number, literal in enumerate(following):
            last = number == len(following) - 1
            end = len(shown) if last and not literal else shown.find(literal, at)
            if end < 0:
                return None
            found[names[number]] = shown[at:end]
            at = end + len(literal)
        return found

    return find, names


def _sorted(
    rows: Iterator[Row], reads: Sequence[Read], descending: Sequence[bool], budget: Budget, most: int | None
) -> Iterator[Row]:
    held: list[tuple[list[SortKey], Row]] = []

    def order() -> None:
        for index in reversed(range(len(reads))):  # sorting is stable: the first key goes last
            held.sort(key=lambda each: each[0][index], reverse=descending[index])
        if most is not None:
            for _, dropped in held[most:]:
                budget.give_row(dropped)
            del held[most:]

    for row in rows:
        budget.take_row(row)
        held.append(([sort_key(read(row)) for read in reads], row))
        if row.record is not None:
            row.record.forget()
        if most is not None and len(held) >= 2 * most:
            order()
    order()
    return iter([row for _, row in held])


def _grouped(
    rows: Iterator[Row],
    keys: Sequence[tuple[str, Read]],
    makers: Sequence[Maker],
    slots: Sequence[str],
    results: Sequence[tuple[str, Read]],
    budget: Budget,
) -> Iterator[Row]:
    groups: dict[tuple[str | None, ...], tuple[list[Value], list[Aggregate]]] = {}
    reads = [read for _, read in keys]
    for row in rows:
        values = [read(row) for read in reads]
        key = tuple(map(text, values))
        group = groups.get(key)
        if group is None:
            budget.take_cells(GROUP_CELLS * (1 + len(makers)))
            group = groups[key] = (values, [make() for make in makers])
        for aggregate in group[1]:
            more = aggregate.add(row)
            if more:
                budget.take_cells(more)
    for values, aggregates in groups.values():
        found = Row({name: value for (name, _), value in zip(keys, values, strict=True)})
        within = Row(found.values | {slot: each.value() for slot, each in zip(slots, aggregates, strict=True)})
        for name, read in results:
            found.values[name] = within.values[name] = read(within)
        yield found


def _collect(node: Expression, calls: dict[Call, str], *, inside: bool) -> bool:
    """Give every call of an aggregate a slot. Returns whether there is one."""
    found = is_one = isinstance(node, Call) and node.name in NAMES
    if isinstance(node, Call) and is_one:
        if inside:
            raise MalformedQuery(f"{node.name} cannot stand in another function of groups", node.start, node.end)
        calls[node] = f"\0{len(calls)}"
    for child in _children(node):
        found = _collect(child, calls, inside=inside or is_one) or found
    return found


def _children(node: Expression) -> Iterator[Expression]:
    match node:
        case Call():
            yield from node.arguments
        case Binary():
            yield from (node.left, node.right)
        case Unary() | Like():
            yield node.operand
        case In():
            yield from itertools.chain((node.operand,), node.items)
