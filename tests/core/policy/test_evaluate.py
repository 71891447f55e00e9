"""AWS's evaluation logic: the documented cases, a second implementation, and what must hold whatever the policies."""

from __future__ import annotations

import itertools
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cairn.core.policy import (
    Kind,
    Policy,
    Principal,
    Reason,
    Request,
    evaluate,
    evaluate_alone,
    global_keys,
    parse_policy,
)
from cairn.core.records.identity import ANONYMOUS, Identity, Session, SessionIssuer, root, service

HERE, THERE = "111122223333", "444455556666"
ALICE = Identity(
    type="IAMUser", account=HERE, principal_id="AIDAALICE111", arn=f"arn:aws:iam::{HERE}:user/alice", user_name="alice"
)
ROLE_ARN = f"arn:aws:iam::{HERE}:role/team/Deploy"
DEPLOY = Identity(
    type="AssumedRole",
    account=HERE,
    principal_id="AROADEPLOY11:ci",
    arn=f"arn:aws:sts::{HERE}:assumed-role/Deploy/ci",
    session=Session(
        created=1_700_000_000,
        mfa=True,
        issuer=SessionIssuer(type="Role", principal_id="AROADEPLOY11", arn=ROLE_ARN, account=HERE, user_name="Deploy"),
        source_identity="alice",
    ),
)
FEDERATED = Identity(
    type="FederatedUser", account=HERE, principal_id=f"{HERE}:jo", arn=f"arn:aws:sts::{HERE}:federated-user/jo"
)
CLOUDTRAIL = service("cloudtrail.amazonaws.com")
WEB = Identity(type="WebIdentityUser", principal_id="accounts.google.com:a:u", identity_provider="accounts.google.com")

OBJECT = "arn:aws:s3:::bucket/key"


def identity(effect: str = "Allow", action: Any = "*", resource: Any = "*", **members: Any) -> Policy:
    statement = {"Effect": effect, "Action": action, "Resource": resource, **members}
    return parse_policy({"Version": "2012-10-17", "Statement": statement}, Kind.IDENTITY)


def resource(
    principal: Any = "*", effect: str = "Allow", action: Any = "*", target: Any = "*", **members: Any
) -> Policy:
    statement = {"Effect": effect, "Principal": principal, "Action": action, "Resource": target, **members}
    return parse_policy({"Version": "2012-10-17", "Statement": statement}, Kind.RESOURCE)


def trust(principal: Any, **members: Any) -> Policy:
    statement = {"Effect": "Allow", "Principal": principal, "Action": "sts:AssumeRole", **members}
    return parse_policy({"Version": "2012-10-17", "Statement": statement}, Kind.TRUST)


def get(who: Identity, owner: str = HERE, **context: Any) -> Request:
    return Request(Principal.of(who), "s3:GetObject", OBJECT, context, owner)


def aws(*names: str) -> dict[str, list[str]]:
    return {"AWS": list(names)}


def user(name: str) -> dict[str, list[str]]:
    return aws(f"arn:aws:iam::{HERE}:user/{name}")


