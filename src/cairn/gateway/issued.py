"""Replies that issue or end access keys, and who their users are.

Pure but for the directory: from a call and its reply to the changes of the key table.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal, Protocol

import msgspec

from cairn.core.clock import from_iso
from cairn.core.records.identity import Identity, Session, SessionIssuer, root
from cairn.wire.http import Call
from cairn.wire.signing import Credentials

COGNITO = "cognito-identity.amazonaws.com"
_COGNITO_SESSION = "CognitoIdentityCredentials"


@dataclass(frozen=True, slots=True)
class Principal:
    """A user or role as its account knows it."""

    id: str
    """`AIDA...` or `AROA...`."""
    arn: str
    """With its path."""


class Directory(Protocol):
    """Whom to ask for what a reply leaves out."""

    async def user(self, account: str, name: str) -> Principal | None: ...

    async def role(self, account: str, name: str) -> Principal | None: ...

    async def policy(self, account: str, arn: str) -> str | None:
        """The document of a managed policy that the account may attach."""


@dataclass(frozen=True, slots=True)
class Add:
    """A key was issued."""

    credentials: Credentials
    identity: Identity
    expires: float | None = None
    active: bool = True
    policies: tuple[str, ...] | None = None
    """The session's policies; None where it has none, which is no limit."""


@dataclass(frozen=True, slots=True)
class SetActive:
    key_id: str
    active: bool


@dataclass(frozen=True, slots=True)
class Remove:
    key_id: str


@dataclass(frozen=True, slots=True)
class RemoveOwner:
    """A user or role is gone, with all keys and sessions."""

    owner: str


@dataclass(frozen=True, slots=True)
class Rename:
    """A user has another name or path."""

    owner: str
    name: str
    arn: str

    def renamed(self, identity: Identity) -> Identity:
        """`identity`, a key's or a session's of that user, under the new name."""
        if identity.type == "IAMUser":
            return msgspec.structs.replace(identity, user_name=self.name, arn=self.arn)
        if identity.session is None or identity.session.issuer is None:
            return identity
        issuer = msgspec.structs.replace(identity.session.issuer, user_name=self.name, arn=self.arn)
        return msgspec.structs.replace(identity, session=msgspec.structs.replace(identity.session, issuer=issuer))


Change = Add | SetActive | Remove | RemoveOwner | Rename


def owner_of(identity: Identity) -> str:
    """With whom the key of `identity` ends: `ACCOUNT:user/NAME`, `ACCOUNT:role/NAME`, or the account itself."""
    issuer = identity.session.issuer if identity.session is not None else None
    if identity.type == "IAMUser":
        return user_owner(identity.account, identity.user_name)
    if issuer is not None and issuer.type == "IAMUser":
        return user_owner(issuer.account, issuer.user_name)
    if issuer is not None and issuer.type == "Role":
        return role_owner(issuer.account, issuer.user_name)
    return identity.account


def user_owner(account: str, name: str) -> str:
    return f"{account}:user/{name}"


def role_owner(account: str, name: str) -> str:
    return f"{account}:role/{name}"


async def key_changes(call: Call, output: Mapping[str, Any], directory: Directory, *, now: float) -> list[Change]:
    """What the successful reply `output` (botocore's names) to `call` changes in the key table.

    Args:
        now: seconds since the epoch, the time at which a session that it issues was created.
    """
    learn = _LEARNERS.get((call.service, call.operation))
    if learn is None:
        return []
    return await learn(_Reply(call, call.params or {}, output, directory, int(now)))


def federated_caller(call: Call, output: Mapping[str, Any]) -> Identity | None:
    """Who called an operation that takes a token in the place of a signature, as far as its reply tells."""
    if call.service != "sts":
        return None
    if call.operation == "AssumeRoleWithSAML":
        subject = str(output.get("Subject", ""))
        qualifier = str(output.get("NameQualifier", ""))
        return Identity(
            type="SAMLUser",
            principal_id=f"{qualifier}:{subject}",
            user_name=subject,
            identity_provider=qualifier,
        )
    if call.operation == "AssumeRoleWithWebIdentity":
        subject = str(output.get("SubjectFromWebIdentityToken", ""))
        provider = str(output.get("Provider", ""))
        return Identity(
            type="WebIdentityUser",
            principal_id=f"{provider}:{output.get('Audience', '')}:{subject}",
            user_name=subject,
            identity_provider=provider,
        )
    return None


