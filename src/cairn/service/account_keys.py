"""The KMS keys of the embedded account."""

from __future__ import annotations

from cairn.account.moto.questions import MotoQuestions, NotFound
from cairn.cloudtrail.encryption import Key


class AccountKeys:
    """`cloudtrail.encryption.Keys` over the embedded account."""

    def __init__(self, questions: MotoQuestions) -> None:
        self._questions = questions

    def find(self, arn: str) -> Key | None:
        try:
            if ":alias/" in arn:
                arn = self._questions.key_of_alias(arn)
            found = self._questions.kms_key(arn)
        except NotFound:
            return None
        symmetric = (found.spec, found.usage) == ("SYMMETRIC_DEFAULT", "ENCRYPT_DECRYPT")
        return Key(arn=arn, state=found.state, symmetric=symmetric, policy=found.policy)
