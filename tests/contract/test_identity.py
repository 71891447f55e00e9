"""Who called, in the record of a call that was made through the real endpoint: every `userIdentity` of spec 1.3."""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Callable, Iterator
from typing import Any

import boto3
import pytest
from botocore import UNSIGNED
from botocore.config import Config
from botocore.exceptions import ClientError
from tests.contract.looking import record_of
from tests.running import Cairn

pytestmark = pytest.mark.engine

ACCOUNT = "000000000000"
ISO_TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ")
SAML_ROLE = f"arn:aws:iam::{ACCOUNT}:role/staff/saml-role"
SAML_PROVIDER = f"arn:aws:iam::{ACCOUNT}:saml-provider/company"
TRUST = {
    "Version": "2012-10-17",
    "Statement": [
        {"Effect": "Allow", "Principal": {"AWS": "*"}, "Action": ["sts:AssumeRole", "sts:SetSourceIdentity"]},
        {
            "Effect": "Allow",
            "Principal": {
                "Federated": [
                    SAML_PROVIDER,
                    "accounts.google.com",
                    f"arn:aws:iam::{ACCOUNT}:oidc-provider/token.example.com/id",
                ]
            },
            "Action": ["sts:AssumeRoleWithSAML", "sts:AssumeRoleWithWebIdentity"],
        },
    ],
}

Keys = dict[str, str]


def keys_of(credentials: dict[str, Any]) -> Keys:
    """An answer's credentials or access key, as boto3 names them."""
    named = {
        "aws_access_key_id": credentials["AccessKeyId"],
        "aws_secret_access_key": credentials["SecretAccessKey"],
        "aws_session_token": credentials.get("SessionToken"),
    }
    return {name: value for name, value in named.items() if value}


def seen_as(cairn: Cairn, keys: Keys, by: Keys | None = None) -> dict[str, Any]:
    """The userIdentity of a call with `keys`, which says of its caller what GetCallerIdentity says.

    Args:
        by: keys of who may look into the account's history; the administrator's else.
    """
    reply = cairn.client("sqs", **keys).list_queues()
    identity: dict[str, Any] = record_of(cairn, "ListQueues", reply, **(by or {}))["userIdentity"]
    said = cairn.client("sts", **keys).get_caller_identity()
    assert (said["Arn"], said["Account"], said["UserId"]) == (
        identity["arn"],
        identity["accountId"],
        identity["principalId"],
    )
    assert identity["accessKeyId"] == keys["aws_access_key_id"]
    return identity


@pytest.fixture(scope="module")
def olga(cairn: Cairn) -> Keys:
    """The key of a user with a path."""
    iam = cairn.client("iam")
    iam.create_user(UserName="olga", Path="/ops/night/")
    return keys_of(iam.create_access_key(UserName="olga")["AccessKey"])


@pytest.fixture(scope="module")
def role(cairn: Cairn) -> str:
    """A role with a path."""
    made = cairn.client("iam").create_role(RoleName="watcher", Path="/ops/", AssumeRolePolicyDocument=json.dumps(TRUST))
    return str(made["Role"]["Arn"])


@pytest.fixture(scope="module")
def olgas_id(cairn: Cairn, olga: Keys) -> str:
    return str(cairn.client("iam").get_user(UserName="olga")["User"]["UserId"])


@pytest.fixture(scope="module")
def role_id(cairn: Cairn, role: str) -> str:
    return str(cairn.client("iam").get_role(RoleName="watcher")["Role"]["RoleId"])


def test_a_user_with_a_path(cairn: Cairn, olga: Keys, olgas_id: str) -> None:
    assert seen_as(cairn, olga) == {
        "type": "IAMUser",
        "principalId": olgas_id,
        "arn": f"arn:aws:iam::{ACCOUNT}:user/ops/night/olga",
        "accountId": ACCOUNT,
        "accessKeyId": olga["aws_access_key_id"],
        "userName": "olga",
    }


def session_of(identity: dict[str, Any]) -> dict[str, Any]:
    """sessionContext, its time looked at and taken away."""
    session = json.loads(json.dumps(identity["sessionContext"]))
    assert ISO_TIME.fullmatch(session["attributes"].pop("creationDate"))
    return dict(session)


