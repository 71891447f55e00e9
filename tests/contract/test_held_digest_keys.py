"""Digests signed by a KMS: the stock validator takes them, and a key that is away delays those of its region alone."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from tests.contract.recipients import SERVICE, allow, document, make_bucket, trail_arn
from tests.contract.test_tutorial import ACCOUNT
from tests.contract.test_validate_logs import validate
from tests.contract.waiting import wait_until
from tests.running import Cairn

from cairn.cloudtrail.digests.signature import PublicKey, SigningError
from cairn.service.digest_keys import KeyElsewhere
from cairn.wire.endpoint import Endpoint

pytestmark = pytest.mark.engine

HOME, OTHER = "us-east-1", "eu-west-1"
NAME = "held"
ARN = trail_arn(NAME, HOME)
ALIAS = "alias/cairn-digests"


@pytest.fixture(scope="module")
def holding(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cairn]:
    """A Cairn whose digests are signed by a key of each region, with a trail for all regions."""
    folder = tmp_path_factory.mktemp("holding") / "data"
    running = Cairn(folder, {"CAIRN_DIGEST_KMS_KEY": ALIAS})
    running.start()
    try:
        for region in (HOME, OTHER):
            make_signing_key(running, region)
        make_bucket(running, NAME)
        made = {"S3BucketName": NAME, "IsMultiRegionTrail": True, "EnableLogFileValidation": True}
        running.client("cloudtrail").create_trail(Name=NAME, **made)
        running.client("cloudtrail").start_logging(Name=NAME)
        yield running
    finally:
        code = running.stop()
    assert code == 0


def key_policy(source: str) -> str:
    only = {"StringEquals": {"aws:SourceArn": source}}
    return document(
        allow("kms:*", Principal={"AWS": f"arn:aws:iam::{ACCOUNT}:root"}),
        allow(["kms:GetPublicKey", "kms:Sign"], Principal=SERVICE, Condition=only),
    )


def make_signing_key(cairn: Cairn, region: str) -> str:
    """A key of RSA that signs for the trail, under the alias; its ARN."""
    kms = cairn.client("kms", region=region)
    made = kms.create_key(KeySpec="RSA_3072", KeyUsage="SIGN_VERIFY", Policy=key_policy(ARN))["KeyMetadata"]["Arn"]
    if any(found["AliasName"] == ALIAS for found in kms.list_aliases()["Aliases"]):
        kms.update_alias(AliasName=ALIAS, TargetKeyId=made)
    else:
        kms.create_alias(AliasName=ALIAS, TargetKeyId=made)
    return str(made)


def digest(cairn: Cairn, topic: str, *, fails: bool = False) -> None:
    """Have something happen in both regions, and ask for digests."""
    for region in (HOME, OTHER):
        cairn.client("sns", region=region).create_topic(Name=topic)
    cairn.cairn("flush", "--digests", "--trail", ARN, code=1 if fails else 0)


def digests_of(cairn: Cairn, region: str) -> int:
    prefix = f"AWSLogs/{ACCOUNT}/CloudTrail-Digest/{region}/"
    return int(cairn.client("s3").list_objects_v2(Bucket=NAME, Prefix=prefix)["KeyCount"])


def error_in(cairn: Cairn, region: str) -> str:
    """What GetTrailStatus says of digests."""
    found = cairn.client("cloudtrail", region=region).get_trail_status(Name=ARN)
    return str(found.get("LatestDigestDeliveryError", ""))


def public_keys(cairn: Cairn, region: str) -> list[bytes]:
    """What ListPublicKeys answers now."""
    return [key["Value"] for key in cairn.client("cloudtrail", region=region).list_public_keys()["PublicKeyList"]]


def public_key(cairn: Cairn, region: str) -> bytes:
    """What the KMS says, in the form of ListPublicKeys."""
    return PublicKey.load(cairn.client("kms", region=region).get_public_key(KeyId=ALIAS)["PublicKey"]).der


def test_digests_are_signed_by_the_keys_of_the_kms(holding: Cairn, tmp_path: Path) -> None:
    assert public_keys(holding, HOME) == [public_key(holding, HOME)]  # before anything is signed
    for number in range(2):
        digest(holding, f"topic-{number}")
    for region in (HOME, OTHER):
        assert public_keys(holding, region) == [public_key(holding, region)]
        verdict = validate(holding, NAME, region)
        assert (verdict.code, verdict.faults) == (0, [])
        assert "digest files valid" in " ".join(verdict.printed)
    assert public_key(holding, HOME) != public_key(holding, OTHER)
    printed = holding.cairn("verify", "--trail", ARN, "--checkpoint", str(tmp_path / "seen.json"))
    assert "INVALID" not in printed.replace("0 INVALID", "")
    assert printed.count("2/2 digest files valid") == 2
    keys = {path.name for path in (holding.folder.path / "keys").iterdir()}
    assert not [name for name in keys if len(name.removesuffix(".pem")) == 32]


def test_a_key_that_is_disabled_is_told_and_its_region_follows_once_it_is_enabled(holding: Cairn) -> None:
    kms = holding.client("kms", region=OTHER)
    before = {region: digests_of(holding, region) for region in (HOME, OTHER)}
    key = kms.describe_key(KeyId=ALIAS)["KeyMetadata"]["Arn"]
    for stop, begin, code in (
        (lambda: kms.disable_key(KeyId=key), lambda: kms.enable_key(KeyId=key), "KMS.DisabledException"),
        (lambda: policy(kms, key, ARN + "-2"), lambda: policy(kms, key, ARN), "KMS.AccessDeniedException"),
    ):
        stop()
        digest(holding, code.replace(".", "-"), fails=True)
        assert (error_in(holding, OTHER), error_in(holding, HOME)) == (code, "")
        assert digests_of(holding, OTHER) == before[OTHER]
        assert digests_of(holding, HOME) > before[HOME]
        if code == "KMS.DisabledException":
            wait_until(lambda: f"digests of {OTHER} are not signed" in holding.cairn("doctor", code=1))
        begin()
        digest(holding, "after-" + code.replace(".", "-"))
        assert error_in(holding, OTHER) == ""
        before = {region: digests_of(holding, region) for region in (HOME, OTHER)}
    for region in (HOME, OTHER):
        verdict = validate(holding, NAME, region)
        assert (verdict.code, verdict.faults) == (0, [])


def policy(kms: Any, key: str, source: str) -> None:
    kms.put_key_policy(KeyId=key, PolicyName="default", Policy=key_policy(source))


def test_another_key_behind_the_alias_takes_over(holding: Cairn) -> None:
    digest(holding, "old-key")
    old = public_key(holding, HOME)
    make_signing_key(holding, HOME)
    digest(holding, "new-key")
    assert set(public_keys(holding, HOME)) == {old, public_key(holding, HOME)}
    verdict = validate(holding, NAME, HOME)
    assert (verdict.code, verdict.faults) == (0, [])


def test_a_kms_elsewhere_signs_too(holding: Cairn) -> None:
    administrator = holding.folder.administrator()
    keys = f"{administrator.access_key_id}:{administrator.secret_access_key}".replace("/", "%2F").replace("+", "%2B")
    endpoint = Endpoint.parse(holding.endpoint.replace("://", f"://{keys}@"))
    arn = holding.client("kms", region=OTHER).describe_key(KeyId=ALIAS)["KeyMetadata"]["Arn"]
    for named, region in ((ALIAS, OTHER), (ALIAS, HOME), (arn, HOME)):
        holder = KeyElsewhere(named, endpoint)
        found = holder.find(region)
        signature = holder.sign(found, hashlib.sha256(b"text").digest(), ARN)
        assert PublicKey.load(found.public).verifies(b"text", signature.hex())
        assert found.region == (OTHER if named == arn else region)
    with pytest.raises(SigningError) as caught:
        KeyElsewhere("alias/nothing", endpoint).find(HOME)
    assert caught.value.code == "KMS.NotFoundException"


def test_a_region_whose_kms_has_no_such_key_has_no_digests_until_it_has(holding: Cairn) -> None:
    region = "eu-north-1"
    assert public_keys(holding, region) == []
    told = holding.cairn("flush", "--digests", "--trail", ARN, code=1)
    assert f"/CloudTrail/{region}/" in told
    assert (digests_of(holding, region), error_in(holding, region)) == (0, "KMS.NotFoundException")
    make_signing_key(holding, region)
    digest(holding, "unheard-of")
    verdict = validate(holding, NAME, region)
    assert (verdict.code, verdict.faults) == (0, [])
