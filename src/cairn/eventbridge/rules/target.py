"""A target of a rule as it is saved."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec


class Target(msgspec.Struct, frozen=True, kw_only=True):
    """What a rule tells."""

    id: str
    """Within its rule."""
    arn: str
    role: str = ""
    """ARN of the role that it is told in; empty: none."""
    settings: dict[str, Any] = {}
    """The rest of botocore's Target as it was put: Input, InputPath, RetryPolicy, SqsParameters, ..."""

    @classmethod
    def of(cls, given: Mapping[str, Any]) -> Target:
        """A target as PutTargets gives it."""
        settings = {name: value for name, value in given.items() if name not in ("Id", "Arn", "RoleArn")}
        return cls(id=given["Id"], arn=given["Arn"], role=given.get("RoleArn", ""), settings=settings)

    def described(self) -> dict[str, Any]:
        """As ListTargetsByRule answers it."""
        role = {"RoleArn": self.role} if self.role else {}
        return {"Id": self.id, "Arn": self.arn, **role, **self.settings}
