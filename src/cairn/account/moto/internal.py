"""The child's answers to Cairn's own questions: who a key or principal is, what their policies are, is all well.

A question is a POST with a JSON object, whose header names the verb; the answer is JSON. Policies are given as their
texts.
"""

from __future__ import annotations

import resource
from collections.abc import Callable
from typing import Any

import moto
from moto.core.utils import unix_time
from moto.iam.models import AccessKey, IAMBackend, Role, User, iam_backends

from cairn.account.moto import organization, sign_in
from cairn.account.moto.commits import Commits
from cairn.account.moto.resources import RESOURCE_VERBS, backends

Answer = dict[str, Any]


class Internal:
    """Every verb is a method; those of `_CHANGING` wait for a commit."""

    def __init__(self, commits: Commits) -> None:
        self._commits = commits
        self._verbs: dict[str, Callable[..., Answer]] = {
            "health": self.health,
            "access_key": access_key,
            "principal": principal,
            "policies": policies,
            "managed_policy": managed_policy,
            **RESOURCE_VERBS,
            "ensure_user": ensure_user,
            "sign_in": sign_in_of,
            "set_password": set_password,
            "has_people": has_people,
            "organization": organization.of_account,
            "register_administrator": organization.register_administrator,
            "deregister_administrator": organization.deregister_administrator,
            "make_role": organization.make_role,
        }

    def answer(self, verb: str, arguments: dict[str, Any]) -> tuple[bool, Answer]:
        """Whether it changed something, and the answer.

        Raises:
            LookupError: there is no such verb, or what it is about does not exist.
            TypeError: its arguments are others.
        """
        if verb not in self._verbs:
            raise LookupError(f"no verb {verb}")
        return verb in _CHANGING, self._verbs[verb](**arguments)

    def health(self) -> Answer:
        return {
            "moto": moto.__version__,
            "commits": self._commits.count,
            "rss_bytes_max": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss << 10,
            "problems": [{"what": problem.what, "why": problem.why} for problem in self._commits.problems()],
        }


_CHANGING = {"ensure_user", "set_password", "register_administrator", "deregister_administrator", "make_role"}


def access_key(access_key_id: str) -> Answer:
    """An access key of a user, or of a session that AssumeRole made.

    Raises:
        LookupError: no account has it.
    """
    for account, backend in _iam_of_all():
        key = backend.access_keys.get(access_key_id)
        if key is not None:
            return _key(account, backend, key)
    raise LookupError(f"no access key {access_key_id}")


def principal(account: str, user_name: str = "", role_name: str = "") -> Answer:
    """A user or a role, by name.

    Raises:
        LookupError: the account has none of that name.
    """
    backend = _iam(account)
    found = backend.users.get(user_name) if user_name else _role_by_name(backend, role_name)
    if found is None:
        raise LookupError(f"account {account} has no {user_name or role_name}")
    return _principal(account, found)


def policies(arn: str) -> Answer:
    """Everything that says what a user or role may do, by its ARN (for a session: the role's).

    `identity` lists `{"name", "arn", "document", "of"}`: inline policies have no ARN, `of` is `user`, `role` or
    `group NAME`. `boundary` and `trust` are documents, or null.

    Raises:
        LookupError: there is no such principal.
    """
    account = arn.split(":")[4]
    backend = _iam(account)
    found = _by_arn(backend, arn)
    kind = "role" if isinstance(found, Role) else "user"
    identity = _documents(found, kind)
    if kind == "user":
        for group in backend.get_groups_for_user(found.name):
            identity += _documents(group, f"group {group.name}")
    boundary = getattr(found, "permissions_boundary_arn", None)
    policy = backend.managed_policies.get(boundary) if boundary else None
    return {
        "principal": _principal(account, found),
        "identity": identity,
        "boundary": _default_document(policy) if policy is not None else None,
        "trust": found.assume_role_policy_document if kind == "role" else None,
    }


def managed_policy(account: str, arn: str) -> Answer:
    """The default version of a managed policy of the account or of AWS.

    Raises:
        LookupError: there is no such policy.
    """
    return {"document": _default_document(_iam(account).managed_policies[arn])}


