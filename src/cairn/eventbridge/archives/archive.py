"""An archive as it is saved, and the rule by which AWS shows it on its bus."""

from __future__ import annotations

from typing import Any

import msgspec

from cairn.core.decoding import UNREADABLE
from cairn.eventbridge.event import BusId, partition
from cairn.eventbridge.rules.rule import Rule

ENABLED = "ENABLED"
"""The one state that archives here are ever in."""
MANAGED_BY = "prod.vhs.events.aws.internal"
"""Who makes and deletes the rules of archives."""


class Archive(msgspec.Struct, frozen=True, kw_only=True):
    """An archive of an event bus."""

    row: int
    """Its number in the database; an archive that is deleted and made again has another one."""
    bus: BusId
    name: str
    description: str = ""
    pattern: str = ""
    """What it takes, as JSON; empty: everything."""
    retention_days: int = 0
    """0: for ever."""
    kms_key: str = ""
    created: float = 0.0

    @property
    def arn(self) -> str:
        return archive_arn(self.bus.account, self.bus.region, self.name)

    def made(self) -> dict[str, Any]:
        """What operations answer that change it."""
        return {"ArchiveArn": self.arn, "State": ENABLED, "CreationTime": self.created}

    def listed(self, count: int, size: int) -> dict[str, Any]:
        """Its entry in a list.

        Args:
            count, size: how many events it holds, and how many bytes they count for.
        """
        return {
            "ArchiveName": self.name,
            "EventSourceArn": self.bus.arn,
            "State": ENABLED,
            "RetentionDays": self.retention_days,
            "SizeBytes": size,
            "EventCount": count,
            "CreationTime": self.created,
        }

    def described(self, count: int, size: int) -> dict[str, Any]:
        """What DescribeArchive answers."""
        optional = {
            "Description": self.description,
            "EventPattern": self.pattern,
            "KmsKeyIdentifier": self.kms_key,
        }
        return {
            "ArchiveArn": self.arn,
            **self.listed(count, size),
            **{name: value for name, value in optional.items() if value},
        }

    def rule(self, row: int = 0) -> Rule:
        """The rule that shows it on its bus. It has no targets: what the archive takes, it takes itself.

        Args:
            row: the number of the rule that is there; 0: none is.
        """
        return Rule(
            row=row,
            bus=self.bus,
            name=rule_name(self.name),
            pattern=_without_replays(self.pattern),
            managed_by=MANAGED_BY,
            created_by=self.bus.account,
            created=self.created,
        )


def _without_replays(pattern: str) -> str:
    """The pattern of an archive's rule: what the archive takes, but for replays."""
    try:
        found = msgspec.json.decode(pattern) if pattern else {}
    except UNREADABLE:  # AWS's reader takes more than JSON is: what follows the end, halves of characters
        return '{"replay-name":[{"exists":false}],' + pattern.lstrip()[1:]
    return msgspec.json.encode(found | {"replay-name": [{"exists": False}]}).decode()


def archive_arn(account: str, region: str, name: str) -> str:
    return f"arn:{partition(region)}:events:{region}:{account}:archive/{name}"


def rule_name(archive: str) -> str:
    """Of the rule of an archive."""
    return f"Events-Archive-{archive}"
