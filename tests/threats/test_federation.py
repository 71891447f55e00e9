"""Strangers with tokens that nobody signed: a role lets in only whom its trust policy names, and whose provider signed
that it is they, also by default."""

from __future__ import annotations

import base64
import uuid
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import boto3
import pytest
import urllib3
from botocore import UNSIGNED
from botocore.config import Config
from botocore.exceptions import ClientError
from tests.contract.certificates import self_signed
from tests.contract.looking import record_of
from tests.gateway.federation.providers import Assertor, TokenIssuer, new_key, response, serving, session_until
from tests.running import Cairn
from tests.threats.accounts import ACCOUNT, ALL, another_account, document, keys_of

pytestmark = pytest.mark.engine

SAML = f"arn:aws:iam::{ACCOUNT}:saml-provider/company"
COGNITO = "cognito-identity.amazonaws.com"


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    return self_signed(tmp_path_factory.mktemp("certificate"))


@pytest.fixture(scope="module")
def issuer(certificate: tuple[Path, Path]) -> Iterator[TokenIssuer]:
    with serving(certificate) as found:
        yield found


@pytest.fixture(scope="module")
def assertor() -> Assertor:
    return Assertor()


@pytest.fixture(scope="module")
def open_one(
    tmp_path_factory: pytest.TempPathFactory, certificate: tuple[Path, Path], issuer: TokenIssuer, assertor: Assertor
) -> Iterator[Cairn]:
    """With settings as they are by default, and two providers."""
    running = Cairn(tmp_path_factory.mktemp("open") / "data", {"SSL_CERT_FILE": str(certificate[0])})
    running.start()
    iam = running.client("iam")
    iam.create_open_id_connect_provider(Url=issuer.url, ClientIDList=["a", "b"])
    iam.create_saml_provider(Name="company", SAMLMetadataDocument=assertor.metadata)
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


def by_web(cairn: Cairn, arn: str, token: str, **more: Any) -> Any:
    sts = stranger(cairn, "sts")
    return sts.assume_role_with_web_identity(RoleArn=arn, RoleSessionName="visit", WebIdentityToken=token, **more)


def by_saml(cairn: Cairn, arn: str, assertion: bytes, provider: str = SAML) -> Any:
    sts = stranger(cairn, "sts")
    encoded = base64.b64encode(assertion).decode()
    return sts.assume_role_with_saml(RoleArn=arn, PrincipalArn=provider, SAMLAssertion=encoded)


def by_cognito(cairn: Cairn, arn: str) -> Any:
    client = stranger(cairn, "cognito-identity")
    return client.get_credentials_for_identity(IdentityId="us-east-1:1", CustomRoleArn=arn)


def refused(call: Any, *arguments: Any, code: str = "AccessDenied", **more: Any) -> dict[str, Any]:
    with pytest.raises(ClientError) as caught:
        call(*arguments, **more)
    answer: dict[str, Any] = caught.value.response
    assert answer["Error"]["Code"].removesuffix("Exception") == code.removesuffix("Exception"), answer
    return answer


def oidc(issuer: TokenIssuer) -> str:
    return f"arn:aws:iam::{ACCOUNT}:oidc-provider/{issuer.address}"


@pytest.fixture(scope="module")
def of_the_web(open_one: Cairn, issuer: TokenIssuer) -> str:
    """A role that trusts the issuer of tokens, for one audience and some subjects."""
    return role(
        open_one,
        "of-the-web",
        Principal={"Federated": oidc(issuer)},
        Action="sts:AssumeRoleWithWebIdentity",
        Condition={
            "StringEquals": {f"{issuer.address}:aud": "a"},
            "StringLike": {f"{issuer.address}:sub": "ma*"},
        },
    )


@pytest.fixture(scope="module")
def of_saml(open_one: Cairn) -> str:
    return role(open_one, "of-saml", Principal={"Federated": SAML}, Action="sts:AssumeRoleWithSAML")


