"""The key table: fed by replies, shared by processes, and every type of userIdentity that comes out of it."""

from __future__ import annotations

import asyncio
import stat
from collections.abc import AsyncIterator, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from cairn.console.tables import sessions as console_sessions
from cairn.core.clock import TestClock
from cairn.core.records.identity import UNKNOWN, Identity, root
from cairn.core.state import State, metadata
from cairn.gateway.issued import Principal, federated_caller
from cairn.gateway.keys import KEEP_EXPIRED_S, AccessKey, KeyTable
from cairn.wire.http import Call, Headers, Request
from cairn.wire.signing import Credentials

ACCOUNT = "111122223333"
ADMIN = root(ACCOUNT, "AKIAADMIN")
ALICE = Identity(
    type="IAMUser",
    account=ACCOUNT,
    principal_id="AIDAALICE",
    arn=f"arn:aws:iam::{ACCOUNT}:user/team/alice",
    access_key_id="AKIAALICE",
    user_name="alice",
)
SESSION = {"AccessKeyId": "ASIA1", "SecretAccessKey": "s", "SessionToken": "t", "Expiration": "2023-11-15T00:00:00Z"}


class People:
    """A directory of an account with the users and roles that a test names."""

    def __init__(self) -> None:
        self.users = {
            "alice": Principal("AIDAALICE", ALICE.arn),
            "bob": Principal("AIDABOB", "arn:aws:iam::1:user/bob"),
        }

    async def user(self, account: str, name: str) -> Principal | None:
        return self.users.get(name)

    async def role(self, account: str, name: str) -> Principal | None:
        return Principal("AROA" + name.upper(), f"arn:aws:iam::{account}:role/path/{name}")

    async def policy(self, account: str, arn: str) -> str | None:
        return f"document of {arn} in {account}" if "gone" not in arn else None


@pytest.fixture
def state(tmp_path: Path) -> Iterator[State]:
    state = State.in_folder(tmp_path)
    metadata.create_all(state.engine)
    yield state
    state.close()


@pytest.fixture
def people() -> People:
    return People()


@pytest.fixture
def keys(state: State, clock: TestClock, people: People) -> KeyTable:
    return KeyTable(state, clock, people)


async def _nothing() -> AsyncIterator[bytes]:
    return
    yield b""


def call(service: str, operation: str, params: dict[str, Any], identity: Identity = ADMIN) -> Call:
    request = Request("POST", "/", "", Headers(), _nothing())
    return Call(request, service, operation, "us-east-1", account=ACCOUNT, identity=identity, params=params)


def learn(keys: KeyTable, call: Call, output: dict[str, Any]) -> None:
    asyncio.run(keys.learn(call, output))


def find(keys: KeyTable, key_id: str) -> AccessKey | None:
    return asyncio.run(keys.find(key_id))


def identity_of(keys: KeyTable, key_id: str) -> dict[str, Any]:
    key = find(keys, key_id)
    assert key is not None
    return key.identity.record()


def create_key(keys: KeyTable, name: str, key_id: str) -> None:
    key = {"UserName": name, "AccessKeyId": key_id, "SecretAccessKey": "secret", "Status": "Active"}
    learn(keys, call("iam", "CreateAccessKey", {"UserName": name}), {"AccessKey": key})


def test_a_user_s_key(keys: KeyTable) -> None:
    create_key(keys, "alice", "AKIA1")
    assert identity_of(keys, "AKIA1") == {
        "type": "IAMUser",
        "principalId": "AIDAALICE",
        "arn": f"arn:aws:iam::{ACCOUNT}:user/team/alice",
        "accountId": ACCOUNT,
        "accessKeyId": "AKIA1",
        "userName": "alice",
    }
    assert keys.credentials("AKIA1") == Credentials("AKIA1", "secret", "")