def test_a_role_with_a_path(cairn: Cairn, olga: Keys, role: str, role_id: str) -> None:
    given = cairn.client("sts", **olga).assume_role(RoleArn=role, RoleSessionName="round")
    identity = seen_as(cairn, keys_of(given["Credentials"]))
    assert list(identity) == ["type", "principalId", "arn", "accountId", "accessKeyId", "sessionContext"]
    assert identity["type"] == "AssumedRole"
    assert identity["principalId"] == f"{role_id}:round"
    assert identity["arn"] == f"arn:aws:sts::{ACCOUNT}:assumed-role/watcher/round"
    assert session_of(identity) == {
        "sessionIssuer": {
            "type": "Role",
            "principalId": role_id,
            "arn": role,
            "accountId": ACCOUNT,
            "userName": "watcher",
        },
        "attributes": {"mfaAuthenticated": "false"},
    }
    record = record_of(cairn, "AssumeRole", given)
    assert record["userIdentity"]["userName"] == "olga"
    assert record["responseElements"]["credentials"]["accessKeyId"] == given["Credentials"]["AccessKeyId"]
    assert "secretAccessKey" not in record["responseElements"]["credentials"]
    assert given["Credentials"]["SecretAccessKey"] not in json.dumps(record)


def test_mfa_and_source_identity_stay_with_a_role_session(cairn: Cairn, olga: Keys, role: str) -> None:
    given = cairn.client("sts", **olga).assume_role(
        RoleArn=role,
        RoleSessionName="round",
        SourceIdentity="olga-in-person",
        SerialNumber=f"arn:aws:iam::{ACCOUNT}:mfa/olga",
        TokenCode="123456",
    )
    session = session_of(seen_as(cairn, keys_of(given["Credentials"])))
    assert session["attributes"] == {"mfaAuthenticated": "true"}
    assert session["sourceIdentity"] == "olga-in-person"
    record = record_of(cairn, "AssumeRole", given)
    assert record["requestParameters"]["sourceIdentity"] == "olga-in-person"


def test_a_role_that_a_role_assumes(cairn: Cairn, olga: Keys, role: str) -> None:
    iam = cairn.client("iam")
    second = iam.create_role(RoleName="second", AssumeRolePolicyDocument=json.dumps(TRUST))["Role"]
    first = cairn.client("sts", **olga).assume_role(RoleArn=role, RoleSessionName="one", SourceIdentity="olga")
    chained = cairn.client("sts", **keys_of(first["Credentials"])).assume_role(
        RoleArn=second["Arn"], RoleSessionName="two"
    )
    assert record_of(cairn, "AssumeRole", chained)["userIdentity"]["arn"].endswith(":assumed-role/watcher/one")
    identity = seen_as(cairn, keys_of(chained["Credentials"]))
    assert identity["arn"] == f"arn:aws:sts::{ACCOUNT}:assumed-role/second/two"
    assert identity["principalId"] == f"{second['RoleId']}:two"
    assert session_of(identity)["sourceIdentity"] == "olga"
    assert session_of(identity)["sessionIssuer"]["userName"] == "second"


@pytest.mark.parametrize("mfa", [False, True])
def test_a_users_session(cairn: Cairn, olga: Keys, olgas_id: str, mfa: bool) -> None:
    device = {"SerialNumber": f"arn:aws:iam::{ACCOUNT}:mfa/olga", "TokenCode": "123456"} if mfa else {}
    given = cairn.client("sts", **olga).get_session_token(**device)
    identity = seen_as(cairn, keys_of(given["Credentials"]))
    assert identity["accessKeyId"].startswith("ASIA")
    assert session_of(identity) == {"attributes": {"mfaAuthenticated": "true" if mfa else "false"}}
    assert (identity["type"], identity["userName"], identity["principalId"]) == ("IAMUser", "olga", olgas_id)


