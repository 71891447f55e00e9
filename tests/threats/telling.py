"""Calls that take secrets or give them out, one of each kind, and what may keep each."""

from __future__ import annotations

import base64
import contextlib
import io
import json
import secrets
import time
import urllib.request
import zipfile
from typing import Any

import boto3
import pyotp
from botocore import UNSIGNED
from botocore.config import Config
from tests.contract.browsing import Browser
from tests.running import Cairn

ACCOUNT = "000000000000"


class Told:
    """What was told, by what it is."""

    def __init__(self) -> None:
        self.texts: dict[str, str] = {}

    def new(self, name: str, before: str = "") -> str:
        """A secret that nobody else has ever had."""
        return self.heard(name, f"{before}{secrets.token_hex(12)}")

    def heard(self, name: str, text: str) -> str:
        """Take note of one that an answer told."""
        self.texts[name] = text
        return text


def tell(cairn: Cairn, told: Told) -> None:
    """Everything below."""
    for one in (_iam, _sign_in, _sts, _federation, _keepers, _functions, _databases, _cognito, _connections, _topics):
        one(cairn, told)
    for one in (_objects, _bodies, _signatures):
        one(cairn, told)


def _iam(cairn: Cairn, told: Told) -> None:
    iam = cairn.client("iam")
    iam.create_user(UserName="keeper")
    iam.create_login_profile(UserName="keeper", Password=told.new("a password", "Aa1!"))
    iam.update_login_profile(UserName="keeper", Password=told.new("another password", "Aa1!"))
    key = iam.create_access_key(UserName="keeper")["AccessKey"]
    told.heard("the secret of an access key", key["SecretAccessKey"])
    own = cairn.client("iam", aws_access_key_id=key["AccessKeyId"], aws_secret_access_key=key["SecretAccessKey"])
    old = told.texts["another password"]
    own.change_password(OldPassword=old, NewPassword=told.new("a changed password", "Aa1!"))
    iam.put_user_policy(
        UserName="keeper",
        PolicyName="all",
        PolicyDocument=json.dumps(
            {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}]}
        ),
    )
    gone = iam.create_access_key(UserName="keeper")["AccessKey"]
    told.heard("the secret of a deleted access key", gone["SecretAccessKey"])
    iam.delete_access_key(UserName="keeper", AccessKeyId=gone["AccessKeyId"])
    with contextlib.suppress(iam.exceptions.ClientError):
        iam.upload_server_certificate(
            ServerCertificateName="served", CertificateBody="body", PrivateKey=told.new("a private key")
        )


def _sign_in(cairn: Cairn, told: Told) -> None:
    iam = cairn.client("iam")
    device = iam.create_virtual_mfa_device(VirtualMFADeviceName="keeper")["VirtualMFADevice"]
    seed = told.heard("the seed of an MFA device", device["Base32StringSeed"].decode())
    otp = pyotp.TOTP(seed)
    now = int(time.time()) // 30
    codes = {"AuthenticationCode1": otp.generate_otp(now - 1), "AuthenticationCode2": otp.generate_otp(now)}
    iam.enable_mfa_device(UserName="keeper", SerialNumber=device["SerialNumber"], **codes)
    password = told.texts["a changed password"]
    browser = Browser(cairn)
    wrong = told.new("a wrong password", "Aa1!")
    assert browser.sign_in(account=ACCOUNT, user="keeper", password=wrong).status == 401
    code = otp.generate_otp(now + 1)
    reply = browser.sign_in(account=ACCOUNT, user="keeper", password=password, mfa=code)
    assert reply.status == 200, reply.body
    told.heard("the cookie of a session", browser.cookie)
    told.heard("the CSRF token of a session", browser.csrf)
    assert browser.call(
        "secretsmanager", "CreateSecret", Name="by-console", SecretString=told.new("told at the console")
    )
    assert browser.sign_in(account=ACCOUNT, user=told.new("a password typed as a name"), password="wrong").status == 401


def _sts(cairn: Cairn, told: Told) -> None:
    sts = cairn.client("sts")
    for name, given in (
        ("a session", sts.get_session_token()),
        ("a federated user", sts.get_federation_token(Name="guest")),
    ):
        told.heard(f"the secret of {name}", given["Credentials"]["SecretAccessKey"])
        told.heard(f"the token of {name}", given["Credentials"]["SessionToken"])
    with contextlib.suppress(sts.exceptions.ClientError):
        sts.get_session_token(SerialNumber=f"arn:aws:iam::{ACCOUNT}:mfa/keeper", TokenCode=told.new("a code")[:6])
    del told.texts["a code"]  # too short to be told from chance


