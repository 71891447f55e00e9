"""One trail with everything: an organization's, for all regions, with a prefix, under a KMS key, validated. The stock
`validate-logs` and `cairn verify` find it whole, for each account and region, and both name what was taken away."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from tests.contract.recipients import SERVICE, allow, document, key_policy, trail_arn
from tests.contract.test_tutorial import ACCOUNT
from tests.contract.test_validate_logs import validate
from tests.running import Cairn

from cairn.cloudtrail.digests.digest import FOLDER

pytestmark = pytest.mark.engine

NAME = BUCKET = "company-proof"
PREFIX = "audit/company"
REGIONS = ("us-east-1", "eu-west-1")
ARN = trail_arn(NAME, "us-east-1")


@dataclass
class Company:
    cairn: Cairn
    organization: str
    member: str
    key: str


@pytest.fixture(scope="module")
def company(cairn: Cairn) -> Iterator[Company]:
    """Two accounts, whose trail has delivered log files and digests twice."""
    organizations, s3 = cairn.client("organizations"), cairn.client("s3")
    organization = organizations.create_organization(FeatureSet="ALL")["Organization"]["Id"]
    organizations.enable_aws_service_access(ServicePrincipal=SERVICE["Service"])
    made = organizations.create_account(Email="proof@example.com", AccountName="proof")
    member = made["CreateAccountStatus"]["AccountId"]
    s3.create_bucket(Bucket=BUCKET)
    folders = [f"arn:aws:s3:::{BUCKET}/{PREFIX}/AWSLogs/{owner}/*" for owner in (ACCOUNT, organization)]
    acl = {"StringEquals": {"s3:x-amz-acl": "bucket-owner-full-control", "aws:SourceArn": ARN}}
    look = allow("s3:GetBucketAcl", f"arn:aws:s3:::{BUCKET}", Principal=SERVICE)
    s3.put_bucket_policy(
        Bucket=BUCKET, Policy=document(look, allow("s3:PutObject", folders, Principal=SERVICE, Condition=acl))
    )
    key = cairn.client("kms").create_key(Policy=key_policy(ARN))["KeyMetadata"]["Arn"]
    trail = cairn.client("cloudtrail")
    settings: dict[str, Any] = {"IsOrganizationTrail": True, "IsMultiRegionTrail": True, "KmsKeyId": key}
    trail.create_trail(Name=NAME, S3BucketName=BUCKET, S3KeyPrefix=PREFIX, EnableLogFileValidation=True, **settings)
    trail.start_logging(Name=NAME)
    found = Company(cairn, organization, member, key)
    for number in range(2):
        call_in_each_account(found, number)
        cairn.cairn("flush", "--digests", "--trail", ARN)
    yield found
    trail.delete_trail(Name=NAME)
    organizations.remove_account_from_organization(AccountId=member)
    organizations.delete_organization()


def call_in_each_account(company: Company, number: int) -> None:
    cairn = company.cairn
    role = f"arn:aws:iam::{company.member}:role/OrganizationAccountAccessRole"
    given = cairn.client("sts").assume_role(RoleArn=role, RoleSessionName="proof")["Credentials"]
    keys = {
        "aws_access_key_id": given["AccessKeyId"],
        "aws_secret_access_key": given["SecretAccessKey"],
        "aws_session_token": given["SessionToken"],
    }
    for region in REGIONS:
        for credentials in ({}, keys):
            cairn.client("sns", region=region, **credentials).create_topic(Name=f"proof-{number}")


def keys_of(company: Company, folder: str, account: str, region: str) -> list[str]:
    place = f"{PREFIX}/AWSLogs/{company.organization}/{account}/{folder}/{region}/"
    listed = company.cairn.client("s3").list_objects_v2(Bucket=BUCKET, Prefix=place)
    return sorted(found["Key"] for found in listed.get("Contents", ()))


@pytest.mark.parametrize("region", REGIONS)
@pytest.mark.parametrize("whose", ["management", "member"])
def test_the_stock_command_finds_every_chain_whole(company: Company, whose: str, region: str) -> None:
    account = ACCOUNT if whose == "management" else company.member
    digests, logs = keys_of(company, FOLDER, account, region), keys_of(company, "CloudTrail", account, region)
    assert len(digests) >= 2
    assert len(logs) >= 2
    for key in (*digests, *logs):
        head = company.cairn.client("s3").head_object(Bucket=BUCKET, Key=key)
        assert (head["ServerSideEncryption"], head["SSEKMSKeyId"]) == ("aws:kms", company.key)
    verdict = validate(company.cairn, NAME, region, "--account-id", account)
    assert (verdict.code, verdict.faults) == (0, [])
    assert f"{len(digests)}/{len(digests)} digest files valid" in verdict.printed[-2]
    assert f"{len(logs)}/{len(logs)} log files valid" in verdict.printed[-1]


def test_the_stock_command_asks_whose_chain_of_an_organizations_trail(company: Company) -> None:
    verdict = validate(company.cairn, NAME)
    assert verdict.code != 0
    assert "Missing required parameter for organization trail: '--account-id'" in "\n".join(verdict.faults)


def test_both_name_what_was_taken_away_and_redelivery_heals_it(company: Company, tmp_path: Path) -> None:
    cairn, (region, *_) = company.cairn, REGIONS
    seen = ("--trail", ARN, "--checkpoint", str(tmp_path / "seen.json"))
    cairn.cairn("verify", *seen)
    taken = keys_of(company, "CloudTrail", company.member, region)[0]
    cairn.client("s3").delete_object(Bucket=BUCKET, Key=taken)
    theirs = validate(cairn, NAME, region, "--account-id", company.member)
    assert (theirs.code, theirs.faults) == (1, [f"Log file\ts3://{BUCKET}/{taken}\tINVALID: not found"])
    assert validate(cairn, NAME, region, "--account-id", ACCOUNT).code == 0
    rows = [json.loads(line) for line in cairn.cairn("verify", *seen, "--output", "jsonl", code=1).splitlines()]
    assert [row["key"] for row in rows if row.get("verdict") == "invalid"] == [taken]
    cairn.cairn("redeliver", ARN, "--since", "1h")
    cairn.cairn("verify", *seen)