def test_a_federated_user(cairn: Cairn, olga: Keys, olgas_id: str) -> None:
    given = cairn.client("sts", **olga).get_federation_token(Name="guest")
    identity = seen_as(cairn, keys_of(given["Credentials"]))
    assert list(identity) == ["type", "principalId", "arn", "accountId", "accessKeyId", "sessionContext"]
    assert identity["type"] == "FederatedUser"
    assert identity["principalId"] == f"{ACCOUNT}:guest"
    assert identity["arn"] == f"arn:aws:sts::{ACCOUNT}:federated-user/guest"
    assert session_of(identity) == {
        "sessionIssuer": {
            "type": "IAMUser",
            "principalId": olgas_id,
            "arn": f"arn:aws:iam::{ACCOUNT}:user/ops/night/olga",
            "accountId": ACCOUNT,
            "userName": "olga",
        },
        "attributes": {"mfaAuthenticated": "false"},
    }


def unsigned(cairn: Cairn, service: str) -> Any:
    return boto3.client(
        service,
        endpoint_url=cairn.endpoint,
        region_name="us-east-1",
        config=Config(signature_version=UNSIGNED, s3={"addressing_style": "path"}, retries={"max_attempts": 1}),
    )


def saml_assertion(role: str, session: str) -> str:
    attributes = {"Role": f"{role},{SAML_PROVIDER}", "RoleSessionName": session}
    statement = "".join(
        f'<saml:Attribute Name="https://aws.amazon.com/SAML/Attributes/{name}">'
        f"<saml:AttributeValue>{value}</saml:AttributeValue></saml:Attribute>"
        for name, value in attributes.items()
    )
    document = (
        '<samlp:Response xmlns:samlp="urn:oasis:names:tc:SAML:2.0:protocol" '
        'xmlns:saml="urn:oasis:names:tc:SAML:2.0:assertion">'
        "<saml:Assertion><saml:Issuer>https://idp.example.com</saml:Issuer><saml:Subject>"
        f'<saml:NameID Format="urn:oasis:names:tc:SAML:2.0:nameid-format:persistent">{session}</saml:NameID>'
        f"</saml:Subject><saml:AttributeStatement>{statement}</saml:AttributeStatement></saml:Assertion></samlp:Response>"
    )
    return base64.b64encode(document.encode()).decode()


def test_a_role_by_saml(cairn: Cairn) -> None:
    made = cairn.client("iam").create_role(
        RoleName="saml-role", Path="/staff/", AssumeRolePolicyDocument=json.dumps(TRUST)
    )["Role"]
    assertion = saml_assertion(SAML_ROLE, "sam@example.com")
    given = unsigned(cairn, "sts").assume_role_with_saml(
        RoleArn=SAML_ROLE, PrincipalArn=SAML_PROVIDER, SAMLAssertion=assertion
    )
    record = record_of(cairn, "AssumeRoleWithSAML", given)
    assert record["userIdentity"] == {
        "type": "SAMLUser",
        "principalId": f"{given['NameQualifier']}:{given['Subject']}",
        "userName": given["Subject"],
        "identityProvider": given["NameQualifier"],
    }
    assert (given["Subject"], given["SubjectType"]) == ("sam@example.com", "persistent")
    assert record["recipientAccountId"] == ACCOUNT
    assert record["responseElements"]["issuer"] == given["Issuer"] == "https://idp.example.com"
    assert assertion not in json.dumps(record)
    identity = seen_as(cairn, keys_of(given["Credentials"]))
    assert identity["type"] == "AssumedRole"
    assert identity["arn"] == f"arn:aws:sts::{ACCOUNT}:assumed-role/saml-role/sam@example.com"
    assert identity["principalId"] == f"{made['RoleId']}:sam@example.com"
    assert session_of(identity)["sessionIssuer"]["arn"] == SAML_ROLE


def web_token(**claims: Any) -> str:
    """A JSON web token that nobody signed; the embedded account does not check signatures."""
    parts = ({"alg": "none", "typ": "JWT"}, claims, {})
    return ".".join(base64.urlsafe_b64encode(json.dumps(part).encode()).decode().rstrip("=") for part in parts)


