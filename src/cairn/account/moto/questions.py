"""Asking the child: who a key or principal is, what their policies are, whether all is well.

Plain and blocking; an asyncio door asks in a thread. Documents are policies' texts, as they were put.
"""

from __future__ import annotations

import base64
import http.client
from typing import Any, Literal
from urllib.parse import urlsplit

import msgspec

from cairn.account.moto.wire_names import FAILURE, NOT_FOUND, QUESTION, SECRET
from cairn.core.errors import CairnError, Unreachable

ANSWER_S = 30.0


class Principal(msgspec.Struct, frozen=True, kw_only=True):
    """A user or role."""

    kind: Literal["user", "role"]
    account: str
    id: str
    """`AIDA...` or `AROA...`."""
    arn: str
    """With its path."""
    name: str
    path: str
    created: int


class RoleSession(msgspec.Struct, frozen=True, kw_only=True):
    """What AssumeRole made."""

    name: str
    arn: str
    """`arn:aws:sts::ACCOUNT:assumed-role/ROLE/SESSION`."""
    token: str
    expires: int
    policy: str | None
    """The session policy."""


class AccessKey(msgspec.Struct, frozen=True, kw_only=True):
    """An access key, long-lived or a session's."""

    access_key_id: str
    secret_access_key: str
    active: bool
    created: int
    account: str
    principal: Principal | None
    """The user, or the role of the session; None if it was deleted."""
    session: RoleSession | None


class PolicyDocument(msgspec.Struct, frozen=True, kw_only=True):
    """An identity policy."""

    name: str
    arn: str | None
    """None: inline."""
    document: str
    of: str
    """What it is attached to: `user`, `role` or `group NAME`."""


class Policies(msgspec.Struct, frozen=True, kw_only=True):
    """All that says what a principal may do, but for resources' own policies."""

    principal: Principal
    identity: list[PolicyDocument]
    boundary: str | None
    trust: str | None
    """Of a role: who may assume it."""


class MfaDevice(msgspec.Struct, frozen=True, kw_only=True):
    """A device that was enabled for a user."""

    serial: str
    seed: str
    """Base32; empty where it is no virtual device of the account's."""


class PasswordRules(msgspec.Struct, frozen=True, kw_only=True):
    """The account's password policy, or IAM's own."""

    chars_min: int
    upper: bool
    lower: bool
    digit: bool
    symbol: bool


class SignInMeans(msgspec.Struct, frozen=True, kw_only=True):
    """What a user signs in to a console with."""

    principal: Principal
    password: str | None
    """As `core.passwords` keeps it; None: no login profile."""
    must_change: bool
    devices: list[MfaDevice]
    policy: PasswordRules


class Key(msgspec.Struct, frozen=True, kw_only=True):
    """A KMS key, in the KMS's own words."""

    state: str
    spec: str
    usage: str
    policy: str


class Organization(msgspec.Struct, frozen=True, kw_only=True):
    """An organization as CloudTrail sees it: see `organization.of_account`."""

    id: str
    management: str
    members: tuple[str, ...]
    all_features: bool
    trusts: bool
    administrators: tuple[str, ...]
    has_role: bool


class Trouble(msgspec.Struct, frozen=True, kw_only=True):
    """What is not saved, or was not loaded."""

    what: str
    why: str


class Health(msgspec.Struct, frozen=True, kw_only=True):
    """How the child is."""

    moto: str
    commits: int
    rss_bytes_max: int
    problems: list[Trouble]


class NotFound(CairnError):
    """There is no such key, principal or resource."""


