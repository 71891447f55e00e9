"""Scanning one segment for a query: the narrowest list of postings drives, the rest is checked beside each event."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import msgspec

from cairn.cloudtrail.history.facts import SINGLE, Field, Scope, id_key
from cairn.cloudtrail.history.lookup import SEQ_MAX
from cairn.cloudtrail.history.manifest import SegmentInfo
from cairn.cloudtrail.history.matching import RecordMatcher
from cairn.cloudtrail.history.query import INDEXED, Condition, Pattern
from cairn.cloudtrail.history.segment_reader import Place, SegmentReader, marks, placed, stored

DRIVERS_MAX = 8
"""Values of one condition that are worth a list each."""
TERMS_MAX = 2000
"""Values that a pattern with `*` may mean in one segment; beyond that they are checked event by event."""
PROBE_ROWS = 2000
COLUMNS = tuple(field.name.lower() for field in SINGLE)


class Bounds(msgspec.Struct, frozen=True, kw_only=True):
    """Which events are looked at. Times are inclusive."""

    time_min: int
    time_max: int
    seq_end: int
    arrived_min: int
    newest_first: bool = True
    behind: Place | None = None
    """Only what comes behind this place in the order asked for."""


class Chunk(msgspec.Struct, frozen=True):
    """Some of a segment's events, in order."""

    rows: list[tuple[Any, ...]]
    """Those that fit: (time, seq, read_only, then the terms of `COLUMNS`)."""
    records: list[bytes]
    """Their records, if they had to be read."""
    end: Place | None
    """How far it looked; None: to the end."""
    looked: int
    """Events it looked at, at the most."""
    unpacked: int
    """Records it read."""


class Driver(msgspec.Struct, frozen=True):
    """One list of postings to go along, with what is checked beside each event."""

    scope: Scope
    scope_number: int
    term: int
    every: bool
    """Whether `term` is that of all events of the scope."""
    where: str
    values: tuple[Any, ...]
    seq_min: int
    time: int | None = None
    """The one second that is looked at; None: all within the bounds."""


def drivers(reader: SegmentReader, scope: Scope, conditions: tuple[Condition, ...], bounds: Bounds) -> list[Driver]:
    """The lists that together give every event of the scope which fits the indexed conditions, each event once."""
    number = reader.scope(scope)
    if number is None:
        return []
    where: list[str] = []
    values: list[Any] = []
    every = reader.term(scope, Field.ALL, "") or 0
    best, cost = [every], SEQ_MAX
    seconds: list[int | None] = [None]
    for condition in conditions:
        if condition.field == "id":
            times = _check_id(reader, condition, where, values)
            seconds = seconds if condition.exclude else list(times)
            continue
        field = INDEXED.get(condition.field)
        if field is None:
            continue
        terms = terms_meant(reader, number, field, condition.patterns)
        if not condition.exclude and terms == []:
            return []
        if not condition.exclude and terms is not None and len(terms) <= (DRIVERS_MAX if field in SINGLE else 1):
            price = sum(length_of(reader, term) for term in terms)
            if price < cost:
                best, cost = terms, price
        _check_field(condition, number, field, terms, where, values)
    seq_min = reader.first_since(bounds.arrived_min)
    tests = "".join(f" AND {test}" for test in where)
    if seconds != [None]:
        best = [every]
    return [
        Driver(scope, number, term, term == every, tests, tuple(values), seq_min, second)
        for term in best
        for second in seconds
    ]