def test_roles_that_trust_no_provider_let_no_token_in(open_one: Cairn, issuer: TokenIssuer, assertor: Assertor) -> None:
    """Those of users, of services and of everybody in an account, and one that is not there."""
    actions = ["sts:AssumeRole"]
    arns = [
        role(open_one, "of-users", Principal={"AWS": ACCOUNT}, Action=actions),
        role(open_one, "of-a-service", Principal={"Service": "lambda.amazonaws.com"}, Action=actions),
        role(open_one, "of-everybody", Principal={"AWS": "*"}, Action=actions),
        f"arn:aws:iam::{ACCOUNT}:role/not-there",
    ]
    for arn in arns:
        answer = refused(by_web, open_one, arn, issuer.token(aud="a"))
        assert answer["Error"]["Message"] == "Not authorized to perform sts:AssumeRoleWithWebIdentity"
        assert record_of(open_one, "AssumeRoleWithWebIdentity", answer)["errorCode"] == "AccessDenied"
        refused(by_saml, open_one, arn, assertor.signed(response(arn, SAML)))
        refused(by_cognito, open_one, arn)


def test_a_role_lets_in_the_provider_that_it_names_on_its_conditions(
    open_one: Cairn, issuer: TokenIssuer, assertor: Assertor, of_the_web: str, of_saml: str
) -> None:
    given = keys_of(by_web(open_one, of_the_web, issuer.token(aud="a"))["Credentials"])
    assert open_one.client("sts", **given).get_caller_identity()["Account"] == ACCOUNT
    for claims in (
        {"iss": "https://other.example.com"},
        {"aud": "b"},
        {"sub": "pull"},
        {"iss": "", "aud": "", "sub": ""},
    ):
        refused(by_web, open_one, of_the_web, issuer.token(**{"aud": "a", **claims}))
    refused(by_web, open_one, of_the_web, "no token")
    refused(by_saml, open_one, of_the_web, assertor.signed(response(of_the_web, oidc(issuer))), oidc(issuer))
    answer = by_saml(open_one, of_saml, assertor.signed(response(of_saml, SAML)))
    assert (answer["Subject"], answer["Issuer"]) == ("sam@example.com", "https://idp.example.com")
    refused(by_saml, open_one, of_saml, assertor.signed(response(of_saml, f"{SAML}2")), f"{SAML}2")
    refused(by_web, open_one, of_saml, issuer.token(aud="a"), ProviderId=SAML)


def test_a_token_that_its_provider_did_not_sign_opens_nothing(
    open_one: Cairn, issuer: TokenIssuer, of_the_web: str
) -> None:
    """With a record that says so, since somebody tried."""
    code = "InvalidIdentityToken"
    forged = issuer.token(aud="a", key=new_key(), header={"kid": issuer.keys[-1].kid})
    answer = refused(by_web, open_one, of_the_web, forged, code=code)
    assert record_of(open_one, "AssumeRoleWithWebIdentity", answer)["errorCode"] == f"{code}Exception"
    unsigned = ".".join([*issuer.token(aud="a").split(".")[:2], ""])
    refused(by_web, open_one, of_the_web, unsigned, code=code)
    refused(by_web, open_one, of_the_web, issuer.token(aud="a", key=new_key()), code=code)
    refused(by_web, open_one, of_the_web, issuer.token(aud="a", exp=1), code="ExpiredTokenException")
    names_it = role(open_one, "of-amazon", Principal={"Federated": "www.amazon.com"}, Action="sts:*")
    refused(by_web, open_one, names_it, issuer.token(aud="a"), code=code, ProviderId="www.amazon.com")


def by_hand(cairn: Cairn, operation: str, **given: str) -> bytes:
    """The refusal of a call as no SDK sends it."""
    form = {"Action": operation, "Version": "2011-06-15", "RoleSessionName": "visit", **given}
    headers = {"host": "sts.us-east-1.amazonaws.com", "content-type": "application/x-www-form-urlencoded"}
    answer = urllib3.request("POST", cairn.endpoint, body=urlencode(form), headers=headers)
    assert 400 <= answer.status < 500, answer.data
    return answer.data