CASES: dict[str, tuple[Request, dict[str, Any], bool, Reason]] = {
    # one account: what the identity or the resource grants
    "nothing": (get(ALICE), {}, False, Reason.NO_IDENTITY),
    "identity": (get(ALICE), {"identity_policies": [identity()]}, True, Reason.IDENTITY),
    "identity, other action": (
        get(ALICE),
        {"identity_policies": [identity(action="s3:Put*")]},
        False,
        Reason.NO_IDENTITY,
    ),
    "identity, action in another case": (
        get(ALICE),
        {"identity_policies": [identity(action="S3:getobject")]},
        True,
        Reason.IDENTITY,
    ),
    "identity, other resource": (
        get(ALICE),
        {"identity_policies": [identity(resource="arn:aws:s3:::bucket")]},
        False,
        Reason.NO_IDENTITY,
    ),
    "second policy": (get(ALICE), {"identity_policies": [identity(action="iam:*"), identity()]}, True, Reason.IDENTITY),
    "not action": (
        get(ALICE),
        {
            "identity_policies": [
                parse_policy({"Statement": {"Effect": "Allow", "NotAction": "iam:*", "Resource": "*"}}, Kind.IDENTITY)
            ]
        },
        True,
        Reason.IDENTITY,
    ),
    "not resource": (
        get(ALICE),
        {
            "identity_policies": [
                parse_policy(
                    {"Statement": {"Effect": "Allow", "Action": "*", "NotResource": "arn:aws:s3:::bucket/*"}},
                    Kind.IDENTITY,
                )
            ]
        },
        False,
        Reason.NO_IDENTITY,
    ),
    "resource alone": (get(ALICE), {"resource_policy": resource(user("alice"))}, True, Reason.RESOURCE),
    "resource for another": (get(ALICE), {"resource_policy": resource(user("bob"))}, False, Reason.NO_IDENTITY),
    "resource by unique id": (get(ALICE), {"resource_policy": resource(aws("AIDAALICE111"))}, True, Reason.RESOURCE),
    "resource for the account only leaves it to the account": (
        get(ALICE),
        {"resource_policy": resource(aws(HERE))},
        False,
        Reason.NO_IDENTITY,
    ),
    "resource for the account, and identity": (
        get(ALICE),
        {"resource_policy": resource(aws(f"arn:aws:iam::{HERE}:root")), "identity_policies": [identity()]},
        True,
        Reason.IDENTITY,
    ),
    "role": (get(DEPLOY), {"resource_policy": resource(aws(ROLE_ARN))}, True, Reason.RESOURCE),
    "role session": (get(DEPLOY), {"resource_policy": resource(aws(DEPLOY.arn))}, True, Reason.RESOURCE),
    "other session of the role": (
        get(DEPLOY),
        {"resource_policy": resource(aws(f"arn:aws:sts::{HERE}:assumed-role/Deploy/other"))},
        False,
        Reason.NO_IDENTITY,
    ),
    "federated user": (get(FEDERATED), {"resource_policy": resource(aws(FEDERATED.arn))}, True, Reason.RESOURCE),
    "the closest of several grants counts": (
        get(ALICE),
        {
            "resource_policy": parse_policy(
                {
                    "Statement": [
                        {"Effect": "Allow", "Principal": aws(name), "Action": "*", "Resource": "*"}
                        for name in (HERE, ALICE.arn, HERE)
                    ]
                },
                Kind.RESOURCE,
            )
        },
        True,
        Reason.RESOURCE,
    ),
    "not a resource that nobody can name": (
        get(ALICE),
        {
            "identity_policies": [
                parse_policy(
                    {
                        "Version": "2012-10-17",
                        "Statement": {
                            "Effect": "Allow",
                            "Action": "*",
                            "NotResource": "arn:aws:s3:::${aws:PrincipalTag/team}/*",
                        },
                    },
                    Kind.IDENTITY,
                )
            ]
        },
        False,
        Reason.NO_IDENTITY,
    ),
    # explicit denies
    "identity denies": (
        get(ALICE),
        {"identity_policies": [identity(), identity("Deny", "s3:*")], "resource_policy": resource()},
        False,
        Reason.DENIED_IDENTITY,
    ),
    "resource denies the account": (
        get(ALICE),
        {"identity_policies": [identity()], "resource_policy": resource(aws(HERE), "Deny")},
        False,
        Reason.DENIED_RESOURCE,
    ),
    "resource denies another": (
        get(ALICE),
        {"identity_policies": [identity()], "resource_policy": resource(user("bob"), "Deny")},
        True,
        Reason.IDENTITY,
    ),
    "even the root is denied": (
        get(root(HERE)),
        {"resource_policy": resource("*", "Deny")},
        False,
        Reason.DENIED_RESOURCE,
    ),
    "denied to all but": (
        get(ALICE),
        {
            "identity_policies": [identity()],
            "resource_policy": parse_policy(
                {
                    "Statement": {
                        "Effect": "Deny",
                        "NotPrincipal": aws(f"arn:aws:iam::{HERE}:user/bob", HERE),
                        "Action": "*",
                        "Resource": "*",
                    }
                },
                Kind.RESOURCE,
            ),
        },
        False,
        Reason.DENIED_RESOURCE,
    ),
    "one of all but": (
        get(ALICE),
        {
            "identity_policies": [identity()],
            "resource_policy": parse_policy(
                {"Statement": {"Effect": "Deny", "NotPrincipal": aws(ALICE.arn, HERE), "Action": "*", "Resource": "*"}},
                Kind.RESOURCE,
            ),
        },
        True,
        Reason.IDENTITY,
    ),
    "one of all but, the account forgotten": (
        get(ALICE),
        {
            "identity_policies": [identity()],
            "resource_policy": parse_policy(
                {"Statement": {"Effect": "Deny", "NotPrincipal": aws(ALICE.arn), "Action": "*", "Resource": "*"}},
                Kind.RESOURCE,
            ),
        },
        False,
        Reason.DENIED_RESOURCE,
    ),
    # limits
    "boundary": (
        get(ALICE),
        {"identity_policies": [identity()], "permissions_boundary": identity(action="ec2:*")},
        False,
        Reason.NO_BOUNDARY,
    ),
    "boundary does not grant": (get(ALICE), {"permissions_boundary": identity()}, False, Reason.NO_IDENTITY),
    "boundary denies": (
        get(ALICE),
        {"identity_policies": [identity()], "permissions_boundary": identity("Deny")},
        False,
        Reason.DENIED_BOUNDARY,
    ),
    "boundary does not limit what a resource gives a user": (
        get(ALICE),
        {"permissions_boundary": identity(action="ec2:*"), "resource_policy": resource(user("alice"))},
        True,
        Reason.RESOURCE,
    ),
    "boundary limits what a resource gives a role": (
        get(DEPLOY),
        {"permissions_boundary": identity(action="ec2:*"), "resource_policy": resource(aws(ROLE_ARN))},
        False,
        Reason.NO_BOUNDARY,
    ),
    "session policy": (
        get(DEPLOY),
        {"identity_policies": [identity()], "session_policies": [identity(action="s3:Put*")]},
        False,
        Reason.NO_SESSION,
    ),
    "session policy within": (
        get(DEPLOY),
        {"identity_policies": [identity()], "session_policies": [identity(action="s3:Get*")]},
        True,
        Reason.IDENTITY,
    ),
    "no session policy at all is another thing than an empty list": (
        get(DEPLOY),
        {"identity_policies": [identity()], "session_policies": []},
        False,
        Reason.NO_SESSION,
    ),
    "session policy does not limit what a resource gives the session": (
        get(DEPLOY),
        {"session_policies": [identity(action="ec2:*")], "resource_policy": resource(aws(DEPLOY.arn))},
        True,
        Reason.RESOURCE,
    ),
    "service control": (
        get(ALICE),
        {"identity_policies": [identity()], "service_control_policies": [[identity()], [identity(action="ec2:*")]]},
        False,
        Reason.NO_SERVICE_CONTROL,
    ),
    "service control limits the root": (
        get(root(HERE)),
        {"service_control_policies": [[identity("Deny", "s3:*"), identity()]]},
        False,
        Reason.DENIED_SERVICE_CONTROL,
    ),
    "service control does not limit services": (
        get(CLOUDTRAIL),
        {"resource_policy": resource(), "service_control_policies": [[identity("Deny")]]},
        True,
        Reason.RESOURCE,
    ),
    "resource control limits even those": (
        get(CLOUDTRAIL),
        {"resource_policy": resource(), "resource_control_policies": [[resource("*", "Deny"), resource()]]},
        False,
        Reason.DENIED_RESOURCE_CONTROL,
    ),
    # two accounts: both must
    "across, identity alone": (get(ALICE, THERE), {"identity_policies": [identity()]}, False, Reason.NO_RESOURCE),
    "across, resource alone": (
        get(ALICE, THERE),
        {"resource_policy": resource(user("alice"))},
        False,
        Reason.NO_IDENTITY,
    ),
    "across, both": (
        get(ALICE, THERE),
        {"identity_policies": [identity()], "resource_policy": resource(aws(HERE))},
        True,
        Reason.IDENTITY,
    ),
    "across, the root needs the resource's": (get(root(HERE), THERE), {}, False, Reason.NO_RESOURCE),
    "across, the root has all of its own": (
        get(root(HERE), THERE),
        {"resource_policy": resource(aws(HERE))},
        True,
        Reason.ROOT,
    ),
    "across, boundary": (
        get(ALICE, THERE),
        {
            "identity_policies": [identity()],
            "resource_policy": resource(user("alice")),
            "permissions_boundary": identity(action="ec2:*"),
        },
        False,
        Reason.NO_BOUNDARY,
    ),
    "the owner stands in the ARN": (
        Request(Principal.of(ALICE), "sqs:SendMessage", f"arn:aws:sqs:us-east-1:{THERE}:queue"),
        {"identity_policies": [identity()]},
        False,
        Reason.NO_RESOURCE,
    ),
    # nobody and services
    "anonymous": (get(ANONYMOUS), {"resource_policy": resource()}, True, Reason.RESOURCE),
    "anonymous, not public": (get(ANONYMOUS), {"resource_policy": resource(aws(HERE))}, False, Reason.NO_RESOURCE),
    "anonymous has no identity policies": (
        get(ANONYMOUS),
        {"identity_policies": [identity()]},
        False,
        Reason.NO_RESOURCE,
    ),
    "other service": (
        get(CLOUDTRAIL),
        {"resource_policy": resource({"Service": "config.amazonaws.com"})},
        False,
        Reason.NO_RESOURCE,
    ),
    # keys, where the resource's policy must say so
    "key policy silent": (
        get(ALICE),
        {"identity_policies": [identity()], "resource_policy_required": True},
        False,
        Reason.NO_RESOURCE,
    ),
    "key policy leaves it to the account": (
        get(ALICE),
        {"identity_policies": [identity()], "resource_policy": resource(aws(HERE)), "resource_policy_required": True},
        True,
        Reason.IDENTITY,
    ),
    "key policy without the root": (
        get(root(HERE)),
        {"resource_policy": resource(user("alice")), "resource_policy_required": True},
        False,
        Reason.NO_RESOURCE,
    ),
    "key policy with the root": (
        get(root(HERE)),
        {"resource_policy": resource(aws(HERE)), "resource_policy_required": True},
        True,
        Reason.RESOURCE,
    ),
}


