"""Accounts and users to attack with."""

from __future__ import annotations

import contextlib
import json
from typing import Any

from tests.contract.waiting import wait_until
from tests.running import Cairn
from tests.threats.served import Keys

ACCOUNT = "000000000000"
ALL = {"Effect": "Allow", "Action": "*", "Resource": "*"}


def document(*statements: dict[str, Any]) -> str:
    return json.dumps({"Version": "2012-10-17", "Statement": list(statements)})


def keys_of(given: dict[str, Any]) -> Keys:
    """boto3's arguments of an access key, or of a session's credentials."""
    named = {
        "aws_access_key_id": given["AccessKeyId"],
        "aws_secret_access_key": given["SecretAccessKey"],
        "aws_session_token": given.get("SessionToken", ""),
    }
    return {name: value for name, value in named.items() if value}


def user(cairn: Cairn, name: str, *statements: dict[str, Any], boundary: str = "") -> Keys:
    """Keys of a new user of the administrator's account, with a policy of `statements`."""
    iam = cairn.client("iam")
    iam.create_user(UserName=name, **({"PermissionsBoundary": boundary} if boundary else {}))
    if statements:
        iam.put_user_policy(UserName=name, PolicyName="given", PolicyDocument=document(*statements))
    return keys_of(iam.create_access_key(UserName=name)["AccessKey"])


def another_account(cairn: Cairn, name: str) -> tuple[str, Keys]:
    """A new account of the administrator's organization, and the keys of an administrator of it."""
    organizations = cairn.client("organizations")
    with contextlib.suppress(organizations.exceptions.AlreadyInOrganizationException):
        organizations.create_organization()
    made = organizations.create_account(Email=f"{name}@example.com", AccountName=name)["CreateAccountStatus"]
    role = f"arn:aws:iam::{made['AccountId']}:role/OrganizationAccountAccessRole"
    sts = cairn.client("sts")

    def assumed() -> Any:
        try:
            return sts.assume_role(RoleArn=role, RoleSessionName=name)
        except sts.exceptions.ClientError:
            return None

    return made["AccountId"], keys_of(wait_until(assumed)["Credentials"])