def test_a_user_that_nobody_knows_still_has_a_name(keys: KeyTable) -> None:
    create_key(keys, "carol", "AKIA1")
    assert identity_of(keys, "AKIA1")["arn"] == f"arn:aws:iam::{ACCOUNT}:user/carol"


def test_a_key_for_oneself(keys: KeyTable) -> None:
    output = {"AccessKey": {"UserName": "alice", "AccessKeyId": "AKIA2", "SecretAccessKey": "s"}}
    learn(keys, call("iam", "CreateAccessKey", {}, ALICE), output)
    assert identity_of(keys, "AKIA2")["principalId"] == "AIDAALICE"
    learn(keys, call("iam", "CreateAccessKey", {}), {"AccessKey": {"AccessKeyId": "AKIA3", "SecretAccessKey": "s"}})
    assert identity_of(keys, "AKIA3") == root(ACCOUNT, "AKIA3").record()


def test_keys_are_switched_off_and_on_and_deleted(keys: KeyTable) -> None:
    create_key(keys, "alice", "AKIA1")
    for status, active in (("Inactive", False), ("Active", True)):
        learn(keys, call("iam", "UpdateAccessKey", {"AccessKeyId": "AKIA1", "Status": status}), {})
        key = find(keys, "AKIA1")
        assert key is not None
        assert key.active is active
    learn(keys, call("iam", "DeleteAccessKey", {"AccessKeyId": "AKIA1"}), {})
    assert find(keys, "AKIA1") is None


def test_an_assumed_role(keys: KeyTable, clock: TestClock) -> None:
    params = {
        "RoleArn": "arn:aws:iam::444455556666:role/service/Deploy",
        "RoleSessionName": "ci",
        "SerialNumber": "arn:aws:iam::1:mfa/alice",
        "TokenCode": "123456",
        "SourceIdentity": "alice@example.com",
    }
    output = {
        "Credentials": SESSION | {"Expiration": datetime(2023, 11, 15, tzinfo=UTC)},
        "AssumedRoleUser": {
            "AssumedRoleId": "AROAX:ci",
            "Arn": "arn:aws:sts::444455556666:assumed-role/Deploy/ci",
        },
    }
    learn(keys, call("sts", "AssumeRole", params, ALICE), output)
    assert identity_of(keys, "ASIA1") == {
        "type": "AssumedRole",
        "principalId": "AROAX:ci",
        "arn": "arn:aws:sts::444455556666:assumed-role/Deploy/ci",
        "accountId": "444455556666",
        "accessKeyId": "ASIA1",
        "sessionContext": {
            "sessionIssuer": {
                "type": "Role",
                "principalId": "AROAX",
                "arn": "arn:aws:iam::444455556666:role/service/Deploy",
                "accountId": "444455556666",
                "userName": "Deploy",
            },
            "attributes": {"creationDate": "2023-11-14T22:13:20Z", "mfaAuthenticated": "true"},
            "sourceIdentity": "alice@example.com",
        },
    }
    key = find(keys, "ASIA1")
    assert key is not None
    assert key.expires == datetime(2023, 11, 15, tzinfo=UTC).timestamp()

    # A session that it makes in turn keeps the source identity, and not the MFA.
    second = SESSION | {"AccessKeyId": "ASIA2"}
    chained = {"RoleArn": "arn:aws:iam::444455556666:role/Next", "RoleSessionName": "two"}
    assumed = {"AssumedRoleId": "AROAY:two", "Arn": "arn:aws:sts::444455556666:assumed-role/Next/two"}
    learn(
        keys,
        call("sts", "AssumeRole", chained, key.identity),
        {"Credentials": second, "AssumedRoleUser": assumed},
    )
    context = identity_of(keys, "ASIA2")["sessionContext"]
    assert context["sourceIdentity"] == "alice@example.com"
    assert context["attributes"]["mfaAuthenticated"] == "false"