@pytest.mark.parametrize("case", CASES)
def test_the_documented_logic(case: str) -> None:
    request, policies, allowed, reason = CASES[case]
    decision = evaluate(request, **policies)
    assert (decision.allowed, decision.reason) == (allowed, reason)
    assert (decision.statement is None) == (reason.name.startswith("NO_") or reason is Reason.ROOT)


TRAIL = f"arn:aws:cloudtrail:us-east-1:{HERE}:trail/main"
PREFIX = f"arn:aws:s3:::bucket/AWSLogs/{HERE}"
TRAIL_BUCKET = parse_policy(
    {
        "Version": "2012-10-17",
        "Statement": [
            {
                "Sid": "AWSCloudTrailAclCheck20150319",
                "Effect": "Allow",
                "Principal": {"Service": "cloudtrail.amazonaws.com"},
                "Action": "s3:GetBucketAcl",
                "Resource": "arn:aws:s3:::bucket",
                "Condition": {"StringEquals": {"aws:SourceArn": TRAIL}},
            },
            {
                "Sid": "AWSCloudTrailWrite20150319",
                "Effect": "Allow",
                "Principal": {"Service": "cloudtrail.amazonaws.com"},
                "Action": "s3:PutObject",
                "Resource": f"{PREFIX}/*",
                "Condition": {"StringEquals": {"s3:x-amz-acl": "bucket-owner-full-control", "aws:SourceArn": TRAIL}},
            },
        ],
    },
    Kind.RESOURCE,
)