@pytest.mark.parametrize("trusted", ["the issuer", "accounts.google.com", "www.amazon.com", COGNITO, SAML])
def test_who_gives_no_token_is_let_in_by_nobody(open_one: Cairn, issuer: TokenIssuer, trusted: str) -> None:
    """Whether or not they name the provider."""
    provider = oidc(issuer) if trusted == "the issuer" else trusted
    arn = role(open_one, f"of-{uuid.uuid4().hex[:8]}", Principal={"Federated": provider}, Action="sts:*")
    for named in ({}, {"ProviderId": provider}):
        for token in ({}, *({"WebIdentityToken": text} for text in ("", "x", "x" * 20_001))):
            said = by_hand(open_one, "AssumeRoleWithWebIdentity", RoleArn=arn, **named, **token)
            assert b"ValidationError" in said
        said = by_hand(open_one, "AssumeRoleWithWebIdentity", RoleArn=arn, WebIdentityToken="a.b.c", **named)
        assert b"InvalidIdentityToken" in said or b"AccessDenied" in said


def test_who_gives_no_assertion_is_let_in_by_nobody(open_one: Cairn, of_saml: str) -> None:
    for assertion in ({}, *({"SAMLAssertion": text} for text in ("", "A", "A" * 100_001))):
        said = by_hand(open_one, "AssumeRoleWithSAML", RoleArn=of_saml, PrincipalArn=SAML, **assertion)
        assert b"ValidationError" in said
    said = by_hand(open_one, "AssumeRoleWithSAML", RoleArn=of_saml, PrincipalArn=SAML, SAMLAssertion="AAAA")
    assert b"InvalidIdentityToken" in said


def test_a_session_is_as_long_as_its_role_and_its_provider_let_it_be(
    open_one: Cairn, issuer: TokenIssuer, assertor: Assertor, of_the_web: str, of_saml: str
) -> None:
    for asked, said in (("899", b"equal to 900"), ("-1", b"equal to 900"), ("3601", b"MaxSessionDuration")):
        token = {"WebIdentityToken": issuer.token(aud="a"), "DurationSeconds": asked}
        assert said in by_hand(open_one, "AssumeRoleWithWebIdentity", RoleArn=of_the_web, **token)
    ends = datetime.now(UTC).replace(microsecond=0) + timedelta(minutes=20)
    document = response(of_saml, SAML, authenticated=session_until(ends.isoformat()))
    assert by_saml(open_one, of_saml, assertor.signed(document))["Credentials"]["Expiration"] == ends
    ended = document.replace(ends.isoformat(), "2026-11-30T12:00:00Z")
    refused(by_saml, open_one, of_saml, assertor.signed(ended), code="ExpiredTokenException")


def test_a_provider_is_asked_for_its_keys_once_for_many_strangers(
    open_one: Cairn, issuer: TokenIssuer, of_the_web: str
) -> None:
    by_web(open_one, of_the_web, issuer.token(aud="a"))
    asked = len(issuer.asked)
    for _ in range(5):
        refused(by_web, open_one, of_the_web, issuer.token(aud="a", key=new_key()), code="InvalidIdentityToken")
    assert len(issuer.asked) <= asked + 2


def test_an_audience_that_the_account_did_not_register_is_refused(open_one: Cairn, issuer: TokenIssuer) -> None:
    arn = role(
        open_one, "of-any-audience", Principal={"Federated": oidc(issuer)}, Action="sts:AssumeRoleWithWebIdentity"
    )
    by_web(open_one, arn, issuer.token(aud="b"))
    answer = refused(by_web, open_one, arn, issuer.token(aud="c"), code="InvalidIdentityToken")
    assert answer["Error"]["Message"] == "Incorrect token audience"


