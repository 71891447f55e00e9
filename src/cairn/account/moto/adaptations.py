"""Where moto, made to be a mock for a test's length, is changed to be an account that lasts.

`prepare` makes the changes that concern every service; those of one service are made when its first backend is, so that
a service which nobody calls is not imported.
"""

from __future__ import annotations

import logging
import os
import random
import sys
import time
from collections.abc import Callable
from functools import wraps
from typing import Any

import moto.iam.models as iam
from moto.core.base_backend import BaseBackend
from moto.core.common_models import BaseModel
from moto.core.exceptions import ServiceException
from moto.iam.utils import generate_access_key_id_from_account_id
from moto.moto_api._internal.moto_random import MotoRandom
from requests.sessions import Session

from cairn.account.moto.backends import unnoticed
from cairn.account.moto.gate import Gate

log = logging.getLogger(__name__)

ENVIRONMENT = {"MOTO_IAM_LOAD_MANAGED_POLICIES": "true", "AWS_EC2_METADATA_DISABLED": "true"}
"""What moto reads from the environment, to be set before it is imported."""

_ADMINISTRATOR = "arn:aws:iam::aws:policy/AdministratorAccess"


def prepare(gate: Gate) -> None:
    """Make the changes that concern every service."""
    os.environ.update(ENVIRONMENT)
    # Every model object would be kept in a list of its class for ever.
    BaseModel.__new__ = lambda cls, *args, **kwargs: object.__new__(cls)
    # Access keys, session tokens and passwords come from here, so it must not be predictable.
    system = random.SystemRandom()
    MotoRandom.random = lambda self: system.random()
    MotoRandom.getrandbits = lambda self, k: system.getrandbits(k)
    # A request may wait for others, or for the world, without stopping everybody.
    time.sleep = gate.releasing(time.sleep)
    Session.request = gate.releasing(Session.request)
    # Noting when a key was last used is no change that a reply has to wait for.
    iam.mark_account_as_visited = unnoticed(iam.mark_account_as_visited)
    for kind, prefix in ((iam.User, "AIDA"), (iam.Group, "AGPA"), (iam.InstanceProfile, "AIPA")):
        _after(kind, "__init__", _give_id(prefix))
    _after(iam.ManagedPolicy, "__init__", _give_id("ANPA"))
    _GATE.append(gate)


def first_seen(backend: BaseBackend) -> None:
    """Make the changes of one service, when its first backend has been made."""
    adapt = _OF_SERVICE.pop(type(backend).__module__.split(".")[1], None)
    if adapt is not None:
        adapt()


_GATE: list[Gate] = []


def _after(owner: Any, name: str, then: Callable[..., None]) -> None:
    """Have `then(result, self, *args)` called after a method."""
    original = getattr(owner, name)

    @wraps(original)
    def method(self: Any, *args: Any, **kwargs: Any) -> Any:
        result = original(self, *args, **kwargs)
        then(result, self, *args, **kwargs)
        return result

    setattr(owner, name, method)


def _give_id(prefix: str) -> Callable[..., None]:
    """Unique ids as IAM's are: the kind's four letters, then the account in base 32, then chance."""

    def then(_: Any, self: Any, *args: Any, **kwargs: Any) -> None:
        self.id = generate_access_key_id_from_account_id(self.account_id, prefix=prefix, total_length=21)

    return then


def _adapt_sqs() -> None:
    from moto.sqs.models import Queue

    Queue.wait_for_messages = _GATE[0].releasing(Queue.wait_for_messages)


def _adapt_sts() -> None:
    """Credentials of their own for every session, ids that are the role's, and an end to sessions that are over."""
    from moto.core.utils import utcnow
    from moto.sts.models import STSBackend
    from moto.sts.responses import TokenResponse
    from moto.sts.utils import random_session_token

    def fresh_credentials(result: Any, self: Any) -> None:
        key = iam.AccessKey(None, prefix="ASIA", account_id=self.current_account)
        result.result["Credentials"] |= {
            "AccessKeyId": key.access_key_id,
            "SecretAccessKey": key.secret_access_key,
            "SessionToken": random_session_token(),
        }

    def role_id(result: Any, self: Any) -> None:
        result.result["AssumedRoleUser"]["AssumedRoleId"] = result.result["Credentials"].user_id

    def forget_expired(_: Any, self: Any, **kwargs: Any) -> None:
        now = utcnow()
        for role in [role for role in self.assumed_roles if role.expiration < now]:
            self.assumed_roles.remove(role)
            iam.iam_backends[role.account_id][role.partition].access_keys.pop(role.access_key_id, None)

    _after(TokenResponse, "get_session_token", fresh_credentials)
    _after(TokenResponse, "get_federation_token", fresh_credentials)
    _after(TokenResponse, "assume_role_with_web_identity", role_id)
    _after(STSBackend, "assume_role", forget_expired)


def _adapt_organizations() -> None:
    """A new account's role lets the management account administer it."""
    from moto.organizations.models import FakeAccount

    def let_administer(_: Any, self: Any, organization: Any, **kwargs: Any) -> None:
        role_name = kwargs.get("RoleName", "OrganizationAccountAccessRole")
        backend = iam.iam_backends[self.id]["aws"]
        if _ADMINISTRATOR not in backend.get_role(role_name).managed_policies:
            backend.attach_role_policy(_ADMINISTRATOR, role_name)

    _after(FakeAccount, "__init__", let_administer)


def _adapt_batch() -> None:
    from moto.batch.models import BatchBackend

    def submit_job(self: Any, *args: Any, **kwargs: Any) -> None:
        raise ServiceException(
            "ClientException", "The embedded account runs no containers, so it cannot run jobs of AWS Batch."
        )

    BatchBackend.submit_job = submit_job


def _adapt_lambda() -> None:
    from cairn.account.moto.lambda_answer import answer

    sys.modules["moto.awslambda.models"].LambdaFunction._invoke_lambda = answer  # type: ignore[attr-defined]


_OF_SERVICE: dict[str, Callable[[], None]] = {
    "awslambda": _adapt_lambda,
    "batch": _adapt_batch,
    "organizations": _adapt_organizations,
    "sqs": _adapt_sqs,
    "sts": _adapt_sts,
}
