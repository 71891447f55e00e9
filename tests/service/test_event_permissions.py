"""Whether EventBridge may use a queue in a role: by the policies of both, in one account and across two."""

from __future__ import annotations

import json
from typing import Any

import pytest

from cairn.account.moto.questions import NotFound, Policies, PolicyDocument, Principal
from cairn.core.clock import TestClock
from cairn.eventbridge.deliveries.delivery import Address
from cairn.eventbridge.deliveries.endpoints import DeliveryError
from cairn.eventbridge.event import BusId
from cairn.service.event_targets.permissions import Permissions

ACCOUNT, OTHER = "111122223333", "444455556666"
ROLE = f"arn:aws:iam::{ACCOUNT}:role/r"
SEND = "sqs:SendMessage"


def queue(account: str) -> str:
    return f"arn:aws:sqs:eu-west-2:{account}:q"


def policy(effect: str, **principal: Any) -> str:
    statement = {"Effect": effect, "Action": SEND, "Resource": "*", **principal}
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})


ROLES = {"Principal": {"AWS": ROLE}}


class Questions:
    """`MotoQuestions` with one role that EventBridge may assume, and one queue an account."""

    def __init__(self, own: str, of_queue: str | None) -> None:
        self.own = own
        self.of_queue = of_queue

    def policies(self, arn: str) -> Policies:
        who = Principal(kind="role", account=ACCOUNT, id="AROA1", arn=ROLE, name="r", path="/", created=0)
        trust = {"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": {"Service": "events.amazonaws.com"}}
        text = json.dumps({"Version": "2012-10-17", "Statement": [trust]})
        own = [PolicyDocument(name="p", arn=None, document=self.own, of="role")] if self.own else []
        return Policies(principal=who, identity=own, boundary=None, trust=text)

    def resource_policy(self, arn: str) -> str | None:
        if not arn.endswith(":q"):
            raise NotFound(arn)
        return self.of_queue


@pytest.mark.parametrize(
    ("account", "own", "of_queue", "code"),
    [
        (ACCOUNT, policy("Allow"), None, ""),
        (ACCOUNT, policy("Allow"), policy("Deny", **ROLES), "NO_PERMISSIONS"),
        (ACCOUNT, policy("Allow"), "nonsense", "NO_PERMISSIONS"),
        (ACCOUNT, "", policy("Allow", Principal={"AWS": ACCOUNT}), "NO_PERMISSIONS"),
        (OTHER, policy("Allow"), None, "NO_PERMISSIONS"),
        (OTHER, policy("Allow"), policy("Allow", **ROLES), ""),
        (OTHER, policy("Deny"), policy("Allow", **ROLES), "NO_PERMISSIONS"),
        (OTHER, "", policy("Allow", **ROLES), "NO_PERMISSIONS"),
    ],
)
def test_a_role_and_the_queue_have_a_say(
    clock: TestClock, account: str, own: str, of_queue: str | None, code: str
) -> None:
    questions: Any = Questions(own, of_queue)
    address = Address(bus=BusId(ACCOUNT, "eu-west-2"), rule="r", target="t", arn=queue(account), role=ROLE)
    found = ""
    try:
        Permissions(questions, clock).check(address, SEND, address.arn)
    except DeliveryError as error:
        found = error.code
    assert found == code
