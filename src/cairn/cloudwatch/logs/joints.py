"""What log groups need of others that do not know them."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from cairn.cloudwatch.logs.names import GroupId

FilterCounts = Callable[[Sequence[GroupId]], Mapping[GroupId, int]]
"""How many metric filters each group has; one without may be left out."""

Matches = Callable[[str], bool]
"""Whether a message matches."""

CompilePattern = Callable[[str], Matches]
"""Compiles a filter pattern; raises AwsError (InvalidParameterException) where it is none."""


def no_filters(_groups: Sequence[GroupId]) -> Mapping[GroupId, int]:
    """`FilterCounts` where there are no metric filters."""
    return {}
