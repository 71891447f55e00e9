"""The invariant of delivery, verified from outside: every event that a trail logged is in exactly one of its files.

Nothing here is shared with delivery but the tables, the selectors and the reading of a log file: the journal is read
event by event, every file is fetched back from its bucket, and both sides are compared as multisets.
"""

from __future__ import annotations

import hashlib
import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field

import msgspec
import sqlalchemy as sa

from cairn.cloudtrail import plans, spans
from cairn.cloudtrail.logfile import FOLDERS, LogFileDamaged, read_log_file, unpack
from cairn.cloudtrail.plans import DeliveredFile
from cairn.cloudtrail.selectors import Selection, Selector
from cairn.cloudtrail.spans import Span
from cairn.cloudtrail.tables import delivered_files
from cairn.cloudtrail.tables import plans as plans_table
from cairn.cloudtrail.trail import Trail
from cairn.cloudtrail.trails import ever
from cairn.core.journal.journal import Journal, JournalEntry
from cairn.core.objects import ObjectStore, ObjectStoreError
from cairn.core.state import State

KEY = re.compile(
    r"(?P<prefix>.+/)?AWSLogs/((?P<organization>o-[a-z0-9]{10,32})/)?(?P<account>\d{12})/"
    r"(?P<folder>CloudTrail(-Aggregated|-Insight|-NetworkActivity)?)/(?P<region>[\w-]{1,32})/"
    r"(?P<day>\d{4}/\d\d/\d\d)/(?P=account)_(?P=folder)_(?P=region)_(?P<stamp>\d{8}T\d{4}Z)_[A-Za-z0-9]{16}\.json\.gz"
)
"""The key of a log file (spec 3)."""

Fingerprint = tuple[str, str, bytes]
"""Account, region, and the hash of a record's bytes. Of an operation that is aggregated, once a call: what it counts,
in place of the hash."""


@dataclass
class Report:
    """What `check_delivered` found."""

    events: int = 0
    """Delivered, over all trails."""
    files: int = 0
    problems: list[str] = field(default_factory=list)


def check_delivered(state: State, journal: Journal, store: ObjectStore, trail_arn: str = "") -> Report:
    """Compare all that was delivered for all trails that ever were, or for one, with what the journal holds.

    What stands behind a trail's cursor is not expected yet, and what was given up is not expected at all. Takes about
    100 bytes of memory an event of the largest trail.
    """
    report = Report()
    known: dict[str, set[str]] = {}
    with state.read() as connection:
        trails = [trail for trail in ever(connection) if trail_arn in ("", trail.arn)]
        in_flight = bool(plans.staged(connection))
    for trail in trails:
        with state.read() as connection:
            files = plans.files(connection, delivered_files.c.trail == trail.row)
            trail_spans = spans.of_trail(connection, trail.row)
            given_up = _abandoned(connection, trail)
            organizations = _organizations(connection, trail, trail_spans)
        held = _held(store, trail, files, organizations, report)
        due = _due(journal, trail_spans, given_up)
        for word, difference in (("missing", due - held), ("delivered but not due", held - due)):
            if difference:
                report.problems.append(f"{trail.arn}: {difference.total()} events {word}")
        report.events += held.total()
        for file in files:
            known.setdefault(file.bucket, set()).add(file.key)
    if not in_flight and not trail_arn:
        _check_strangers(store, known, report)
    return report


def _due(journal: Journal, trail_spans: list[Span], given_up: list[range]) -> Counter[Fingerprint]:
    """What the journal says that a trail must have been given by now."""
    selectors = {span.id: Selector(Selection.decode(span.selection)) for span in trail_spans}
    due: Counter[Fingerprint] = Counter()
    for entry in _entries(journal):
        if entry.batch.origin == "import" or any(entry.position in stretch for stretch in given_up):
            continue
        for span in trail_spans:
            if not span.start <= entry.position < span.cursor:
                continue
            for event in entry.batch.of_kind():
                header = event.header
                if selectors[span.id].wants(event) and span.takes(entry.position, header.time):
                    region = selectors[span.id].filed_under(header)
                    due[header.account, region, _hash(event.record)] += 1
                    if header.category == "Data" and "API_ACTIVITY" in selectors[span.id].aggregations:
                        due[header.account, region, _counted(header.source, header.name)] += 1
    return due


def _held(
    store: ObjectStore, trail: Trail, files: list[DeliveredFile], organizations: dict[int, str], report: Report
) -> Counter[Fingerprint]:
    """What the trail's files hold, each verified against what was recorded of it; `organizations` are by plan."""
    held: Counter[Fingerprint] = Counter()
    for file in files:
        report.files += 1
        where = f"{trail.arn}: {file.bucket}/{file.key}"
        match = KEY.fullmatch(file.key)
        if match is None or (match["account"], match["region"]) != (file.account, file.region):
            report.problems.append(f"{where}: not the key of a log file of {file.account}, {file.region}")
        elif (match["organization"] or "") != organizations[file.plan]:
            report.problems.append(f"{where}: not under the organization that it was logged for")
        try:
            content = store.get(file.bucket, file.key)
            plain, records = unpack(content), read_log_file(content)
        except (ObjectStoreError, LogFileDamaged) as error:
            report.problems.append(f"{where}: {error}")
            continue
        if (hashlib.sha256(plain).hexdigest(), len(plain), len(records)) != (file.sha256, file.bytes, file.events):
            report.problems.append(f"{where}: not the bytes that were recorded")
        if match is not None and match["folder"] == FOLDERS["Aggregated"]:
            for operation, calls in _activity(records):
                held[file.account, file.region, operation] += calls
        else:
            held.update((file.account, file.region, _hash(record)) for record in records)
    return held


def _activity(records: list[bytes]) -> Iterator[tuple[bytes, int]]:
    """The calls that aggregated events count, by operation; the same calls by resource and by user are passed over."""
    for record in map(msgspec.json.decode, records):
        primary = record["summary"]["primaryDimension"]
        if primary["dimension"] == "eventName":
            for counted in primary["statistics"]:
                yield _counted(record["eventSource"], counted["name"]), counted["value"]


def _counted(source: str, name: str) -> bytes:
    return f"{source} {name}".encode()


def _check_strangers(store: ObjectStore, known: dict[str, set[str]], report: Report) -> None:
    """Log files in the buckets that no trail delivered. Only for buckets that nothing else delivers to."""
    for bucket, keys in known.items():
        for info in store.list(bucket):
            if KEY.fullmatch(info.key) and info.key not in keys:
                report.problems.append(f"{bucket}/{info.key}: a log file that was never recorded as delivered")


def _organizations(connection: sa.Connection, trail: Trail, trail_spans: list[Span]) -> dict[int, str]:
    """For which organization each plan of a trail was made, if for any."""
    by_span = {span.id: Selection.decode(span.selection).organization for span in trail_spans}
    select = sa.select(plans_table.c.id, plans_table.c.span).where(plans_table.c.trail == trail.row)
    return {row.id: by_span[row.span] for row in connection.execute(select)}


def _abandoned(connection: sa.Connection, trail: Trail) -> list[range]:
    select = sa.select(plans_table.c.first, plans_table.c.next).where(
        plans_table.c.trail == trail.row, plans_table.c.outcome == "abandoned"
    )
    return [range(row.first, row.next) for row in connection.execute(select)]


def _entries(journal: Journal) -> Iterator[JournalEntry]:
    position = journal.bounds().first
    while chunk := journal.read_from(position):
        yield from chunk
        position = chunk[-1].position + 1


def _hash(record: bytes) -> bytes:
    return hashlib.blake2b(record, digest_size=16).digest()
