"""Calling operations of EventBridge as the gateway does, without one."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from cairn.core.errors import AwsError
from cairn.eventbridge.operations import VALIDATION
from cairn.wire.operation import Context, Operation
from cairn.wire.validate import validate

ACCOUNT = "111122223333"
REGION = "eu-west-2"


class Calls:
    """Operations of an account in a region."""

    def __init__(self, operations: Mapping[str, Operation], account: str = ACCOUNT, region: str = REGION) -> None:
        self._operations = operations
        self._context = Context(account=account, region=region)

    def call(self, operation: str, **params: Any) -> dict[str, Any]:
        """What the operation answers."""
        validate("events", operation, params, VALIDATION)
        return dict(self._operations[operation](self._context, params))

    def refusal(self, operation: str, **params: Any) -> str:
        """`code: message` of the error that the operation answers."""
        with pytest.raises(AwsError) as refused:
            self.call(operation, **params)
        return f"{refused.value.code}: {refused.value.message}"