@dataclass(frozen=True, slots=True)
class _Reply:
    """A call whose reply concerns keys."""

    call: Call
    params: Mapping[str, Any]
    output: Mapping[str, Any]
    directory: Directory
    now: int

    def text(self, name: str) -> str:
        """An input member, empty if it was not given."""
        return str(self.params.get(name) or "")

    @property
    def caller(self) -> Identity:
        return self.call.identity

    @property
    def mfa(self) -> bool:
        return bool(self.params.get("SerialNumber") and self.params.get("TokenCode"))

    @property
    def target_user(self) -> str:
        """The user that an IAM call is about: the one it names, or else the caller."""
        return self.text("UserName") or self.caller.user_name

    def account_of(self, arn: str) -> str:
        """The account that an ARN names; of a text that is none, which an engine took for one, the caller's."""
        parts = arn.split(":", 5)
        return parts[4] if len(parts) == 6 and parts[4] else self.call.account

    @property
    def source_identity(self) -> str:
        """It stays with every session that is made from a session."""
        inherited = self.caller.session.source_identity if self.caller.session is not None else ""
        return str(self.output.get("SourceIdentity") or self.text("SourceIdentity") or inherited)

    async def session_policies(self, account: str) -> tuple[str, ...] | None:
        """The policies that the call gives a session: a text, and managed ones as they are now. One that is not
        there allows nothing, and those that are still limit."""
        arns = [str(item.get("arn", "")) for item in self.params.get("PolicyArns") or ()]
        if not self.text("Policy") and not arns:
            return None
        documents = [self.text("Policy"), *[await self.directory.policy(account, arn) for arn in arns]]
        return tuple(document for document in documents if document)

    def add(
        self,
        identity: Identity,
        credentials: Mapping[str, Any] | None = None,
        policies: tuple[str, ...] | None = None,
    ) -> list[Change]:
        given = credentials if credentials is not None else self.output.get("Credentials")
        if not given:
            return []
        issued = Credentials(
            access_key_id=_member(given, "AccessKeyId", "accessKeyId"),
            secret_access_key=_member(given, "SecretAccessKey", "SecretKey", "secretAccessKey"),
            session_token=_member(given, "SessionToken", "sessionToken"),
        )
        identity = msgspec.structs.replace(identity, access_key_id=issued.access_key_id)
        expires = _seconds(given.get("Expiration") or given.get("expiration"))
        return [Add(issued, identity, expires, policies=policies)]

    def role_session(self, role_arn: str, role_id: str, session_name: str, arn: str, **facts: Any) -> Identity:
        """A session of a role. `role_id` may be empty where nobody knows it."""
        account = self.account_of(role_arn)
        name = role_arn.rpartition("/")[2]
        issuer = SessionIssuer(type="Role", principal_id=role_id, arn=role_arn, account=account, user_name=name)
        return Identity(
            type="AssumedRole",
            account=account,
            principal_id=f"{role_id}:{session_name}",
            arn=arn or f"arn:{_partition(role_arn)}:sts::{account}:assumed-role/{name}/{session_name}",
            session=Session(created=self.now, issuer=issuer, **facts),
        )


async def _create_access_key(reply: _Reply) -> list[Change]:
    key = reply.output.get("AccessKey") or {}
    name = str(key.get("UserName") or reply.target_user)
    account = reply.call.account
    if not name:
        identity = root(account)
    elif name == reply.caller.user_name and reply.caller.type == "IAMUser" and reply.caller.account == account:
        identity = msgspec.structs.replace(reply.caller, session=None)
    else:
        user = await reply.directory.user(account, name)
        identity = Identity(
            type="IAMUser",
            account=account,
            principal_id=user.id if user else "",
            arn=user.arn if user else f"arn:aws:iam::{account}:user/{name}",
            user_name=name,
        )
    return reply.add(identity, key)


async def _update_access_key(reply: _Reply) -> list[Change]:
    return [SetActive(reply.text("AccessKeyId"), reply.text("Status") == "Active")]


async def _delete_access_key(reply: _Reply) -> list[Change]:
    return [Remove(reply.text("AccessKeyId"))]


async def _delete_user(reply: _Reply) -> list[Change]:
    return [RemoveOwner(user_owner(reply.call.account, reply.target_user))]


async def _delete_role(reply: _Reply) -> list[Change]:
    return [RemoveOwner(role_owner(reply.call.account, reply.text("RoleName")))]


async def _update_user(reply: _Reply) -> list[Change]:
    account, old = reply.call.account, reply.text("UserName")
    name = reply.text("NewUserName") or old
    user = await reply.directory.user(account, name)
    arn = user.arn if user else f"arn:aws:iam::{account}:user{reply.text('NewPath') or '/'}{name}"
    return [Rename(user_owner(account, old), name, arn)]


async def _assume_role(reply: _Reply) -> list[Change]:
    """AssumeRole and its two federated forms, whose replies have the session's id and name in common."""
    user = reply.output.get("AssumedRoleUser") or {}
    role_id, _, session_name = str(user.get("AssumedRoleId", "")).partition(":")
    facts: dict[str, Any] = {"mfa": reply.mfa, "source_identity": reply.source_identity}
    if reply.call.operation == "AssumeRoleWithWebIdentity":
        provider = str(reply.output.get("Provider") or reply.text("ProviderId"))
        facts["federated_provider"] = provider
        if not provider.startswith("arn:"):  # of providers that an account names itself, records say no more
            facts["federated_attributes"] = {
                f"{provider}:app_id": str(reply.output.get("Audience", "")),
                f"{provider}:user_id": str(reply.output.get("SubjectFromWebIdentityToken", "")),
            }
    session_name = session_name or reply.text("RoleSessionName")
    identity = reply.role_session(reply.text("RoleArn"), role_id, session_name, str(user.get("Arn", "")), **facts)
    return reply.add(identity, policies=await reply.session_policies(identity.account))


