"""The table of decisions, over policies that a test gives."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from cairn.core.clock import TestClock
from cairn.core.config import Account as AccountSettings
from cairn.core.config import Auth, Settings
from cairn.core.errors import AwsError, CairnError
from cairn.core.policy import Kind, Policy, parse_policy
from cairn.core.records.identity import ANONYMOUS, UNKNOWN, Identity, Session, SessionIssuer, root
from cairn.core.state import State, metadata
from cairn.gateway.authorize import Authorizer
from cairn.gateway.keys import AccessKey, KeyTable
from cairn.gateway.permissions import Permission, Side
from cairn.gateway.policies import KEEP_S, NOBODYS, KnownPolicies, PrincipalPolicies, ResourcePolicy
from cairn.wire.http import Call, Headers, Request

ACCOUNT, OTHER = "111122223333", "444455556666"
ALICE = Identity(
    type="IAMUser",
    account=ACCOUNT,
    principal_id="AIDAALICE",
    arn=f"arn:aws:iam::{ACCOUNT}:user/alice",
    access_key_id="AKIAALICE",
    user_name="alice",
)
ROLE = f"arn:aws:iam::{ACCOUNT}:role/ops/auditor"
QUEUE = f"arn:aws:sqs:us-east-1:{ACCOUNT}:work"
BUCKET = "arn:aws:s3:::bucket"


def of_role(kind: Any = "AssumedRole", issuer: Any = "Role", arn: str = ROLE, key: str = "ASIAROLE") -> Identity:
    made_by = SessionIssuer(type=issuer, principal_id="AROA", arn=arn, account=ACCOUNT)
    session = Session(created=0, issuer=made_by)
    return Identity(
        type=kind,
        account=ACCOUNT,
        principal_id="AROA:visit",
        arn=f"arn:aws:sts::{ACCOUNT}:assumed-role/auditor/visit",
        access_key_id=key,
        session=session,
    )


def policy(effect: str, action: str, resource: str = "*", kind: Kind = Kind.IDENTITY, **more: Any) -> Policy:
    statement = {"Effect": effect, "Action": action, **more}
    if kind is not Kind.TRUST:
        statement["Resource"] = resource
    return parse_policy({"Version": "2012-10-17", "Statement": [statement]}, kind)


def allow(action: str, resource: str = "*") -> PrincipalPolicies:
    return PrincipalPolicies((policy("Allow", action, resource),))


class Source:
    """An account whose policies a test writes down, which counts its questions and may be away."""

    def __init__(self) -> None:
        self.principals: dict[str, PrincipalPolicies] = {}
        self.resources: dict[str, ResourcePolicy] = {}
        self.asked: list[str] = []
        self.away = False

    def principal(self, arn: str) -> PrincipalPolicies:
        self._answer(arn)
        return self.principals.get(arn, NOBODYS)

    def resource(self, arn: str) -> ResourcePolicy | None:
        self._answer(arn)
        return self.resources.get(arn)

    def _answer(self, arn: str) -> None:
        self.asked.append(arn)
        if self.away:
            raise CairnError("the account does not answer")


class Rig:
    """An authorizer over such an account."""

    def __init__(self, folder: Path, clock: TestClock, **auth: Any) -> None:
        self.state = State.in_folder(folder)
        metadata.create_all(self.state.engine)
        self.clock = clock
        self.source = Source()
        self.keys = KeyTable(self.state, clock, directory=None)  # type: ignore[arg-type] # nothing here asks it
        self.with_auth(**auth)

    def with_auth(self, **auth: Any) -> None:
        self.authorizer = Authorizer(
            Settings(auth=Auth(**auth), account=AccountSettings(id=ACCOUNT)),
            KnownPolicies(self.source, self.clock),
            self.keys,
            self.clock,
            own={"cloudtrail"},
            is_embedded=lambda service: service != "kinesis",
            special={"s3": lambda call: [Permission("s3:GetObject", f"{BUCKET}/key", side=Side.BUCKET)]},
            federation=None,
        )

    def decide(self, *calls: Call) -> str:
        """Empty if every call may go on, else why the first may not."""

        async def authorize() -> None:
            for call in calls:
                await self.authorizer.authorize(call)

        try:
            asyncio.run(authorize())
        except AwsError as error:
            return f"{error.code}: {error.message}"
        return ""


@pytest.fixture
def rig(tmp_path: Path, clock: TestClock) -> Rig:
    return Rig(tmp_path, clock, iam="enforce")


async def _nothing() -> AsyncIterator[bytes]:
    return
    yield b""


def call(service: str, operation: str, identity: Identity = ALICE, signed: bool = True, **params: Any) -> Call:
    request = Request("POST", "/", "", Headers(), _nothing(), client="192.0.2.7")
    made = Call(request, service, operation, "us-east-1", account=identity.account, identity=identity, params=params)
    made.authentication_method = "AuthHeader" if signed else ""
    return made


LOOKUP = ("cloudtrail", "LookupEvents")
LIST_USERS = ("iam", "ListUsers")
SEARCH = ("cairn", "Search")


@pytest.mark.parametrize(
    ("auth", "asked", "allowed"),
    [
        ({}, LOOKUP, False),
        ({}, SEARCH, False),
        ({}, LIST_USERS, True),
        ({"iam": "enforce"}, LOOKUP, False),
        ({"iam": "enforce"}, LIST_USERS, False),
        ({"iam": "enforce"}, ("kinesis", "ListStreams"), True),
        ({"iam": "enforce"}, ("sts", "GetCallerIdentity"), True),
        ({"iam": "enforce"}, ("sts", "GetSessionToken"), True),
        ({"iam": "enforce", "mode": "trust"}, LOOKUP, True),
        ({"iam": "enforce", "mode": "trust"}, SEARCH, True),
        ({"iam": "enforce", "mode": "trust"}, LIST_USERS, True),
    ],
)
def test_which_calls_are_decided(rig: Rig, auth: dict[str, Any], asked: tuple[str, str], allowed: bool) -> None:
    rig.with_auth(**auth)
    assert (rig.decide(call(*asked)) == "") is allowed


@pytest.mark.parametrize(
    ("account", "principal", "allowed"),
    [(ACCOUNT, {"AWS": OTHER}, True), (OTHER, {"AWS": OTHER}, False), (OTHER, {"AWS": ACCOUNT}, True)],
)
def test_a_role_of_another_account_is_decided_by_default(
    rig: Rig, account: str, principal: dict[str, str], allowed: bool
) -> None:
    rig.with_auth(iam="own")
    role = f"arn:aws:iam::{account}:role/auditor"
    rig.source.principals[ALICE.arn] = allow("sts:AssumeRole")
    trust = policy("Allow", "sts:AssumeRole", kind=Kind.TRUST, Principal=principal)
    rig.source.resources[role] = ResourcePolicy(account, trust, required=True)
    assert (rig.decide(call("sts", "AssumeRole", RoleArn=role, RoleSessionName="visit")) == "") is allowed


@pytest.mark.parametrize(("mode", "allowed"), [("verify", False), ("trust", True)])
def test_a_token_opens_no_role_that_does_not_trust_its_provider(rig: Rig, mode: str, allowed: bool) -> None:
    rig.with_auth(iam="own", mode=mode)
    trust = policy("Allow", "sts:*", kind=Kind.TRUST, Principal={"AWS": ACCOUNT})
    rig.source.resources[ROLE] = ResourcePolicy(ACCOUNT, trust, required=True)
    for service, operation, member in (
        ("sts", "AssumeRoleWithWebIdentity", "RoleArn"),
        ("sts", "AssumeRoleWithSAML", "RoleArn"),
        ("cognito-identity", "GetCredentialsForIdentity", "CustomRoleArn"),
    ):
        told = rig.decide(call(service, operation, UNKNOWN, signed=False, **{member: ROLE}))
        assert (told == "") is allowed, operation


@pytest.mark.parametrize("kind", ["WebIdentityUser", "SAMLUser"])
def test_who_has_no_account_may_nothing_there(rig: Rig, kind: Any) -> None:
    rig.with_auth(iam="own")
    somebody = Identity(type=kind, account=ACCOUNT, principal_id="p", user_name="u", identity_provider="p")
    assert "AccessDenied" in rig.decide(call(*LIST_USERS, somebody))


def test_a_call_without_a_signature_is_the_bucket_s_to_decide(rig: Rig) -> None:
    assert rig.decide(call("s3", "GetObject", ANONYMOUS, signed=False)) == ""
    assert rig.source.asked == []


def test_a_policy_allows_just_what_it_says(rig: Rig) -> None:
    rig.source.principals[ALICE.arn] = allow("cloudtrail:Get*", f"arn:aws:cloudtrail:*:{ACCOUNT}:trail/mine")
    assert rig.decide(call("cloudtrail", "GetTrail", Name="mine")) == ""
    assert rig.decide(call("cloudtrail", "GetTrail", Name="yours")) == (
        f"AccessDeniedException: User: {ALICE.arn} is not authorized to perform: cloudtrail:GetTrail on resource: "
        f"arn:aws:cloudtrail:us-east-1:{ACCOUNT}:trail/yours because no identity-based policy allows the "
        "cloudtrail:GetTrail action"
    )
    assert rig.decide(call("cloudtrail", "StopLogging", Name="mine")) != ""


def test_whoever_hands_a_role_to_a_service_must_be_allowed_to_pass_it_there(rig: Rig) -> None:
    made = call("cloudtrail", "CreateTrail", Name="t", S3BucketName="b", CloudWatchLogsRoleArn=ROLE)
    trails, role = policy("Allow", "cloudtrail:*"), "iam:PassRole"

    def decide(*more: Policy) -> str:
        rig.authorizer.saw(call("iam", "PutUserPolicy"))
        rig.source.principals[ALICE.arn] = PrincipalPolicies((trails, *more))
        return rig.decide(made)

    assert decide() == (
        f"AccessDeniedException: User: {ALICE.arn} is not authorized to perform: iam:PassRole on resource: {ROLE} "
        "because no identity-based policy allows the iam:PassRole action"
    )
    assert decide(policy("Allow", role, ROLE + "2")) != ""
    assert decide(policy("Allow", role, ROLE)) == ""
    to = {"StringEquals": {"iam:PassedToService": "cloudtrail.amazonaws.com"}}
    assert decide(policy("Allow", role, ROLE, Condition=to)) == ""
    to = {"StringEquals": {"iam:PassedToService": "events.amazonaws.com"}}
    assert decide(policy("Allow", role, ROLE, Condition=to)) != ""
    made = call("cloudtrail", "CreateTrail", root(ACCOUNT), Name="t", CloudWatchLogsRoleArn=ROLE)
    assert rig.decide(made) == ""
    made = call("cloudtrail", "CreateTrail", root(OTHER), Name="t", CloudWatchLogsRoleArn=ROLE)
    assert "iam:PassRole" in rig.decide(made), "a role is passed within its account"


def test_an_explicit_deny_wins(rig: Rig) -> None:
    rig.source.principals[ALICE.arn] = PrincipalPolicies((policy("Allow", "*"), policy("Deny", "cloudtrail:Stop*")))
    assert rig.decide(call(*LOOKUP)) == ""
    assert rig.decide(call("cloudtrail", "StopLogging", Name="t")).endswith(
        "with an explicit deny in an identity-based policy"
    )


def test_a_boundary_sets_a_limit(rig: Rig) -> None:
    rig.source.principals[ALICE.arn] = PrincipalPolicies((policy("Allow", "*"),), policy("Allow", "iam:*"))
    assert rig.decide(call(*LIST_USERS)) == ""
    assert "no permissions boundary allows" in rig.decide(call(*LOOKUP))


@pytest.mark.parametrize(
    ("policies", "allowed"),
    [
        (None, True),
        (("cloudtrail:*",), True),
        (("iam:*", "cloudtrail:Lookup*"), True),
        (("iam:*",), False),
        ((), False),
        (("no policy",), False),
    ],
)
def test_session_policies_set_a_limit(rig: Rig, policies: tuple[str, ...] | None, allowed: bool) -> None:
    def text(action: str) -> str:
        statement = {"Effect": "Allow", "Action": action, "Resource": "*"}
        return json.dumps({"Version": "2012-10-17", "Statement": statement}) if ":" in action else action

    session = of_role()
    limits = tuple(map(text, policies)) if policies is not None else None
    rig.keys.put(AccessKey(session.access_key_id, "secret", session, policies=limits))
    rig.source.principals[ROLE] = allow("*")
    assert (rig.decide(call(*LOOKUP, session)) == "") is allowed


def test_a_session_has_its_role_s_policies_and_a_federated_user_its_issuer_s(rig: Rig) -> None:
    rig.source.principals[ROLE] = allow("cloudtrail:*")
    rig.source.principals[ALICE.arn] = allow("iam:*")
    assert rig.decide(call(*LOOKUP, of_role())) == ""
    federated = of_role("FederatedUser", "IAMUser", ALICE.arn)
    assert rig.decide(call(*LIST_USERS, federated)) == ""
    assert rig.decide(call(*LOOKUP, federated)) != ""
    of_root = of_role("FederatedUser", "Root", f"arn:aws:iam::{ACCOUNT}:root")
    assert rig.decide(call(*LOOKUP, of_root)) == ""


def test_a_root_may_everything_of_its_account_and_nobody_is_asked(rig: Rig) -> None:
    assert rig.decide(call(*LOOKUP, root(ACCOUNT)), call(*LIST_USERS, root(OTHER)), call(*SEARCH, root(ACCOUNT))) == ""
    assert rig.source.asked == []


def test_only_the_account_of_this_cairn_gives_its_commands(rig: Rig) -> None:
    rig.source.principals[ALICE.arn] = allow("cairn:Search")
    assert rig.decide(call(*SEARCH)) == ""
    assert rig.decide(call("cairn", "Flush")).startswith("AccessDeniedException")
    assert "cairn:Search" in rig.decide(call(*SEARCH, root(OTHER)))


@pytest.mark.parametrize(
    ("own", "trust", "account", "allowed"),
    [
        ("", {"AWS": ALICE.arn}, ACCOUNT, True),
        ("", {"AWS": ACCOUNT}, ACCOUNT, False),
        ("sts:AssumeRole", {"AWS": ACCOUNT}, ACCOUNT, True),
        ("sts:AssumeRole", {"AWS": OTHER}, ACCOUNT, False),
        ("sts:AssumeRole", {"Service": "ec2.amazonaws.com"}, ACCOUNT, False),
        ("sts:AssumeRole", None, ACCOUNT, False),
        ("", {"AWS": ALICE.arn}, OTHER, False),
        ("sts:AssumeRole", {"AWS": ALICE.arn}, OTHER, True),
        ("sts:AssumeRole", {"AWS": ACCOUNT}, OTHER, True),
        ("sts:AssumeRole", {"AWS": OTHER}, OTHER, False),
    ],
)
def test_a_trust_policy_decides_who_assumes_a_role(
    rig: Rig, own: str, trust: dict[str, str] | None, account: str, allowed: bool
) -> None:
    role = f"arn:aws:iam::{account}:role/auditor"
    if own:
        rig.source.principals[ALICE.arn] = allow(own, role)
    parsed = policy("Allow", "sts:AssumeRole", kind=Kind.TRUST, Principal=trust) if trust else None
    rig.source.resources[role] = ResourcePolicy(account, parsed, required=True)
    refusal = rig.decide(call("sts", "AssumeRole", RoleArn=role, RoleSessionName="visit"))
    message = f"AccessDenied: User: {ALICE.arn} is not authorized to perform: sts:AssumeRole on resource: {role}"
    assert refusal == ("" if allowed else message)


def test_tags_of_a_session_need_a_permission_of_their_own(rig: Rig) -> None:
    trust = policy("Allow", "sts:AssumeRole", kind=Kind.TRUST, Principal={"AWS": ALICE.arn})
    rig.source.resources[ROLE] = ResourcePolicy(ACCOUNT, trust, required=True)
    assert rig.decide(call("sts", "AssumeRole", RoleArn=ROLE)) == ""
    assert "sts:TagSession" in rig.decide(call("sts", "AssumeRole", RoleArn=ROLE, Tags=[{"Key": "a", "Value": "b"}]))


def test_a_queue_s_policy_may_allow_and_may_deny(rig: Rig) -> None:
    send = call("sqs", "SendMessage", QueueUrl=f"http://localhost/{ACCOUNT}/work", MessageBody="a")
    assert rig.decide(send).startswith("AccessDenied: ")
    grant = policy("Allow", "sqs:SendMessage", QUEUE, Kind.RESOURCE, Principal={"AWS": ALICE.arn})
    rig.source.resources[QUEUE] = ResourcePolicy(ACCOUNT, grant)
    rig.clock.advance(KEEP_S)
    assert rig.decide(send) == ""
    rig.source.principals[ALICE.arn] = allow("sqs:*")
    ban = policy("Deny", "sqs:SendMessage", QUEUE, Kind.RESOURCE, Principal="*")
    rig.source.resources[QUEUE] = ResourcePolicy(ACCOUNT, ban)
    rig.clock.advance(KEEP_S)
    assert rig.decide(send).endswith("with an explicit deny in a resource-based policy")


def test_a_key_s_policy_must_leave_it_to_the_caller_s(rig: Rig) -> None:
    key = f"arn:aws:kms:us-east-1:{ACCOUNT}:key/k"
    rig.source.principals[ALICE.arn] = allow("kms:*")
    for principal, allowed in (({"AWS": ACCOUNT}, True), ({"AWS": f"arn:aws:iam::{ACCOUNT}:user/bob"}, False)):
        named = policy("Allow", "kms:*", "*", Kind.RESOURCE, Principal=principal)
        rig.source.resources[key] = ResourcePolicy(ACCOUNT, named, required=True)
        rig.clock.advance(KEEP_S)
        assert (rig.decide(call("kms", "DescribeKey", KeyId="k")) == "") is allowed


def test_a_key_is_decided_as_itself_under_its_alias_too(rig: Rig) -> None:
    key, alias = (f"arn:aws:kms:us-east-1:{ACCOUNT}:{name}" for name in ("key/k", "alias/a"))
    named = policy("Allow", "kms:*", "*", Kind.RESOURCE, Principal={"AWS": ACCOUNT})
    rig.source.resources[alias] = ResourcePolicy(ACCOUNT, named, required=True, arn=key)
    rig.source.principals[ALICE.arn] = allow("kms:*", key)
    assert rig.decide(call("kms", "DescribeKey", KeyId="alias/a"), call("kms", "DescribeKey", KeyId=alias)) == ""
    rig.source.principals[ALICE.arn] = PrincipalPolicies((policy("Allow", "*"), policy("Deny", "kms:*", key)))
    rig.clock.advance(KEEP_S)
    assert "explicit deny" in rig.decide(call("kms", "DescribeKey", KeyId="alias/a"))


def test_a_call_that_names_too_much_is_refused(rig: Rig) -> None:
    rig.source.principals[ALICE.arn] = allow("*")
    ids = [f"i-{number}" for number in range(2501)]
    assert rig.decide(call("ec2", "TerminateInstances", InstanceIds=ids[:2500])) == ""
    assert rig.decide(call("ec2", "TerminateInstances", InstanceIds=ids)).startswith("ValidationError")


@pytest.mark.parametrize(
    ("own", "bucket", "owner", "allowed"),
    [
        ("Allow", None, ACCOUNT, True),
        ("", None, ACCOUNT, False),
        ("", "Allow", ACCOUNT, True),
        ("Deny", "Allow", ACCOUNT, False),
        ("", "Deny", ACCOUNT, False),
        ("Allow", None, OTHER, True),  # the bucket's side is looked at where the bucket is
        ("", "Allow", OTHER, False),
    ],
)
def test_a_bucket_s_policy_stands_in_for_the_caller_s_within_one_account(
    rig: Rig, own: str, bucket: str | None, owner: str, allowed: bool
) -> None:
    if own:
        rig.source.principals[ALICE.arn] = PrincipalPolicies((policy(own, "s3:GetObject"),))
    document = policy(bucket, "s3:GetObject", f"{BUCKET}/*", Kind.RESOURCE, Principal="*") if bucket else None
    rig.source.resources[BUCKET] = ResourcePolicy(owner, document)
    refusal = rig.decide(call("s3", "GetObject"))
    assert (refusal == "") is allowed
    assert allowed or f'on resource: "{BUCKET}/key"' in refusal


def test_conditions_see_who_whence_and_which_tags(rig: Rig) -> None:
    condition = {
        "IpAddress": {"aws:SourceIp": "192.0.2.0/24"},
        "StringEquals": {"aws:RequestTag/team": "red", "aws:username": "alice", "aws:RequestedRegion": "us-east-1"},
        "ForAllValues:StringEquals": {"aws:TagKeys": ["team"]},
        "Bool": {"aws:SecureTransport": "false"},
    }
    rig.source.principals[ALICE.arn] = PrincipalPolicies((policy("Allow", "*", Condition=condition),))
    tagged = [{"Key": "team", "Value": "red"}]
    assert rig.decide(call("iam", "CreateUser", UserName="bob", Tags=tagged)) == ""
    assert rig.decide(call("iam", "CreateUser", UserName="bob", Tags=[*tagged, {"Key": "x", "Value": "y"}])) != ""
    assert rig.decide(call("iam", "CreateUser", UserName="bob")) != ""


def test_each_service_refuses_in_its_own_words(rig: Rig) -> None:
    codes = {
        ("ec2", "DescribeInstances"): "UnauthorizedOperation: You are not authorized to perform this operation. User:",
        ("iam", "ListUsers"): "AccessDenied: User:",
        ("sns", "ListTopics"): "AuthorizationError: User:",
        ("sqs", "ListQueues"): "AccessDenied: User:",
        ("dynamodb", "ListTables"): "AccessDeniedException: User:",
        ("lambda", "ListFunctions"): "AccessDeniedException: User:",
        ("route53", "ListHostedZones"): "AccessDenied: User:",
    }
    for asked, beginning in codes.items():
        assert rig.decide(call(*asked)).startswith(f"{beginning} {ALICE.arn} is not authorized to perform: ")


def test_an_account_that_does_not_answer_is_503_unless_it_was_asked_before(rig: Rig) -> None:
    rig.source.principals[ALICE.arn] = allow("*")
    rig.source.away = True
    assert rig.decide(call(*LOOKUP)).startswith("ServiceUnavailable: Permissions cannot be told now")
    rig.source.away = False
    assert rig.decide(call(*LOOKUP)) == ""
    rig.source.away = True
    rig.clock.advance(10 * KEEP_S)
    assert rig.decide(call(*LOOKUP)) == "", "what does not answer takes no changes either"
    rig.authorizer.saw(call("iam", "DetachUserPolicy"))
    assert rig.decide(call(*LOOKUP)).startswith("ServiceUnavailable"), "a change was seen since"


def test_policies_are_asked_once_a_second_and_after_each_change(rig: Rig) -> None:
    rig.source.principals[ALICE.arn] = allow("*")
    assert rig.decide(*[call(*LOOKUP)] * 5) == ""
    assert len(rig.source.asked) == 1
    rig.authorizer.saw(call(*LIST_USERS))
    rig.authorizer.saw(call("sqs", "SendMessage"))
    assert rig.decide(call(*LOOKUP)) == ""
    assert len(rig.source.asked) == 1
    rig.source.principals.clear()
    rig.authorizer.saw(call("iam", "DetachUserPolicy"))
    assert rig.decide(call(*LOOKUP)) != ""
    rig.source.principals[ALICE.arn] = allow("*")
    rig.clock.advance(KEEP_S)
    assert rig.decide(call(*LOOKUP)) == ""
    assert len(rig.source.asked) == 3


def test_calls_at_once_ask_once(rig: Rig) -> None:
    rig.source.principals[ALICE.arn] = allow("*")

    async def burst() -> None:
        await asyncio.gather(*[rig.authorizer.authorize(call(*LOOKUP)) for _ in range(50)])

    asyncio.run(burst())
    assert len(rig.source.asked) == 1