@pytest.mark.parametrize(
    ("action", "target", "keys", "allowed"),
    [
        ("s3:GetBucketAcl", "arn:aws:s3:::bucket", {"aws:SourceArn": TRAIL}, True),
        ("s3:GetBucketAcl", "arn:aws:s3:::bucket", {"aws:SourceArn": f"{TRAIL}2"}, False),
        ("s3:GetBucketAcl", "arn:aws:s3:::bucket", {}, False),
        ("s3:PutObject", f"{PREFIX}/x", {"aws:SourceArn": TRAIL, "s3:x-amz-acl": "bucket-owner-full-control"}, True),
        ("s3:PutObject", f"{PREFIX}/x", {"aws:SourceArn": TRAIL, "s3:x-amz-acl": "private"}, False),
        (
            "s3:PutObject",
            f"arn:aws:s3:::bucket/AWSLogs/{THERE}/x",
            {"aws:SourceArn": TRAIL, "s3:x-amz-acl": "bucket-owner-full-control"},
            False,
        ),
    ],
)
def test_may_cloudtrail_write_to_the_bucket(action: str, target: str, keys: dict[str, Any], allowed: bool) -> None:
    request = Request(Principal.of(CLOUDTRAIL), action, target, keys, HERE)
    assert evaluate(request, resource_policy=TRAIL_BUCKET).allowed is allowed


