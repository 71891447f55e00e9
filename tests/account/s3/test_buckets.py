"""Buckets of several accounts in an engine that knows one."""

from __future__ import annotations

import json
import uuid
from typing import Any

import boto3
import pytest
from botocore import UNSIGNED
from botocore.exceptions import ClientError

from cairn.account.s3.replies import canonical_id
from cairn.core.failpoints import arm

ALICE, BOB = "111111111111", "222222222222"
pytestmark = pytest.mark.engine


def code_of(caught: pytest.ExceptionInfo[ClientError]) -> tuple[str, int]:
    response = caught.value.response
    return response["Error"]["Code"], response["ResponseMetadata"]["HTTPStatusCode"]


def new_name() -> str:
    return f"n-{uuid.uuid4().hex[:12]}"


def allow(bucket: str, actions: list[str], principal: str = BOB, effect: str = "Allow") -> str:
    statement = {
        "Effect": effect,
        "Principal": {"AWS": principal},
        "Action": actions,
        "Resource": [f"arn:aws:s3:::{bucket}", f"arn:aws:s3:::{bucket}/*"],
    }
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})


def test_names_belong_to_whoever_was_first(cloud: Any, bucket: str) -> None:
    with pytest.raises(ClientError) as caught:
        cloud.client(BOB).create_bucket(Bucket=bucket)
    assert code_of(caught) == ("BucketAlreadyExists", 409)
    cloud.client(ALICE).create_bucket(Bucket=bucket)  # us-east-1 lets an owner make it again
    name = new_name()
    london = cloud.client(ALICE, "eu-west-2")
    options = {"Bucket": name, "CreateBucketConfiguration": {"LocationConstraint": "eu-west-2"}}
    assert london.create_bucket(**options)["Location"] == f"http://{name}.s3.amazonaws.com/"
    with pytest.raises(ClientError) as caught:
        london.create_bucket(**options)
    assert code_of(caught) == ("BucketAlreadyOwnedByYou", 409)


def test_regions(cloud: Any, s3: Any, bucket: str) -> None:
    assert s3.get_bucket_location(Bucket=bucket)["LocationConstraint"] is None
    name = new_name()
    cloud.client(ALICE, "eu-west-2").create_bucket(
        Bucket=name, CreateBucketConfiguration={"LocationConstraint": "eu-west-2"}
    )
    assert s3.get_bucket_location(Bucket=name)["LocationConstraint"] == "eu-west-2"
    assert s3.head_bucket(Bucket=name)["BucketRegion"] == "eu-west-2"


@pytest.mark.parametrize(
    ("endpoint", "constraint", "code"),
    [
        ("eu-west-2", "", "IllegalLocationConstraintException"),
        ("eu-west-2", "eu-west-1", "IllegalLocationConstraintException"),
        ("us-east-1", "us-east-1", "InvalidLocationConstraint"),
        ("us-east-1", "mars-north-1", "InvalidLocationConstraint"),
    ],
)
def test_regions_that_do_not_fit(cloud: Any, endpoint: str, constraint: str, code: str) -> None:
    options = {"CreateBucketConfiguration": {"LocationConstraint": constraint}} if constraint else {}
    with pytest.raises(ClientError) as caught:
        cloud.client(ALICE, endpoint).create_bucket(Bucket=new_name(), **options)
    assert code_of(caught) == (code, 400) or code_of(caught) == ("MalformedXML", 400)


@pytest.mark.parametrize("name", ["ab", "-abc", "ABC", "a..b", "192.168.0.1", "xn--abc", "abc-s3alias", "a" * 64])
def test_names_that_cannot_be(cloud: Any, name: str) -> None:
    s3 = cloud.client(ALICE, parameter_validation=False)
    with pytest.raises(ClientError) as caught:
        s3.create_bucket(Bucket=name)
    assert code_of(caught) == ("InvalidBucketName", 400)


def test_everybody_lists_their_own(cloud: Any) -> None:
    carol = cloud.client("333333333333")
    names = sorted(f"c{number}-{uuid.uuid4().hex[:8]}" for number in range(3))
    for name in names:
        carol.create_bucket(Bucket=name)
    listed = carol.list_buckets()
    assert [one["Name"] for one in listed["Buckets"]] == names
    assert listed["Owner"]["ID"] == canonical_id("333333333333")
    first = carol.list_buckets(MaxBuckets=2)
    assert [one["Name"] for one in first["Buckets"]] == names[:2]
    assert {one["BucketRegion"] for one in first["Buckets"]} == {"us-east-1"}
    rest = carol.list_buckets(MaxBuckets=2, ContinuationToken=first["ContinuationToken"])
    assert [one["Name"] for one in rest["Buckets"]] == names[2:]
    assert "ContinuationToken" not in rest
    assert [one["Name"] for one in carol.list_buckets(Prefix="c1")["Buckets"]] == names[1:2]
    assert carol.list_buckets(BucketRegion="eu-west-2")["Buckets"] == []
    assert cloud.client("444444444444").list_buckets()["Buckets"] == []


