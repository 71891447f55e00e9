"""Lists of things that have names: where they are, and which of them a page holds."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec
import sqlalchemy as sa

from cairn.eventbridge.operations.arguments import limit_of, read_token
from cairn.wire.operation import Context


class Place(msgspec.Struct, frozen=True):
    """An account in a region."""

    account: str
    region: str

    @classmethod
    def of(cls, context: Context) -> Place:
        """Where a call is."""
        return cls(context.account, context.region)


class Page(msgspec.Struct, frozen=True):
    """What a call wants of a list that is in the order of its names."""

    prefix: str
    after: str
    """The name that the page before ended with; empty: it is the first."""
    limit: int

    @classmethod
    def of(cls, params: Mapping[str, Any]) -> Page:
        """As List operations ask for it. Raises ValidationException: the token is none of ours."""
        return cls(params.get("NamePrefix", ""), read_token(params), limit_of(params))

    @property
    def rows(self) -> int:
        """How many rows to look for: with one more than it holds, it is known that another page follows."""
        return self.limit + 1

    def where(self, name: sa.ColumnElement[str]) -> list[sa.ColumnElement[bool]]:
        """What is true of the rows of this page and of those after it."""
        begins = [name.startswith(self.prefix, autoescape=True)] if self.prefix else []
        return [*begins, name > self.after]