def scan_chunk(
    reader: SegmentReader, driver: Driver, bounds: Bounds, matcher: RecordMatcher, start: Place | None, size: int
) -> Chunk:
    """The next events behind `start`, at the most `size` of the driver's postings."""
    newest = bounds.newest_first
    ahead, until, order = ("<", ">=", "DESC") if newest else (">", "<=", "ASC")
    time_min, time_max = bounds.time_min, bounds.time_max
    if driver.time is not None:
        time_min, time_max = max(time_min, driver.time), min(time_max, driver.time)
    first = (time_max + 1, -1) if newest else (time_min - 1, SEQ_MAX)
    start = first if start is None else min(first, start) if newest else max(first, start)
    postings = f"p.term = ? AND (p.time, p.seq) {ahead} (?, ?) AND p.time {until} ?"
    last = time_min if newest else time_max
    sorting = f"ORDER BY p.time {order}, p.seq {order}"
    marked = reader.connection.execute(
        f"SELECT p.time, p.seq FROM postings p WHERE {postings} {sorting} LIMIT 1 OFFSET ?",  # noqa: S608
        (driver.term, *start, last, size - 1),
    )
    found: Place | None = next(iter(placed(marked.fetchall())), None)
    cut = f" AND (p.time, p.seq) {until} (?, ?)" if found else ""
    rows = reader.connection.execute(
        f"SELECT e.time, e.seq, e.read_only, {', '.join('e.' + column for column in COLUMNS)}"  # noqa: S608
        " FROM postings p CROSS JOIN events e ON e.seq = p.seq"
        f" WHERE {postings}{cut} AND e.seq >= ? AND e.seq < ?{driver.where} {sorting}",
        (driver.term, *start, last, *(found or ()), driver.seq_min, bounds.seq_end, *driver.values),
    ).fetchall()
    return _matched(reader, matcher, rows, found, size if found else len(rows))


def sweep_chunk(
    reader: SegmentReader, driver: Driver, bounds: Bounds, matcher: RecordMatcher, seq_end: int, size: int
) -> Chunk:
    """Of the `size` events with numbers under `seq_end`, those that fit, in no order of time. Four times as fast as
    going along the postings of a whole scope. The chunk's end is a place of which only the number counts."""
    seq_start = max(seq_end - size, driver.seq_min, reader.info.first_seq)
    rows = reader.connection.execute(
        f"SELECT e.time, e.seq, e.read_only, {', '.join('e.' + column for column in COLUMNS)}"  # noqa: S608
        " FROM events e WHERE e.seq >= ? AND e.seq < ? AND e.scope = ? AND e.time >= ? AND e.time <= ?" + driver.where,
        (seq_start, seq_end, driver.scope_number, bounds.time_min, bounds.time_max, *driver.values),
    ).fetchall()
    over = seq_start <= max(driver.seq_min, reader.info.first_seq)
    return _matched(reader, matcher, rows, None if over else (0, seq_start), max(0, seq_end - seq_start))


def _matched(
    reader: SegmentReader, matcher: RecordMatcher, rows: list[tuple[Any, ...]], end: Place | None, looked: int
) -> Chunk:
    """A chunk of those rows whose records fit as well."""
    placed(rows)
    if not matcher.needed:
        return Chunk(rows, [], end, looked, 0)
    records = reader.records([row[1] for row in rows])
    fitting = [(row, record) for row, record in zip(rows, records, strict=True) if matcher.fits(record)]
    return Chunk([row for row, _ in fitting], [record for _, record in fitting], end, looked, len(rows))


def values_of(reader: SegmentReader, terms: list[int]) -> Iterator[tuple[int, str]]:
    """Each term's number and value."""
    for start in range(0, len(terms), 500):
        some = terms[start : start + 500]
        query = f"SELECT id, value FROM terms WHERE id IN ({marks(some)})"  # noqa: S608 - question marks
        yield from ((term, stored(value, str)) for term, value in reader.connection.execute(query, some))


def scopes_in(reader: SegmentReader, accounts: tuple[str, ...], regions: tuple[str, ...], category: str) -> list[Scope]:
    """The segment's scopes of a category; no accounts or regions mean all."""
    rows = reader.connection.execute("SELECT account, region, category FROM scopes WHERE category = ?", (category,))
    return [
        (stored(account, str), stored(region, str), category)
        for account, region, _ in rows
        if (not accounts or account in accounts) and (not regions or region in regions)
    ]