def _federation(cairn: Cairn, told: Told) -> None:
    provider = f"arn:aws:iam::{ACCOUNT}:saml-provider/p"
    trust = {"Effect": "Allow", "Principal": {"Federated": ["accounts.google.com", provider]}}
    trust |= {"Action": ["sts:AssumeRoleWithWebIdentity", "sts:AssumeRoleWithSAML"]}
    document = json.dumps({"Version": "2012-10-17", "Statement": [trust]})
    role = cairn.client("iam").create_role(RoleName="federated", AssumeRolePolicyDocument=document)["Role"]["Arn"]
    anybody = boto3.client(
        "sts", endpoint_url=cairn.endpoint, region_name="us-east-1", config=Config(signature_version=UNSIGNED)
    )
    claims = base64.urlsafe_b64encode(json.dumps({"iss": "accounts.google.com", "sub": "s", "aud": "a"}).encode())
    token = f"e30.{claims.decode().rstrip('=')}.{told.new('the signature of a web identity')}"
    anybody.assume_role_with_web_identity(RoleArn=role, RoleSessionName="web", WebIdentityToken=token)
    with contextlib.suppress(anybody.exceptions.ClientError):
        anybody.assume_role_with_web_identity(
            RoleArn=role + "2", RoleSessionName="web", WebIdentityToken=told.new("a web identity that is refused")
        )
    with contextlib.suppress(anybody.exceptions.ClientError):
        assertion = base64.b64encode(told.new("a SAML assertion").encode()).decode()
        anybody.assume_role_with_saml(RoleArn=role, PrincipalArn=provider, SAMLAssertion=assertion)


def _keepers(cairn: Cairn, told: Told) -> None:
    keeper = cairn.client("secretsmanager")
    keeper.create_secret(Name="kept", SecretString=told.new("a kept secret"))
    keeper.put_secret_value(SecretId="kept", SecretBinary=told.new("a kept binary").encode())
    keeper.get_secret_value(SecretId="kept")
    told.heard("a made-up password", keeper.get_random_password(ExcludePunctuation=True)["RandomPassword"])
    ssm = cairn.client("ssm")
    ssm.put_parameter(Name="kept", Type="SecureString", Value=told.new("a secure parameter"))
    ssm.get_parameter(Name="kept", WithDecryption=True)
    kms = cairn.client("kms")
    key = kms.create_key()["KeyMetadata"]["KeyId"]
    sealed = kms.encrypt(KeyId=key, Plaintext=told.new("a plaintext").encode())["CiphertextBlob"]
    kms.decrypt(CiphertextBlob=sealed)
    made = kms.generate_data_key(KeyId=key, KeySpec="AES_256")
    told.heard("a data key", made["Plaintext"].hex())
    with contextlib.suppress(kms.exceptions.ClientError):
        kms.verify_mac(KeyId=key, Message=told.new("a message").encode(), MacAlgorithm="HMAC_SHA_256", Mac=b"mac")


def _functions(cairn: Cairn, told: Told) -> None:
    code = io.BytesIO()
    with zipfile.ZipFile(code, "w") as archive:
        archive.writestr("main.py", "pass")
    role = f"arn:aws:iam::{ACCOUNT}:role/federated"
    variables = {"Variables": {"PASSWORD": told.new("a function's environment")}}
    functions = cairn.client("lambda")
    with contextlib.suppress(functions.exceptions.ClientError):
        functions.create_function(
            FunctionName="f",
            Role=role,
            Runtime="python3.12",
            Handler="main.h",
            Code={"ZipFile": code.getvalue()},
            Environment=variables,
        )
    ec2 = cairn.client("ec2")
    image = ec2.describe_images()["Images"][0]["ImageId"]
    ec2.run_instances(ImageId=image, MinCount=1, MaxCount=1, UserData=told.new("an instance's user data"))
    told.heard("a key pair", ec2.create_key_pair(KeyName="kept")["KeyMaterial"].splitlines()[3])


def _databases(cairn: Cairn, told: Told) -> None:
    cairn.client("rds").create_db_instance(
        DBInstanceIdentifier="kept",
        DBInstanceClass="db.t3.micro",
        Engine="postgres",
        MasterUsername="master",
        MasterUserPassword=told.new("a database's password", "Aa1"),
    )
    cairn.client("redshift").create_cluster(
        ClusterIdentifier="kept",
        NodeType="dc2.large",
        MasterUsername="master",
        MasterUserPassword=told.new("a warehouse's password", "Aa1"),
    )


def _cognito(cairn: Cairn, told: Told) -> None:
    cognito = cairn.client("cognito-idp")
    pool = cognito.create_user_pool(PoolName="p")["UserPool"]["Id"]
    made = cognito.create_user_pool_client(
        UserPoolId=pool, ClientName="c", GenerateSecret=True, ExplicitAuthFlows=["ALLOW_ADMIN_USER_PASSWORD_AUTH"]
    )["UserPoolClient"]
    told.heard("a client's secret", made["ClientSecret"])
    password = told.new("a member's password", "Aa1!")
    cognito.admin_create_user(UserPoolId=pool, Username="m", TemporaryPassword=told.new("a first password", "Aa1!"))
    cognito.admin_set_user_password(UserPoolId=pool, Username="m", Password=password, Permanent=True)
    with contextlib.suppress(cognito.exceptions.ClientError):
        cognito.admin_initiate_auth(
            UserPoolId=pool,
            ClientId=made["ClientId"],
            AuthFlow="ADMIN_USER_PASSWORD_AUTH",
            AuthParameters={"USERNAME": "m", "PASSWORD": password, "SECRET_HASH": told.new("a secret hash")},
        )


