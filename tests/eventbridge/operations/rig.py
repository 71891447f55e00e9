"""Operations on a database of their own under a test clock; what targets are owed is noted."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from cairn.core.clock import TestClock
from cairn.core.errors import AwsError
from cairn.core.records.identity import Identity, root
from cairn.core.state import State
from cairn.eventbridge.compiled import compile_patterns
from cairn.eventbridge.event import BusEvent
from cairn.eventbridge.operations import VALIDATION, operations
from cairn.eventbridge.routing import Router
from cairn.eventbridge.rules.rule import Rule
from cairn.eventbridge.rules.target import Target
from cairn.eventbridge.schema import EVENTS
from cairn.wire.operation import Context
from cairn.wire.validate import validate

ACCOUNT = "111111111111"
OTHER = "222222222222"
REGION = "us-east-1"
QUEUE = f"arn:aws:sqs:{REGION}:{ACCOUNT}:queue"
ROLE = f"arn:aws:iam::{ACCOUNT}:role/events"
Answer = dict[str, Any]


class Rig:
    def __init__(self, folder: Path, clock: TestClock) -> None:
        self.clock = clock
        self.state = State.in_folder(folder, EVENTS)
        self.state.migrate()
        self.owed: list[tuple[Rule, Target, BusEvent]] = []
        self.router = Router(self.state, clock, compile_patterns, self._owe)
        self.operations = operations(self.state, clock, self.router, ask_policies=True)

    def call(
        self,
        operation: str,
        *,
        account: str = ACCOUNT,
        region: str = REGION,
        who: Identity | None = None,
        **params: Any,
    ) -> Answer:
        """Raises AwsError."""
        context = Context(account, region, who or root(account))
        validate("events", operation, params, VALIDATION)
        return dict(self.operations[operation](context, params))

    def answer(self, operation: str, **params: Any) -> Answer:
        """An answer, or an error, as the recordings have them."""
        try:
            return self.call(operation, **params)
        except AwsError as error:
            return {"Error": {"Code": error.code, "Message": error.message}}

    def rule(self, name: str = "rule", *, bus: str = "default", pattern: Answer | None = None, **params: Any) -> str:
        """Put a rule; its ARN."""
        text = json.dumps(pattern or {"source": ["shop"]})
        arn: str = self.call("PutRule", Name=name, EventBusName=bus, EventPattern=text, **params)["RuleArn"]
        return arn

    def target(self, rule: str = "rule", *, bus: str = "default", id: str = "target", **settings: Any) -> Answer:
        return self.call("PutTargets", Rule=rule, EventBusName=bus, Targets=[{"Id": id, "Arn": QUEUE, **settings}])

    def put(self, *entries: Answer, **params: Any) -> Answer:
        """Put events; what they leave out is a shop's."""
        usual = {"Source": "shop", "DetailType": "ordered", "Detail": "{}"}
        return self.call("PutEvents", Entries=[usual | entry for entry in entries], **params)

    def told(self) -> list[Answer]:
        """The events that targets were owed, in the order that they were."""
        return [event.parse() for _, _, event in self.owed]

    def _owe(self, connection: sa.Connection, rule: Rule, target: Target, event: BusEvent, now: float) -> None:
        self.owed.append((rule, target, event))
