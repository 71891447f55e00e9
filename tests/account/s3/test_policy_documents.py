"""Bucket policies as documents, without a bucket."""

from __future__ import annotations

import json
from typing import Any

import pytest

from cairn.account.s3.policy import POLICY_BYTES_MAX, check_policy, is_public
from cairn.core.errors import AwsError

BASE = {"Effect": "Allow", "Principal": "*", "Action": "s3:GetObject", "Resource": "arn:aws:s3:::b/*"}


def policy(**changes: Any) -> str:
    return json.dumps({"Version": "2012-10-17", "Statement": BASE | changes})


@pytest.mark.parametrize(
    "changes",
    [
        {"Principal": "*"},
        {"Principal": {"AWS": "*"}},
        {"Principal": {"AWS": ["111111111111", "*"]}},
        {"Condition": {"StringEquals": {"aws:UserAgent": "me"}}},
        {"Condition": {"StringLike": {"aws:PrincipalArn": "*"}}},
        {"Condition": {"IpAddress": {"aws:SourceIp": "0.0.0.0/0"}}},
        {"Condition": {"StringNotEquals": {"aws:PrincipalAccount": "111111111111"}}},
    ],
)
def test_public(changes: dict[str, Any]) -> None:
    assert is_public(policy(**changes))


@pytest.mark.parametrize(
    "changes",
    [
        {"Effect": "Deny"},
        {"Principal": {"AWS": "111111111111"}},
        {"Principal": {"Service": "cloudtrail.amazonaws.com"}},
        {"Condition": {"StringEquals": {"aws:PrincipalOrgID": "o-1"}}},
        {"Condition": {"ArnLike": {"aws:SourceArn": "arn:aws:cloudtrail:*:111111111111:trail/*"}}},
        {"Condition": {"ForAnyValue:StringLikeIfExists": {"aws:PrincipalOrgPaths": ["o-1/*"]}}},
        {"Condition": {"IpAddress": {"aws:SourceIp": ["192.0.2.0/24", "2001:db8::/32"]}}},
    ],
)
def test_not_public(changes: dict[str, Any]) -> None:
    assert not is_public(policy(**changes))


def test_a_policy_is_kept_as_it_was_written() -> None:
    text = policy()
    assert check_policy(text.encode(), "b") == text


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"[]",
        b"\xff",
        b"{}",
        b'{"Statement": "all"}',
        b'{"Version": "2024-01-01", "Statement": []}',
        b'{"Version": "2012-10-17", "Statement": []}',
        policy(Effect="Perhaps").encode(),
        policy(Action="ec2:RunInstances").encode(),
        policy(Action=[]).encode(),
        policy(Action=["s3:GetObject", 1]).encode(),
        policy(Resource="arn:aws:s3:::other/*").encode(),
        policy(Resource="*").encode(),
        policy(Effect="Deny", Condition={"StringEqualz": {"aws:PrincipalArn": "x"}}).encode(),
        json.dumps({"Version": "2012-10-17", "Statement": [{"Effect": "Allow"}]}).encode(),
    ],
)
def test_what_is_no_policy(body: bytes) -> None:
    with pytest.raises(AwsError) as caught:
        check_policy(body, "b")
    assert caught.value.code == "MalformedPolicy"


def test_a_policy_has_a_size() -> None:
    with pytest.raises(AwsError) as caught:
        check_policy(b" " * (POLICY_BYTES_MAX + 1), "b")
    assert caught.value.code == "PolicyTooLarge"
