"""The log group and the role of a trail: how they are named, and whether CloudTrail may write there."""

from __future__ import annotations

import re
from typing import Protocol

from cairn.cloudtrail import refusals
from cairn.cloudtrail.trail import TrailId

_GROUP = re.compile(
    r"(?P<arn>arn:aws[a-z-]*:logs:(?P<region>[a-z0-9-]+):(?P<account>\d{12}):log-group:[A-Za-z0-9_/.#-]{1,512})(?P<all>:\*)?"
)
_ROLE = re.compile(r"arn:aws[a-z-]*:iam::(?P<account>\d{12}):role/[\x21-\x7e]{1,512}")
_ACTIONS = ("logs:CreateLogStream", "logs:PutLogEvents")


class LogGroups(Protocol):
    """Log groups, and the roles that CloudTrail writes to them with."""

    def exists(self, group: str) -> bool:
        """Whether there is a log group of this ARN, without `:*` at its end."""

    def trusts(self, role: str, source: str) -> bool:
        """Whether the role's trust policy lets CloudTrail assume it for the trail whose ARN is `source`; False where
        there is no such role."""

    def may(self, role: str, action: str, resource: str) -> bool:
        """Whether the role's own policies let it do this."""


def check_log_arns(group: str, role: str) -> None:
    """Raise unless both are given or none is, and each may be the ARN of what it has to be.

    Raises:
        AwsError: InvalidCloudWatchLogsLogGroupArnException, InvalidCloudWatchLogsRoleArnException.
    """
    if group and not role:
        raise refusals.role_missing()
    if role and not group:
        raise refusals.log_group_missing()
    if group and not _GROUP.fullmatch(group):
        raise refusals.invalid_log_group()
    if role and not _ROLE.fullmatch(role):
        raise refusals.invalid_role(role)


def stream_arn(trail: TrailId, group: str) -> str:
    """The ARN of the stream of a log group that a trail's events go to, by the group's ARN without `:*`."""
    return f"{group}:log-stream:{trail.account}_CloudTrail_{trail.home_region}"


def check_log_group(groups: LogGroups, trail: TrailId, group: str, role: str) -> None:
    """Raise unless CloudTrail may assume the role, and with it write to the log group, both of the trail's account.

    Raises:
        AwsError: InvalidCloudWatchLogsLogGroupArnException, InvalidCloudWatchLogsRoleArnException.
    """
    named, worn = _GROUP.fullmatch(group), _ROLE.fullmatch(role)
    assert named is not None and worn is not None, "check_log_arns comes first"
    if named["account"] != trail.account or not groups.exists(named["arn"]):
        raise refusals.invalid_log_group()
    if worn["account"] != trail.account or not groups.trusts(role, trail.arn):
        raise refusals.role_not_trusting()
    stream = stream_arn(trail, named["arn"])
    if named["all"] is None or not all(groups.may(role, action, stream) for action in _ACTIONS):
        raise refusals.role_without_permission()
