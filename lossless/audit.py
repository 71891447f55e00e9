"""The question: is every answered call a record, once, wherever it belongs, and nowhere else?"""

from __future__ import annotations

import subprocess
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence

from lossless.collect import Found, Record, counted, logged, status
from lossless.faults import until
from lossless.load import IMPORT, MARKER, Call
from lossless.stage import EU, IRELAND, LOG_GROUP, OBJECTS, RULE, TRAILS, US, Stage, owner_keys, trail_arn_of
from tests.running import BIN

from cairn.core.clock import iso_seconds

UNKNOWN = "OutcomeUnknown"


def faults_of(calls: Sequence[Call], found: Found) -> Iterator[str]:
    """What is missing, twice, wrong, or where it does not belong, a line each."""
    for place, records in found.items():
        marked = by_marker(records)
        for call in calls:
            yield from _faults_of_call(call, place, marked.get(call.marker, []))
        if place != RULE:
            events = Counter(record["eventID"] for record in records)
            yield from (f"{place}: event {event} is there {n} times" for event, n in events.items() if n > 1)


def never_called(calls: Sequence[Call], found: Found) -> Iterator[str]:
    """Records of calls that nobody made."""
    known = {call.marker for call in calls}
    for place, records in found.items():
        for marker in by_marker(records).keys() - known:
            yield f"{place}: {marker} was never called, and has a record"


def by_marker(records: Sequence[Record]) -> dict[str, list[Record]]:
    """Records of calls of a load."""
    marked: defaultdict[str, list[Record]] = defaultdict(list)
    for record in records:
        if found := MARKER.search(record.get("userAgent") or ""):
            marked[found[1]].append(record)
    return marked


def _faults_of_call(call: Call, place: str, records: Sequence[Record]) -> Iterator[str]:
    named = f"{place}: {call.operation} {call.marker} ({call.outcome} {call.request_id})"
    if place not in call.places:
        if records:
            yield f"{named} does not belong there"
        return
    if call.outcome == "answered" and not records:
        yield f"{named} is MISSING"
    if len(records) > 1 and place != RULE:
        yield f"{named} is there {len(records)} TIMES"
    for record in records if call.outcome == "answered" else ():
        if record.get("requestID") != call.request_id:
            yield f"{named} has the request id {record.get('requestID')}"
        if record.get("errorCode") == UNKNOWN or bool(record.get("errorCode")) != call.failed:
            yield f"{named} has the error code {record.get('errorCode')}"


def unknown_outcomes(calls: Sequence[Call], found: Found, place: str) -> tuple[int, int]:
    """Of the calls that were not answered: how many have a record all the same, and how many of those say that their
    outcome is unknown."""
    marked = by_marker(found.get(place, []))  # the audit may not have come so far
    records = [marked[call.marker][0] for call in calls if call.outcome != "answered" and call.marker in marked]
    return len(records), sum(record.get("errorCode") == UNKNOWN for record in records)


def miscounted(stage: Stage, began: float) -> Iterator[str]:
    """Whether the metric filter counted each record of the log group once. Some come until the trail has stopped."""
    try:
        until(lambda: counted(stage, began) == _in_group(stage), "the metric filter counts")
    except TimeoutError:
        yield f"the metric filter counted {counted(stage, began):.0f} of {_in_group(stage)} records in the log group"


def _in_group(stage: Stage) -> int:
    return len(list(logged(stage, LOG_GROUP, US)))


def unwell(stage: Stage) -> Iterator[str]:
    """What `cairn status` tells of."""
    told = status(stage)
    yield from (f"cairn status: {problem}" for problem in told["problems"])
    yield from (f"cairn status: {damage}" for damage in told["history"]["damaged"])
    if told["journal"]["faults"]:
        yield f"cairn status: {told['journal']['faults']} faults of the journal"


def unproven(stage: Stage, began: float) -> Iterator[str]:
    """What the stock `aws cloudtrail validate-logs` and `cairn verify` find wrong with digest files and log files."""
    for trail in TRAILS:
        for region in {IRELAND: (EU,), OBJECTS: (US,)}.get(trail, (US, EU)):
            yield from _validate_logs(stage, trail, region, began)
        yield from _verify(stage, f"s3://{trail}")
    yield from _verify(stage, f"s3://{OBJECTS}", "--journal")


def _validate_logs(stage: Stage, trail: str, region: str, began: float) -> Iterator[str]:
    keys = {name.upper(): value for name, value in owner_keys(stage, trail).items()}
    times = ("--start-time", iso_seconds(began - 600), "--end-time", iso_seconds(began + 86400))
    arguments = ("--trail-arn", trail_arn_of(stage, trail), "--region", region, *times)
    done = subprocess.run(
        [str(BIN / "aws"), "cloudtrail", "validate-logs", *arguments],
        env=stage.cairn.environment(**keys),
        capture_output=True,
        text=True,
    )
    if done.returncode != 0 or "digest files valid" not in done.stdout:
        yield f"validate-logs {trail} {region}: {done.stdout.strip()[-300:]} {done.stderr.strip()[-1000:]}"


def _verify(stage: Stage, *arguments: str) -> Iterator[str]:
    failure = stage.failure("verify", *arguments, "--checkpoint", str(stage.folder / "checkpoints.json"))
    if failure:
        yield failure


def of_imports(calls: Sequence[Call]) -> int:
    """How many of the answered calls were records of imported files."""
    return sum(call.places == IMPORT and call.outcome == "answered" for call in calls)
