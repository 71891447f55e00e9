"""What CloudTrail may do by a role's policies, and which keys are whose, without an account around them."""

from __future__ import annotations

import json
from typing import Any

import pytest

from cairn.account.moto.questions import Key, NotFound, Policies, PolicyDocument, Principal
from cairn.core.config import Settings
from cairn.core.errors import AwsError
from cairn.service.as_cloudtrail import service_may
from cairn.service.roles import cloudtrail_roles
from cairn.service.topics import trail_keys

ACCOUNT = "111122223333"
SOURCE = f"arn:aws:cloudtrail:us-east-1:{ACCOUNT}:trail/main"
ROLE = f"arn:aws:iam::{ACCOUNT}:role/team/writer"
STREAM = f"arn:aws:logs:us-east-1:{ACCOUNT}:log-group:g:log-stream:{ACCOUNT}_CloudTrail_us-east-1"
KEY = f"arn:aws:kms:us-east-1:{ACCOUNT}:key/k"
SERVICE = {"Service": "cloudtrail.amazonaws.com"}


def document(*statements: dict[str, Any]) -> str:
    return json.dumps({"Version": "2012-10-17", "Statement": [{"Effect": "Allow"} | each for each in statements]})


def allow(action: str, **more: Any) -> dict[str, Any]:
    return {"Action": action, "Resource": "*"} | more


class Questions:
    """`MotoQuestions` with one of each."""

    def __init__(self) -> None:
        self.identity = [document(allow("logs:*"))]
        self.boundary: str | None = None
        self.trust = document({"Action": "sts:AssumeRole", "Principal": SERVICE})
        self.key = Key(state="Enabled", spec="SYMMETRIC_DEFAULT", usage="ENCRYPT_DECRYPT", policy=document())

    def policies(self, arn: str) -> Policies:
        if arn != ROLE:
            raise NotFound(arn)
        principal = Principal(
            kind="role", account=ACCOUNT, id="AROA1", arn=ROLE, name="writer", path="/team/", created=0
        )
        documents = [PolicyDocument(name="p", arn=None, document=text, of="role") for text in self.identity]
        return Policies(principal=principal, identity=documents, boundary=self.boundary, trust=self.trust)

    def key_of_alias(self, arn: str) -> str:
        if not arn.endswith(":alias/told"):
            raise NotFound(arn)
        return KEY

    def kms_key(self, arn: str) -> Key:
        if arn != KEY:
            raise NotFound(arn)
        return self.key


@pytest.fixture
def questions() -> Any:
    return Questions()


def test_a_role_may_what_its_policies_and_its_boundary_let_it(questions: Any) -> None:
    roles = cloudtrail_roles(questions)

    def may() -> bool:
        return roles.may(ROLE, "logs:PutLogEvents", STREAM)

    assert may()
    assert not roles.may(ROLE + "2", "logs:PutLogEvents", STREAM)
    questions.boundary = document(allow("s3:*"))
    assert not may()
    questions.boundary = document(allow("logs:Put*"))
    assert may()
    questions.identity.append(document(allow("logs:PutLogEvents", Effect="Deny")))
    assert not may()
    questions.identity[-1] = "no policy at all"
    assert not may(), "what nobody can read might deny"
    questions.identity = []
    assert not may()


def test_a_role_trusts_whom_its_trust_policy_names_under_its_conditions(questions: Any) -> None:
    roles = cloudtrail_roles(questions)
    assert roles.trusts(ROLE, SOURCE)
    assert not roles.trusts(ROLE + "2", SOURCE)
    only = {"StringEquals": {"aws:SourceArn": SOURCE + "2", "aws:SourceAccount": ACCOUNT}}
    questions.trust = document({"Action": "sts:AssumeRole", "Principal": SERVICE, "Condition": only})
    assert roles.trusts(ROLE, SOURCE + "2")
    assert not roles.trusts(ROLE, SOURCE)
    questions.trust = document({"Action": "sts:AssumeRole", "Principal": {"AWS": ACCOUNT}})
    assert not roles.trusts(ROLE, SOURCE)


@pytest.mark.parametrize("principal", ["*", {"AWS": "*"}, SERVICE])
def test_everybody_is_cloudtrail_too(principal: Any) -> None:
    assert service_may(document(allow("kms:*", Principal=principal)), "kms:DescribeKey", KEY, {})
    assert not service_may("nonsense", "kms:DescribeKey", KEY, {})


@pytest.mark.parametrize(
    ("upstreams", "named", "found"),
    [
        ({}, KEY, KEY),
        ({}, KEY + "2", None),
        ({"kms": "http://k"}, KEY, "refused"),
        ({"s3": "http://s"}, KEY + "2", KEY + "2"),
        ({"s3": "http://s"}, KEY.replace("key/k", "alias/k"), "refused"),
    ],
)
def test_keys_are_those_of_the_buckets(
    questions: Any, upstreams: dict[str, str], named: str, found: str | None
) -> None:
    keys = trail_keys(Settings(upstreams=upstreams), questions)
    if found == "refused":
        with pytest.raises(AwsError) as caught:
            keys.find(named)
        assert caught.value.code == "UnsupportedOperationException"
        return
    key = keys.find(named)
    assert (key.arn if key is not None else None) == found
