"""SNS on a database of its own under a test clock."""

from __future__ import annotations

from pathlib import Path

import sqlalchemy as sa

from cairn.cloudwatch.sns.policies import Source
from cairn.cloudwatch.sns.tables import SNS, deliveries, messages
from cairn.cloudwatch.sns.topics import Topics
from cairn.core.clock import TestClock
from cairn.core.state import State

ACCOUNT = "111122223333"
REGION = "eu-west-2"
ALARM = Source(
    service="cloudwatch.amazonaws.com", arn=f"arn:aws:cloudwatch:{REGION}:{ACCOUNT}:alarm:a", account=ACCOUNT
)


class Rig:
    def __init__(self, folder: Path, clock: TestClock) -> None:
        self.folder = folder
        self.clock = clock
        self.state = State.in_folder(folder, SNS)
        self.state.migrate()
        self.topics = Topics(self.state, clock)

    def waiting(self) -> int:
        """Deliveries that are not done."""
        return self._count(deliveries)

    def stored(self) -> int:
        """Messages that are kept."""
        return self._count(messages)

    def _count(self, table: sa.Table) -> int:
        with self.state.read() as connection:
            return int(connection.scalar(sa.select(sa.func.count()).select_from(table)) or 0)

    def close(self) -> None:
        self.state.close()
