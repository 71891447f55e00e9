"""Many clients that call, and remember of every call whether it was answered, and how.

Each call carries a marker of its own in its User-Agent, so that its record can be told from all others even if the
client never heard the request's id.
"""

from __future__ import annotations

import gzip
import itertools
import json
import random
import re
import threading
import time
import uuid
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from botocore.exceptions import BotoCoreError, ClientError
from lossless.faults import until
from lossless.stage import (
    EU,
    EVERYWHERE,
    GROUP,
    HISTORY,
    IRELAND,
    OBJECTS,
    RULE,
    SEALED,
    THEIRS,
    THINGS,
    US,
    Keys,
    Place,
    Stage,
    session_keys,
)
from tests.contract.looking import request_id
from tests.contract.test_tutorial import ACCOUNT

from cairn.core.clock import iso_seconds

CLIENTS = 16
REFUSED_S = 0.1
"""How long a client waits after a call that was not answered."""
IMPORTED = 25
"""Records in each log file that is imported."""
MARKER = re.compile(r"lossless/([a-z0-9.]+)")

OURS = frozenset({HISTORY, EVERYWHERE, SEALED, GROUP, RULE})
"""Where a management event of the administrator's account comes to."""
IN_IRELAND = OURS | {IRELAND}
OF_MEMBER = frozenset({HISTORY, THEIRS})
DATA = frozenset({OBJECTS, RULE})
IMPORT = frozenset({HISTORY})


@dataclass(frozen=True, slots=True)
class Call:
    """One that was made once; nothing is ever sent again under the same marker."""

    marker: str
    operation: str
    places: frozenset[str]
    """Where its record belongs."""
    outcome: Literal["answered", "refused", "unanswered"]
    """`refused`: with 5xx, which may be recorded. `unanswered`: the connection broke, and nobody knows the outcome."""
    request_id: str = ""
    failed: bool = False
    """It was answered with an error of the client's."""


@dataclass(frozen=True, slots=True)
class Operation:
    name: str
    places: frozenset[str]
    make: Callable[[], Any]


class Load:
    """Clients in threads. `calls` grows until `stop`.

    Args:
        prefix: of all markers, so that a second load has others.
        pause_s: after each call.
    """

    def __init__(self, place: Place, seed: int, *, prefix: str = "", pause_s: float = 0.0) -> None:
        self.calls: list[Call] = []
        self.seconds = 0.0
        self._ended = threading.Event()
        self._lock = threading.Lock()
        self._pause_s = pause_s
        self.answered = 0
        marking = Marking()
        operations = list(_operations(place, marking))
        self._threads = [
            threading.Thread(
                target=self._call, args=(operations, marking, f"{prefix}{number}", random.Random(f"{seed}.{number}"))
            )
            for number in range(CLIENTS)
        ]
        if isinstance(place, Stage):
            self._threads.append(threading.Thread(target=self._import, args=(place, prefix)))
        self._began = 0.0

    def start(self) -> None:
        self._began = time.monotonic()
        for thread in self._threads:
            thread.start()

    def wait_for(self, calls: int, seconds: float) -> None:
        """Wait until so many more are answered.

        Raises:
            TimeoutError: they are not.
        """
        wanted = self.answered + calls
        until(lambda: self.answered >= wanted, f"{calls} calls are answered", seconds)

    def stop(self) -> None:
        """Nobody calls any more, once this returns."""
        self._ended.set()
        for thread in self._threads:
            thread.join()
        self.seconds = time.monotonic() - self._began

    def _call(self, operations: list[Operation], marking: Marking, client: str, dice: random.Random) -> None:
        for number in itertools.count():
            if self._ended.is_set():
                return
            marker = marking.now = f"{client}.{number}"
            call = _outcome(dice.choice(operations), marker)
            self._note(call)
            self._ended.wait(self._pause_s if call.outcome == "answered" else REFUSED_S)

    def _import(self, stage: Stage, prefix: str) -> None:
        """Log files, one after the other, each until `cairn import` says that it is in."""
        for number in itertools.count():
            file = stage.imports / f"{prefix}{number}.json.gz"
            records = [_record(f"{prefix}import.{number}.{of_file}") for of_file in range(IMPORTED)]
            file.write_bytes(gzip.compress(json.dumps({"Records": records}).encode()))
            while stage.failure("import", "--again", str(file)):  # some of it may be in all the same
                if self._ended.wait(1):
                    self._note(*(_call_of(record, "unanswered") for record in records))
                    return
            self._note(*(_call_of(record, "answered") for record in records))
            if self._ended.wait(2):
                return

    def _note(self, *calls: Call) -> None:
        with self._lock:
            self.calls.extend(calls)
            self.answered += sum(call.outcome == "answered" for call in calls)


class Marking(threading.local):
    """The marker of the call that this thread makes now."""

    now = ""

    def mark(self, request: Any, **_: Any) -> None:
        request.headers["User-Agent"] = f"lossless/{self.now}"