def test_a_provider_that_the_account_does_not_have_is_not_asked(open_one: Cairn) -> None:
    """A role may trust what nobody made, or what was deleted."""
    gone = TokenIssuer(url="https://gone.example.com")
    trusts = {"Federated": [oidc(gone), f"{SAML}-gone"]}
    arn = role(open_one, "of-gone", Principal=trusts, Action="sts:*")
    answer = refused(by_web, open_one, arn, gone.token(), code="InvalidIdentityToken")
    assert "No OpenIDConnect provider found" in answer["Error"]["Message"]
    assertion = Assertor().signed(response(arn, f"{SAML}-gone"))
    refused(by_saml, open_one, arn, assertion, f"{SAML}-gone", code="InvalidIdentityToken")


def test_an_assertion_that_its_provider_did_not_sign_opens_nothing(
    open_one: Cairn, assertor: Assertor, of_saml: str
) -> None:
    code = "InvalidIdentityToken"
    document = response(of_saml, SAML)
    answer = refused(by_saml, open_one, of_saml, document.encode(), code=code)
    assert record_of(open_one, "AssumeRoleWithSAML", answer)["errorCode"] == f"{code}Exception"
    refused(by_saml, open_one, of_saml, Assertor().signed(document), code=code)
    changed = assertor.signed(document).replace(b"sam@", b"eve@")
    refused(by_saml, open_one, of_saml, changed, code=code)
    refused(by_saml, open_one, of_saml, assertor.signed(response(f"{of_saml}2", SAML)))


def test_what_stands_beside_what_is_signed_is_not_believed(open_one: Cairn, assertor: Assertor, of_saml: str) -> None:
    """Another subject before the assertion, another session's name behind it and within its signature."""
    signed = assertor.signed(response(of_saml, SAML)).decode()
    name = '<saml:Attribute Name="https://aws.amazon.com/SAML/Attributes/RoleSessionName"><saml:AttributeValue>eve'
    stray = f"<saml:AttributeStatement>{name}</saml:AttributeValue></saml:Attribute></saml:AttributeStatement>"
    before = "<saml:Issuer>eve</saml:Issuer><saml:Subject><saml:NameID>eve</saml:NameID></saml:Subject><saml:Assertion"
    changes = [
        signed.replace("<saml:Assertion", before),
        signed.replace("</saml:Assertion>", f"</saml:Assertion>{stray}"),
        signed.replace("</ds:Signature>", f"<ds:Object>{stray}</ds:Object></ds:Signature>"),
    ]
    for changed in changes:
        assert changed != signed
        answer = by_saml(open_one, of_saml, changed.encode())
        assert (answer["Subject"], answer["Issuer"]) == ("sam@example.com", "https://idp.example.com")
        assert answer["AssumedRoleUser"]["Arn"].endswith("/sam@example.com")


def test_a_person_has_several_roles_of_which_one_is_asked_for(
    open_one: Cairn, assertor: Assertor, of_saml: str
) -> None:
    pairs = (f"arn:aws:iam::111122223333:role/elsewhere,{SAML}", f"{SAML},{of_saml}")
    roles = "".join(f"<saml:AttributeValue>{pair}</saml:AttributeValue>" for pair in pairs)
    answer = by_saml(open_one, of_saml, assertor.signed(response(of_saml, SAML, roles=roles), whole=True))
    assert answer["AssumedRoleUser"]["Arn"] == f"arn:aws:sts::{ACCOUNT}:assumed-role/of-saml/sam@example.com"


def test_who_comes_without_a_role_may_nothing(open_one: Cairn) -> None:
    """The account's Cognito gives credentials to whoever asks."""
    made = stranger(open_one, "cognito-identity").get_credentials_for_identity(IdentityId="us-east-1:1")["Credentials"]
    keys = keys_of({**made, "SecretAccessKey": made["SecretKey"]})
    refused(open_one.client("iam", **keys).create_user, UserName="made-by-nobody")
    refused(open_one.client("cloudtrail", **keys).lookup_events)
    refused(open_one.client("sqs", **keys).list_queues)


def test_a_role_is_named_as_roles_are(open_one: Cairn, issuer: TokenIssuer) -> None:
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
            by_web(open_one, arn, issuer.token(aud="a"))
