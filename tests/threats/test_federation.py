"""Strangers with tokens that nobody signed: a role lets in only whom its trust policy names, also by default."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator
from typing import Any

import boto3
import pytest
from botocore import UNSIGNED
from botocore.config import Config
from botocore.exceptions import ClientError
from tests.contract.looking import record_of
from tests.contract.test_identity import saml_assertion
from tests.running import Cairn
from tests.threats.accounts import ACCOUNT, ALL, another_account, document, keys_of

pytestmark = pytest.mark.engine

ADDRESS = "token.example.com"
OIDC = f"arn:aws:iam::{ACCOUNT}:oidc-provider/{ADDRESS}"
SAML = f"arn:aws:iam::{ACCOUNT}:saml-provider/company"
COGNITO = "cognito-identity.amazonaws.com"


@pytest.fixture(scope="module")
def open_one(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cairn]:
    """With settings as they are by default."""
    running = Cairn(tmp_path_factory.mktemp("open") / "data")
    running.start()
    yield running
    assert running.stop() == 0


def stranger(cairn: Cairn, service: str) -> Any:
    config = Config(signature_version=UNSIGNED, retries={"max_attempts": 0})
    return boto3.client(service, endpoint_url=cairn.endpoint, region_name="us-east-1", config=config)


def role(cairn: Cairn, name: str, **statement: Any) -> str:
    """The ARN of a role that may do everything, and trusts whom the statement names."""
    iam = cairn.client("iam")
    trust = document({"Effect": "Allow", **statement})
    arn = iam.create_role(RoleName=name, AssumeRolePolicyDocument=trust)["Role"]["Arn"]
    iam.put_role_policy(RoleName=name, PolicyName="all", PolicyDocument=document(ALL))
    return str(arn)


def token(**claims: Any) -> str:
    parts = (base64.urlsafe_b64encode(json.dumps(part).encode()).decode().rstrip("=") for part in ({}, claims, {}))
    return ".".join(parts)


def by_web(cairn: Cairn, arn: str, **more: Any) -> Any:
    given = {"WebIdentityToken": token(iss=f"https://{ADDRESS}", aud="a", sub="main"), **more}
    return stranger(cairn, "sts").assume_role_with_web_identity(RoleArn=arn, RoleSessionName="visit", **given)


def by_saml(cairn: Cairn, arn: str, provider: str = SAML) -> Any:
    assertion = saml_assertion(arn, "visitor")
    sts = stranger(cairn, "sts")
    return sts.assume_role_with_saml(RoleArn=arn, PrincipalArn=provider, SAMLAssertion=assertion)


def by_cognito(cairn: Cairn, arn: str) -> Any:
    client = stranger(cairn, "cognito-identity")
    return client.get_credentials_for_identity(IdentityId="us-east-1:1", CustomRoleArn=arn)


def refused(call: Any, *arguments: Any, **more: Any) -> dict[str, Any]:
    with pytest.raises(ClientError) as caught:
        call(*arguments, **more)
    answer: dict[str, Any] = caught.value.response
    assert answer["Error"]["Code"] in ("AccessDenied", "AccessDeniedException"), answer
    return answer


def test_roles_that_trust_no_provider_let_no_token_in(open_one: Cairn) -> None:
    """Those of users, of services and of everybody in an account, and one that is not there."""
    actions = ["sts:AssumeRole"]
    arns = [
        role(open_one, "of-users", Principal={"AWS": ACCOUNT}, Action=actions),
        role(open_one, "of-a-service", Principal={"Service": "lambda.amazonaws.com"}, Action=actions),
        role(open_one, "of-everybody", Principal={"AWS": "*"}, Action=actions),
        f"arn:aws:iam::{ACCOUNT}:role/not-there",
    ]
    for arn in arns:
        answer = refused(by_web, open_one, arn)
        assert answer["Error"]["Message"] == "Not authorized to perform sts:AssumeRoleWithWebIdentity"
        assert record_of(open_one, "AssumeRoleWithWebIdentity", answer)["errorCode"] == "AccessDenied"
        refused(by_saml, open_one, arn)
        refused(by_cognito, open_one, arn)


def test_a_role_lets_in_the_provider_that_it_names_on_its_conditions(open_one: Cairn) -> None:
    condition = {"StringEquals": {f"{ADDRESS}:aud": "a"}, "StringLike": {f"{ADDRESS}:sub": "ma*"}}
    web = role(
        open_one,
        "of-the-web",
        Principal={"Federated": OIDC},
        Action="sts:AssumeRoleWithWebIdentity",
        Condition=condition,
    )
    given = keys_of(by_web(open_one, web)["Credentials"])
    assert open_one.client("sts", **given).get_caller_identity()["Account"] == ACCOUNT
    for claims in (
        {"iss": "https://other.example.com", "aud": "a", "sub": "main"},
        {"iss": f"https://{ADDRESS}", "aud": "b", "sub": "main"},
        {"iss": f"https://{ADDRESS}", "aud": "a", "sub": "pull"},
        {},
    ):
        refused(by_web, open_one, web, WebIdentityToken=token(**claims))
    refused(by_web, open_one, web, WebIdentityToken="no token")
    refused(by_saml, open_one, web, OIDC)
    saml = role(open_one, "of-saml", Principal={"Federated": SAML}, Action="sts:AssumeRoleWithSAML")
    by_saml(open_one, saml)
    refused(by_saml, open_one, saml, f"{SAML}2")
    refused(by_web, open_one, saml, ProviderId=SAML)


def test_who_comes_without_a_role_may_nothing(open_one: Cairn) -> None:
    """The account's Cognito gives credentials to whoever asks."""
    made = stranger(open_one, "cognito-identity").get_credentials_for_identity(IdentityId="us-east-1:1")["Credentials"]
    keys = keys_of({**made, "SecretAccessKey": made["SecretKey"]})
    refused(open_one.client("iam", **keys).create_user, UserName="made-by-nobody")
    refused(open_one.client("cloudtrail", **keys).lookup_events)
    refused(open_one.client("sqs", **keys).list_queues)


def test_a_role_is_named_as_roles_are(open_one: Cairn) -> None:
    """Of anything else that has an account in it, the embedded account would make a session of that account."""
    other, _ = another_account(open_one, "other")
    sts = open_one.client("sts")
    for arn in (
        f"arn:aws:iam::{other}:roles/admin",
        f"arn:AWS:iam::{other}:role/admin",
        f"arn:aws:sts::{ACCOUNT}:role/arn:aws:iam::{other}:role/admin",
        f"arn:aws:iam::{other}:role/ admin",
        f"x arn:aws:iam::{other}:role/admin",
    ):
        with pytest.raises(ClientError, match="ValidationError"):
            sts.assume_role(RoleArn=arn, RoleSessionName="visit")
        with pytest.raises(ClientError, match="ValidationError"):
            by_web(open_one, arn)