def ensure_user(account: str, user_name: str, policy_arn: str, region: str = "us-east-1") -> Answer:
    """A user with a policy and an access key, each made if missing; the oldest active key if it has several.

    Raises:
        LookupError: there is no such policy.
    """
    backend: IAMBackend = iam_backends[account]["aws"]
    user = backend.users.get(user_name) or backend.create_user(region, user_name)
    if policy_arn not in backend.managed_policies:
        raise LookupError(f"no policy {policy_arn}")
    if policy_arn not in user.managed_policies:
        backend.attach_user_policy(policy_arn, user_name)
    active = [key for key in user.access_keys if key.status == "Active"]
    key = active[0] if active else backend.create_access_key(user_name)
    return _key(account, backend, key)


def sign_in_of(account: str, user_name: str) -> Answer:
    """What a user signs in to a console with, and who that is.

    Raises:
        LookupError: the account has no such user.
    """
    return sign_in.of_user(_iam(account), user_name) | {"principal": principal(account, user_name)}


def set_password(account: str, user_name: str, password: str) -> Answer:
    """Keep a user's new password.

    Raises:
        LookupError: the account has no such user.
    """
    sign_in.set_password(_iam(account), user_name, password)
    return {}


def has_people(account: str) -> Answer:
    """Whether there is such an account."""
    return {"exists": account in iam_backends}


def _iam(account: str) -> IAMBackend:
    """IAM of an account that exists; asking must not make one."""
    if account not in iam_backends:
        raise LookupError(f"no account {account}")
    backend: IAMBackend = iam_backends[account]["aws"]
    return backend


def _iam_of_all() -> list[tuple[str, IAMBackend]]:
    return [(account, b) for account, by_region in list(iam_backends.items()) for b in dict.values(by_region)]


def _role_by_name(backend: IAMBackend, name: str) -> Role | None:
    return next((role for role in backend.roles.values() if role.name == name), None)


def _by_arn(backend: IAMBackend, arn: str) -> Any:
    kind, _, path = arn.split(":", 5)[5].partition("/")
    if kind == "assumed-role":
        found: Any = _role_by_name(backend, path.split("/")[0])
    else:
        holders = backend.users.values() if kind == "user" else backend.roles.values()
        found = next((holder for holder in holders if holder.arn == arn), None)
    if found is None:
        raise LookupError(f"no principal {arn}")
    return found


def _principal(account: str, found: User | Role) -> Answer:
    return {
        "kind": "role" if isinstance(found, Role) else "user",
        "account": account,
        "id": found.id,
        "arn": found.arn,
        "name": found.name,
        "path": found.path,
        "created": int(unix_time(found.create_date)),
    }


def _key(account: str, backend: IAMBackend, key: AccessKey) -> Answer:
    answer = {
        "access_key_id": key.access_key_id,
        "secret_access_key": key.secret_access_key,
        "active": key.status == "Active",
        "created": int(unix_time(key.create_date)),
        "account": account,
        "principal": None,
        "session": None,
    }
    if key.user_name:
        answer["principal"] = _principal(account, backend.users[key.user_name])
    elif key.role_arn:
        answer["session"] = _session(account, key.access_key_id)
        role = next((role for role in backend.roles.values() if role.arn == key.role_arn), None)
        answer["principal"] = _principal(account, role) if role is not None else None
    return answer


def _session(account: str, access_key_id: str) -> Answer | None:
    sts = backends("moto.sts.models", "sts_backends")
    for backend in dict.values(sts[account]):
        for role in backend.assumed_roles:
            if role.access_key_id == access_key_id:
                return {
                    "name": role.session_name,
                    "arn": role.arn,
                    "token": role.session_token,
                    "expires": int(unix_time(role.expiration)),
                    "policy": role.policy,
                }
    return None


def _documents(holder: Any, of: str) -> list[Answer]:
    inline = [{"name": name, "arn": None, "document": text, "of": of} for name, text in holder.policies.items()]
    return inline + [
        {"name": policy.name, "arn": policy.arn, "document": _default_document(policy), "of": of}
        for policy in holder.managed_policies.values()
    ]


def _default_document(policy: Any) -> str:
    document: str = next(v.document for v in policy.versions if v.version_id == policy.default_version_id)
    return document
