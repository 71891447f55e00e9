"""Where moto, made to be a mock for a test's length, is changed to be an account that lasts.

`Adaptations` makes the changes that concern every service when it is made; those of one service are made when its first
backend is, so that a service which nobody calls is not imported.
"""

from __future__ import annotations

import random
import time
from collections.abc import Callable
from typing import Any

import moto.iam.models as iam
from moto.core.base_backend import BaseBackend
from moto.core.common_models import BaseModel
from moto.moto_api._internal.moto_random import MotoRandom
from requests.sessions import Session

from cairn.account.moto import as_named, identities
from cairn.account.moto.backends import unnoticed
from cairn.account.moto.gate import Gate
from cairn.account.moto.wire_names import S3Access
from cairn.core.clock import SystemClock

SNS_CERTIFICATES_MAX = 100
"""Certificates of sent messages that can still be fetched, a region."""


class Adaptations:
    """Makes the changes that concern every service when it is made, and each service's when it is seen."""

    def __init__(self, gate: Gate, s3: S3Access | None) -> None:
        # Every model object would be kept in a list of its class for ever.
        setattr(BaseModel, "__new__", lambda cls, *args, **kwargs: object.__new__(cls))  # noqa: B010 - mypy minds
        # Access keys, session tokens and passwords come from here, so it must not be predictable.
        system = random.SystemRandom()
        MotoRandom.random = lambda self: system.random()
        MotoRandom.getrandbits = lambda self, k: system.getrandbits(k)
        # A request may wait for others, or for the world, without stopping everybody.
        time.sleep = gate.releasing(time.sleep)
        setattr(Session, "request", gate.releasing(Session.request))  # noqa: B010 - mypy minds
        # Noting when a key was last used is no change that a reply has to wait for.
        iam.mark_account_as_visited = unnoticed(iam.mark_account_as_visited)
        identities.adapt_iam()
        as_named.adapt()
        self._gate = gate
        self._s3 = s3
        self._of_service: dict[str, Callable[[], None]] = {
            "awslambda": _adapt_lambda,
            "batch": _adapt_batch,
            "kms": _adapt_kms,
            "organizations": identities.adapt_organizations,
            "s3": self._adapt_s3,
            "sns": _adapt_sns,
            "sqs": self._adapt_sqs,
            "sts": identities.adapt_sts,
        }

    def first_seen(self, backend: BaseBackend) -> None:
        """Make the changes of one service, when its first backend has been made."""
        adapt = self._of_service.pop(type(backend).__module__.split(".")[1], None)
        if adapt is not None:
            adapt()

    def _adapt_sqs(self) -> None:
        import moto.sqs.models as sqs

        sqs.Queue.wait_for_messages = self._gate.releasing(sqs.Queue.wait_for_messages)
        # Every call asks it several times of each message in its queue. moto's own builds two dates to answer.
        clock = SystemClock()
        sqs.unix_time_millis = lambda: clock.now() * 1000

    def _adapt_s3(self) -> None:
        from cairn.account.moto.s3_bridge import S3Bridge

        if self._s3 is not None:
            S3Bridge(self._gate, self._s3.url, self._s3.access_key_id, self._s3.secret_access_key)


def _adapt_batch() -> None:
    from moto.batch.exceptions import ClientException
    from moto.batch.models import BatchBackend

    def submit_job(self: Any, *args: Any, **kwargs: Any) -> None:
        raise ClientException("The embedded account runs no containers, so it cannot run jobs of AWS Batch.")

    BatchBackend.submit_job = submit_job


def _adapt_kms() -> None:
    """A symmetric key never uses its private key, for which moto makes one of RSA, the slowest to make. And keys may be
    named by ARN where moto's methods that change their state fail on it. And a digest is signed as it is."""
    import moto.kms.models as kms
    from moto.kms.utils import ECDSAPrivateKey, KeySpec

    from cairn.account.moto import kms_digests

    kms_digests.adapt()
    generate = kms.generate_private_key
    without = {KeySpec.SYMMETRIC_DEFAULT, *KeySpec.hmac_key_specs()}
    kms.generate_private_key = lambda spec: ECDSAPrivateKey("ECC_NIST_P256") if spec in without else generate(spec)
    for name in ("disable_key", "enable_key", "cancel_key_deletion", "schedule_key_deletion"):
        setattr(kms.KmsBackend, name, _by_key_id(getattr(kms.KmsBackend, name)))


def _by_key_id(method: Callable[..., Any]) -> Callable[..., Any]:
    """A method of moto's KMS that takes a key by its ARN too."""
    return lambda self, key_id, *args, **kwargs: method(self, self.get_key_id(key_id), *args, **kwargs)


def _adapt_lambda() -> None:
    from moto.awslambda.models import LambdaFunction
    from moto.awslambda.policy import Policy

    from cairn.account.moto.lambda_answer import answer

    LambdaFunction._invoke_lambda = answer
    Policy.add_statement = _of_ids_that_are_free(Policy.add_statement)


def _of_ids_that_are_free(add: Callable[..., tuple[Any, str]]) -> Callable[..., tuple[Any, str]]:
    """AddPermission that refuses an id that is taken, as AWS does. A policy that has one twice lets nobody in."""
    from moto.awslambda.exceptions import LambdaClientError

    class ResourceConflictException(LambdaClientError):
        code = 409

    def add_statement(self: Any, raw: str, qualifier: str | None = None) -> tuple[Any, str]:
        revision = self.revision
        added = add(self, raw, qualifier)
        *others, statement = ((each.get("Sid"), each.get("Resource")) for each in self.statements)
        if statement in others:
            self.statements.pop()
            self.revision = revision
            text = "provided already exists. Please provide a new statement id, or remove the existing statement."
            raise ResourceConflictException("ResourceConflictException", f"The statement id ({statement[0]}) {text}")
        return added

    return add_statement


def _adapt_sns() -> None:
    """Sent messages are kept by who receives them. A topic keeps none, and of the certificates that sign them, one for
    each, SNS keeps the last."""
    from moto.core import DEFAULT_ACCOUNT_ID
    from moto.sns.models import Topic, sns_backends

    publish = Topic.publish

    def publish_and_forget(self: Any, *args: Any, **kwargs: Any) -> str:
        ident: str = publish(self, *args, **kwargs)
        self.sent_notifications.clear()
        certificates = sns_backends[DEFAULT_ACCOUNT_ID][self.sns_backend.region_name]._message_public_keys
        for name in list(certificates)[:-SNS_CERTIFICATES_MAX]:
            del certificates[name]
        return ident

    Topic.publish = publish_and_forget