def time_bounds(info: SegmentInfo, reader: SegmentReader, scopes: list[Scope]) -> tuple[int, int] | None:
    """The times of the first and the last event of the scopes in a segment, or None if there is none."""
    if info.settled:
        return info.time_min, info.time_max
    low: list[int] = []
    high: list[int] = []
    for scope in scopes:
        term = reader.term(scope, Field.ALL, "")
        for order, into in (("ASC", low), ("DESC", high)):
            query = f"SELECT time FROM postings WHERE term = ? ORDER BY time {order}, seq {order} LIMIT 1"  # noqa: S608
            into += [stored(time, int) for (time,) in reader.connection.execute(query, (term,))]
    return (min(low), max(high)) if low else None


def _check_id(reader: SegmentReader, condition: Condition, where: list[str], values: list[Any]) -> set[int]:
    """Add the test of a condition on the eventID; returns the times of the events that it names."""
    keys = [id_key(pattern.text) for pattern in condition.patterns]
    where.append(f"e.id {'NOT ' if condition.exclude else ''}IN ({marks(keys)})")
    values += keys
    query = f"SELECT time FROM events WHERE id IN ({marks(keys)})"  # noqa: S608 - question marks
    return {stored(time, int) for (time,) in reader.connection.execute(query, keys)}


def _check_field(
    condition: Condition, scope: int, field: Field, terms: list[int] | None, where: list[str], values: list[Any]
) -> None:
    """Add the test of one condition to `where`, and what it compares with to `values`."""
    if terms is None:
        chosen, compared = _chosen(field, condition.patterns)
        compared = [scope, *compared]
    else:
        chosen, compared = marks(terms), terms
    if field in SINGLE:
        column = f"e.{field.name.lower()}"
        test = f"({column} IS NOT NULL AND {column} IN ({chosen}))"
    else:
        test = f"EXISTS (SELECT 1 FROM postings r WHERE r.term IN ({chosen}) AND r.time = e.time AND r.seq = e.seq)"  # noqa: S608
    where.append(f"NOT {test}" if condition.exclude else test)
    values += compared


def terms_meant(
    reader: SegmentReader, scope: int, field: Field, patterns: tuple[Pattern, ...], *, most: int = TERMS_MAX
) -> list[int] | None:
    """The terms of a scope that any of the patterns means; None if they are more than `most`."""
    query, compared = _chosen(field, patterns)
    found = reader.connection.execute(f"{query} LIMIT ?", (scope, *compared, most + 1)).fetchall()
    return [term for (term,) in found] if len(found) <= most else None


def _chosen(field: Field, patterns: tuple[Pattern, ...]) -> tuple[str, list[Any]]:
    """A query for the terms of a scope, which is its first value, that any of the patterns means."""
    tests: list[str] = []
    values: list[Any] = []
    for pattern in patterns:
        if not pattern.wild:
            tests.append("value = ?")
            values.append(pattern.text)
            continue
        prefix = pattern.text.partition("*")[0]
        # the range lets the index narrow it down; GLOB's own special characters stand for themselves
        tests.append("(value >= ? AND value < ? AND value GLOB ?)")
        escaped = pattern.text.replace("[", "[[]").replace("?", "[?]")
        values += [prefix, prefix + "\U0010ffff", escaped]
    return f"SELECT id FROM terms WHERE scope = ? AND field = {int(field)} AND ({' OR '.join(tests)})", values  # noqa: S608


def length_of(reader: SegmentReader, term: int) -> int:
    """How many postings a term has, counted up to a limit."""
    found = reader.connection.execute(
        "SELECT count(*) FROM (SELECT 1 FROM postings WHERE term = ? LIMIT ?)", (term, PROBE_ROWS)
    ).fetchone()
    return int(found[0])
