"""Pages of things that have names: the names that a call wants, and where its page begins."""

from __future__ import annotations

import base64
from collections.abc import Mapping, Sequence
from typing import Any, TypeVar

import msgspec
import sqlalchemy as sa

from cairn.core.errors import AwsError

PAGE = 100
"""Things of one answer."""

Named = TypeVar("Named")


class Place(msgspec.Struct, frozen=True):
    """An account in a region."""

    account: str
    region: str


class Page(msgspec.Struct, frozen=True):
    """What a call wants of a list that is in the order of its names."""

    prefix: str
    after: str
    """The name that the page before ended with; empty: it is the first."""
    limit: int

    @classmethod
    def of(cls, params: Mapping[str, Any]) -> Page:
        """As List operations ask for it. Raises ValidationException: the token is none of ours."""
        return cls(params.get("NamePrefix", ""), _read_token(params.get("NextToken")), params.get("Limit", PAGE))

    def where(self, name: sa.ColumnElement[str]) -> list[sa.ColumnElement[bool]]:
        """What is true of the rows of this page and of those after it."""
        begins = [name.startswith(self.prefix, autoescape=True)] if self.prefix else []
        return [*begins, name > self.after]

    def cut(self, found: Sequence[Named], names: Sequence[str]) -> tuple[Sequence[Named], dict[str, str]]:
        """The page of what was found, one more than `limit` if there is more, and the token of the next page."""
        if len(found) <= self.limit:
            return found, {}
        last = names[self.limit - 1]
        return found[: self.limit], {"NextToken": base64.urlsafe_b64encode(last.encode()).decode()}


def _read_token(text: str | None) -> str:
    if not text:
        return ""
    try:
        return base64.urlsafe_b64decode(text.encode("ascii")).decode()
    except ValueError:
        raise AwsError("ValidationException", "Parameter NextToken is not valid.") from None  # (ours)
