"""Bucket policies as documents: what may be put, and whether one is public."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterator
from typing import Any

import msgspec

from cairn.account.s3.replies import error
from cairn.core.errors import AwsError
from cairn.core.policy import Kind, MalformedPolicy, parse_policy

POLICY_BYTES_MAX = 20 << 10

# Keys of conditions that, with fixed values, let in only somebody in particular.
_NARROWING = {
    *("aws:principalarn", "aws:principalorgid", "aws:principalorgpaths", "aws:principalaccount", "aws:sourcearn"),
    *("aws:sourceaccount", "aws:sourceorgid", "aws:sourcevpc", "aws:sourcevpce", "aws:sourceowner", "aws:userid"),
    *("s3:x-amz-server-side-encryption-aws-kms-key-id", "s3:dataaccesspointarn", "s3:dataaccesspointaccount"),
}
_EQUAL = ("StringEquals", "StringEqualsIgnoreCase", "StringLike", "ArnEquals", "ArnLike")


def check_policy(body: bytes, bucket: str) -> str:
    """The policy's text.

    Raises:
        AwsError: it is no policy, or none of this bucket.
    """
    if len(body) > POLICY_BYTES_MAX:
        raise error("PolicyTooLarge", "The policy is larger than the maximum allowed size.")
    try:
        parse_policy(body, Kind.RESOURCE)
    except MalformedPolicy as problem:
        raise malformed(str(problem)) from None
    for statement in statements(msgspec.json.decode(body)):
        for action in strings(statement.get("Action", statement.get("NotAction"))):
            if action != "*" and not action.lower().startswith("s3:"):
                raise malformed("Policy has invalid action")
        for resource in strings(statement.get("Resource", statement.get("NotResource"))):
            partition, _, name = resource.partition(":s3:::")
            if not partition.startswith("arn:aws") or name.split("/", 1)[0] != bucket:
                raise malformed("Policy has invalid resource")
    return body.decode()


def malformed(message: str) -> AwsError:
    return error("MalformedPolicy", message)


def statements(document: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """The statements of a decoded policy."""
    listed = document.get("Statement")
    for statement in listed if isinstance(listed, list) else [listed]:
        if not isinstance(statement, dict):
            raise malformed("Syntax errors in policy.")
        yield statement


def strings(value: object) -> list[str]:
    """One string or a list of them, as policies write either."""
    listed = [item for item in (value if isinstance(value, list) else [value]) if isinstance(item, str)]
    if not listed or (isinstance(value, list) and len(listed) != len(value)):
        raise malformed("Syntax errors in policy.")
    return listed


def is_public(text: str) -> bool:
    """Whether the policy lets in everybody: an Allow for all principals that no condition narrows."""
    return any(
        statement.get("Effect") == "Allow" and _for_everybody(statement) and not _is_narrowed(statement)
        for statement in statements(msgspec.json.decode(text))
    )


def _for_everybody(statement: dict[str, Any]) -> bool:
    if "NotPrincipal" in statement:
        return True
    principal = statement.get("Principal")
    if isinstance(principal, dict):
        return any("*" in strings(principal[kind]) for kind in ("AWS", "CanonicalUser") if kind in principal)
    return principal == "*"


def _is_narrowed(statement: dict[str, Any]) -> bool:
    for operator, keys in (statement.get("Condition") or {}).items():
        name = str(operator).rpartition(":")[2].removesuffix("IfExists")
        for key, values in keys.items() if isinstance(keys, dict) else ():
            listed = [str(value) for value in (values if isinstance(values, list) else [values])]
            if name in _EQUAL and key.lower() in _NARROWING and all(_is_fixed(value) for value in listed):
                return True
            if name == "IpAddress" and key.lower() == "aws:sourceip" and not any(map(_is_everywhere, listed)):
                return True
    return False


def _is_fixed(value: str) -> bool:
    """A wildcard is harmless behind an account or an organization."""
    return value.strip("*") != "" and "${" not in value and not value.startswith(("*", "arn:aws:*:*:*:*:*"))


def _is_everywhere(network: str) -> bool:
    try:
        return ipaddress.ip_network(network, strict=False).prefixlen < 8
    except ValueError:
        return True
