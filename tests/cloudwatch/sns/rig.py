"""SNS on a database of its own under a test clock."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from cairn.cloudwatch.sns.delivery import Deliveries
from cairn.cloudwatch.sns.endpoints import EndpointError, QueueMessage
from cairn.cloudwatch.sns.envelope import Envelopes
from cairn.cloudwatch.sns.http_endpoint import HttpEndpoints
from cairn.cloudwatch.sns.mail import Mailer, NoRelay
from cairn.cloudwatch.sns.operations import VALIDATION, operations
from cairn.cloudwatch.sns.policies import Source
from cairn.cloudwatch.sns.queue import Queue
from cairn.cloudwatch.sns.sending import Sender
from cairn.cloudwatch.sns.signing import Signer
from cairn.cloudwatch.sns.subscriptions import Subscriptions
from cairn.cloudwatch.sns.tables import SNS, deliveries, messages
from cairn.cloudwatch.sns.topics import Topics
from cairn.core.clock import TestClock
from cairn.core.errors import AwsError
from cairn.core.records.identity import UNKNOWN, root
from cairn.core.state import State
from cairn.wire.operation import Context
from cairn.wire.validate import validate

ACCOUNT = "111122223333"
REGION = "eu-west-2"
ALARM = Source(
    service="cloudwatch.amazonaws.com", arn=f"arn:aws:cloudwatch:{REGION}:{ACCOUNT}:alarm:a", account=ACCOUNT
)


URL = "http://127.0.0.1:4590"


class Aws:
    """Queues, functions and streams that take everything but for those that `broken` says what of."""

    def __init__(self) -> None:
        self.sent: list[tuple[str, QueueMessage]] = []
        self.invoked: list[tuple[str, bytes]] = []
        self.put_records: list[tuple[str, str, bytes]] = []
        self.broken: dict[str, EndpointError] = {}
        self.tries: list[str] = []
        self.hanging: frozenset[str] = frozenset()
        self.hold = threading.Event()
        """What hangs goes on once it is set."""

    def send(self, queue: str, topic: str, message: QueueMessage) -> None:
        self._try(queue)
        self.sent.append((queue, message))

    def invoke(self, function: str, topic: str, payload: bytes) -> None:
        self._try(function)
        self.invoked.append((function, payload))

    def put(self, stream: str, topic: str, role: str, data: bytes) -> None:
        self._try(stream)
        self.put_records.append((stream, role, data))

    def bodies(self, queue: str) -> list[str]:
        return [message.body for to, message in self.sent if to == queue]

    def _try(self, arn: str) -> None:
        self.tries.append(arn)
        if arn in self.hanging:
            assert self.hold.wait(30)
        if arn in self.broken:
            raise self.broken[arn]


class Rig:
    def __init__(self, folder: Path, clock: TestClock) -> None:
        self.folder = folder
        self.clock = clock
        self.state = State.in_folder(folder, SNS)
        self.state.migrate()
        self.topics = Topics(self.state, clock)
        self.subscriptions = Subscriptions(self.state, clock)
        self.operations = operations(self.topics, self.subscriptions, allow_private=True)
        self.signer = Signer(folder / "keys", clock)
        self.aws = Aws()
        self.deliveries = self.deliverer()

    def deliverer(self, mailer: Mailer | None = None, *, allow_private: bool = True, url: str = URL) -> Deliveries:
        """A delivery loop of its own."""
        http, envelopes = HttpEndpoints(allow_private=allow_private), Envelopes(self.signer, url)
        sender = Sender(envelopes, http, self.aws, mailer or NoRelay(), "Cairn <cairn@example.org>")
        return Deliveries(Queue(self.state), self.subscriptions, sender, self.clock)

    def call(self, operation: str, *, account: str | None = ACCOUNT, region: str = REGION, **params: Any) -> Any:
        """Call an operation as an account's root, or as nobody."""
        identity = root(account) if account else UNKNOWN
        validate("sns", operation, params, VALIDATION)
        return self.operations[operation](Context(account or ACCOUNT, region, identity), params)

    def refused(self, code: str, operation: str, **params: Any) -> str:
        """Call an operation that must refuse; its message."""
        with pytest.raises(AwsError) as caught:
            self.call(operation, **params)
        assert caught.value.code == code, caught.value
        return caught.value.message

    def topic(self, name: str = "alerts", **attributes: str) -> str:
        return str(self.call("CreateTopic", Name=name, Attributes=attributes)["TopicArn"])

    def queue(self, name: str, account: str = ACCOUNT) -> str:
        return f"arn:aws:sqs:{REGION}:{account}:{name}"

    def subscribe(
        self, topic: str, protocol: str, endpoint: str, attributes: Mapping[str, str] | None = None, **more: Any
    ) -> str:
        """Returns the subscription's ARN."""
        given = {"TopicArn": topic, "Protocol": protocol, "Endpoint": endpoint, "ReturnSubscriptionArn": True}
        return str(self.call("Subscribe", **given, Attributes=dict(attributes or {}), **more)["SubscriptionArn"])

    def run(self, deliveries: Deliveries | None = None, *, seconds: float = 0.0) -> None:
        """Deliver all that comes due within so many seconds."""
        loop, end = deliveries or self.deliveries, self.clock.now() + seconds
        while True:
            while loop.step() == 0.0:
                pass
            due = self._next()
            if due is None or due > end:
                break
            self.clock.advance(due - self.clock.now())
        self.clock.advance(max(end - self.clock.now(), 0.0))

    def token(self, subscription: str) -> str:
        return self.subscriptions.get(subscription)[0].token

    def _next(self) -> float | None:
        """When something more can be done. What is due and was left has to wait for something else."""
        now = self.clock.now()
        with self.state.read() as connection:
            due = list(connection.scalars(sa.select(deliveries.c.due)))
        later = [each for each in due if each > now]
        return min([*later, now + 0.2] if len(later) < len(due) else later, default=None)

    def waiting(self) -> int:
        """Deliveries that are not done."""
        return self._count(deliveries)

    def stored(self) -> int:
        """Messages that are kept."""
        return self._count(messages)

    def _count(self, table: sa.Table) -> int:
        with self.state.read() as connection:
            return int(connection.scalar(sa.select(sa.func.count()).select_from(table)) or 0)

    def close(self) -> None:
        self.deliveries.close()
        self.state.close()
