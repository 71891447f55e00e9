"""Topics as trails and alarms have them: what their keys say, and what an account that does not answer does."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest

from cairn.account.moto.questions import Key, NotFound
from cairn.cloudtrail.topics import TopicError
from cairn.cloudwatch.sns.arns import TopicId
from cairn.cloudwatch.sns.tables import SNS
from cairn.cloudwatch.sns.topics import Topics
from cairn.core.clock import TestClock
from cairn.core.errors import Unreachable
from cairn.core.state import State
from cairn.service.sns import TopicKeys, TrailTopics

ACCOUNT = "111122223333"
SOURCE = f"arn:aws:cloudtrail:us-east-1:{ACCOUNT}:trail/main"
TOPIC = TopicId(ACCOUNT, "us-east-1", "told")
KEY = f"arn:aws:kms:us-east-1:{ACCOUNT}:key/k"
SERVICE = {"Service": "cloudtrail.amazonaws.com"}


def document(*statements: dict[str, Any]) -> str:
    return json.dumps({"Version": "2012-10-17", "Statement": [{"Effect": "Allow"} | each for each in statements]})


def allow(action: str, **more: Any) -> dict[str, Any]:
    return {"Action": action, "Resource": "*"} | more


USES = document(allow("kms:GenerateDataKey*", Principal=SERVICE), allow("kms:Decrypt", Principal=SERVICE))


class Questions:
    """`MotoQuestions` with one key."""

    def __init__(self) -> None:
        self.key = Key(state="Enabled", spec="SYMMETRIC_DEFAULT", usage="ENCRYPT_DECRYPT", policy=USES)
        self.hangs = False

    def key_of_alias(self, arn: str) -> str:
        if not arn.endswith(":alias/told"):
            raise NotFound(arn)
        return KEY

    def kms_key(self, arn: str) -> Key:
        if self.hangs:
            raise Unreachable("the account does not answer")
        if arn != KEY:
            raise NotFound(arn)
        return self.key


@pytest.fixture
def questions() -> Any:
    return Questions()


@pytest.fixture
def topics(tmp_path: Path, clock: TestClock, questions: Any) -> Iterator[Topics]:
    state = State.in_folder(tmp_path, SNS)
    state.migrate()
    yield Topics(state, clock, TopicKeys(questions))
    state.close()


def make(topics: Topics, key: str = "") -> None:
    attributes = {"Policy": document(allow("sns:Publish", Principal=SERVICE))}
    topics.create(TOPIC, attributes | ({"KmsMasterKeyId": key} if key else {}), None)


@pytest.mark.parametrize(
    ("named", "state", "policy", "code"),
    [
        ("", "Disabled", USES, ""),
        ("alias/told", "Enabled", USES, ""),
        ("k", "Enabled", USES, ""),
        (KEY, "Enabled", USES, ""),
        ("alias/none", "Enabled", USES, "KMSNotFound"),
        (KEY.replace("us-east-1", "eu-west-1"), "Enabled", USES, "KMSNotFound"),
        (KEY, "Disabled", USES, "KMSDisabled"),
        (KEY, "PendingDeletion", USES, "KMSInvalidState"),
        (KEY, "Enabled", document(allow("kms:Decrypt", Principal=SERVICE)), "KMSAccessDenied"),
        ("alias/aws/sns", "Enabled", USES, "KMSAccessDenied"),
    ],
)
def test_a_topic_s_key_must_be_usable(
    topics: Topics, questions: Any, named: str, state: str, policy: str, code: str
) -> None:
    make(topics, named)
    questions.key = msgspec.structs.replace(questions.key, state=state, policy=policy)
    of_trails = TrailTopics(topics)
    if not code:
        of_trails.publish(TOPIC.arn, "hello", SOURCE)
        return
    with pytest.raises(TopicError) as caught:
        of_trails.publish(TOPIC.arn, "hello", SOURCE)
    assert caught.value.code == code


def test_a_topic_that_is_not_there_and_an_account_that_does_not_answer(topics: Topics, questions: Any) -> None:
    of_trails = TrailTopics(topics)
    with pytest.raises(TopicError) as caught:
        of_trails.publish(TOPIC.arn, "hello", SOURCE)
    assert caught.value.code == "NotFound"
    make(topics, KEY)
    questions.hangs = True
    with pytest.raises(TopicError) as caught:
        of_trails.publish(TOPIC.arn, "hello", SOURCE)
    assert caught.value.code == ""