def _connections(cairn: Cairn, told: Told) -> None:
    events = cairn.client("events")

    def pairs(what: str) -> dict[str, Any]:
        return {
            kind: [{"Key": "k", "Value": told.new(f"{kind} of {what}"), "IsValueSecret": True}]
            for kind in ("HeaderParameters", "QueryStringParameters", "BodyParameters")
        }

    for kind, given in {
        "API_KEY": {"ApiKeyAuthParameters": {"ApiKeyName": "k", "ApiKeyValue": told.new("an API key")}},
        "BASIC": {"BasicAuthParameters": {"Username": "u", "Password": told.new("a basic password")}},
        "OAUTH_CLIENT_CREDENTIALS": {
            "OAuthParameters": {
                "ClientParameters": {"ClientID": "c", "ClientSecret": told.new("an OAuth secret")},
                "AuthorizationEndpoint": "http://127.0.0.1:1/token",
                "HttpMethod": "POST",
                "OAuthHttpParameters": pairs("OAuth"),
            }
        },
    }.items():
        parameters = {**given, "InvocationHttpParameters": pairs(kind)}
        made = events.create_connection(Name=f"c-{kind}", AuthorizationType=kind, AuthParameters=parameters)
        assert made["ConnectionArn"]
    change = {"ApiKeyAuthParameters": {"ApiKeyName": "k", "ApiKeyValue": told.new("a changed API key")}}
    events.update_connection(Name="c-API_KEY", AuthorizationType="API_KEY", AuthParameters=change)


def _topics(cairn: Cairn, told: Told) -> None:
    sns = cairn.client("sns")
    topic = sns.create_topic(Name="told")["TopicArn"]
    endpoint = f"http://user:{told.new('the password of an endpoint')}@127.0.0.1:1/"
    sns.subscribe(TopicArn=topic, Protocol="http", Endpoint=endpoint)
    sns.publish(TopicArn=topic, Subject="s", Message=told.new("a message of a topic"))
    with contextlib.suppress(sns.exceptions.ClientError):
        sns.confirm_subscription(TopicArn=topic, Token=told.new("a token of a subscription"))


def _objects(cairn: Cairn, told: Told) -> None:
    s3 = cairn.client("s3")
    s3.create_bucket(Bucket="of-secrets")
    keys = []
    for name in ("a customer's key", "a customer's key of a copy"):
        key = told.new(name)[:32].ljust(32, "0")
        told.heard(name, key)
        keys.append({"SSECustomerAlgorithm": "AES256", "SSECustomerKey": key})
    with contextlib.suppress(s3.exceptions.ClientError):
        s3.put_object(Bucket="of-secrets", Key="o", Body=b"body", **keys[0])
        s3.get_object(Bucket="of-secrets", Key="o", **keys[0])
        source = {f"CopySource{name}": value for name, value in keys[0].items()}
        s3.copy_object(Bucket="of-secrets", Key="p", CopySource="of-secrets/o", **keys[1], **source)


def _bodies(cairn: Cairn, told: Told) -> None:
    queue = cairn.client("sqs").create_queue(QueueName="told")["QueueUrl"]
    cairn.client("sqs").send_message(QueueUrl=queue, MessageBody=told.new("a message of a queue"))
    table = {"KeySchema": [{"AttributeName": "k", "KeyType": "HASH"}], "BillingMode": "PAY_PER_REQUEST"}
    table["AttributeDefinitions"] = [{"AttributeName": "k", "AttributeType": "S"}]
    dynamodb = cairn.client("dynamodb")
    dynamodb.create_table(TableName="told", **table)
    item = {"k": {"S": "key"}, "v": {"S": told.new("an attribute of an item")}}
    dynamodb.put_item(TableName="told", Item=item)
    dynamodb.get_item(TableName="told", Key={"k": {"S": "key"}})
    detail = json.dumps({"a": told.new("a detail of an event")})
    cairn.client("events").put_events(Entries=[{"Source": "s", "DetailType": "d", "Detail": detail}])
    cairn.client("kinesis").create_stream(StreamName="told", ShardCount=1)
    cairn.client("kinesis").put_record(StreamName="told", Data=told.new("a record of a stream"), PartitionKey="p")


def _signatures(cairn: Cairn, told: Told) -> None:
    session = cairn.client("sts").get_session_token()["Credentials"]
    client = cairn.client(
        "s3",
        aws_access_key_id=session["AccessKeyId"],
        aws_secret_access_key=session["SecretAccessKey"],
        aws_session_token=told.heard("the token of a link", session["SessionToken"]),
    )
    client.put_object(Bucket="of-secrets", Key="linked", Body=b"linked")
    link = client.generate_presigned_url("get_object", {"Bucket": "of-secrets", "Key": "linked"})
    with urllib.request.urlopen(link, timeout=20) as reply:
        assert reply.read() == b"linked"