@pytest.mark.parametrize("role", ["deploy", "arn:aws:iam", "arn:aws:iam:::role/deploy"])
def test_a_role_whose_arn_is_none_is_the_callers(keys: KeyTable, role: str) -> None:
    learn(keys, call("sts", "AssumeRole", {"RoleArn": role, "RoleSessionName": "ci"}, ALICE), {"Credentials": SESSION})
    assert identity_of(keys, "ASIA1")["accountId"] == ACCOUNT


def test_a_web_identity(keys: KeyTable) -> None:
    params = {"RoleArn": f"arn:aws:iam::{ACCOUNT}:role/Web", "RoleSessionName": "app", "WebIdentityToken": "x"}
    output = {
        "Credentials": SESSION,
        "AssumedRoleUser": {"AssumedRoleId": "AROAW:app", "Arn": f"arn:aws:sts::{ACCOUNT}:assumed-role/Web/app"},
        "Provider": "accounts.google.com",
        "Audience": "app-1",
        "SubjectFromWebIdentityToken": "user-1",
    }
    asked = call("sts", "AssumeRoleWithWebIdentity", params, UNKNOWN)
    learn(keys, asked, output)
    assert identity_of(keys, "ASIA1")["sessionContext"]["webIdFederationData"] == {
        "federatedProvider": "accounts.google.com",
        "attributes": {"accounts.google.com:app_id": "app-1", "accounts.google.com:user_id": "user-1"},
    }
    caller = federated_caller(asked, output)
    assert caller is not None
    assert caller.record() == {
        "type": "WebIdentityUser",
        "principalId": "accounts.google.com:app-1:user-1",
        "userName": "user-1",
        "identityProvider": "accounts.google.com",
    }


def test_a_saml_user(keys: KeyTable) -> None:
    output = {
        "Credentials": SESSION,
        "AssumedRoleUser": {"AssumedRoleId": "AROAS:bob", "Arn": f"arn:aws:sts::{ACCOUNT}:assumed-role/Saml/bob"},
        "Subject": "bob",
        "NameQualifier": "qualifier=",
    }
    asked = call("sts", "AssumeRoleWithSAML", {"RoleArn": f"arn:aws:iam::{ACCOUNT}:role/Saml"}, UNKNOWN)
    learn(keys, asked, output)
    assert identity_of(keys, "ASIA1")["principalId"] == "AROAS:bob"
    caller = federated_caller(asked, output)
    assert caller is not None
    assert (caller.type, caller.principal_id, caller.user_name) == ("SAMLUser", "qualifier=:bob", "bob")


def test_a_session_of_a_user(keys: KeyTable) -> None:
    params = {"SerialNumber": "arn:aws:iam::1:mfa/alice", "TokenCode": "123456"}
    learn(keys, call("sts", "GetSessionToken", params, ALICE), {"Credentials": SESSION})
    record = identity_of(keys, "ASIA1")
    assert (record["type"], record["userName"], record["accessKeyId"]) == ("IAMUser", "alice", "ASIA1")
    assert record["sessionContext"] == {
        "attributes": {"creationDate": "2023-11-14T22:13:20Z", "mfaAuthenticated": "true"}
    }


def test_a_federated_user(keys: KeyTable) -> None:
    output = {
        "Credentials": SESSION,
        "FederatedUser": {
            "FederatedUserId": f"{ACCOUNT}:Jo",
            "Arn": f"arn:aws:sts::{ACCOUNT}:federated-user/Jo",
        },
    }
    learn(keys, call("sts", "GetFederationToken", {"Name": "Jo"}, ALICE), output)
    record = identity_of(keys, "ASIA1")
    assert (record["type"], record["principalId"]) == ("FederatedUser", f"{ACCOUNT}:Jo")
    assert record["sessionContext"]["sessionIssuer"] == {
        "type": "IAMUser",
        "principalId": "AIDAALICE",
        "arn": ALICE.arn,
        "accountId": ACCOUNT,
        "userName": "alice",
    }


