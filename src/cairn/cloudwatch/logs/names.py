"""How log groups and streams are named: by name, and by ARN."""

from __future__ import annotations

import re
from typing import NamedTuple

_GROUP_ARN = re.compile(
    r"arn:aws[a-z-]*:logs:(?P<region>[a-z0-9-]+):(?P<account>\d{12}):log-group:(?P<name>[A-Za-z0-9_/.#-]{1,512})"
    r"(?::\*)?"
)


class GroupId(NamedTuple):
    """Which log group: an account has those of one region apart from those of another."""

    account: str
    region: str
    name: str

    @property
    def arn(self) -> str:
        """Without `:*` at its end."""
        return f"arn:{partition(self.region)}:logs:{self.region}:{self.account}:log-group:{self.name}"

    def stream_arn(self, stream: str) -> str:
        return f"{self.arn}:log-stream:{stream}"

    @classmethod
    def of_arn(cls, arn: str) -> GroupId | None:
        """By its ARN, with or without `:*`; None where that is no log group's."""
        match = _GROUP_ARN.fullmatch(arn)
        return cls(match["account"], match["region"], match["name"]) if match else None


def partition(region: str) -> str:
    """The partition that a region is in."""
    if region.startswith("cn-"):
        return "aws-cn"
    return "aws-us-gov" if region.startswith("us-gov-") else "aws"