def _operations(place: Place, marking: Marking) -> Iterator[Operation]:
    def client(service: str, region: str = US, keys: Keys | None = None) -> Any:
        made = place.client(service, region, keys, retries=0)
        made.meta.events.register("request-created", marking.mark)
        return made

    role = f"arn:aws:iam::{ACCOUNT}:role/lossless"
    session = session_keys(place.client("sts").assume_role(RoleArn=role, RoleSessionName="lossless"))
    s3, iam, sts, kms, sqs = (client(service) for service in ("s3", "iam", "sts", "kms", "sqs"))
    visitor = client("sts", keys=session)
    sqs_eu, ec2_eu, kms_eu = (client(service, EU) for service in ("sqs", "ec2", "kms"))
    queue, queue_eu = place.queues[US], place.queues[EU]
    now: Callable[[], str] = lambda: marking.now  # noqa: E731

    yield Operation("s3:PutObject", DATA, lambda: s3.put_object(Bucket=THINGS, Key=now(), Body=b"stone"))
    yield Operation("s3:GetObject", DATA, lambda: s3.get_object(Bucket=THINGS, Key="nothing"))
    yield Operation("s3:ListBuckets", OURS, lambda: s3.list_buckets())
    yield Operation("s3:PutBucketTagging", OURS, lambda: s3.put_bucket_tagging(Bucket=THINGS, Tagging=_tagging(now())))
    yield Operation("iam:TagUser", OURS, lambda: iam.tag_user(UserName="lossless", Tags=_tags(now())))
    yield Operation("iam:GetUser", OURS, lambda: iam.get_user(UserName=f"nobody-{now()}"))
    yield Operation("sts:GetCallerIdentity", OURS, lambda: sts.get_caller_identity())
    yield Operation("sts:AssumeRole", OURS, lambda: sts.assume_role(RoleArn=role, RoleSessionName=now()))
    yield Operation("sts:GetCallerIdentity by a session", OURS, lambda: visitor.get_caller_identity())
    yield Operation("kms:Encrypt", OURS, lambda: kms.encrypt(KeyId="alias/lossless", Plaintext=b"stone"))
    yield Operation("kms:DescribeKey", OURS, lambda: kms.describe_key(KeyId="alias/lossless"))
    yield Operation("sqs:TagQueue", OURS, lambda: sqs.tag_queue(QueueUrl=queue, Tags={"marker": now()}))
    yield Operation("sqs:ListQueues", OURS, lambda: sqs.list_queues(QueueNamePrefix="lossless"))
    yield Operation(
        "sqs:TagQueue in Ireland", IN_IRELAND, lambda: sqs_eu.tag_queue(QueueUrl=queue_eu, Tags={"m": now()})
    )
    yield Operation("ec2:DescribeRegions in Ireland", IN_IRELAND, lambda: ec2_eu.describe_regions())
    yield Operation("kms:ListKeys in Ireland", IN_IRELAND, lambda: kms_eu.list_keys())
    if not place.theirs:
        return
    sqs_theirs, sts_theirs = client("sqs", US, place.theirs), client("sts", US, place.theirs)
    ec2_theirs = client("ec2", EU, place.theirs)
    yield Operation("sqs:CreateQueue by the other", OF_MEMBER, lambda: sqs_theirs.create_queue(QueueName="lossless"))
    yield Operation("sts:GetCallerIdentity by the other", OF_MEMBER, lambda: sts_theirs.get_caller_identity())
    yield Operation("ec2:DescribeVpcs by the other", OF_MEMBER, lambda: ec2_theirs.describe_vpcs())


def _tags(marker: str) -> list[dict[str, str]]:
    return [{"Key": "marker", "Value": marker}]


def _tagging(marker: str) -> dict[str, Any]:
    return {"TagSet": _tags(marker)}


def _outcome(operation: Operation, marker: str) -> Call:
    """Make the call."""
    failed = False
    try:
        reply: Mapping[str, Any] = operation.make()
    except ClientError as error:
        reply, failed = error.response, True
    except BotoCoreError:
        return Call(marker, operation.name, operation.places, "unanswered")
    refused = reply["ResponseMetadata"]["HTTPStatusCode"] >= 500
    outcome: Literal["refused", "answered"] = "refused" if refused else "answered"
    return Call(marker, operation.name, operation.places, outcome, "" if refused else request_id(reply), failed)


def _record(marker: str) -> dict[str, Any]:
    """A genuine-looking record of some other CloudTrail."""
    return {
        "eventVersion": "1.11",
        "userIdentity": {"type": "AWSService", "invokedBy": "ec2.amazonaws.com"},
        "eventTime": iso_seconds(time.time() - 60),
        "eventSource": "sts.amazonaws.com",
        "eventName": "AssumeRole",
        "awsRegion": US,
        "sourceIPAddress": "ec2.amazonaws.com",
        "userAgent": f"lossless/{marker}",
        "requestID": str(uuid.uuid4()),
        "eventID": str(uuid.uuid4()),
        "readOnly": True,
        "eventType": "AwsApiCall",
        "managementEvent": True,
        "recipientAccountId": ACCOUNT,
        "eventCategory": "Management",
    }


def _call_of(record: Mapping[str, Any], outcome: Literal["answered", "unanswered"]) -> Call:
    marker = record["userAgent"].removeprefix("lossless/")
    return Call(marker, "cairn import", IMPORT, outcome, record["requestID"])
