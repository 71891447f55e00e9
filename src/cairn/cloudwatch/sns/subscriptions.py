"""The subscriptions of all topics: made, confirmed, changed and ended."""

from __future__ import annotations

import secrets
import uuid
from collections.abc import Callable, Mapping

import msgspec
import sqlalchemy as sa

from cairn.cloudwatch.sns import publishing, questions, refusals
from cairn.cloudwatch.sns import subscription as subscribed
from cairn.cloudwatch.sns.arns import TopicId
from cairn.cloudwatch.sns.endpoints import CONFIRMED_BY_PEOPLE, account_of
from cairn.cloudwatch.sns.message import DEFAULT, Kind, Message
from cairn.cloudwatch.sns.subscription import TOKEN_S, Subscription
from cairn.cloudwatch.sns.tables import deliveries, messages, subscriptions, topics
from cairn.cloudwatch.sns.topic import Topic
from cairn.cloudwatch.sns.topics import read_topic
from cairn.core.clock import Clock
from cairn.core.state import State

SUBSCRIPTIONS_MAX = 100_000
"""Of a topic."""
FILTER_POLICIES_MAX = 200
"""Of a topic."""
MAILS_AN_HOUR = 20
MAIL_PROTOCOLS = ("email", "email-json")
PAGE = 100
TOKEN_BYTES = 64

_ASKED = (
    "You have chosen to subscribe to the topic {arn}.\nTo confirm the subscription, visit the SubscribeURL included in "
    "this message."
)
_ENDED = (
    "You have chosen to deactivate subscription {arn}.\nTo cancel this operation and restore the subscription, visit "
    "the SubscribeURL included in this message."
)


