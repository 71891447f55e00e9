"""What log groups need of others that do not know them."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import sqlalchemy as sa

from cairn.cloudwatch.logs.names import GroupId

FilterCounts = Callable[[Sequence[GroupId]], Mapping[GroupId, int]]
"""How many metric filters each group has; one without may be left out."""

RegexFilters = Callable[[sa.Connection, int], int]
"""How many filters of another kind a group has whose patterns have regular expressions, by the group's row."""

WITH_REGEXES_MAX = 5
"""Filters of a group whose patterns have regular expressions, metric filters and subscription filters together."""

Matches = Callable[[str], bool]
"""Whether a message matches."""

CompilePattern = Callable[[str], Matches]
"""Compiles a filter pattern; raises AwsError (InvalidParameterException) where it is none."""


def no_others(_connection: sa.Connection, _group: int) -> int:
    """`RegexFilters` where there is no other kind of filters."""
    return 0


def no_filters(_groups: Sequence[GroupId]) -> Mapping[GroupId, int]:
    """`FilterCounts` where there are no metric filters."""
    return {}