async def _assume_root(reply: _Reply) -> list[Change]:
    target = reply.text("TargetPrincipal")
    account = reply.account_of(target) if target.startswith("arn:") else target
    session = Session(created=reply.now, source_identity=reply.source_identity, assumed_root=True)
    return reply.add(msgspec.structs.replace(root(account), session=session))


async def _get_session_token(reply: _Reply) -> list[Change]:
    return reply.add(msgspec.structs.replace(reply.caller, session=Session(created=reply.now, mfa=reply.mfa)))


async def _get_federation_token(reply: _Reply) -> list[Change]:
    user, caller = reply.output.get("FederatedUser") or {}, reply.caller
    kind: Literal["Root", "IAMUser"] = "Root" if caller.type == "Root" else "IAMUser"
    issuer = SessionIssuer(
        type=kind,
        principal_id=caller.principal_id,
        arn=caller.arn,
        account=caller.account,
        user_name=caller.user_name,
    )
    identity = Identity(
        type="FederatedUser",
        account=caller.account,
        principal_id=str(user.get("FederatedUserId", "")),
        arn=str(user.get("Arn", "")),
        session=Session(created=reply.now, issuer=issuer),
    )
    policies = await reply.session_policies(caller.account)
    return reply.add(identity, policies=policies or ())  # a federated user may what its session's policies allow


async def _sso_role_credentials(reply: _Reply) -> list[Change]:
    """IAM Identity Center does not say who the user is; the session goes by the role's name."""
    account, name = reply.text("accountId"), reply.text("roleName")
    role = await reply.directory.role(account, name)
    arn = role.arn if role else f"arn:aws:iam::{account}:role/{name}"
    identity = reply.role_session(arn, role.id if role else "", name, "")
    return reply.add(identity, reply.output.get("roleCredentials"))


async def _cognito_credentials(reply: _Reply) -> list[Change]:
    identity_id, role_arn = reply.text("IdentityId"), reply.text("CustomRoleArn")
    if not role_arn:  # the pool knows the role, and does not tell
        identity = Identity(
            type="WebIdentityUser",
            account=reply.call.account,
            principal_id=f"{COGNITO}::{identity_id}",
            user_name=identity_id,
            identity_provider=COGNITO,
        )
        return reply.add(identity)
    role = await reply.directory.role(reply.account_of(role_arn), role_arn.rpartition("/")[2])
    identity = reply.role_session(
        role_arn,
        role.id if role else "",
        _COGNITO_SESSION,
        "",
        federated_provider=COGNITO,
        federated_attributes={
            f"{COGNITO}:amr": "authenticated" if reply.params.get("Logins") else "unauthenticated",
            f"{COGNITO}:user_id": identity_id,
        },
    )
    return reply.add(identity)


_LEARNERS: dict[tuple[str, str], Callable[[_Reply], Awaitable[list[Change]]]] = {
    ("iam", "CreateAccessKey"): _create_access_key,
    ("iam", "UpdateAccessKey"): _update_access_key,
    ("iam", "DeleteAccessKey"): _delete_access_key,
    ("iam", "UpdateUser"): _update_user,
    ("iam", "DeleteUser"): _delete_user,
    ("iam", "DeleteRole"): _delete_role,
    ("sts", "AssumeRole"): _assume_role,
    ("sts", "AssumeRoleWithSAML"): _assume_role,
    ("sts", "AssumeRoleWithWebIdentity"): _assume_role,
    ("sts", "AssumeRoot"): _assume_root,
    ("sts", "GetSessionToken"): _get_session_token,
    ("sts", "GetFederationToken"): _get_federation_token,
    ("sso", "GetRoleCredentials"): _sso_role_credentials,
    ("cognito-identity", "GetCredentialsForIdentity"): _cognito_credentials,
}


def _partition(arn: str) -> str:
    return arn.split(":")[1] if arn.startswith("arn:") else "aws"


def _member(given: Mapping[str, Any], *names: str) -> str:
    return next((str(given[name]) for name in names if given.get(name)), "")


def _seconds(expiration: object) -> float | None:
    """Seconds since the epoch of what parsers make of a timestamp: a datetime, a text, a number (sso: milliseconds)."""
    match expiration:
        case datetime():
            return expiration.timestamp()
        case int() | float():
            return expiration / 1000 if expiration > 1e11 else float(expiration)
        case str() if expiration:
            return float(from_iso(expiration))
    return None