class Subscriptions:
    """Used by many threads and processes at once: all that it knows is in the database.

    Args:
        mails_an_hour: how many confirmation mails an address may be sent.
    """

    def __init__(self, state: State, clock: Clock, *, mails_an_hour: int = MAILS_AN_HOUR) -> None:
        self._state = state
        self._clock = clock
        self._mails_an_hour = mails_an_hour

    def subscribe(
        self, topic: TopicId, owner: str, principal: str, protocol: str, endpoint: str, attributes: Mapping[str, str]
    ) -> Subscription:
        """The subscription of an endpoint, made if there is none; of checked input. One that is not confirmed is asked
        once more.

        Raises:
            AwsError: NotFound, InvalidParameter where it is there with other attributes, or a limit; Throttled where
                its address was asked too often.
        """
        now = self._clock.now()
        with self._state.write() as connection:
            found = read_topic(connection, topic)
            if found is None:
                raise refusals.topic_not_found()
            same = (subscriptions.c.protocol == protocol, subscriptions.c.endpoint == endpoint)
            of_topic = (subscriptions.c.topic == found.id, subscriptions.c.state != "ended")
            before = next(iter(subscribed.select(connection, *of_topic, *same)), None)
            if before is not None and any(before.attributes.get(name) != attributes[name] for name in attributes):
                raise refusals.invalid("Attributes Reason: Subscription already exists with different attributes")
            if before is not None and before.state == "confirmed":
                return before
            if before is None:
                before = self._insert(connection, found, owner, principal, protocol, endpoint, attributes)
            if protocol not in CONFIRMED_BY_PEOPLE and account_of(protocol, endpoint) == owner:
                values = {"state": "confirmed", "authenticated": True, "guarded": True}
                return _update(connection, before, values)
            if protocol in MAIL_PROTOCOLS:
                questions.ask(connection, endpoint, now, self._mails_an_hour)
            asked = _update(connection, before, {"token": secrets.token_hex(TOKEN_BYTES), "created": now})
            self._tell(connection, found, asked, "SubscriptionConfirmation", _ASKED.format(arn=found.arn))
            return asked

    def confirm(self, topic: TopicId, token: str, *, signed: bool, guard: bool) -> str:
        """Confirm what a token was sent for. Returns the subscription's ARN.

        Args:
            signed: whether somebody with a key confirms.
            guard: whether only the owners may unsubscribe from then on.

        Raises:
            AwsError: there is no such topic, or the token is not one of its subscriptions', or too old.
        """
        if len(token) != 2 * TOKEN_BYTES or any(digit not in "0123456789abcdef" for digit in token):
            raise refusals.invalid_token()
        with self._state.write() as connection:
            found = read_topic(connection, topic)
            mine = subscribed.select(connection, subscriptions.c.token == token) if found is not None else []
            if found is None or not mine or mine[0].topic != found.id:
                raise refusals.invalid("Token")
            subscription = mine[0]
            if subscription.state == "confirmed":
                return subscription.arn
            if self._clock.now() - subscription.created > TOKEN_S:
                raise refusals.invalid("Token")
            if subscription.state == "ended":
                _forget_deliveries(connection, subscription)
                _count_ended(connection, found.id, -1)
            if subscription.protocol in MAIL_PROTOCOLS:
                questions.said_yes(connection, subscription.endpoint)
            values = {"state": "confirmed", "authenticated": signed, "guarded": guard and signed}
            return _update(connection, subscription, values).arn

    def unsubscribe(self, arn: str, account: str | None) -> None:
        """End a subscription; nothing where there is none.

        Args:
            account: whose call it is; None: nobody's who is known.

        Raises:
            AwsError: only owners may end it.
        """
        with self._state.write() as connection:
            found = _find(connection, arn)
            if found is None:
                return
            owners = (found.owner, arn.split(":")[4])
            if (account is not None or found.guarded) and account not in owners:
                raise refusals.not_authorized(f"Only the owners of the topic and of the subscription may end {arn}")
            _forget_deliveries(connection, found)
            _count_ended(connection, found.topic, 1)
            if account is None and found.state == "confirmed":
                values = {"state": "ended", "token": secrets.token_hex(TOKEN_BYTES), "created": self._clock.now()}
                self._tell_end(connection, _update(connection, found, values))
            else:
                connection.execute(sa.delete(subscriptions).where(subscriptions.c.id == found.id))

    def get(self, arn: str) -> tuple[Subscription, Topic]:
        """A subscription and its topic. Raises NotFound."""
        with self._state.read() as connection:
            found = _find(connection, arn)
            topic = read_topic(connection, topic_id(arn)) if found is not None else None
        if found is None or topic is None:
            raise refusals.subscription_not_found()
        return found, topic

    def change(self, arn: str, change: Callable[[Subscription], Mapping[str, str]]) -> None:
        """Give a subscription the attributes that `change` makes of what it is. Raises NotFound."""
        with self._state.write() as connection:
            found = _find(connection, arn)
            if found is None:
                raise refusals.subscription_not_found()
            new = change(found)
            if new.get("FilterPolicy") and not found.attributes.get("FilterPolicy"):
                _check_room_for_filter(connection, found.topic)
            _update(connection, found, {"attributes": _json(new)})

    def of_account(self, account: str, region: str, after: int) -> list[Subscription]:
        """A page of what an account subscribed in a region, from behind a row."""
        prefix = f"%:sns:{region}:%"
        return self._page(after, subscriptions.c.owner == account, subscriptions.c.arn.like(prefix))

    def of_topic(self, topic: int, after: int) -> list[Subscription]:
        """A page of a topic's, from behind a row."""
        return self._page(after, subscriptions.c.topic == topic)

    def tidy(self) -> None:
        """Forget what nobody confirmed in time."""
        old = subscriptions.c.created < self._clock.now() - TOKEN_S
        with self._state.write() as connection:
            connection.execute(sa.delete(subscriptions).where(subscriptions.c.state != "confirmed", old))
            questions.tidy(connection, self._clock.now())

    def _page(self, after: int, *conditions: sa.ColumnElement[bool]) -> list[Subscription]:
        where = (*conditions, subscriptions.c.state != "ended", subscriptions.c.id > after)
        select = sa.select(subscriptions).where(*where).order_by(subscriptions.c.id).limit(PAGE + 1)
        with self._state.read() as connection:
            return [subscribed.of_row(row) for row in connection.execute(select).mappings()]

    def _insert(
        self,
        connection: sa.Connection,
        topic: Topic,
        owner: str,
        principal: str,
        protocol: str,
        endpoint: str,
        attributes: Mapping[str, str],
    ) -> Subscription:
        every = sa.select(sa.func.count()).select_from(subscriptions).where(subscriptions.c.topic == topic.id)
        if (connection.scalar(every) or 0) >= SUBSCRIPTIONS_MAX:
            raise refusals.too_many_subscriptions(SUBSCRIPTIONS_MAX)
        if attributes.get("FilterPolicy"):
            _check_room_for_filter(connection, topic.id)
        new = Subscription(
            id=0,
            topic=topic.id,
            arn=f"{topic.arn}:{uuid.uuid4()}",
            owner=owner,
            principal=principal,
            protocol=protocol,
            endpoint=endpoint,
            attributes=dict(attributes),
            state="pending",
            authenticated=False,
            guarded=False,
            token="",
            created=self._clock.now(),
        )
        values = msgspec.structs.asdict(new) | {"attributes": _json(attributes)}
        del values["id"]
        row = connection.execute(sa.insert(subscriptions).values(values)).inserted_primary_key
        assert row is not None
        return msgspec.structs.replace(new, id=row[0])

    def _tell_end(self, connection: sa.Connection, ended: Subscription) -> None:
        """The last message, by which whoever did not mean it can come back."""
        topic = read_topic(connection, topic_id(ended.arn))
        if topic is not None and ended.protocol in ("http", "https"):
            self._tell(connection, topic, ended, "UnsubscribeConfirmation", _ENDED.format(arn=ended.arn))

    def _tell(self, connection: sa.Connection, topic: Topic, to: Subscription, kind: Kind, text: str) -> None:
        now = self._clock.now()
        message = Message(kind=kind, id=str(uuid.uuid4()), published=now, bodies={DEFAULT: text})
        publishing.deliver(connection, topic.id, message, [to], now)


