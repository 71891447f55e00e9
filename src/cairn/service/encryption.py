"""How files of trails are encrypted in the embedded account's buckets, which the engine does as it is told."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from cairn.account.kms_keys import KmsKeys
from cairn.account.moto.questions import MotoQuestions, NotFound
from cairn.account.s3.buckets import Bucket
from cairn.account.s3.encryption import default_of
from cairn.cloudtrail.encryption import context_keys
from cairn.core.errors import AwsError, Unreachable
from cairn.core.objects import ObjectStoreError
from cairn.service.as_cloudtrail import service_may

ServiceMay = Callable[[str, str, str, Mapping[str, str]], bool]
"""Whether a resource's policy lets the service that delivers act: policy, action, resource, what is known."""

S3_KEY = "alias/aws/s3"
"""S3's own key of an account, which asks nobody's policy."""


class EmbeddedEncryption:
    """Chooses as S3 does: what the put asks for, else what the bucket says, else S3's own keys. A key is looked at
    before each put, since the engine would not ask its policy."""

    def __init__(self, keys: KmsKeys, questions: MotoQuestions, may: ServiceMay = service_may) -> None:
        self._may = may
        self._keys = keys
        self._questions = questions

    def options(
        self, bucket: Bucket, key: str, kms_key: str, context: Mapping[str, str] | None, source: str
    ) -> dict[str, Any]:
        """What `S3ObjectStore.put` must be told to encrypt an object for the service that delivers it.

        Args:
            kms_key: that the put asks for, empty if it asks for none.
            source: ARN of the trail or log group that it delivers for.

        Raises:
            ObjectStoreError: the key cannot be used, in S3's words.
        """
        if not kms_key:
            algorithm, kms_key = default_of(bucket)
            if algorithm != "aws:kms":
                return {"managed_keys": True}
            context = {"aws:s3:arn": f"arn:{source.split(':')[1]}:s3:::{bucket.name}/{key}"}
        try:
            arn = self._keys.arn(bucket.account, bucket.region, kms_key)
            if kms_key not in ("", S3_KEY):
                self._check(arn, context or {}, source)
        except AwsError as error:
            raise ObjectStoreError(error.code if error.status < 500 else "", error.message) from error
        except Unreachable as error:
            raise ObjectStoreError("", error.message) from error
        return {"kms_key": arn, "encryption_context": context}

    def _check(self, arn: str, context: Mapping[str, str], source: str) -> None:
        """Raise what S3 answers the service where the key's policy does not let it encrypt."""
        facts = {"aws:SourceArn": source, "aws:SourceAccount": source.split(":")[4]} | context_keys(context)
        try:
            policy = self._questions.resource_policy(arn)
        except NotFound as error:
            raise ObjectStoreError("KMS.NotFoundException", f"Key {arn} does not exist") from error
        if policy is None or not self._may(policy, "kms:GenerateDataKey", arn, facts):
            raise ObjectStoreError("AccessDenied", f"the policy of {arn} does not let {source} encrypt with it")
