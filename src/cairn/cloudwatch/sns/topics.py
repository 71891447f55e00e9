"""The topics of all accounts, and publishing to them."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Protocol

import msgspec
import sqlalchemy as sa

from cairn.cloudwatch.sns import publishing, refusals
from cairn.cloudwatch.sns.arns import TopicId, topic_of
from cairn.cloudwatch.sns.message import DEFAULT, MESSAGE_BYTES_MAX, Attribute, Message, size
from cairn.cloudwatch.sns.policies import Source, service_may
from cairn.cloudwatch.sns.publishing import Receipt
from cairn.cloudwatch.sns.tables import subscriptions, tags, tallies, topics
from cairn.cloudwatch.sns.topic import Topic
from cairn.core.clock import Clock
from cairn.core.errors import AwsError, CairnError
from cairn.core.failpoints import failpoint
from cairn.core.state import State
from cairn.core.tallies import Tallies

TOPICS_MAX = 100_000
"""Of an account in a region."""


class TopicError(CairnError):
    """A topic took no message. `code` is SNS's (`AuthorizationError`, `NotFound`), empty where nobody can tell now."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code


class Keys(Protocol):
    """The KMS keys that topics name."""

    def check(self, topic: str, key: str, source: Source | None) -> None:
        """Return if messages to a topic can be encrypted with a key.

        Args:
            key: as the topic names it: an id, an alias or an ARN.
            source: the service that publishes, which the key's policy must let in; None for other callers.

        Raises:
            TopicError: they cannot.
        """


