"""The log group and the role of a trail: how they are named, whether CloudTrail may write there, and writing there."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Protocol

import msgspec

from cairn.cloudtrail import refusals
from cairn.cloudtrail.trail import TrailId
from cairn.core.errors import CairnError

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


class LogGroupError(CairnError):
    """A log group took no events. `code` is CloudWatch Logs' (`AccessDeniedException`, `ResourceNotFoundException`),
    empty if it did not answer."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code


class TrailStream(msgspec.Struct, frozen=True, kw_only=True):
    """A stream of a trail's log group, as the trail writes to it."""

    group: str
    """The group's ARN, without `:*`."""
    name: str
    role: str
    """ARN of the role to write with."""
    source: str
    """ARN of the trail."""


class LogStreams(Protocol):
    """Streams of log groups of any account and region, written to by CloudTrail."""

    def put(self, stream: TrailStream, records: Sequence[bytes], *, reader: str, position: int) -> None:
        """Write records to a stream, which is made where it is missing; they are durable when this returns.

        Args:
            reader: a name that is written to the stream by one writer, with growing positions.
            position: how far that is written then.

        Raises:
            LogGroupError: the log group does not take them. Whether all of them are missing may be unknown.
        """

    def position_of(self, reader: str) -> int:
        """How far `reader` is written; 0 where that is not known."""


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


def stream_name(trail: TrailId, account: str, organization: str = "") -> str:
    """The stream that a trail's events of an account go to (spec 8.1).

    Args:
        organization: `o-...` where it is an organization's trail.
    """
    name = f"{account}_CloudTrail_{trail.home_region}"
    return f"{organization}_{name}" if organization else name


def check_log_group(groups: LogGroups, trail: TrailId, group: str, role: str, organization: str = "") -> None:
    """Raise unless CloudTrail may assume the role, and with it write to the log group, both of the trail's account.

    Args:
        organization: `o-...` where it is an organization's trail, whose streams begin with it.

    Raises:
        AwsError: InvalidCloudWatchLogsLogGroupArnException, InvalidCloudWatchLogsRoleArnException.
    """
    named, worn = _GROUP.fullmatch(group), _ROLE.fullmatch(role)
    assert named is not None and worn is not None, "check_log_arns comes first"
    if named["account"] != trail.account or not groups.exists(named["arn"]):
        raise refusals.invalid_log_group()
    if worn["account"] != trail.account or not groups.trusts(role, trail.arn):
        raise refusals.role_not_trusting()
    stream = f"{named['arn']}:log-stream:{stream_name(trail, trail.account, organization)}"
    if named["all"] is None or not all(groups.may(role, action, stream) for action in _ACTIONS):
        raise refusals.role_without_permission()