class MotoQuestions:
    """Asks the child at `url`. Any thread, any process that knows the secret.

    Every method raises:
        NotFound: what it asks about does not exist.
        Unreachable: the child does not answer.
    """

    def __init__(self, url: str, secret: str) -> None:
        self._address = urlsplit(url)
        self._secret = secret

    def health(self) -> Health:
        return msgspec.convert(self._ask("health"), Health)

    def access_key(self, access_key_id: str) -> AccessKey:
        return msgspec.convert(self._ask("access_key", access_key_id=access_key_id), AccessKey)

    def user(self, account: str, name: str) -> Principal:
        return msgspec.convert(self._ask("principal", account=account, user_name=name), Principal)

    def role(self, account: str, name: str) -> Principal:
        return msgspec.convert(self._ask("principal", account=account, role_name=name), Principal)

    def policies(self, arn: str) -> Policies:
        """Of a user or role by its ARN, or of a session's role by the session's."""
        return msgspec.convert(self._ask("policies", arn=arn), Policies)

    def managed_policy(self, account: str, arn: str) -> str:
        """The default version's document of a policy of the account or of AWS."""
        document: str = self._ask("managed_policy", account=account, arn=arn)["document"]
        return document

    def key_of_alias(self, arn: str) -> str:
        """The ARN of the KMS key that an alias stands for."""
        found: str = self._ask("key_of_alias", arn=arn)["arn"]
        return found

    def kms_key(self, arn: str) -> Key:
        return msgspec.convert(self._ask("kms_key", arn=arn), Key)

    def public_key(self, arn: str) -> bytes:
        """Of an asymmetric KMS key: SubjectPublicKeyInfo, DER."""
        return base64.b64decode(self._ask("public_key", arn=arn)["public"])

    def sign(self, arn: str, digest: bytes) -> bytes:
        """The signature of an RSA key of KMS (RSASSA_PKCS1_V1_5_SHA_256) of a SHA-256 digest, whatever the key's policy
        and its state say."""
        return base64.b64decode(self._ask("sign", arn=arn, digest=base64.b64encode(digest).decode())["signature"])

    def resource_policy(self, arn: str) -> str | None:
        """Of a queue, KMS key, secret or function; None where it has none."""
        found: str | None = self._ask("resource_policy", arn=arn)["policy"]
        return found

    def token_audiences(self, arn: str) -> list[str]:
        """The audiences that an OpenID Connect provider is registered for."""
        return msgspec.convert(self._ask("token_provider", arn=arn)["audiences"], list[str])

    def assertion_metadata(self, arn: str) -> str:
        """The metadata document of a SAML provider."""
        metadata: str = self._ask("assertion_provider", arn=arn)["metadata"]
        return metadata

    def ensure_user(self, account: str, user_name: str, policy_arn: str) -> AccessKey:
        """The user's access key; user, attached policy and key are made where they are missing, durably."""
        answer = self._ask("ensure_user", account=account, user_name=user_name, policy_arn=policy_arn)
        return msgspec.convert(answer, AccessKey)

    def sign_in(self, account: str, name: str) -> SignInMeans:
        return msgspec.convert(self._ask("sign_in", account=account, user_name=name), SignInMeans)

    def set_password(self, account: str, name: str, password: str) -> None:
        """Keep a user's new password, given as `core.passwords` keeps it, durably."""
        self._ask("set_password", account=account, user_name=name, password=password)

    def has_people(self, account: str) -> bool:
        """Whether there is such an account."""
        return bool(self._ask("has_people", account=account)["exists"])

    def organization(self, account: str) -> Organization:
        """The organization that an account is in."""
        return msgspec.convert(self._ask("organization", account=account), Organization)

    def register_administrator(self, management: str, member: str) -> None:
        """Make a member a delegated administrator for CloudTrail, durably."""
        self._ask("register_administrator", management=management, member=member)

    def deregister_administrator(self, management: str, member: str) -> None:
        """The way back, durably."""
        self._ask("deregister_administrator", management=management, member=member)

    def make_role(self, account: str) -> None:
        """Make CloudTrail's service-linked role in an account, durably; nothing if it is there."""
        self._ask("make_role", account=account)

    def _ask(self, verb: str, **arguments: str) -> dict[str, Any]:
        connection = http.client.HTTPConnection(
            self._address.hostname or "", self._address.port, timeout=ANSWER_S, blocksize=1 << 16
        )
        try:
            headers = {SECRET: self._secret, QUESTION: verb}
            connection.request("POST", "/", msgspec.json.encode(arguments), headers)
            reply = connection.getresponse()
            answer: dict[str, Any] = msgspec.json.decode(reply.read())
        except (OSError, http.client.HTTPException, msgspec.DecodeError) as error:
            raise Unreachable(f"the embedded account does not answer: {error}") from error
        finally:
            connection.close()
        if reply.status == 200:
            return answer
        if reply.headers.get(FAILURE) == NOT_FOUND:
            raise NotFound(answer["message"])
        raise Unreachable(f"the embedded account failed to answer: {answer['message']}")