class Topics:
    """Used by many threads and processes at once: all that it knows is in the database.

    Args:
        counted: whether what is published is counted for the metrics.
    """

    def __init__(self, state: State, clock: Clock, keys: Keys | None = None, *, counted: bool = True) -> None:
        self.state = state
        self._tallies = Tallies(tallies, kept=counted)
        self._clock = clock
        self._keys = keys

    def now(self) -> float:
        """Seconds since the epoch."""
        return self._clock.now()

    def create(self, topic: TopicId, attributes: Mapping[str, str], tagged: Mapping[str, str] | None) -> Topic:
        """The topic of that name, made if there is none; checked input.

        Args:
            tagged: None: whatever tags it has.

        Raises:
            AwsError: it is there and is another one, or the account has too many.
        """
        with self.state.write() as connection:
            found = _find(connection, topic)
            if found is not None:
                _check_same(connection, found, attributes, tagged)
                return found
            place = sa.and_(topics.c.account == topic.account, topics.c.region == topic.region)
            if (connection.scalar(sa.select(sa.func.count()).select_from(topics).where(place)) or 0) >= TOPICS_MAX:
                raise refusals.too_many_topics(TOPICS_MAX)
            values: dict[str, Any] = msgspec.to_builtins(topic) | {"arn": topic.arn, "attributes": _json(attributes)}
            values |= {"sequence": 0, "deleted": 0, "created": self._clock.now()}
            row = connection.execute(sa.insert(topics).values(values)).inserted_primary_key
            assert row is not None
            if tagged:
                rows = [{"topic": row[0], "key": key, "value": value} for key, value in tagged.items()]
                connection.execute(sa.insert(tags), rows)
        return Topic(id=row[0], topic=topic, attributes=dict(attributes))

    def find(self, topic: TopicId) -> Topic | None:
        with self.state.read() as connection:
            return _find(connection, topic)

    def get(self, topic: TopicId) -> Topic:
        """Raises NotFound."""
        found = self.find(topic)
        if found is None:
            raise refusals.topic_not_found()
        return found

    def delete(self, topic: TopicId) -> None:
        """Its subscriptions, and messages that are not delivered yet, go with it. No error where there is none."""
        with self.state.write() as connection:
            connection.execute(sa.delete(topics).where(topics.c.arn == topic.arn))

    def names(self, account: str, region: str, after: str, limit: int) -> list[str]:
        """ARNs of an account's topics in order, from behind `after`."""
        where = (topics.c.account == account, topics.c.region == region, topics.c.arn > after)
        with self.state.read() as connection:
            return list(connection.scalars(sa.select(topics.c.arn).where(*where).order_by(topics.c.arn).limit(limit)))

    def change(self, topic: TopicId, change: Callable[[Topic], Mapping[str, str]]) -> None:
        """Give a topic the attributes that `change` makes of what it is. Raises NotFound."""
        with self.state.write() as connection:
            found = _find(connection, topic)
            if found is None:
                raise refusals.topic_not_found()
            values = {"attributes": _json(change(found))}
            connection.execute(sa.update(topics).where(topics.c.id == found.id).values(values))

    def counts(self, topic: Topic) -> tuple[int, int, int]:
        """How many subscriptions are confirmed, are pending and have ended."""
        by_state = sa.select(subscriptions.c.state, sa.func.count()).where(subscriptions.c.topic == topic.id)
        with self.state.read() as connection:
            found: dict[str, int] = {
                row[0]: row[1] for row in connection.execute(by_state.group_by(subscriptions.c.state))
            }
            ended = connection.scalar(sa.select(topics.c.deleted).where(topics.c.id == topic.id)) or 0
        return found.get("confirmed", 0), found.get("pending", 0), ended

    def publish_all(self, topic: TopicId, given: Sequence[Message]) -> list[Receipt]:
        """Publish checked messages for a caller who may, now: all, or none. They are durable when this returns.

        Raises:
            AwsError: there is no such topic, or its key cannot be used.
        """
        found = self.get(topic)
        try:
            self._check_key(found, None)
        except TopicError as error:
            raise AwsError(error.code or "InternalError", error.message, 400 if error.code else 500) from error
        with self.state.write() as connection:
            if _find(connection, topic) is None:
                raise refusals.topic_not_found()
            now = self._clock.now()
            timed = [msgspec.structs.replace(message, published=now) for message in given]
            receipts = publishing.publish(connection, found, timed, now, tallies=self._tallies)
        failpoint("sns.published")
        return receipts

    def publish(
        self,
        topic_arn: str,
        message: str,
        *,
        source: Source,
        subject: str = "",
        by_protocol: Mapping[str, str] | None = None,
        attributes: Mapping[str, Attribute] | None = None,
        group: str = "",
        once: str = "",
    ) -> str:
        """Publish for a service, as far as the topic's policy and its key let it. Durable when it returns.

        Args:
            by_protocol: what subscribers by some protocols get in place of `message`.
            once: a message that was published to the topic under the same id within 14 days is the same: nothing is
                stored then.

        Returns:
            The message's id.

        Raises:
            TopicError: the topic does not take it.
        """
        try:
            topic = topic_of(topic_arn)
        except AwsError as error:
            raise TopicError("InvalidParameter", error.message) from error
        given = attributes or {}
        if not message or size(message, given) > MESSAGE_BYTES_MAX:
            raise TopicError("InvalidParameter", f"a message of {size(message, given)} bytes to {topic_arn}")
        found = self.find(topic)
        if found is None:
            raise TopicError("NotFound", f"there is no topic {topic_arn}")
        if not service_may(found.policy, "sns:Publish", topic_arn, source):
            text = f"the policy of {topic_arn} does not let {source.service} publish for {source.arn}"
            raise TopicError("AuthorizationError", text)
        self._check_key(found, source)
        made = Message(
            id=str(uuid.uuid4()),
            published=self._clock.now(),
            bodies={DEFAULT: message, **(by_protocol or {})},
            subject=subject,
            attributes=dict(given),
            group=group or (source.arn[-128:] if found.is_fifo else ""),
            deduplication=once[:128] if found.is_fifo else "",
        )
        with self.state.write() as connection:
            if _find(connection, topic) is None:
                raise TopicError("NotFound", f"there is no topic {topic_arn}")
            now = made.published
            (receipt,) = publishing.publish(connection, found, [made], now, tallies=self._tallies, once=once)
        failpoint("sns.published")
        return receipt.message_id

    def _check_key(self, topic: Topic, source: Source | None) -> None:
        if topic.kms_key and self._keys is not None:
            self._keys.check(topic.arn, topic.kms_key, source)


def read_topic(connection: sa.Connection, topic: TopicId) -> Topic | None:
    """The topic; None if there is none."""
    return _find(connection, topic)


def _find(connection: sa.Connection, topic: TopicId) -> Topic | None:
    row = connection.execute(sa.select(topics.c.id, topics.c.attributes).where(topics.c.arn == topic.arn)).first()
    if row is None:
        return None
    return Topic(id=row.id, topic=topic, attributes=msgspec.json.decode(row.attributes))


def _check_same(
    connection: sa.Connection, found: Topic, attributes: Mapping[str, str], tagged: Mapping[str, str] | None
) -> None:
    """Raise unless CreateTopic asks for a topic as it is. It need not say all."""
    now = found.described(0, 0, 0)
    if any(now.get(name, "") != value for name, value in attributes.items()):
        raise refusals.invalid("Attributes Reason: Topic already exists with different attributes")
    rows = connection.execute(sa.select(tags.c.key, tags.c.value).where(tags.c.topic == found.id))
    if tagged and {row.key: row.value for row in rows} != dict(tagged):
        raise refusals.invalid("Tags Reason: Topic already exists with different tags")


def _json(attributes: Mapping[str, str]) -> str:
    return msgspec.json.encode(dict(attributes)).decode()