def test_who_may_take_a_role() -> None:
    def may(who: Identity, policy: Policy, identity_policies: Any = (), **context: Any) -> bool:
        request = Request(Principal.of(who), "sts:AssumeRole", ROLE_ARN, context)
        return evaluate(
            request, identity_policies=identity_policies, resource_policy=policy, resource_policy_required=True
        ).allowed

    assert may(CLOUDTRAIL, trust({"Service": "cloudtrail.amazonaws.com"}))
    assert may(ALICE, trust(user("alice")))
    assert not may(ALICE, trust(aws(HERE)))
    assert may(ALICE, trust(aws(HERE)), [identity(action="sts:AssumeRole")])
    assert not may(ALICE, trust(aws(THERE)), [identity()])
    external = trust(aws(ALICE.arn), Condition={"StringEquals": {"sts:ExternalId": "42"}})
    assert may(ALICE, external, **{"sts:ExternalId": "42"})
    assert not may(ALICE, external)
    assert may(WEB, trust({"Federated": "accounts.google.com"}))
    assert not may(WEB, trust({"Federated": "graph.facebook.com"}))


def test_the_keys_that_every_request_has() -> None:
    policy = identity(
        resource="arn:aws:s3:::bucket/${aws:userid}/*",
        Condition={
            "Bool": {"aws:MultiFactorAuthPresent": "true", "aws:SecureTransport": "true"},
            "ArnEquals": {"aws:PrincipalArn": ROLE_ARN},
            "IpAddress": {"aws:SourceIp": "10.0.0.0/8"},
            "StringEquals": {"aws:SourceIdentity": "alice", "aws:PrincipalType": "AssumedRole"},
            "DateGreaterThan": {"aws:CurrentTime": "2023-11-14T22:13:19Z"},
        },
    )
    keys = global_keys(DEPLOY, now=1_700_000_000, source_ip="10.1.2.3", secure=True)
    target = "arn:aws:s3:::bucket/AROADEPLOY11:ci/x"
    request = Request(Principal.of(DEPLOY), "s3:GetObject", target, keys)
    assert evaluate(request, identity_policies=[policy]).allowed
    late = Request(request.principal, request.action, target, keys | {"aws:SourceIp": "11.1.2.3"})
    assert not evaluate(late, identity_policies=[policy]).allowed
    assert "aws:MultiFactorAuthPresent" not in global_keys(ALICE, now=0)
    assert global_keys(ALICE, now=0)["aws:username"] == "alice"
    assert global_keys(CLOUDTRAIL, now=0)["aws:PrincipalServiceName"] == "cloudtrail.amazonaws.com"


def test_the_reason_is_said_in_aws_s_words() -> None:
    assert evaluate(get(ALICE)).because == "because no identity-based policy allows the s3:GetObject action"
    denied = evaluate(get(ALICE), resource_policy=resource("*", "Deny", Sid="NoOne"))
    assert denied.because == "with an explicit deny in a resource-based policy"
    assert denied.statement is not None
    assert denied.statement.sid == "NoOne"


