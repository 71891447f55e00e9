"""IAM, STS and Organizations as an account needs them: ids, credentials and boundaries that are real."""

from __future__ import annotations

import copy
import hashlib
import json
from collections.abc import Callable
from functools import cache
from typing import Any

import moto.iam.models as iam
from moto.core.responses import EmptyResult
from moto.core.serialize import return_if_not_empty
from moto.iam.aws_managed_policies import aws_managed_policies_data
from moto.iam.exceptions import NoSuchEntity
from moto.iam.responses import IamResponse
from moto.iam.utils import generate_access_key_id_from_account_id

from cairn.account.moto.durations import adapt_durations
from cairn.account.moto.federation import adapt_federation
from cairn.account.moto.members import adapt_members
from cairn.account.moto.patching import after
from cairn.account.moto.sign_in import adapt_sign_in

ADMINISTRATOR = "arn:aws:iam::aws:policy/AdministratorAccess"


def adapt_iam() -> None:
    """Unique ids as IAM's are, AWS's policies at little cost for each account, and boundaries of users."""
    for kind, prefix in ((iam.User, "AIDA"), (iam.Group, "AGPA"), (iam.InstanceProfile, "AIPA")):
        after(kind, "__init__", _give_id(prefix))
    after(iam.Policy, "__init__", _give_id("ANPA"))
    iam.IAMBackend._init_aws_policies = lambda self: _aws_policies(self.account_id, self.region_name)
    iam.get_account_id_from = _account_of_key
    iam.SERVICE_NAME_CONVERSION["cloudtrail"] = "CloudTrail"  # AWSServiceRoleForCloudTrail
    _let_users_have_boundaries()
    adapt_sign_in()


def _let_users_have_boundaries() -> None:
    """moto would take a user's permissions boundary without a word, and forget it."""
    iam.User.permissions_boundary_arn = None
    iam.User.permissions_boundary = iam.Role.permissions_boundary
    IamResponse.RESPONSE_KEY_PATH_TO_TRANSFORMER |= {
        f"{operation}Response.User.PermissionsBoundary": return_if_not_empty for operation in ("CreateUser", "GetUser")
    }
    create_user = IamResponse.create_user

    def create_with_boundary(self: Any) -> Any:
        boundary = _boundary(self)
        result = create_user(self)
        result.result["User"].permissions_boundary_arn = boundary
        return result

    IamResponse.create_user = create_with_boundary
    IamResponse.put_user_permissions_boundary = _put_user_boundary
    IamResponse.delete_user_permissions_boundary = _delete_user_boundary


def adapt_sts() -> None:
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

    after(TokenResponse, "get_session_token", fresh_credentials)
    after(TokenResponse, "get_federation_token", fresh_credentials)
    after(TokenResponse, "assume_role_with_web_identity", role_id)
    after(STSBackend, "assume_role", forget_expired)
    adapt_federation()
    adapt_durations()


def adapt_organizations() -> None:
    """A new account's role lets the management account administer it, and members come and go as accounts do."""
    from moto.organizations.models import FakeAccount

    def let_administer(_: Any, self: Any, organization: Any, **kwargs: Any) -> None:
        role_name = kwargs.get("RoleName", "OrganizationAccountAccessRole")
        backend = iam.iam_backends[self.id]["aws"]
        if ADMINISTRATOR not in backend.get_role(role_name).managed_policies:
            backend.attach_role_policy(ADMINISTRATOR, role_name)

    after(FakeAccount, "__init__", let_administer)
    adapt_members()


def _account_of_key(access_key_id: str) -> str:
    """moto's own makes IAM of every partition in every account first."""
    for account, by_partition in list(iam.iam_backends.items()):
        if any(access_key_id in backend.access_keys for backend in dict.values(by_partition)):
            return str(account)
    return str(iam.DEFAULT_ACCOUNT_ID)


def _aws_policies(account: str, partition: str) -> list[iam.AWSManagedPolicy]:
    """An account's own objects, since each counts its attachments; their documents are everybody's."""
    made = []
    for original in _aws_policies_of(partition):
        policy = copy.copy(original)
        policy.account_id = account
        made.append(policy)
    return made


@cache
def _aws_policies_of(partition: str) -> list[iam.AWSManagedPolicy]:
    policies = []
    for name, data in json.loads(aws_managed_policies_data).items():
        policy = iam.AWSManagedPolicy.from_data(name, "aws", partition, data)
        policy.id = "ANPA" + hashlib.sha256(policy.arn.encode()).hexdigest()[:17].upper()
        policies.append(policy)
    return policies


def _give_id(prefix: str) -> Callable[..., None]:
    """The kind's four letters, then the account in base 32, then chance."""

    def then(_: Any, self: Any, *args: Any, **kwargs: Any) -> None:
        if not isinstance(self, iam.AWSManagedPolicy):
            self.id = generate_access_key_id_from_account_id(self.account_id, prefix=prefix, total_length=21)

    return then


def _boundary(response: Any) -> str | None:
    boundary: str | None = response._get_param("PermissionsBoundary")
    if boundary and boundary not in response.backend.managed_policies:
        raise NoSuchEntity(f"Policy {boundary} does not exist or is not attachable.")
    return boundary


def _put_user_boundary(self: Any) -> EmptyResult:
    self.backend.get_user(self._get_param("UserName")).permissions_boundary_arn = _boundary(self)
    return EmptyResult()


def _delete_user_boundary(self: Any) -> EmptyResult:
    self.backend.get_user(self._get_param("UserName")).permissions_boundary_arn = None
    return EmptyResult()
