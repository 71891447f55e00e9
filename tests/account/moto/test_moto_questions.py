"""What the gateway asks the account: keys, principals, policies."""

from __future__ import annotations

import hashlib
import json

import pytest
from botocore.exceptions import ClientError
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric.ec import ECDSA, EllipticCurvePublicKey
from cryptography.hazmat.primitives.asymmetric.padding import MGF1, PSS, PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from cryptography.hazmat.primitives.serialization import load_der_public_key
from tests.account.moto.running import ACCOUNT, Running

from cairn.account.moto.questions import MotoQuestions, NotFound
from cairn.core.errors import Unreachable
from cairn.core.process import free_port

pytestmark = pytest.mark.engine

ADMINISTRATOR = "arn:aws:iam::aws:policy/AdministratorAccess"


def _policy(action: str) -> str:
    return json.dumps({"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": action, "Resource": "*"}]})


TRUST = json.dumps(
    {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Principal": "*", "Action": "sts:AssumeRole"}]}
)


def test_the_administrator_is_made_once_and_kept(moto: Running) -> None:
    made = moto.engine.ensure_user(ACCOUNT, "admin", ADMINISTRATOR)
    assert made.active
    assert made.access_key_id.startswith("AKIA")
    assert len(made.secret_access_key) == 40
    assert made.principal is not None
    assert (made.principal.arn, made.principal.id[:4]) == (f"arn:aws:iam::{ACCOUNT}:user/admin", "AIDA")
    moto.kill()
    assert moto.engine.ensure_user(ACCOUNT, "admin", ADMINISTRATOR) == made
    assert [policy.arn for policy in moto.engine.questions.policies(made.principal.arn).identity] == [ADMINISTRATOR]


def test_a_policy_that_does_not_exist_makes_no_administrator(moto: Running) -> None:
    with pytest.raises(NotFound):
        moto.engine.ensure_user(ACCOUNT, "nobody", "arn:aws:iam::aws:policy/None")


def test_a_key_tells_its_user_and_whether_it_is_active(moto: Running) -> None:
    iam = moto.client("iam")
    user = iam.create_user(UserName="bob", Path="/team/")["User"]
    key = iam.create_access_key(UserName="bob")["AccessKey"]
    found = moto.engine.questions.access_key(key["AccessKeyId"])
    assert found.secret_access_key == key["SecretAccessKey"]
    assert found.principal is not None
    assert (found.principal.id, found.principal.arn) == (user["UserId"], f"arn:aws:iam::{ACCOUNT}:user/team/bob")
    assert moto.engine.questions.user(ACCOUNT, "bob") == found.principal
    iam.update_access_key(UserName="bob", AccessKeyId=key["AccessKeyId"], Status="Inactive")
    assert not moto.engine.questions.access_key(key["AccessKeyId"]).active
    iam.delete_access_key(UserName="bob", AccessKeyId=key["AccessKeyId"])
    with pytest.raises(NotFound):
        moto.engine.questions.access_key(key["AccessKeyId"])


def test_a_session_s_key_tells_its_role(moto: Running) -> None:
    role = moto.client("iam").create_role(RoleName="worker", AssumeRolePolicyDocument=TRUST, Path="/p/")["Role"]
    session = moto.client("sts").assume_role(
        RoleArn=role["Arn"], RoleSessionName="session", Policy=_policy("s3:*"), DurationSeconds=900
    )
    moto.kill()
    found = moto.engine.questions.access_key(session["Credentials"]["AccessKeyId"])
    assert found.principal == moto.engine.questions.role(ACCOUNT, "worker")
    assert found.principal is not None
    assert (found.principal.kind, found.principal.id) == ("role", role["RoleId"])
    assert found.session is not None
    assert found.session.token == session["Credentials"]["SessionToken"]
    assert found.session.arn == session["AssumedRoleUser"]["Arn"]
    assert found.session.policy == _policy("s3:*")
    assert found.session.expires == int(session["Credentials"]["Expiration"].timestamp())
    policies = moto.engine.questions.policies(found.session.arn)
    assert policies.principal == found.principal
    assert policies.trust == TRUST


def test_all_of_a_user_s_policies_are_found(moto: Running) -> None:
    iam = moto.client("iam")
    iam.create_user(UserName="eve", PermissionsBoundary="arn:aws:iam::aws:policy/ReadOnlyAccess")
    iam.put_user_policy(UserName="eve", PolicyName="inline", PolicyDocument=_policy("sqs:*"))
    own = iam.create_policy(PolicyName="own", PolicyDocument=_policy("sns:*"))["Policy"]["Arn"]
    iam.create_policy_version(PolicyArn=own, PolicyDocument=_policy("ec2:*"), SetAsDefault=True)
    iam.attach_user_policy(UserName="eve", PolicyArn=own)
    iam.create_group(GroupName="team")
    iam.put_group_policy(GroupName="team", PolicyName="shared", PolicyDocument=_policy("kms:*"))
    iam.add_user_to_group(GroupName="team", UserName="eve")
    found = moto.engine.questions.policies(f"arn:aws:iam::{ACCOUNT}:user/eve")
    assert {(p.name, p.arn, json.loads(p.document)["Statement"][0]["Action"], p.of) for p in found.identity} == {
        ("inline", None, "sqs:*", "user"),
        ("own", own, "ec2:*", "user"),
        ("shared", None, "kms:*", "group team"),
    }
    assert "Statement" in json.loads(found.boundary or "")
    assert found.trust is None


def test_resources_tell_their_policies(moto: Running) -> None:
    text = _policy("*")
    moto.client("sqs").create_queue(QueueName="with", Attributes={"Policy": text})
    moto.client("sqs").create_queue(QueueName="without")
    key = moto.client("kms").create_key(Policy=text)["KeyMetadata"]["Arn"]
    secret = moto.client("secretsmanager").create_secret(Name="s", SecretString="x")["ARN"]
    ask = moto.engine.questions.resource_policy
    for arn in (f"arn:aws:sqs:us-east-1:{ACCOUNT}:with", key):
        assert json.loads(ask(arn) or "") == json.loads(text), arn
    assert ask(f"arn:aws:sqs:us-east-1:{ACCOUNT}:without") is None
    assert ask(secret) is None
    for arn in (f"arn:aws:sqs:us-east-1:{ACCOUNT}:none", "arn:aws:sqs:us-east-1:999999999999:x", "arn:aws:s3:::b"):
        with pytest.raises(NotFound):
            ask(arn)


def test_asking_makes_no_account(moto: Running) -> None:
    with pytest.raises(NotFound, match="no account"):
        moto.engine.questions.policies("arn:aws:iam::123123123123:user/x")


def test_a_child_that_does_not_answer_is_unreachable() -> None:
    with pytest.raises(Unreachable):
        MotoQuestions(f"http://127.0.0.1:{free_port()}", "x").health()


def test_managed_policies_and_keys_by_alias(moto: Running) -> None:
    iam, kms = moto.client("iam"), moto.client("kms")
    arn = iam.create_policy(PolicyName="mine", PolicyDocument=_policy("s3:Get*"))["Policy"]["Arn"]
    iam.create_policy_version(PolicyArn=arn, PolicyDocument=_policy("s3:Put*"), SetAsDefault=True)
    assert "s3:Put*" in moto.engine.questions.managed_policy(ACCOUNT, arn)
    assert '"*"' in moto.engine.questions.managed_policy(ACCOUNT, ADMINISTRATOR)
    with pytest.raises(NotFound):
        moto.engine.questions.managed_policy(ACCOUNT, arn + "-not")
    key = kms.create_key()["KeyMetadata"]["Arn"]
    kms.create_alias(AliasName="alias/mine", TargetKeyId=key)
    place = key.partition(":key/")[0]
    assert moto.engine.questions.key_of_alias(f"{place}:alias/mine") == key
    for name in ("not-there", "aws/s3"):
        with pytest.raises(NotFound):
            moto.engine.questions.key_of_alias(f"{place}:alias/{name}")


def test_a_function_that_is_not_there_has_no_policy(moto: Running) -> None:
    with pytest.raises(NotFound):
        moto.engine.questions.resource_policy(f"arn:aws:lambda:us-east-1:{ACCOUNT}:function:not-there")


def test_the_policy_of_a_function_is_told(moto: Running) -> None:
    lambda_ = moto.client("lambda")
    role = moto.client("iam").create_role(RoleName="r", AssumeRolePolicyDocument=TRUST)["Role"]["Arn"]
    code = {"ZipFile": b"PK\x05\x06" + b"\0" * 18}
    arn = lambda_.create_function(FunctionName="f", Role=role, Runtime="python3.12", Handler="x.y", Code=code)[
        "FunctionArn"
    ]
    assert moto.engine.questions.resource_policy(arn) is None
    lambda_.add_permission(
        FunctionName="f", StatementId="s", Action="lambda:InvokeFunction", Principal="sns.amazonaws.com"
    )
    (statement,) = json.loads(moto.engine.questions.resource_policy(arn) or "")["Statement"]
    assert (statement["Principal"], statement["Resource"]) == ({"Service": "sns.amazonaws.com"}, arn)


def test_keys_are_told(moto: Running) -> None:
    kms = moto.client("kms")
    ask = moto.engine.questions
    key = kms.create_key(Policy=_policy("kms:*"))["KeyMetadata"]["Arn"]
    made = ask.kms_key(key)
    assert (made.state, made.spec, made.usage) == ("Enabled", "SYMMETRIC_DEFAULT", "ENCRYPT_DECRYPT")
    kms.disable_key(KeyId=key)
    assert ask.kms_key(key).state == "Disabled"
    kms.enable_key(KeyId=key)
    assert ask.kms_key(key).state == "Enabled"
    kms.schedule_key_deletion(KeyId=key, PendingWindowInDays=7)
    assert ask.kms_key(key).state == "PendingDeletion"
    kms.cancel_key_deletion(KeyId=key)
    signing = kms.create_key(KeySpec="RSA_2048", KeyUsage="SIGN_VERIFY")["KeyMetadata"]["Arn"]
    assert (ask.kms_key(signing).spec, ask.kms_key(signing).usage) == ("RSA_2048", "SIGN_VERIFY")
    with pytest.raises(NotFound):
        ask.kms_key(key + "2")


def test_keys_sign_digests_as_they_are(moto: Running) -> None:
    kms, ask = moto.client("kms"), moto.engine.questions
    text, digest = b"text", hashlib.sha256(b"text").digest()
    arn = kms.create_key(KeySpec="RSA_2048", KeyUsage="SIGN_VERIFY")["KeyMetadata"]["Arn"]
    public = load_der_public_key(ask.public_key(arn))
    assert isinstance(public, RSAPublicKey)
    assert ask.public_key(arn) == kms.get_public_key(KeyId=arn)["PublicKey"]
    public.verify(ask.sign(arn, digest), text, PKCS1v15(), hashes.SHA256())
    for name, padding in (
        ("RSASSA_PKCS1_V1_5_SHA_256", PKCS1v15()),
        ("RSASSA_PSS_SHA_256", PSS(MGF1(hashes.SHA256()), PSS.AUTO)),
    ):
        how = {"KeyId": arn, "SigningAlgorithm": name}
        for message in ({"Message": digest, "MessageType": "DIGEST"}, {"Message": text}):
            signature = kms.sign(**how, **message)["Signature"]
            public.verify(signature, text, padding, hashes.SHA256())
            assert kms.verify(**how, **message, Signature=signature)["SignatureValid"]
        assert not kms.verify(**how, Message=digest, Signature=signature)["SignatureValid"]
        with pytest.raises(ClientError, match="Digest is invalid length"):
            kms.sign(**how, Message=digest[:-1], MessageType="DIGEST")
    curve = kms.create_key(KeySpec="ECC_NIST_P384", KeyUsage="SIGN_VERIFY")["KeyMetadata"]["Arn"]
    hashed = {"Message": hashlib.sha384(text).digest(), "MessageType": "DIGEST", "SigningAlgorithm": "ECDSA_SHA_384"}
    public = load_der_public_key(ask.public_key(curve))
    assert isinstance(public, EllipticCurvePublicKey)
    public.verify(kms.sign(KeyId=curve, **hashed)["Signature"], text, ECDSA(hashes.SHA384()))
    for question in (ask.public_key, lambda arn: ask.sign(arn, digest)):
        with pytest.raises(NotFound):
            question(arn + "2")
