"""What topics, queues and functions say of services that want to use them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec

from cairn.core.policy import Kind, MalformedPolicy, Principal, Request, evaluate, evaluate_alone, parse_policy
from cairn.core.policy.keys import Value
from cairn.core.records.identity import Identity

SNS = "sns.amazonaws.com"

OWNER_ACTIONS = (
    "GetTopicAttributes",
    "SetTopicAttributes",
    "AddPermission",
    "RemovePermission",
    "DeleteTopic",
    "Subscribe",
    "ListSubscriptionsByTopic",
    "Publish",
)
_NAMES_OWNER = frozenset({"cloudwatch.amazonaws.com"})
"""Services that publish in the name of the account whose resource they act for, so that the policy that every topic
begins with lets them (`AWS:SourceOwner`)."""


class Source(msgspec.Struct, frozen=True, kw_only=True):
    """A service that acts for one of its resources."""

    service: str
    """`cloudtrail.amazonaws.com`."""
    arn: str
    account: str

    def keys(self) -> dict[str, str]:
        """Condition keys that it brings."""
        keys = {
            "aws:SourceArn": self.arn,
            "aws:SourceAccount": self.account,
            "aws:PrincipalIsAWSService": "true",
            "aws:PrincipalServiceName": self.service,
            "aws:SecureTransport": "true",
        }
        return keys | ({"aws:SourceOwner": self.account} if self.service in _NAMES_OWNER else {})


def service_may(policy: str | None, action: str, resource: str, source: Source, *, kind: Kind = Kind.RESOURCE) -> bool:
    """Whether a resource's policy lets a service act. A policy that nobody can read lets nobody."""
    try:
        parsed = parse_policy(policy, kind) if policy else None
    except MalformedPolicy:
        return False
    request = Request(Principal(service=source.service), action, resource, source.keys())
    return parsed is not None and evaluate(request, resource_policy=parsed).allowed


def account_may(policy: str, action: str, resource: str, identity: Identity, keys: Mapping[str, Value]) -> bool:
    """Whether a topic's policy lets somebody of another account act. One that nobody can read lets nobody.

    Args:
        keys: condition keys of the call.
    """
    try:
        parsed = parse_policy(policy, Kind.RESOURCE)
    except MalformedPolicy:
        return False
    return evaluate_alone(Request(Principal.of(identity), action, resource, keys), parsed).allowed


def default_policy(arn: str, account: str) -> str:
    """The policy that a topic begins with."""
    statement = {
        "Sid": "__default_statement_ID",
        "Effect": "Allow",
        "Principal": {"AWS": "*"},
        "Action": [f"SNS:{action}" for action in OWNER_ACTIONS],
        "Resource": arn,
        "Condition": {"StringEquals": {"AWS:SourceOwner": account}},
    }
    return _text({"Version": "2008-10-17", "Id": "__default_policy_ID", "Statement": [statement]})


def with_statement(policy: str, label: str, arn: str, accounts: list[str], actions: list[str]) -> str | None:
    """`policy` with a statement that lets accounts act; None if it has one of that label already."""
    document = msgspec.json.decode(policy)
    statements = _statements(document)
    if any(each.get("Sid") == label for each in statements):
        return None
    users = [f"arn:{arn.split(':')[1]}:iam::{account}:root" for account in accounts]
    permitted = [f"SNS:{action}" for action in actions]
    statement: dict[str, Any] = {
        "Sid": label,
        "Effect": "Allow",
        "Principal": {"AWS": users[0] if len(users) == 1 else users},
        "Action": permitted[0] if len(permitted) == 1 else permitted,
        "Resource": arn,
    }
    return _text({**document, "Statement": [*statements, statement]})


def without_statement(policy: str, label: str) -> str:
    """`policy` without the statement of that label."""
    document = msgspec.json.decode(policy)
    return _text({**document, "Statement": [each for each in _statements(document) if each.get("Sid") != label]})


def _statements(document: Mapping[str, Any]) -> list[dict[str, Any]]:
    found = document.get("Statement", [])
    return [found] if isinstance(found, dict) else list(found)


def _text(document: Mapping[str, Any]) -> str:
    return msgspec.json.encode(document).decode()