def test_others_are_kept_out_until_a_policy_lets_them_in(cloud: Any, s3: Any, bucket: str) -> None:
    s3.put_object(Bucket=bucket, Key="k", Body=b"alice's")
    bob = cloud.client(BOB)
    for refused in (
        lambda: bob.get_object(Bucket=bucket, Key="k"),
        lambda: bob.put_object(Bucket=bucket, Key="k", Body=b"bob's"),
        lambda: bob.list_objects_v2(Bucket=bucket),
        lambda: bob.delete_bucket(Bucket=bucket),
        lambda: bob.get_bucket_policy(Bucket=bucket),
        lambda: bob.put_bucket_tagging(Bucket=bucket, Tagging={"TagSet": []}),
    ):
        with pytest.raises(ClientError) as caught:
            refused()
        assert code_of(caught) == ("AccessDenied", 403)
    s3.put_bucket_policy(Bucket=bucket, Policy=allow(bucket, ["s3:GetObject", "s3:ListBucket"]))
    assert bob.get_object(Bucket=bucket, Key="k")["Body"].read() == b"alice's"
    assert bob.list_objects_v2(Bucket=bucket)["KeyCount"] == 1
    with pytest.raises(ClientError):
        bob.put_object(Bucket=bucket, Key="k", Body=b"bob's")
    s3.delete_bucket_policy(Bucket=bucket)
    with pytest.raises(ClientError):
        bob.get_object(Bucket=bucket, Key="k")


def test_a_policy_can_refuse_its_owner(s3: Any, bucket: str) -> None:
    s3.put_object(Bucket=bucket, Key="k", Body=b"x")
    s3.put_bucket_policy(Bucket=bucket, Policy=allow(bucket, ["s3:DeleteObject"], ALICE, "Deny"))
    with pytest.raises(ClientError) as caught:
        s3.delete_object(Bucket=bucket, Key="k")
    assert code_of(caught) == ("AccessDenied", 403)
    gone = s3.delete_objects(Bucket=bucket, Delete={"Objects": [{"Key": "k"}]})
    assert [(one["Key"], one["Code"]) for one in gone["Errors"]] == [("k", "AccessDenied")]
    assert s3.get_object(Bucket=bucket, Key="k")["Body"].read() == b"x"


def test_some_of_many_deletions_are_refused(cloud: Any, s3: Any, bucket: str) -> None:
    for key in ("mine/a", "yours/b"):
        s3.put_object(Bucket=bucket, Key=key, Body=b"x")
    policy = json.loads(allow(bucket, ["s3:DeleteObject"]))
    policy["Statement"][0]["Resource"] = f"arn:aws:s3:::{bucket}/yours/*"
    s3.put_bucket_policy(Bucket=bucket, Policy=json.dumps(policy))
    gone = cloud.client(BOB).delete_objects(Bucket=bucket, Delete={"Objects": [{"Key": "mine/a"}, {"Key": "yours/b"}]})
    assert [one["Key"] for one in gone["Deleted"]] == ["yours/b"]
    assert [one["Key"] for one in gone["Errors"]] == ["mine/a"]
    assert [one["Key"] for one in s3.list_objects_v2(Bucket=bucket)["Contents"]] == ["mine/a"]


def test_a_copy_needs_leave_to_read_its_source(cloud: Any, s3: Any, bucket: str) -> None:
    s3.put_object(Bucket=bucket, Key="secret", Body=b"alice's")
    bob = cloud.client(BOB)
    mine = new_name()
    bob.create_bucket(Bucket=mine)
    for source in (f"{bucket}/secret", f"/{bucket}/secret"):
        with pytest.raises(ClientError) as caught:
            bob.copy_object(Bucket=mine, Key="stolen", CopySource=source)
        assert code_of(caught) == ("AccessDenied", 403)
    s3.put_bucket_policy(Bucket=bucket, Policy=allow(bucket, ["s3:GetObject"]))
    bob.copy_object(Bucket=mine, Key="lent", CopySource=f"{bucket}/secret")
    assert bob.get_object(Bucket=mine, Key="lent")["Body"].read() == b"alice's"


def test_the_expected_owner(s3: Any, bucket: str) -> None:
    s3.head_bucket(Bucket=bucket, ExpectedBucketOwner=ALICE)
    with pytest.raises(ClientError) as caught:
        s3.put_object(Bucket=bucket, Key="k", Body=b"x", ExpectedBucketOwner=BOB)
    assert code_of(caught) == ("AccessDenied", 403)