@pytest.mark.parametrize(
    ("issuer", "provider"),
    [
        ("accounts.google.com", "accounts.google.com"),
        ("https://token.example.com/id", f"arn:aws:iam::{ACCOUNT}:oidc-provider/token.example.com/id"),
    ],
)
def test_a_role_by_web_identity(cairn: Cairn, role: str, role_id: str, issuer: str, provider: str) -> None:
    token = web_token(iss=issuer, sub="repo:cairn:main", aud="sts.amazonaws.com")
    given = unsigned(cairn, "sts").assume_role_with_web_identity(
        RoleArn=role, RoleSessionName="build-7", WebIdentityToken=token
    )
    assert (given["Provider"], given["Audience"]) == (provider, "sts.amazonaws.com")
    record = record_of(cairn, "AssumeRoleWithWebIdentity", given)
    assert record["userIdentity"] == {
        "type": "WebIdentityUser",
        "principalId": f"{provider}:sts.amazonaws.com:repo:cairn:main",
        "userName": "repo:cairn:main",
        "identityProvider": provider,
    }
    assert record["responseElements"]["provider"] == provider
    assert record["responseElements"]["subjectFromWebIdentityToken"] == "repo:cairn:main"
    assert token not in json.dumps(record)
    identity = seen_as(cairn, keys_of(given["Credentials"]))
    assert (identity["type"], identity["principalId"]) == ("AssumedRole", f"{role_id}:build-7")
    told = {f"{provider}:app_id": "sts.amazonaws.com", f"{provider}:user_id": "repo:cairn:main"}
    assert session_of(identity)["webIdFederationData"] == {
        "federatedProvider": provider,
        "attributes": {} if provider.startswith("arn:") else told,
    }


def let_in(cairn: Cairn, bucket: str, principal: object, *actions: str) -> None:
    """Make a bucket with a policy that lets `principal` do `actions`."""
    s3 = cairn.client("s3")
    s3.create_bucket(Bucket=bucket)
    s3.delete_public_access_block(Bucket=bucket)
    resources = [f"arn:aws:s3:::{bucket}", f"arn:aws:s3:::{bucket}/*"]
    statement = {"Effect": "Allow", "Principal": principal, "Action": list(actions), "Resource": resources}
    s3.put_bucket_policy(Bucket=bucket, Policy=json.dumps({"Version": "2012-10-17", "Statement": [statement]}))


def test_nobody_in_particular_at_a_public_bucket(cairn: Cairn) -> None:
    let_in(cairn, "open-to-all", "*", "s3:GetBucketCORS", "s3:GetObject")
    s3 = unsigned(cairn, "s3")
    with pytest.raises(ClientError) as caught:
        s3.get_bucket_cors(Bucket="open-to-all")
    assert caught.value.response["Error"]["Code"] == "NoSuchCORSConfiguration"
    record = record_of(cairn, "GetBucketCors", caught.value.response)
    anonymous = {"type": "AWSAccount", "principalId": "", "accountId": "anonymous"}
    assert record["userIdentity"] == anonymous
    assert "AuthenticationMethod" not in record["additionalEventData"]
    with pytest.raises(ClientError) as caught:
        s3.get_bucket_policy(Bucket="open-to-all")
    assert caught.value.response["Error"]["Code"] == "AccessDenied"
    denied = record_of(cairn, "GetBucketPolicy", caught.value.response)
    assert (denied["userIdentity"], denied["errorCode"]) == (anonymous, "AccessDenied")


def refused(call: Callable[[], Any]) -> ClientError:
    with pytest.raises(ClientError) as caught:
        call()
    return caught.value


def test_keys_end_at_once(cairn: Cairn) -> None:
    iam = cairn.client("iam")
    iam.create_user(UserName="leaver")
    key = iam.create_access_key(UserName="leaver")["AccessKey"]
    keys = keys_of(key)
    theirs = cairn.client("sqs", **keys)
    theirs.list_queues()
    session = keys_of(cairn.client("sts", **keys).get_session_token()["Credentials"])
    cairn.client("sqs", **session).list_queues()

    named = {"UserName": "leaver", "AccessKeyId": key["AccessKeyId"]}
    iam.update_access_key(**named, Status="Inactive")
    error = refused(theirs.list_queues)
    assert error.response["Error"]["Code"] in ("InvalidClientTokenId", "UnrecognizedClientException")
    record = record_of(cairn, "ListQueues", error.response)
    assert record["errorCode"] == error.response["Error"]["Code"]
    assert record["userIdentity"] == {"type": "Unknown", "accountId": ACCOUNT, "accessKeyId": key["AccessKeyId"]}

    iam.update_access_key(**named, Status="Active")
    theirs.list_queues()
    iam.delete_access_key(**named)
    refused(theirs.list_queues)
    iam.delete_user(UserName="leaver")
    refused(cairn.client("sqs", **session).list_queues)


