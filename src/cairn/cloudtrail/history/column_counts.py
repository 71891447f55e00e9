"""Counting by a segment's columns: whole columns at a time, instead of event by event."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING

from cairn.cloudtrail.history.columns import Block, Columns, NoColumns
from cairn.cloudtrail.history.counting import COLUMNS, VALUES_A_SEGMENT_MAX, Counting
from cairn.cloudtrail.history.facts import Field, Scope
from cairn.cloudtrail.history.query import INDEXED, Condition
from cairn.cloudtrail.history.scan import Bounds, length_of, scopes_in, terms_meant, values_of
from cairn.cloudtrail.history.search import Search, plan, scopes_asked
from cairn.cloudtrail.history.segment_reader import SegmentReader

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Flags = NDArray[np.bool_]
    Numbers = NDArray[np.uint32]

POSTINGS_MIN = 2000
"""From so many on, columns are read rather than the events that postings name. No more than `scan.PROBE_ROWS`."""

TERMS_MAX = 200_000
"""Values that the conditions on a field may mean in one segment."""

ROWS_A_READ = 10_000
REST_MAX = 200_000
"""Events without columns yet that are read from the table of events instead."""

_OF_EVENTS = ("time", "scope", "read_only", "error")
_OF_SCOPES = {"account": 0, "region": 1}
_KNOWN = COLUMNS.keys() | _OF_SCOPES.keys() | {"readonly"}


def is_countable(question: Search, names: Iterable[str]) -> bool:
    """Whether columns hold all that is asked for."""
    asked = {condition.field for condition in question.query.conditions}
    return not question.query.words and asked | set(names) <= _KNOWN


def is_worth_it(reader: SegmentReader, question: Search, bounds: Bounds) -> bool:
    """Whether so many events may fit that going along their postings takes longer than reading columns."""
    drivers = plan(reader, question=question, bounds=bounds)
    return any(driver.every for driver in drivers) or (
        sum(length_of(reader, driver.term) for driver in drivers) >= POSTINGS_MIN
    )


def count_by_columns(
    reader: SegmentReader, columns: Columns, *, question: Search, bounds: Bounds, width: int, counting: Counting
) -> int | None:
    """Add what one segment holds.

    Returns:
        How many events were looked at. None: nothing was added, since too many values are meant, or too few events
        have columns.

    Raises:
        ColumnsDamaged: they cannot be used.
    """
    import numpy as np

    scopes = scopes_asked(scopes_in(reader, question.accounts, question.regions, question.category), question.query)
    numbers = {number: scope for scope in scopes if (number := reader.scope(scope)) is not None}
    tests = _tests(reader, list(numbers), question.query.conditions)
    if tests is None:
        return None
    beside = {COLUMNS[name] for name in counting.fields if name in COLUMNS} | {name for name, _, _ in tests}
    found = _with_the_rest(reader, columns.read({*_OF_EVENTS, *beside}), bounds.seq_end)
    if found is None:
        return None
    first = reader.info.first_seq
    start = max(reader.first_since(bounds.arrived_min) - first, 0)
    end = min(bounds.seq_end - first, len(found["time"]))
    found = {name: column[start:end] for name, column in found.items()}
    fitting = (found["time"] >= bounds.time_min) & (found["time"] <= bounds.time_max)
    fitting &= _has(found["scope"], list(numbers))
    for name, wanted, exclude in tests:
        fitting &= ~_has(found[name], wanted) if exclude else _has(found[name], wanted)
    counted = {*_OF_EVENTS, *(COLUMNS[name] for name in counting.fields if name in COLUMNS)}
    places = None if fitting.all() else np.flatnonzero(fitting)
    rows = {name: found[name] if places is None else found[name].take(places) for name in counted}
    counting.total += len(rows["time"])
    _count_fields(reader, numbers, rows, counting)
    if width:
        _count_buckets(rows, width, counting)
    return max(end - start, 0)


def _with_the_rest(reader: SegmentReader, found: Mapping[str, Numbers], seq_end: int) -> Mapping[str, Numbers] | None:
    """Columns of all events with numbers under `seq_end`; None: too many are not in what was found."""
    import numpy as np

    start, end = reader.info.first_seq + len(found["time"]), min(seq_end, reader.end())
    if end - start > REST_MAX:
        return None
    rest = Block(start)
    try:
        for at in range(start, end, ROWS_A_READ):
            rest.add_all(reader.facts(at, min(at + ROWS_A_READ, end)))
    except NoColumns:
        return None
    numbers = rest.numbers()
    return {name: np.concatenate((column, numbers[name])) for name, column in found.items()} if len(rest) else found


def _has(column: Numbers, wanted: list[int]) -> Flags:
    """Of each number of a column, whether it is wanted."""
    import numpy as np

    if len(wanted) == 1:
        found: Flags = column == wanted[0]
        return found
    table = np.zeros(int(column.max(initial=0)) + 1, dtype=bool)
    table[[number for number in wanted if number < len(table)]] = True
    return table.take(column)


def _tests(
    reader: SegmentReader, scopes: list[int], conditions: Iterable[Condition]
) -> list[tuple[str, list[int], bool]] | None:
    """What an event has to have: a column, numbers of which it is to have one, or, if the last is true, none."""
    tests = []
    for condition in conditions:
        if condition.field in _OF_SCOPES:
            continue
        field = INDEXED[condition.field]
        found = [terms_meant(reader, scope, field, condition.patterns, most=TERMS_MAX) for scope in scopes]
        terms = [term for some in found if some is not None for term in some]
        if None in found:
            return None
        if field is Field.READ_ONLY:
            wanted = [int(value == "true") for _, value in values_of(reader, terms)]
            tests.append(("read_only", wanted, condition.exclude))
        else:
            tests.append((COLUMNS[condition.field], terms, condition.exclude))
    return tests


def _count_fields(
    reader: SegmentReader, scopes: dict[int, Scope], rows: dict[str, Numbers], counting: Counting
) -> None:
    for name, counter in counting.fields.items():
        if name in COLUMNS:
            terms = dict(_most(rows[COLUMNS[name]]))
            for term, value in values_of(reader, list(terms)):
                counter[value] += terms[term]
        elif name == "readonly":
            for number, count in _most(rows["read_only"] + 1):
                counter["true" if number == 2 else "false"] += count
        else:
            for number, count in _most(rows["scope"]):
                counter[scopes[number][_OF_SCOPES[name]]] += count


def _most(numbers: Numbers) -> list[tuple[int, int]]:
    """The most frequent of some numbers, and how often each is there; 0 is none of them."""
    import numpy as np

    counts = np.bincount(numbers, minlength=1)
    counts[0] = 0
    known = np.flatnonzero(counts)
    if len(known) > VALUES_A_SEGMENT_MAX:
        known = known[np.argpartition(counts[known], -VALUES_A_SEGMENT_MAX)[-VALUES_A_SEGMENT_MAX:]]
    return [(int(number), int(counts[number])) for number in known]


def _count_buckets(rows: dict[str, Numbers], width: int, counting: Counting) -> None:
    import numpy as np

    if not len(rows["time"]):
        return
    numbers = rows["time"] // width
    first = int(numbers.min())
    kinds = np.where(rows["error"] > 0, 2, rows["read_only"])  # error 2, read 1, write 0
    counts = np.bincount((numbers - first) * 3 + kinds)
    for place in np.flatnonzero(counts):
        counting.buckets[first + int(place) // 3, int(place) % 3] += int(counts[place])
