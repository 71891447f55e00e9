"""Publishing: what is stored, once, and who may."""

from __future__ import annotations

import msgspec
import pytest
from tests.cloudwatch.sns.rig import ACCOUNT, ALARM, REGION, Rig

from cairn.cloudwatch.sns.arns import TopicId
from cairn.cloudwatch.sns.policies import Source
from cairn.cloudwatch.sns.tables import subscriptions
from cairn.cloudwatch.sns.topics import TopicError

ALERTS = TopicId(ACCOUNT, REGION, "alerts")
STRANGER = msgspec.structs.replace(ALARM, account="999999999999", arn=ALARM.arn.replace(ACCOUNT, "999999999999"))


def subscribe(rig: Rig, topic: int, **attributes: str) -> None:
    with rig.state.write() as connection:
        connection.execute(
            subscriptions.insert().values(
                topic=topic,
                arn=f"{ALERTS.arn}:{len(attributes)}{rig.clock.now()}",
                owner=ACCOUNT,
                principal="",
                protocol="sqs",
                endpoint=f"arn:aws:sqs:{REGION}:{ACCOUNT}:queue",
                attributes=msgspec.json.encode(attributes).decode(),
                state="confirmed",
                authenticated=True,
                guarded=False,
                token="",
                created=0.0,
            )
        )


def test_an_alarm_of_the_same_account_publishes_to_a_new_topic(rig: Rig) -> None:
    topic = rig.topics.create(ALERTS, {}, None)
    subscribe(rig, topic.id)
    assert rig.topics.publish(ALERTS.arn, "ALARM", source=ALARM, subject="ALARM: a")
    assert (rig.stored(), rig.waiting()) == (1, 1)


def test_the_same_once_id_stores_one_message(rig: Rig) -> None:
    topic = rig.topics.create(ALERTS, {}, None)
    subscribe(rig, topic.id)
    first = rig.topics.publish(ALERTS.arn, "ALARM", source=ALARM, once="change-7")
    rig.clock.advance(86400)
    assert rig.topics.publish(ALERTS.arn, "ALARM", source=ALARM, once="change-7") == first
    assert rig.waiting() == 1
    assert rig.topics.publish(ALERTS.arn, "ALARM", source=ALARM, once="change-8") != first
    assert rig.waiting() == 2


@pytest.mark.parametrize(
    "source", [STRANGER, Source(service="cloudtrail.amazonaws.com", arn=ALARM.arn, account=ACCOUNT)]
)
def test_the_policy_that_a_topic_begins_with_lets_no_other_service_in(rig: Rig, source: Source) -> None:
    rig.topics.create(ALERTS, {}, None)
    with pytest.raises(TopicError) as refused:
        rig.topics.publish(ALERTS.arn, "ALARM", source=source)
    assert refused.value.code == "AuthorizationError"
    assert rig.stored() == 0


def test_a_topic_that_is_not_there_takes_nothing(rig: Rig) -> None:
    with pytest.raises(TopicError) as refused:
        rig.topics.publish(ALERTS.arn, "ALARM", source=ALARM)
    assert refused.value.code == "NotFound"


def test_a_message_that_nobody_wants_is_not_kept(rig: Rig) -> None:
    topic = rig.topics.create(ALERTS, {}, None)
    subscribe(rig, topic.id, FilterPolicy='{"state":["ok"]}')
    rig.topics.publish(ALERTS.arn, "ALARM", source=ALARM)
    assert rig.stored() == 0


def test_what_waits_goes_with_its_topic(rig: Rig) -> None:
    topic = rig.topics.create(ALERTS, {}, None)
    subscribe(rig, topic.id)
    rig.topics.publish(ALERTS.arn, "ALARM", source=ALARM)
    rig.topics.delete(ALERTS)
    assert (rig.stored(), rig.waiting()) == (0, 0)
