"""IAM decides every operation and every command that Cairn answers itself, whatever it is: by the tables that the
gateway answers from. What single policies say of single operations: tests/contract/test_authorization.py."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from tests.running import Cairn
from tests.threats.accounts import ACCOUNT, ALL, another_account, document, keys_of, user
from tests.threats.commanding import command
from tests.threats.planted import Planted, inputs, plant, portrait
from tests.threats.served import Answer, Keys, Own, answer_of, client_of, commands, made_up, own_operations

pytestmark = pytest.mark.engine

ACTIONS = {
    Own("cloudtrail", "ListInsightsMetricData"): "cloudtrail:LookupEvents",
    Own("sns", "PublishBatch"): "sns:Publish",
}
"""Operations whose permission, the first that is asked for, is called otherwise."""
REFUSALS = {"cloudwatch": "AccessDenied", "sns": "AuthorizationError"}
"""Codes of services that do not say AccessDeniedException."""
NARROW = {"Effect": "Allow", "Action": "sts:*", "Resource": "*"}


@pytest.fixture(scope="module")
def ruled(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cairn]:
    """With one gateway, which knows of changed policies at once."""
    running = Cairn(tmp_path_factory.mktemp("ruled") / "data", {"CAIRN_SERVER_GATEWAYS": "1"})
    running.start()
    yield running
    assert running.stop() == 0


@pytest.fixture(scope="module")
def planted(ruled: Cairn) -> Planted:
    administrator = ruled.folder.administrator()
    keys = {
        "aws_access_key_id": administrator.access_key_id,
        "aws_secret_access_key": administrator.secret_access_key,
    }
    return plant(ruled, ACCOUNT, keys)


def action_of(own: Own) -> str:
    return ACTIONS.get(own, f"{own.service}:{own.operation}")


def command_action(name: str) -> str:
    return f"cairn:{name.title().replace('-', '')}"


def refusals(cairn: Cairn, planted: Planted, keys: Keys) -> list[tuple[Own, dict[str, Any], Answer]]:
    """What every operation answers to every input that names what is there."""
    found = []
    for own in own_operations():
        client = client_of(cairn, own.service, keys)
        found += [(own, given, answer_of(client, own, given)) for given in inputs(own, planted)]
    return found


def test_who_has_no_policy_may_nothing_and_changes_nothing(ruled: Cairn, planted: Planted) -> None:
    keys = user(ruled, "nobody")
    before = portrait(ruled, planted.keys)
    for own, given, answer in refusals(ruled, planted, keys):
        said = f"User: arn:aws:iam::{ACCOUNT}:user/nobody is not authorized to perform: {action_of(own)}"
        assert answer.text.startswith(said), (own, given, answer)
        assert answer.text.endswith(f"because no identity-based policy allows the {action_of(own)} action"), answer
        assert answer.code == REFUSALS.get(own.service, "AccessDeniedException"), (own, answer)
    assert portrait(ruled, planted.keys) == before


def limited(cairn: Cairn, how: str) -> Keys:
    """Keys of somebody whose own policies allow everything, but something else does not."""
    if how == "deny":
        return user(cairn, how, ALL, {"Effect": "Deny", "NotAction": "sts:*", "Resource": "*"})
    iam = cairn.client("iam")
    if how == "boundary":
        arn = iam.create_policy(PolicyName=how, PolicyDocument=document(NARROW))["Policy"]["Arn"]
        return user(cairn, how, ALL, boundary=arn)
    trust = {"Effect": "Allow", "Principal": {"AWS": ACCOUNT}, "Action": "sts:AssumeRole"}
    arn = iam.create_role(RoleName=how, AssumeRolePolicyDocument=document(trust))["Role"]["Arn"]
    iam.put_role_policy(RoleName=how, PolicyName="all", PolicyDocument=document(ALL))
    given = cairn.client("sts").assume_role(RoleArn=arn, RoleSessionName=how, Policy=document(NARROW))
    return keys_of(given["Credentials"])


@pytest.mark.parametrize(
    ("how", "because"),
    [
        ("deny", "with an explicit deny in an identity-based policy"),
        ("boundary", "because no permissions boundary allows the {action} action"),
        ("session", "because no session policy allows the {action} action"),
    ],
)
def test_what_limits_a_caller_limits_every_operation(ruled: Cairn, how: str, because: str) -> None:
    keys = limited(ruled, how)
    for own in own_operations():
        answer = answer_of(client_of(ruled, own.service, keys), own, made_up(own))
        assert answer.code == REFUSALS.get(own.service, "AccessDeniedException"), (own, answer)
        assert answer.text.endswith(because.format(action=action_of(own))), (own, answer)
    for method, name in commands(ruled):
        status, text = command(ruled, method, name, keys)
        assert status == 403, (method, name, text)
        assert because.partition("{")[0] in text, (method, name, text)


def test_its_action_and_no_other_lets_each_of_them_through(ruled: Cairn) -> None:
    """Each user may take half of the actions, by one digit of their binary numbers: by what all of them are answered,
    each action is told from every other."""
    operations, ordered = own_operations(), commands(ruled)
    actions = sorted({action_of(own) for own in operations} | {command_action(name) for _, name in ordered})
    for digit in range(len(actions).bit_length()):
        allowed = [action for number, action in enumerate(actions, 1) if number >> digit & 1]
        keys = user(ruled, f"digit-{digit}", {"Effect": "Allow", "Action": allowed, "Resource": "*"})
        for own in operations:
            answer = answer_of(client_of(ruled, own.service, keys), own, made_up(own))
            refused = bool(answer.code) and f"not authorized to perform: {action_of(own)}" in answer.text
            assert refused is (action_of(own) not in allowed), (own, digit, answer)
        for method, name in ordered:
            status, text = command(ruled, method, name, keys)
            assert (status == 403) is (command_action(name) not in allowed), (method, name, digit, text)


def test_no_policy_of_another_account_allows_a_command(ruled: Cairn) -> None:
    _, theirs = another_account(ruled, "theirs")
    for method, name in commands(ruled):
        status, text = command(ruled, method, name, theirs)
        assert (status, "is not authorized to perform: cairn:" in text) == (403, True), (method, name, text)
