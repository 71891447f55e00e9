"""Notices: every delivered file is announced, however topics and processes fail, and nobody waits for them."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.cloudtrail.others import FakeTopics, topic_arn
from tests.cloudtrail.rig import Rig

from cairn.cloudtrail.notices import KEYS_A_NOTICE_MAX, Notices, messages
from cairn.cloudtrail.plans import DeliveredFile
from cairn.cloudtrail.trail import Trail, TrailSettings
from cairn.core import config
from cairn.core.clock import utc
from cairn.core.failpoints import FailpointReached, arm

TOLD = topic_arn("told")


@pytest.fixture
def topics() -> FakeTopics:
    made = FakeTopics()
    made.refusals[TOLD] = ""
    return made


@pytest.fixture
def notices(rig: Rig, topics: FakeTopics) -> Iterator[Notices]:
    yield Notices(rig.state, topics, config.Delivery(retry_for=config.Duration(3600)), rig.clock)
    arm("")


def deliver(rig: Rig, trail: Trail, **event: str) -> None:
    rig.record(rig.event(account=trail.id.account, **event))
    rig.deliver()


def announced(topics: FakeTopics, topic: str = TOLD, bucket: str = "logs") -> Counter[str]:
    """The keys that a topic was told of, and how often."""
    told = [json.loads(message) for to, message in topics.sent if to == topic]
    assert all(set(each) == {"s3Bucket", "s3ObjectKey"} for each in told)
    return Counter(key for each in told if each["s3Bucket"] == bucket for key in each["s3ObjectKey"])


def test_a_delivered_file_is_announced_once_and_the_status_says_when(
    rig: Rig, topics: FakeTopics, notices: Notices
) -> None:
    trail = rig.trail(topic="told", multi_region=True)
    rig.record(rig.event(), rig.event(region="eu-west-1"))
    rig.deliver()
    assert "LatestNotificationTime" not in rig.status(trail)
    notices.step()
    notices.step()
    assert len(topics.sent) == 1
    assert announced(topics) == Counter(rig.files().keys())
    for region in ("us-east-1", "eu-west-1"):
        status = rig.status(trail, region)
        assert status["LatestNotificationTime"] == utc(rig.clock.now())
        assert status["LatestNotificationAttemptSucceeded"] == status["LatestNotificationAttemptTime"] != ""
        assert "LatestNotificationError" not in status


def test_a_trail_without_a_topic_owes_nothing(rig: Rig, topics: FakeTopics, notices: Notices) -> None:
    trail = rig.trail()
    deliver(rig, trail)
    rig.trails.update(trail.id, lambda now: settings_with(now, topic="told"))
    notices.step()
    assert topics.sent == []
    deliver(rig, trail)
    notices.step()
    assert len(announced(topics)) == 1


@pytest.mark.parametrize(
    ("code", "shown"), [("AuthorizationError", "AuthorizationError"), ("NotFound", "NotFound"), ("silent", None)]
)
def test_a_topic_that_refuses_is_told_and_told_again_until_it_takes_it(
    rig: Rig, topics: FakeTopics, notices: Notices, code: str, shown: str | None
) -> None:
    trail = rig.trail(topic="told")
    topics.refusals[TOLD] = code
    for _ in range(3):
        deliver(rig, trail)
        notices.step()
    status = rig.status(trail)
    assert status.get("LatestNotificationError") == shown
    assert "LatestNotificationTime" not in status
    assert status["LatestNotificationAttemptTime"] and not status["LatestNotificationAttemptSucceeded"]
    assert "LatestDeliveryError" not in status and len(rig.files()) == 3, "delivery does not wait for notices"
    assert set(notices.troubles()) == {trail.arn}
    topics.refusals[TOLD] = ""
    notices.step()
    assert topics.sent == [], "it waits a while before it tries again"
    rig.clock.advance(300)
    notices.step()
    assert announced(topics) == Counter(rig.files().keys())
    assert "LatestNotificationError" not in rig.status(trail)
    assert notices.troubles() == {}


def test_no_trail_waits_for_anothers_topic(rig: Rig, topics: FakeTopics, notices: Notices) -> None:
    refused, fine = rig.trail("refused", topic="shut"), rig.trail("fine", topic="told", bucket="other-logs")
    topics.refusals[topic_arn("shut")] = "AuthorizationError"
    for _ in range(120):  # more than a step looks at
        rig.record()
        rig.deliver()
        notices.step()
    assert len(announced(topics, bucket="other-logs")) == 120
    assert rig.status(refused)["LatestNotificationError"] == "AuthorizationError"
    assert "LatestNotificationError" not in rig.status(fine)


def test_who_dies_after_publishing_publishes_again(rig: Rig, topics: FakeTopics, notices: Notices) -> None:
    trail = rig.trail(topic="told")
    deliver(rig, trail)
    arm("notices.published=raise")
    with pytest.raises(FailpointReached):
        notices.step()
    again = Notices(rig.state, topics, config.Delivery(), rig.clock)
    again.step()
    again.step()
    (key,) = rig.files()
    assert announced(topics) == {key: 2}


def test_who_dies_before_the_files_are_recorded_announces_them_when_they_are(
    rig: Rig, topics: FakeTopics, notices: Notices
) -> None:
    trail = rig.trail(topic="told")
    arm("delivery.committing=raise")
    deliver(rig, trail)
    notices.step()
    assert topics.sent == [], "what is not recorded as delivered is not announced"
    rig.restart()
    rig.work()
    notices.step()
    assert announced(topics) == Counter(rig.files().keys())


def test_the_topic_is_the_one_that_the_trail_has_now(rig: Rig, topics: FakeTopics, notices: Notices) -> None:
    trail = rig.trail(topic="gone")
    deliver(rig, trail)
    notices.step()
    assert rig.status(trail)["LatestNotificationError"] == "NotFound"
    rig.trails.update(trail.id, lambda now: settings_with(now, topic="told"))
    rig.clock.advance(300)
    notices.step()
    assert announced(topics) == Counter(rig.files().keys())


def test_a_topic_taken_away_takes_its_error_and_what_was_owed(rig: Rig, topics: FakeTopics, notices: Notices) -> None:
    trail = rig.trail(topic="gone")
    deliver(rig, trail)
    notices.step()
    rig.trails.update(trail.id, lambda now: settings_with(now, topic=""))
    assert "LatestNotificationError" not in rig.status(trail)
    rig.clock.advance(300)
    notices.step()
    rig.trails.update(trail.id, lambda now: settings_with(now, topic="told"))
    notices.step()
    assert topics.sent == []
    assert notices.troubles() == {}


def test_files_of_a_deleted_trail_are_announced(rig: Rig, topics: FakeTopics, notices: Notices) -> None:
    trail = rig.trail(topic="told")
    rig.record()
    rig.trails.delete(trail.id)
    rig.deliver()
    notices.step()
    assert len(announced(topics)) == 1


def test_a_notice_is_given_up_when_delivery_would_be(rig: Rig, topics: FakeTopics, notices: Notices) -> None:
    trail = rig.trail(topic="told")
    topics.refusals[TOLD] = "AuthorizationError"
    deliver(rig, trail)
    notices.step()
    rig.clock.advance(3600)
    notices.step()
    topics.refusals[TOLD] = ""
    deliver(rig, trail)
    rig.clock.advance(300)
    notices.step()
    assert len(announced(topics)) == 1
    assert len(rig.files()) == 2


@settings(suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(st.integers(1, 250), max_size=3))
def test_messages_name_every_file_of_each_bucket_in_order(counts: list[int]) -> None:
    files = [delivered(f"bucket-{number}", part) for number, count in enumerate(counts) for part in range(count)]
    told = [json.loads(message) for message in messages(files)]
    assert [(each["s3Bucket"], key) for each in told for key in each["s3ObjectKey"]] == [
        (file.bucket, file.key) for file in files
    ]
    assert all(0 < len(each["s3ObjectKey"]) <= KEYS_A_NOTICE_MAX for each in told)


def delivered(bucket: str, part: int) -> DeliveredFile:
    return DeliveredFile(
        trail=1,
        plan=1,
        account="111122223333",
        region="us-east-1",
        part=part,
        bucket=bucket,
        key=f"AWSLogs/{part}",
        events=1,
        bytes=1,
        sha256="",
        oldest=0,
        newest=0,
        delivered=0.0,
    )


def settings_with(now: TrailSettings, **change: str) -> TrailSettings:
    return msgspec.structs.replace(now, **change)