def test_a_renamed_user_goes_by_the_new_name(cairn: Cairn) -> None:
    iam = cairn.client("iam")
    iam.create_user(UserName="maiden")
    keys = keys_of(iam.create_access_key(UserName="maiden")["AccessKey"])
    before = seen_as(cairn, keys)
    iam.update_user(UserName="maiden", NewUserName="married", NewPath="/new/")
    after = seen_as(cairn, keys)
    assert after == before | {"userName": "married", "arn": f"arn:aws:iam::{ACCOUNT}:user/new/married"}


@pytest.fixture(scope="module")
def member(cairn: Cairn) -> Iterator[tuple[str, Keys]]:
    """A member account of an organization, and the keys of a session of its administrators' role."""
    organizations = cairn.client("organizations")
    organizations.create_organization()
    status = organizations.create_account(Email="identity@example.com", AccountName="identity")["CreateAccountStatus"]
    account = str(status["AccountId"])
    given = cairn.client("sts").assume_role(
        RoleArn=f"arn:aws:iam::{account}:role/OrganizationAccountAccessRole", RoleSessionName="visit"
    )
    yield account, keys_of(given["Credentials"])
    organizations.remove_account_from_organization(AccountId=account)
    organizations.delete_organization()


def test_a_member_account_of_an_organization(cairn: Cairn, member: tuple[str, Keys]) -> None:
    account, keys = member
    identity = seen_as(cairn, keys, by=keys)
    assert identity["accountId"] == account
    assert identity["arn"] == f"arn:aws:sts::{account}:assumed-role/OrganizationAccountAccessRole/visit"
    assert session_of(identity)["sessionIssuer"]["accountId"] == account
    made = cairn.client("iam", **keys).create_user(UserName="resident")
    record = record_of(cairn, "CreateUser", made, **keys)
    assert record["recipientAccountId"] == account
    assert record["responseElements"]["user"]["arn"] == f"arn:aws:iam::{account}:user/resident"
    resident = cairn.client("iam", **keys).create_access_key(UserName="resident")["AccessKey"]
    assert seen_as(cairn, keys_of(resident), by=keys)["arn"] == f"arn:aws:iam::{account}:user/resident"
    ours = cairn.client("cloudtrail").lookup_events(
        LookupAttributes=[{"AttributeKey": "EventId", "AttributeValue": record["eventID"]}]
    )
    assert ours["Events"] == []


def test_another_accounts_bucket(cairn: Cairn, member: tuple[str, Keys]) -> None:
    account, keys = member
    let_in(cairn, "shared-with-member", {"AWS": f"arn:aws:iam::{account}:root"}, "s3:GetBucketTagging", "s3:GetObject")
    cairn.client("s3").put_bucket_tagging(
        Bucket="shared-with-member", Tagging={"TagSet": [{"Key": "team", "Value": "security"}]}
    )
    cairn.client("s3").put_object(Bucket="shared-with-member", Key="a", Body=b"shared")
    theirs = cairn.client("s3", **keys)
    assert theirs.get_object(Bucket="shared-with-member", Key="a")["Body"].read() == b"shared"
    tags = theirs.get_bucket_tagging(Bucket="shared-with-member")
    assert tags["TagSet"] == [{"Key": "team", "Value": "security"}]
    allowed = record_of(cairn, "GetBucketTagging", tags, **keys)
    assert allowed["userIdentity"]["accountId"] == account
    for operation in ("get_bucket_policy", "get_bucket_acl", "delete_bucket"):
        error = refused(lambda name=operation: getattr(theirs, name)(Bucket="shared-with-member"))
        assert error.response["Error"]["Code"] == "AccessDenied"
    denied = record_of(cairn, "DeleteBucket", error.response, **keys)
    assert denied["errorCode"] == "AccessDenied"
    assert denied["userIdentity"]["accountId"] == account
    assert refused(lambda: theirs.put_object(Bucket="shared-with-member", Key="b", Body=b"")).response["Error"][
        "Code"
    ] == ("AccessDenied")