def test_a_root_session_of_a_member(keys: KeyTable) -> None:
    learn(keys, call("sts", "AssumeRoot", {"TargetPrincipal": "444455556666"}, ALICE), {"Credentials": SESSION})
    record = identity_of(keys, "ASIA1")
    assert (record["type"], record["accountId"]) == ("Root", "444455556666")
    assert record["sessionContext"]["assumedRoot"] == "true"


def test_identity_center_and_cognito(keys: KeyTable) -> None:
    sso = {"accessKeyId": "ASIA1", "secretAccessKey": "s", "sessionToken": "t", "expiration": 1_700_003_600_000}
    params = {"accountId": "444455556666", "roleName": "Admin", "accessToken": "x"}
    learn(keys, call("sso", "GetRoleCredentials", params, UNKNOWN), {"roleCredentials": sso})
    record = identity_of(keys, "ASIA1")
    assert record["principalId"] == "AROAADMIN:Admin"
    assert record["sessionContext"]["sessionIssuer"]["arn"] == "arn:aws:iam::444455556666:role/path/Admin"
    key = find(keys, "ASIA1")
    assert key is not None
    assert key.expires == 1_700_003_600

    cognito = {"AccessKeyId": "ASIA2", "SecretKey": "s", "SessionToken": "t", "Expiration": 1_700_003_600}
    learn(
        keys,
        call("cognito-identity", "GetCredentialsForIdentity", {"IdentityId": "us-east-1:x"}, UNKNOWN),
        {"Credentials": cognito},
    )
    assert identity_of(keys, "ASIA2")["identityProvider"] == "cognito-identity.amazonaws.com"


def test_a_user_under_another_name(keys: KeyTable, people: People) -> None:
    create_key(keys, "alice", "AKIA1")
    create_key(keys, "bob", "AKIA2")
    learn(keys, call("sts", "GetSessionToken", {}, ALICE), {"Credentials": SESSION})
    federated = {"Credentials": SESSION | {"AccessKeyId": "ASIA2"}, "FederatedUser": {"FederatedUserId": "1:x"}}
    learn(keys, call("sts", "GetFederationToken", {"Name": "x"}, ALICE), federated)
    people.users["alicia"] = Principal("AIDAALICE", f"arn:aws:iam::{ACCOUNT}:user/alicia")
    learn(keys, call("iam", "UpdateUser", {"UserName": "alice", "NewUserName": "alicia", "NewPath": "/"}), {})
    for key_id in ("AKIA1", "ASIA1"):
        record = identity_of(keys, key_id)
        assert (record["userName"], record["arn"]) == ("alicia", f"arn:aws:iam::{ACCOUNT}:user/alicia")
    assert identity_of(keys, "ASIA2")["sessionContext"]["sessionIssuer"]["userName"] == "alicia"
    assert identity_of(keys, "AKIA2")["userName"] == "bob"

    learn(keys, call("iam", "DeleteUser", {"UserName": "alicia"}), {})
    assert [find(keys, key_id) for key_id in ("AKIA1", "ASIA1", "ASIA2")] == [None] * 3
    assert find(keys, "AKIA2") is not None


def test_the_sessions_of_a_role_end_with_it(keys: KeyTable) -> None:
    output = {"Credentials": SESSION, "AssumedRoleUser": {"AssumedRoleId": "AROAX:ci", "Arn": "a"}}
    params = {"RoleArn": f"arn:aws:iam::{ACCOUNT}:role/service/Deploy", "RoleSessionName": "ci"}
    learn(keys, call("sts", "AssumeRole", params, ALICE), output)
    learn(keys, call("iam", "DeleteRole", {"RoleName": "Other"}), {})
    assert find(keys, "ASIA1") is not None
    learn(keys, call("iam", "DeleteRole", {"RoleName": "Deploy"}), {})
    assert find(keys, "ASIA1") is None