# A second implementation: policies as sets of (effect, who, action), without patterns, conditions or messages.

WHO = {"direct": DEPLOY.arn, "role": ROLE_ARN, "account": HERE, "stranger": f"arn:aws:iam::{HERE}:user/bob"}
named = st.tuples(st.sampled_from(["Allow", "Deny"]), st.sampled_from(["s3:GetObject", "s3:PutObject"]))
unnamed_policy = st.lists(named, min_size=1, max_size=2)
named_policy = st.lists(st.tuples(named, st.sampled_from(sorted(WHO))), min_size=1, max_size=3)


@pytest.mark.parametrize("who", [root(HERE), ALICE, DEPLOY, CLOUDTRAIL, ANONYMOUS], ids=lambda who: who.type)
def test_a_policy_by_itself_lets_nobody_do_what_it_does_not_allow(who: Identity) -> None:
    assert evaluate_alone(get(who), resource()).allowed
    assert evaluate_alone(get(who), resource(action="s3:Put*")).reason is Reason.NO_RESOURCE
    assert evaluate_alone(get(who), resource(effect="Deny")).reason is Reason.DENIED_RESOURCE


def documents(statements: list[tuple[str, str]]) -> Policy:
    return parse_policy(
        {"Statement": [{"Effect": effect, "Action": action, "Resource": "*"} for effect, action in statements]},
        Kind.IDENTITY,
    )


def resource_documents(statements: list[tuple[tuple[str, str], str]]) -> Policy:
    return parse_policy(
        {
            "Statement": [
                {"Effect": effect, "Action": action, "Resource": "*", "Principal": {"AWS": WHO[who]}}
                for (effect, action), who in statements
            ]
        },
        Kind.RESOURCE,
    )


def by_the_book(
    own: list[Any], bucket: list[Any] | None, boundary: list[Any] | None, session: list[Any] | None, across: bool
) -> bool:
    asked = "s3:GetObject"
    applying = [(effect, who) for (effect, action), who in bucket or [] if action == asked and who != "stranger"]
    everything = [*own, *(boundary or []), *(session or [])]
    if ("Deny", asked) in everything or any(effect == "Deny" for effect, _ in applying):
        return False
    allows = {who for effect, who in applying if effect == "Allow"}
    limited = all(limit is None or ("Allow", asked) in limit for limit in (boundary, session))
    from_identity = ("Allow", asked) in own and limited
    if across:
        return bool(allows) and from_identity
    return "direct" in allows or ("role" in allows and limited) or from_identity


@settings(max_examples=400)
@given(
    own=st.lists(named, max_size=3),
    bucket=st.none() | named_policy,
    boundary=st.none() | unnamed_policy,
    session=st.none() | unnamed_policy,
    across=st.booleans(),
)
def test_a_second_implementation_agrees(own: Any, bucket: Any, boundary: Any, session: Any, across: bool) -> None:
    request = Request(Principal.of(DEPLOY), "s3:GetObject", OBJECT, {}, THERE if across else HERE)
    policies: dict[str, Any] = {
        "identity_policies": [documents(own)] if own else [],
        "resource_policy": resource_documents(bucket) if bucket else None,
        "permissions_boundary": documents(boundary) if boundary else None,
        "session_policies": [documents(session)] if session else None,
    }
    decision = evaluate(request, **policies)
    assert decision.allowed is by_the_book(own, bucket, boundary, session, across)

    # One more allow of one's own never takes anything away, one more deny never gives anything.
    more = [*policies["identity_policies"], identity()]
    assert evaluate(request, **policies | {"identity_policies": more}).allowed >= decision.allowed
    less = [*policies["identity_policies"], identity("Deny")]
    assert not evaluate(request, **policies | {"identity_policies": less}).allowed
    # The order of statements means nothing.
    for order in itertools.permutations(bucket or []):
        reordered = policies | {"resource_policy": resource_documents(list(order)) if order else None}
        assert evaluate(request, **reordered).allowed is decision.allowed