def test_nobody_in_particular(cloud: Any, s3: Any, bucket: str) -> None:
    nobody = cloud.client(ALICE, signature_version=UNSIGNED)
    s3.put_object(Bucket=bucket, Key="k", Body=b"x")
    with pytest.raises(ClientError) as caught:
        nobody.get_object(Bucket=bucket, Key="k")
    assert code_of(caught) == ("AccessDenied", 403)
    with pytest.raises(ClientError):
        nobody.list_buckets()
    with pytest.raises(ClientError):  # a new bucket blocks public policies
        s3.put_bucket_policy(Bucket=bucket, Policy=allow(bucket, ["s3:GetObject"], "*"))
    s3.delete_public_access_block(Bucket=bucket)
    s3.put_bucket_policy(Bucket=bucket, Policy=allow(bucket, ["s3:GetObject"], "*"))
    assert s3.get_bucket_policy_status(Bucket=bucket)["PolicyStatus"]["IsPublic"]
    assert nobody.get_object(Bucket=bucket, Key="k")["Body"].read() == b"x"
    block = {"RestrictPublicBuckets": True}
    s3.put_public_access_block(Bucket=bucket, PublicAccessBlockConfiguration=block)
    with pytest.raises(ClientError):
        nobody.get_object(Bucket=bucket, Key="k")


def test_a_bucket_goes_when_it_is_empty(s3: Any, bucket: str) -> None:
    s3.put_object(Bucket=bucket, Key="k", Body=b"x")
    with pytest.raises(ClientError) as caught:
        s3.delete_bucket(Bucket=bucket)
    assert code_of(caught) == ("BucketNotEmpty", 409)
    assert s3.get_object(Bucket=bucket, Key="k")["Body"].read() == b"x"
    s3.put_bucket_tagging(Bucket=bucket, Tagging={"TagSet": [{"Key": "a", "Value": "b"}]})
    s3.delete_object(Bucket=bucket, Key="k")
    s3.delete_bucket(Bucket=bucket)
    with pytest.raises(ClientError) as caught:
        s3.head_bucket(Bucket=bucket)
    assert code_of(caught)[1] == 404
    s3.create_bucket(Bucket=bucket)
    with pytest.raises(ClientError) as caught:
        s3.get_bucket_tagging(Bucket=bucket)
    assert code_of(caught) == ("NoSuchTagSet", 404)


@pytest.mark.parametrize("point", ["buckets.begun", "buckets.made"])
@pytest.mark.parametrize("by_recovery", [True, False])
def test_a_bucket_half_made_is_made(cloud: Any, s3: Any, point: str, by_recovery: bool) -> None:
    name = new_name()
    arm(f"{point}=raise")
    with pytest.raises(ClientError):
        s3.create_bucket(Bucket=name)
    arm("")
    if by_recovery:
        cloud.door.run(cloud.door.upstream.recover(ALICE, "us-east-1"))
    s3.put_object(Bucket=name, Key="k", Body=b"x")
    with pytest.raises(ClientError) as caught:
        cloud.client(BOB).create_bucket(Bucket=name)
    assert code_of(caught) == ("BucketAlreadyExists", 409)
    s3.delete_object(Bucket=name, Key="k")
    s3.delete_bucket(Bucket=name)


@pytest.mark.parametrize("point", ["buckets.leaving", "buckets.removed"])
@pytest.mark.parametrize("by_recovery", [True, False])
def test_a_bucket_half_gone_is_gone(cloud: Any, s3: Any, bucket: str, point: str, by_recovery: bool) -> None:
    arm(f"{point}=raise")
    with pytest.raises(ClientError):
        s3.delete_bucket(Bucket=bucket)
    arm("")
    if by_recovery:
        cloud.door.run(cloud.door.upstream.recover(ALICE, "us-east-1"))
    cloud.client(BOB).create_bucket(Bucket=bucket)
    assert bucket in [one["Name"] for one in cloud.client(BOB).list_buckets()["Buckets"]]


def test_a_bucket_that_only_the_engine_knows_is_taken_in(cloud: Any) -> None:
    name = new_name()
    direct = boto3.client(
        "s3",
        endpoint_url=cloud.engine.endpoint,
        aws_access_key_id=cloud.engine.credentials.access_key_id,
        aws_secret_access_key=cloud.engine.credentials.secret_access_key,
        region_name="us-east-1",
    )
    direct.create_bucket(Bucket=name)
    dave = cloud.client("555555555555")
    with pytest.raises(ClientError):
        dave.head_bucket(Bucket=name)
    cloud.door.run(cloud.door.upstream.recover("555555555555", "eu-west-1"))
    assert dave.head_bucket(Bucket=name)["BucketRegion"] == "eu-west-1"
    direct.close()
