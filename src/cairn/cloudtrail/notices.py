"""Notices: the sink that announces delivered files on the trail's SNS topic.

A plan that is delivered owes a notice, noted in the transaction that records its files. This loop pays what is owed,
by a message for each plan, or several where a plan has many files; what dies between publishing and noting it
publishes again, so that a topic hears of every file at least once. As with files, the topic is the trail's as it
stands at each attempt. A topic that refuses holds up neither delivery nor other trails' notices.
"""

from __future__ import annotations

import itertools
import logging
from collections.abc import Iterator, Sequence

import msgspec
import sqlalchemy as sa

from cairn.cloudtrail import plans, status
from cairn.cloudtrail.plans import DeliveredFile
from cairn.cloudtrail.tables import delivered_files, notices
from cairn.cloudtrail.topics import TopicError, Topics, topic_arn
from cairn.cloudtrail.trail import Trail
from cairn.cloudtrail.trails import by_row
from cairn.core.clock import Clock
from cairn.core.config import Delivery as Settings
from cairn.core.failpoints import failpoint
from cairn.core.lanes import RETRY_FIRST_S, RETRY_MAX_S, Trouble
from cairn.core.state import State

log = logging.getLogger(__name__)

POLL_S = 1.0
NOTICES_A_STEP = 100
KEYS_A_NOTICE_MAX = 100
"""Keys in a message. A key has at most 1,024 bytes, and SNS takes messages of 256 KB."""


class Notice(msgspec.Struct, frozen=True, kw_only=True):
    """A plan whose files are not announced yet. The row of the same names."""

    plan: int
    trail: int
    owed: float
    """Since when."""


class Message(msgspec.Struct, frozen=True):
    """What a topic is told (spec 3)."""

    bucket: str = msgspec.field(name="s3Bucket")
    keys: list[str] = msgspec.field(name="s3ObjectKey")


def owe(connection: sa.Connection, plan: int, trail: int, now: float) -> None:
    """Note that a plan's files, which are being recorded in this transaction, are to be announced."""
    connection.execute(sa.insert(notices).values(plan=plan, trail=trail, owed=now))


class Notices:
    """The notices of all trails. `step` is for one thread."""

    name = "notices"

    def __init__(self, state: State, topics: Topics, settings: Settings, clock: Clock) -> None:
        self._state = state
        self._topics = topics
        self._settings = settings
        self._clock = clock
        self._troubles: dict[int, Trouble] = {}

    def step(self) -> float:
        """Announce what is owed and whose trail is not waiting. Returns the seconds until there may be more to do."""
        now = self._clock.monotonic()
        waiting = {trail for trail, trouble in list(self._troubles.items()) if trouble.retry_at > now}
        with self._state.read() as connection:
            owed = _owed(connection, waiting)
            trails = by_row(connection, {notice.trail for notice in owed})
        for notice in owed:
            if notice.trail not in waiting and not self._announce(notice, trails[notice.trail]):
                waiting.add(notice.trail)
        return 0.0 if len(owed) == NOTICES_A_STEP else POLL_S

    def troubles(self) -> dict[str, Trouble]:
        """Trails whose topic refuses now, by ARN."""
        with self._state.read() as connection:
            trails = by_row(connection, list(self._troubles))
        return {trails[row].arn: trouble for row, trouble in list(self._troubles.items())}

    def _announce(self, notice: Notice, trail: Trail) -> bool:
        """Publish a notice and forget it. Returns whether the trail's next may follow now."""
        with self._state.read() as connection:
            files = plans.files(connection, delivered_files.c.plan == notice.plan)
        regions = {file.region for file in files}
        try:
            if trail.settings.topic:
                topic = topic_arn(trail.id, trail.settings.topic)
                for message in messages(files):
                    self._topics.publish(topic, message, trail.arn)
                failpoint("notices.published")
        except TopicError as error:
            return self._note_failure(notice, trail, {trail.id.home_region, *regions}, error)
        with self._state.write() as connection:
            _forget(connection, notice)
            if trail.settings.topic:
                status.succeeded(connection, trail.row, regions, self._clock.now(), "notices")
        self._troubles.pop(trail.row, None)
        return True

    def _note_failure(self, notice: Notice, trail: Trail, regions: set[str], error: TopicError) -> bool:
        """Tell the error in the trail's status; give the notice up if it has failed for as long as delivery would."""
        now = self._clock.now()
        given_up = now - notice.owed >= self._settings.retry_for
        with self._state.write() as connection:
            status.failed(connection, trail.row, regions, now, error.code, "notices")
            if given_up:
                _forget(connection, notice)
        if given_up:
            log.error("gave up announcing files of %s: the topic refused for too long: %s", trail.arn, error.message)
            return True
        before = self._troubles.get(trail.row)
        failures = before.failures + 1 if before is not None else 1
        pause = min(RETRY_FIRST_S * 2.0 ** (failures - 1), RETRY_MAX_S)
        tried = self._clock.monotonic()
        text = f"{error.code or 'no answer'}: {error.message}"
        self._troubles[trail.row] = Trouble(failures, text, tried, tried + pause)
        log.warning("no notice of %s (%d in a row), next in %.0f s: %s", trail.arn, failures, pause, text)
        return False


def messages(files: Sequence[DeliveredFile]) -> Iterator[str]:
    """What a topic is told of these files: each message names files of one bucket."""
    for bucket, together in itertools.groupby(files, lambda file: file.bucket):
        keys = [file.key for file in together]
        for first in range(0, len(keys), KEYS_A_NOTICE_MAX):
            yield msgspec.json.encode(Message(bucket, keys[first : first + KEYS_A_NOTICE_MAX])).decode()


def _owed(connection: sa.Connection, waiting: set[int]) -> list[Notice]:
    """The oldest notices of trails that are not waiting."""
    select = sa.select(notices).where(notices.c.trail.not_in(waiting)).order_by(notices.c.plan).limit(NOTICES_A_STEP)
    return [Notice(**row) for row in connection.execute(select).mappings()]


def _forget(connection: sa.Connection, notice: Notice) -> None:
    connection.execute(sa.delete(notices).where(notices.c.plan == notice.plan))
