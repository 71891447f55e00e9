"""Whom roles trust: each service by its own name, for its own resources."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from cairn.account.moto.questions import NotFound, Policies, Principal
from cairn.service.roles import ServiceRoles, cloudtrail_roles, logs_roles, sns_roles, trusts_service

ACCOUNT = "111122223333"
ROLE = f"arn:aws:iam::{ACCOUNT}:role/team/r"
GROUP = f"arn:aws:logs:eu-west-2:{ACCOUNT}:log-group:g"
TOPIC = f"arn:aws:sns:eu-west-2:{ACCOUNT}:t"
TRAIL = f"arn:aws:cloudtrail:eu-west-2:{ACCOUNT}:trail/t"
RULE = f"arn:aws:events:eu-west-2:{ACCOUNT}:rule/r"


class Questions:
    """`MotoQuestions` with one role, which has no policies of its own."""

    def __init__(self, service: str, **condition: Any) -> None:
        statement = {"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": {"Service": service}}
        self.trust: str | None = json.dumps({"Statement": [statement | condition], "Version": "2012-10-17"})

    def policies(self, arn: str) -> Policies:
        if arn != ROLE:
            raise NotFound(arn)
        who = Principal(kind="role", account=ACCOUNT, id="AROA1", arn=ROLE, name="r", path="/team/", created=0)
        return Policies(principal=who, identity=[], boundary=None, trust=self.trust)


def events_roles(questions: Any) -> ServiceRoles:
    return ServiceRoles(questions, trusts_service("events.amazonaws.com"), "EventBridge")


@pytest.mark.parametrize(
    ("roles", "source", "named"),
    [
        (cloudtrail_roles, TRAIL, "cloudtrail.amazonaws.com"),
        (logs_roles, GROUP, "logs.amazonaws.com"),
        (logs_roles, GROUP, "logs.eu-west-2.amazonaws.com"),
        (sns_roles, TOPIC, "sns.amazonaws.com"),
        (events_roles, RULE, "events.amazonaws.com"),
    ],
)
def test_a_role_trusts_the_service_that_its_policy_names(
    roles: Callable[[Any], ServiceRoles], source: str, named: str
) -> None:
    def trusts(service: str, role: str = ROLE, **keys: str) -> bool:
        condition = {"Condition": {"StringEquals": keys}} if keys else {}
        return roles(Questions(service, **condition)).trusts(role, source)

    assert trusts(named)
    assert not trusts("ec2.amazonaws.com")
    assert not trusts(named, role=ROLE + "2")
    assert trusts(named, **{"aws:SourceArn": source, "aws:SourceAccount": ACCOUNT})
    assert not trusts(named, **{"aws:SourceArn": source + "2"})
    assert not trusts(named, **{"aws:SourceAccount": "999999999999"})


@pytest.mark.parametrize("trust", [None, "", "nonsense"])
def test_a_role_without_a_policy_that_can_be_read_trusts_nobody_and_may_nothing(trust: str | None) -> None:
    questions: Any = Questions("sns.amazonaws.com")
    questions.trust = trust
    assert not sns_roles(questions).trusts(ROLE, TOPIC)
    assert not sns_roles(questions).may(ROLE, "firehose:PutRecord", "*")
