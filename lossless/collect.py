"""What came to each place, read back with stock clients."""

from __future__ import annotations

import gzip
import json
import subprocess
from collections.abc import Callable, Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Any

from lossless.faults import until
from lossless.stage import (
    EVERYWHERE,
    GROUP,
    HISTORY,
    LOG_GROUP,
    REGIONS,
    RULE,
    TOLD,
    TRAILS,
    US,
    Stage,
    owner_keys,
    trail_arn_of,
)

from cairn.core.clock import utc

AROUND_S, AHEAD_S = 3600.0, 86400.0
"""How far around the run's beginning is looked: clocks were set, and records are dated by them."""
SETTLED_S = 180.0
READERS = 4
BEHIND_MAX = 5
"""Batches that are there always: Cairn's own calls, to its buckets and keys, are recorded too."""
NO_SINKS = ("intents", "journal")
"""The one stands where the oldest call is whose outcome could not be recorded: after an hour it gets one, unknown. The
other is never well again once bits have flipped."""

Record = Mapping[str, Any]
Found = Mapping[str, list[Record]]
"""Records by the place where they were found."""


def settle(stage: Stage) -> Iterator[str]:
    """Wait until every sink has read the whole journal, and deliver everything. Tells what does not come to rest."""
    steps: list[tuple[str, Callable[[], bool]]] = [
        ("every sink has read the journal", lambda: _at_rest(stage)),
        ("everything can be delivered", lambda: not stage.failure("flush", "--digests")),
    ]
    steps += [(f"{trail} can be delivered again", partial(_redelivered, stage, trail)) for trail in TRAILS]
    for what, done in steps:
        try:
            until(done, what, SETTLED_S)
        except TimeoutError as error:
            yield str(error)


def _redelivered(stage: Stage, trail: str) -> bool:
    return not stage.failure("redeliver", trail_arn_of(stage, trail), "--since", "1d")


def _at_rest(stage: Stage) -> bool:
    loops = status(stage).get("loops", [])
    return bool(loops) and all(
        loop["state"] == "ok" and loop["behind"] <= BEHIND_MAX for loop in loops if loop["name"] not in NO_SINKS
    )


def status(stage: Stage) -> Mapping[str, Any]:
    """What `cairn status` tells; nothing while nobody answers."""
    try:
        told = stage.cairn.cairn("status", "--output", "json", code=None)
    except subprocess.TimeoutExpired:
        told = ""
    return dict(json.loads(told)[0]) if told else {}


def collect(stage: Stage, began: float) -> Found:
    """Every record of the run, wherever it is. The trail with the log group stops logging, so that no reading of what
    it holds adds to it."""
    found = {HISTORY: history(stage, began)}
    for trail in TRAILS:
        found[trail] = list(log_file_records(stage.client("s3", keys=owner_keys(stage, trail)), trail))
    until(lambda: _at_rest(stage), "the log group has everything")
    stage.client("cloudtrail").stop_logging(Name=EVERYWHERE)
    until(lambda: _at_rest(stage), "the log group has everything")
    found[GROUP] = list(logged(stage, LOG_GROUP, US))
    found[RULE] = [event["detail"] for region in REGIONS for event in logged(stage, TOLD, region)]
    return found


def history(stage: Stage, began: float) -> list[Record]:
    """What LookupEvents answers, in both accounts and regions."""
    span = {"StartTime": utc(began - AROUND_S), "EndTime": utc(began + AHEAD_S)}
    found: list[Record] = []
    for keys in ({}, stage.theirs):
        for region in REGIONS:
            found += looked_up(stage.client("cloudtrail", region, keys), span)
    return found


def looked_up(client: Any, span: Mapping[str, Any]) -> list[Record]:
    pages = client.get_paginator("lookup_events").paginate(**span)
    return [json.loads(event["CloudTrailEvent"]) for page in pages for event in page["Events"]]


def log_file_records(s3: Any, bucket: str) -> Iterator[Record]:
    """The records of a bucket's log files."""

    def read(key: str) -> list[Record]:
        content = s3.get_object(Bucket=bucket, Key=key)["Body"].read()
        return list(json.loads(gzip.decompress(content))["Records"])

    with ThreadPoolExecutor(READERS) as pool:
        for records in pool.map(read, log_files(s3, bucket)):
            yield from records


def log_files(s3: Any, bucket: str) -> list[str]:
    """Keys of a bucket's log files, digest files left out."""
    pages: Iterable[Any] = s3.get_paginator("list_objects_v2").paginate(Bucket=bucket)
    return [found["Key"] for page in pages for found in page.get("Contents", ()) if "/CloudTrail/" in found["Key"]]


def logged(stage: Stage, group: str, region: str) -> Iterator[Record]:
    pages = stage.client("logs", region).get_paginator("filter_log_events").paginate(logGroupName=group)
    return (json.loads(event["message"]) for page in pages for event in page["events"])


def counted(stage: Stage, began: float) -> float:
    """What the metric filter has counted."""
    points = stage.client("cloudwatch").get_metric_statistics(
        Namespace="Lossless",
        MetricName="Records",
        StartTime=utc(began - AROUND_S),
        EndTime=utc(began + AHEAD_S),
        Period=86400,
        Statistics=["Sum"],
    )["Datapoints"]
    return float(sum(point["Sum"] for point in points))