def topic_id(arn: str) -> TopicId:
    """The topic of a subscription, by its ARN."""
    parts = arn.split(":")
    return TopicId(parts[4], parts[3], parts[5])


def _find(connection: sa.Connection, arn: str) -> Subscription | None:
    found = subscribed.select(connection, subscriptions.c.arn == arn, subscriptions.c.state != "ended")
    return found[0] if found else None


def _update(connection: sa.Connection, found: Subscription, values: Mapping[str, object]) -> Subscription:
    connection.execute(sa.update(subscriptions).where(subscriptions.c.id == found.id).values(values))
    return subscribed.select(connection, subscriptions.c.id == found.id)[0]


def _forget_deliveries(connection: sa.Connection, found: Subscription) -> None:
    connection.execute(sa.delete(deliveries).where(deliveries.c.subscription == found.id))
    forget_messages(connection, found.topic)


def forget_messages(connection: sa.Connection, topic: int | None = None) -> None:
    """Forget messages that nobody waits for any more, of a topic or of all."""
    unowed = ~sa.exists().where(deliveries.c.message == messages.c.id)
    conditions = [unowed] if topic is None else [messages.c.topic == topic, unowed]
    connection.execute(sa.delete(messages).where(*conditions))


def _count_ended(connection: sa.Connection, topic: int, by: int) -> None:
    connection.execute(sa.update(topics).where(topics.c.id == topic).values(deleted=topics.c.deleted + by))


def _check_room_for_filter(connection: sa.Connection, topic: int) -> None:
    filtered = subscriptions.c.attributes.like('%"FilterPolicy":%')
    count = sa.select(sa.func.count()).select_from(subscriptions).where(subscriptions.c.topic == topic, filtered)
    if (connection.scalar(count) or 0) >= FILTER_POLICIES_MAX:
        raise refusals.too_many_filter_policies(FILTER_POLICIES_MAX)


def _json(attributes: Mapping[str, str]) -> str:
    return msgspec.json.encode(dict(attributes)).decode()
