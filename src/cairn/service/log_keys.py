"""The KMS keys of log groups: those of the embedded account, or of the KMS that `[upstreams]` names."""

from __future__ import annotations

from cairn.account.moto.questions import MotoQuestions
from cairn.cloudtrail.encryption import Keys as TrailKeys
from cairn.cloudwatch.logs import GroupId, Keys, KeyStanding
from cairn.core.config import Settings
from cairn.core.policy import Kind, Principal, Request, evaluate
from cairn.service.account_keys import AccountKeys
from cairn.service.as_cloudtrail import parsed_or_none
from cairn.service.elsewhere import KeysElsewhere, elsewhere

_ACTIONS = ("kms:Encrypt", "kms:Decrypt", "kms:GenerateDataKey")
"""What CloudWatch Logs does with a group's key."""


def log_keys(settings: Settings, questions: MotoQuestions) -> Keys:
    """`cloudwatch.logs.Keys` wherever the keys are."""
    endpoint = elsewhere(settings, "kms")
    return LogKeys(AccountKeys(questions) if endpoint is None else KeysElsewhere(endpoint))


class LogKeys:
    """`cloudwatch.logs.Keys`, asked of the keys themselves and of their policies."""

    def __init__(self, keys: TrailKeys) -> None:
        self._keys = keys

    def standing(self, key: str, group: GroupId | None) -> KeyStanding:
        found = self._keys.find(key)
        if found is None or found.state != "Enabled" or not found.symmetric:
            return KeyStanding.UNUSABLE
        if group is None:
            return KeyStanding.USABLE
        if found.arn.split(":")[3] != group.region:
            return KeyStanding.UNUSABLE
        return KeyStanding.USABLE if _lets_in(found.policy, found.arn, group) else KeyStanding.REFUSED


def _lets_in(policy: str | None, key: str, group: GroupId) -> bool:
    """Whether a key's policy lets CloudWatch Logs use it for a group; one that is not shown to us does."""
    if policy is None:
        return True
    parsed = parsed_or_none(policy, Kind.RESOURCE)
    if parsed is None:
        return False
    service = f"logs.{group.region}.amazonaws.com"
    facts = {
        "aws:PrincipalIsAWSService": "true",
        "aws:PrincipalServiceName": service,
        "aws:SecureTransport": "true",
        "aws:SourceAccount": group.account,
        "aws:SourceArn": group.arn,
        "kms:EncryptionContext:aws:logs:arn": group.arn,
    }
    return all(
        evaluate(Request(Principal(service=service), action, key, facts), resource_policy=parsed).allowed
        for action in _ACTIONS
    )
