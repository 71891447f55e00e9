from __future__ import annotations

import json

import pytest

from cairn.cloudtrail.encryption import Key
from cairn.cloudwatch.logs import GroupId, KeyStanding
from cairn.service.log_keys import LogKeys

GROUP = GroupId("111122223333", "eu-west-1", "app")
ARN = "arn:aws:kms:eu-west-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab"


def policy(service: str = "logs.eu-west-1.amazonaws.com", group: str = GROUP.arn) -> str:
    statement = {
        "Effect": "Allow",
        "Principal": {"Service": service},
        "Action": ["kms:Encrypt*", "kms:Decrypt*", "kms:GenerateDataKey*", "kms:Describe*"],
        "Resource": "*",
        "Condition": {"ArnEquals": {"kms:EncryptionContext:aws:logs:arn": group}},
    }
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})


class OneKey:
    def __init__(self, key: Key | None) -> None:
        self._key = key

    def find(self, arn: str) -> Key | None:
        return self._key


@pytest.mark.parametrize(
    ("key", "standing"),
    [
        (Key(arn=ARN, policy=policy()), KeyStanding.USABLE),
        (Key(arn=ARN, policy=None), KeyStanding.USABLE),
        (Key(arn=ARN, policy=policy(service="logs.us-east-1.amazonaws.com")), KeyStanding.REFUSED),
        (Key(arn=ARN, policy=policy(group=GROUP._replace(name="other").arn)), KeyStanding.REFUSED),
        (Key(arn=ARN, policy="{"), KeyStanding.REFUSED),
        (Key(arn=ARN, policy=policy(), state="Disabled"), KeyStanding.UNUSABLE),
        (Key(arn=ARN, policy=policy(), symmetric=False), KeyStanding.UNUSABLE),
        (Key(arn=ARN.replace("eu-west-1", "us-east-1"), policy=policy()), KeyStanding.UNUSABLE),
        (None, KeyStanding.UNUSABLE),
    ],
)
def test_a_key_is_usable_where_its_policy_lets_cloudwatch_logs_in(key: Key | None, standing: KeyStanding) -> None:
    assert LogKeys(OneKey(key)).standing(ARN, GROUP) is standing


def test_results_of_queries_are_of_no_group() -> None:
    assert LogKeys(OneKey(Key(arn=ARN, policy="{"))).standing(ARN, None) is KeyStanding.USABLE
