"""Which key signs digests by `digest.kms_key`, and whether the KMS that has it lets CloudTrail sign."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.utils import Prehashed
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from cairn.account.moto.questions import Key, NotFound
from cairn.cloudtrail.digests.held_keys import HeldKeys
from cairn.cloudtrail.digests.keys import Keys
from cairn.cloudtrail.digests.signature import PublicKey, SigningError
from cairn.core.clock import TestClock
from cairn.core.config import Account, Digest, Settings
from cairn.core.errors import ConfigurationError, Unreachable
from cairn.core.folder import DataFolder
from cairn.core.process import free_port
from cairn.core.state import State
from cairn.service.digest_keys import AccountKey, KeyElsewhere, check_digest_key, digest_keys
from cairn.wire.endpoint import Endpoint

ACCOUNT = "111122223333"
KEY = f"arn:aws:kms:eu-west-1:{ACCOUNT}:key/01234567-89ab-cdef-0123-456789abcdef"
ALIAS = f"arn:aws:kms:eu-west-1:{ACCOUNT}:alias/digests"
SOURCE = f"arn:aws:cloudtrail:us-east-1:{ACCOUNT}:trail/main"
DIGEST = hashlib.sha256(b"text").digest()


def policy(actions: Any, **condition: Any) -> str:
    allowed = {"Effect": "Allow", "Principal": {"Service": "cloudtrail.amazonaws.com"}, "Resource": "*"}
    statement = allowed | {"Action": actions} | ({"Condition": condition} if condition else {})
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})


class Questions:
    """`MotoQuestions` with one key and its alias."""

    def __init__(self) -> None:
        self.private = rsa.generate_private_key(65537, 2048)
        self.key: dict[str, Any] = {
            "state": "Enabled",
            "spec": "RSA_2048",
            "usage": "SIGN_VERIFY",
            "policy": policy(["kms:Sign", "kms:GetPublicKey"]),
        }
        self.hangs = False

    def key_of_alias(self, arn: str) -> str:
        if arn != ALIAS:
            raise NotFound(arn)
        return KEY

    def kms_key(self, arn: str) -> Key:
        if self.hangs:
            raise Unreachable("the account does not answer")
        if arn != KEY:
            raise NotFound(arn)
        return Key(**self.key)

    def public_key(self, arn: str) -> bytes:
        assert arn == KEY
        return self.private.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)

    def sign(self, arn: str, digest: bytes) -> bytes:
        assert arn == KEY
        return self.private.sign(digest, PKCS1v15(), Prehashed(hashes.SHA256()))


@pytest.fixture
def questions() -> Any:
    return Questions()


@pytest.mark.parametrize("named", ["alias/digests", ALIAS, KEY])
def test_the_key_is_found_by_alias_or_arn_and_signs(questions: Any, named: str) -> None:
    holder = AccountKey(named, ACCOUNT, questions)
    found = holder.find("eu-west-1")
    assert (found.id, found.region) == (KEY, "eu-west-1")
    assert PublicKey.load(found.public).verifies(b"text", holder.sign(found, DIGEST, SOURCE).hex())
    if named.startswith("arn:"):
        assert holder.find("us-east-1") == found  # one key for all regions
    else:
        assert refusal(holder, "us-east-1") == "KMS.NotFoundException"
    assert refusal(AccountKey("alias/other", ACCOUNT, questions), "eu-west-1") == "KMS.NotFoundException"


def test_a_key_of_many_regions_is_asked_in_each(questions: Any) -> None:
    seen: list[str] = []
    questions.kms_key = lambda arn: seen.append(arn) or Key(**questions.key)
    questions.public_key = lambda arn: b""
    name = "mrk-0123456789abcdef0123456789abcdef"
    for region in ("eu-west-1", "us-gov-west-1"):
        AccountKey(name, ACCOUNT, questions).find(region)
    assert seen == [
        f"arn:aws:kms:eu-west-1:{ACCOUNT}:key/{name}",
        f"arn:aws-us-gov:kms:us-gov-west-1:{ACCOUNT}:key/{name}",
    ]


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"state": "Disabled"}, "KMS.DisabledException"),
        ({"state": "PendingDeletion"}, "KMS.KMSInvalidStateException"),
        ({"spec": "ECC_NIST_P256"}, "KMS.InvalidKeyUsageException"),
        ({"usage": "ENCRYPT_DECRYPT"}, "KMS.InvalidKeyUsageException"),
    ],
)
def test_a_key_that_cannot_sign_is_refused(questions: Any, change: dict[str, str], code: str) -> None:
    holder = AccountKey(KEY, ACCOUNT, questions)
    found = holder.find("eu-west-1")
    questions.key |= change
    assert refusal(holder, "eu-west-1") == code
    with pytest.raises(SigningError) as caught:
        holder.sign(found, DIGEST, SOURCE)
    assert caught.value.code == code


def test_an_account_that_hangs_is_told(questions: Any) -> None:
    questions.hangs = True
    assert refusal(AccountKey(KEY, ACCOUNT, questions), "eu-west-1") == "KMS.DependencyTimeoutException"


@pytest.mark.parametrize(
    ("written", "may"),
    [
        (policy("kms:*"), True),
        (policy("kms:Sign"), False),
        (policy("kms:GetPublicKey"), False),
        (policy("kms:*", StringEquals={"aws:SourceArn": SOURCE, "aws:SourceAccount": ACCOUNT}), True),
        (policy("kms:*", StringEquals={"aws:SourceArn": SOURCE + "-2"}), False),
        (policy("kms:*", StringEqualsIfExists={"kms:MessageType": "RAW"}), False),
        (policy("kms:*", StringEqualsIfExists={"kms:SigningAlgorithm": "RSASSA_PKCS1_V1_5_SHA_256"}), True),
        (policy("kms:*").replace("cloudtrail", "s3"), False),
        ("", False),
    ],
)
def test_the_policy_of_the_key_must_let_cloudtrail_sign(questions: Any, written: str, may: bool) -> None:
    holder = AccountKey(KEY, ACCOUNT, questions)
    found = holder.find("eu-west-1")
    questions.key["policy"] = written
    if may:
        assert holder.sign(found, DIGEST, SOURCE)
        return
    with pytest.raises(SigningError, match="does not let CloudTrail") as caught:
        holder.sign(found, DIGEST, SOURCE)
    assert caught.value.code == "KMS.AccessDeniedException"


def test_a_kms_elsewhere_that_is_down_is_told() -> None:
    endpoint = Endpoint.parse(f"http://AKIAFAR:secret@127.0.0.1:{free_port()}")
    assert refusal(KeyElsewhere("alias/digests", endpoint), "eu-west-1") == "KMS.DependencyTimeoutException"


def test_keys_are_where_the_setting_says(tmp_path: Path, questions: Any) -> None:
    state, folder = State.in_folder(tmp_path), DataFolder(tmp_path)

    def made(named: str, **upstreams: str) -> Any:
        settings = Settings(account=Account(id=ACCOUNT), digest=Digest(kms_key=named), upstreams=upstreams)
        return digest_keys(folder, settings, state, questions, TestClock())

    assert isinstance(made(""), Keys)
    for upstreams, holder in (({}, AccountKey), ({"kms": "http://a:b@kms:1"}, KeyElsewhere)):
        keys = made("alias/digests", **upstreams)
        assert isinstance(keys, HeldKeys)
        assert isinstance(keys._holder, holder)
    state.close()


@pytest.mark.parametrize("named", ["", "alias/a", KEY, ALIAS, "mrk-0123456789abcdef0123456789abcdef"])
def test_a_name_of_a_key_is_taken(named: str) -> None:
    check_digest_key(Settings(digest=Digest(kms_key=named)))


@pytest.mark.parametrize(
    "named", ["digests", KEY.rpartition("/")[2], KEY + "0", "arn:aws:kms:eu-west-1:1:alias/a", "alias/"]
)
def test_what_names_no_key_is_refused(named: str) -> None:
    with pytest.raises(ConfigurationError, match="names no key"):
        check_digest_key(Settings(digest=Digest(kms_key=named)))


def refusal(holder: AccountKey | KeyElsewhere, region: str) -> str:
    """The code with which no key is found."""
    with pytest.raises(SigningError) as caught:
        holder.find(region)
    return caught.value.code
