"""Resource policies: which services may write to log groups.

They are asked wherever Cairn writes as a service that AWS asks them for. They say nothing of users and roles, nor of
CloudTrail and Lambda, which write by a role. Source: API reference, PutResourcePolicy.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache

import msgspec
import sqlalchemy as sa

from cairn.cloudwatch.logs import refusals
from cairn.cloudwatch.logs.names import GroupId
from cairn.cloudwatch.logs.tables import policies
from cairn.core.clock import Clock
from cairn.core.policy import Kind, MalformedPolicy, Policy, Principal, Reason, Request, evaluate, parse_policy
from cairn.core.state import State

ACCOUNT_POLICIES_MAX = 10
"""Of an account in a region, those of single log groups aside."""
ACTIONS = frozenset({"logs:CreateLogStream", "logs:PutLogEvents"})
"""The actions that they are about."""


class ResourcePolicy(msgspec.Struct, frozen=True, kw_only=True):
    """One resource policy."""

    name: str
    document: str
    resource: str = ""
    """ARN of the log group that it is attached to; empty: it is the account's."""
    revision: str = ""
    updated_ms: int


class ResourcePolicies:
    """The resource policies of all accounts."""

    def __init__(self, state: State, clock: Clock) -> None:
        self._state = state
        self._clock = clock

    def put(
        self, account: str, region: str, name: str, document: str, *, resource: str = "", expected: str | None = None
    ) -> ResourcePolicy:
        """Make or change a policy.

        Args:
            expected: the revision that a log group's policy has now; None where it has none.

        Raises:
            AwsError: LimitExceededException; OperationAbortedException: the revision is another one.
        """
        with self._state.write() as connection:
            there = _all(connection, account, region)
            of_scope = [policy for policy in there if policy.resource == resource]
            now = next((policy for policy in of_scope if policy.name == name), None)
            if resource:
                if of_scope and now is None:
                    raise refusals.limit_exceeded()  # one a log group
                if expected != (now.revision if now is not None else None):
                    raise refusals.policy_changed()
            elif now is None and len(of_scope) >= ACCOUNT_POLICIES_MAX:
                raise refusals.limit_exceeded()
            policy = ResourcePolicy(
                name=name,
                document=document,
                resource=resource,
                revision=str(int(now.revision) + 1 if now is not None else 1),
                updated_ms=int(self._clock.now() * 1000),
            )
            _delete(connection, account, region, resource, name)
            connection.execute(
                sa.insert(policies).values(account=account, region=region, **msgspec.structs.asdict(policy))
            )
        return policy

    def delete(self, account: str, region: str, name: str, *, resource: str = "", expected: str | None = None) -> None:
        """Delete a policy.

        Raises:
            AwsError: ResourceNotFoundException; OperationAbortedException: the revision is another one.
        """
        with self._state.write() as connection:
            there = _all(connection, account, region)
            now = next((policy for policy in there if (policy.resource, policy.name) == (resource, name)), None)
            if now is None:
                raise refusals.policy_not_found(name)
            if resource and expected != now.revision:
                raise refusals.policy_changed()
            _delete(connection, account, region, resource, name)

    def allows(
        self,
        account: str,
        region: str,
        *,
        service: str,
        action: str,
        resource: str,
        source_arn: str,
        source_account: str,
    ) -> bool:
        """Whether a service may write to a log group of an account in a region.

        One that says no in any policy decides; else one that says yes does. A policy that nobody can read lets nobody,
        since it might have said no.

        Args:
            service: who writes, such as `events.amazonaws.com`.
            action: one of `ACTIONS`; no policy allows another.
            resource: ARN of the stream, for both actions, whether the stream is there already or not.
            source_arn: the resource that it writes for, such as a rule; `aws:SourceArn`.
            source_account: whose that is; `aws:SourceAccount`.
        """
        group = GroupId.of_arn(resource.partition(":log-stream:")[0])
        if group is None or action not in ACTIONS:
            return False
        keys = {
            "aws:SourceArn": source_arn,
            "aws:SourceAccount": source_account,
            "aws:PrincipalIsAWSService": "true",
            "aws:PrincipalServiceName": service,
            "aws:SecureTransport": "true",
        }
        request = Request(Principal(service=service), action, resource, keys)
        found = [policy for policy in self.all(account, region) if policy.resource in ("", group.arn)]
        parsed = [_parsed(policy.document) for policy in found]
        decisions = [evaluate(request, resource_policy=policy) for policy in parsed if policy is not None]
        if None in parsed or any(decision.reason is Reason.DENIED_RESOURCE for decision in decisions):
            return False
        return any(decision.allowed for decision in decisions)

    def all(self, account: str, region: str) -> Sequence[ResourcePolicy]:
        """Of an account in a region, in the order of their names."""
        with self._state.read() as connection:
            return _all(connection, account, region)


def delete_of(connection: sa.Connection, group: GroupId) -> None:
    """Delete what is attached to a log group, which is to go."""
    attached = sa.and_(policies.c.account == group.account, policies.c.region == group.region)
    connection.execute(sa.delete(policies).where(attached, policies.c.resource == group.arn))


@lru_cache(maxsize=256)
def _parsed(document: str) -> Policy | None:
    try:
        return parse_policy(document, Kind.RESOURCE)
    except MalformedPolicy:
        return None


def _all(connection: sa.Connection, account: str, region: str) -> list[ResourcePolicy]:
    query = sa.select(policies).where(policies.c.account == account, policies.c.region == region)
    return [
        ResourcePolicy(
            name=row.name,
            document=row.document,
            resource=row.resource,
            revision=row.revision,
            updated_ms=row.updated_ms,
        )
        for row in connection.execute(query.order_by(policies.c.resource, policies.c.name))
    ]


def _delete(connection: sa.Connection, account: str, region: str, resource: str, name: str) -> None:
    connection.execute(
        sa.delete(policies).where(
            policies.c.account == account,
            policies.c.region == region,
            policies.c.resource == resource,
            policies.c.name == name,
        )
    )