def test_another_process_s_changes_are_seen_at_once(
    state: State, keys: KeyTable, clock: TestClock, people: People, tmp_path: Path
) -> None:
    other_state = State.in_folder(tmp_path)
    other = KeyTable(other_state, clock, people)
    create_key(keys, "alice", "AKIA1")
    assert find(other, "AKIA1") is not None
    assert find(other, "AKIA2") is None
    create_key(keys, "alice", "AKIA2")
    assert find(other, "AKIA2") is not None
    learn(keys, call("iam", "DeleteAccessKey", {"AccessKeyId": "AKIA1"}), {})
    assert find(other, "AKIA1") is None
    assert other.credentials("AKIA1") is None
    other_state.close()


def test_what_did_not_change_is_not_read_again(state: State, keys: KeyTable, monkeypatch: pytest.MonkeyPatch) -> None:
    create_key(keys, "alice", "AKIA1")
    find(keys, "AKIA1")
    find(keys, "AKIA0")
    with state.write() as connection:
        connection.execute(console_sessions.insert().values(id="1", key="AKIA1", created=1.0, expires=2.0))
    monkeypatch.setattr(state, "read", None)
    assert find(keys, "AKIA1") is not None
    assert find(keys, "AKIA0") is None


def test_expired_sessions_are_remembered_for_a_while(keys: KeyTable, clock: TestClock) -> None:
    keys.put(AccessKey("ASIA1", "s", ALICE, "t", expires=clock.now() + 60))
    keys.put(AccessKey("AKIA1", "s", ALICE))
    clock.advance(KEEP_EXPIRED_S + 59)
    assert keys.purge() == 0
    clock.advance(2)
    assert keys.purge() == 1
    assert find(keys, "ASIA1") is None
    assert find(keys, "AKIA1") is not None


def test_secrets_show_neither_in_text_nor_to_others(keys: KeyTable, tmp_path: Path) -> None:
    key = AccessKey("ASIA1", "the-secret", ALICE, "the-token")
    keys.put(key)
    assert "the-secret" not in repr(key)
    assert "the-token" not in repr(key)
    assert {stat.S_IMODE(path.stat().st_mode) for path in tmp_path.glob("state.db*")} == {0o600}


def test_replies_that_issue_nothing_change_nothing(keys: KeyTable) -> None:
    learn(keys, call("iam", "ListAccessKeys", {}), {})
    learn(keys, call("sts", "GetSessionToken", {}), {})
    learn(keys, call("iam", "CreateAccessKey", {}), {})


ROLE_SESSION = {
    "Credentials": SESSION,
    "AssumedRoleUser": {"AssumedRoleId": "AROA1:s", "Arn": "arn:aws:sts::444455556666:assumed-role/r/s"},
}


@pytest.mark.parametrize(
    ("given", "policies"),
    [
        ({}, None),
        ({"Policy": "text"}, ("text",)),
        ({"Policy": "text", "PolicyArns": [{"arn": "arn:p"}]}, ("text", "document of arn:p in 444455556666")),
        ({"PolicyArns": [{"arn": "arn:gone"}]}, ()),
    ],
)
def test_a_session_keeps_the_policies_that_limit_it(
    keys: KeyTable, given: dict[str, Any], policies: tuple[str, ...] | None
) -> None:
    asked = {"RoleArn": "arn:aws:iam::444455556666:role/r", "RoleSessionName": "s"} | given
    learn(keys, call("sts", "AssumeRole", asked), ROLE_SESSION)
    found = find(keys, "ASIA1")
    assert found is not None
    assert found.policies == policies


def test_a_federated_user_without_policies_may_nothing(keys: KeyTable) -> None:
    user = {"FederatedUserId": f"{ACCOUNT}:guest", "Arn": f"arn:aws:sts::{ACCOUNT}:federated-user/guest"}
    learn(keys, call("sts", "GetFederationToken", {"Name": "guest"}), {"Credentials": SESSION, "FederatedUser": user})
    found = find(keys, "ASIA1")
    assert found is not None
    assert found.policies == ()
