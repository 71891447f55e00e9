"""Tags of trails."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping

import sqlalchemy as sa

from cairn.cloudtrail import refusals
from cairn.cloudtrail.tables import tags

TAGS_MAX = 50
KEY_CHARACTERS_MAX = 128
VALUE_CHARACTERS_MAX = 256

_TEXT = re.compile(r"[\w\s.:/=+\-@]*")


def check(pairs: Iterable[tuple[str, str]]) -> dict[str, str]:
    """Tags as a mapping.

    Raises:
        AwsError: InvalidTagParameterException.
    """
    found: dict[str, str] = {}
    for key, value in pairs:
        if not 1 <= len(key) <= KEY_CHARACTERS_MAX or len(value) > VALUE_CHARACTERS_MAX:
            raise refusals.invalid_tag(
                f"A tag's key has 1 to {KEY_CHARACTERS_MAX} characters, its value at most {VALUE_CHARACTERS_MAX}."
            )
        if key.lower().startswith("aws:"):
            raise refusals.invalid_tag("A tag's key cannot begin with aws:.")
        if not (_TEXT.fullmatch(key) and _TEXT.fullmatch(value)):
            raise refusals.invalid_tag(f"The tag {key} contains characters that are not allowed.")
        if key in found:
            raise refusals.invalid_tag(f"The tag key {key} is given twice.")
        found[key] = value
    return found


def put(connection: sa.Connection, trail: int, arn: str, new: Mapping[str, str]) -> None:
    """Add tags, in place of those of the same keys.

    Raises:
        AwsError: TagsLimitExceededException.
    """
    if len(get(connection, trail) | dict(new)) > TAGS_MAX:
        raise refusals.too_many_tags(arn, TAGS_MAX)
    remove(connection, trail, new)
    if new:
        rows = [{"trail": trail, "key": key, "value": value} for key, value in new.items()]
        connection.execute(sa.insert(tags), rows)


def remove(connection: sa.Connection, trail: int, keys: Iterable[str]) -> None:
    """Remove tags by key; a key that is not there is none to remove."""
    connection.execute(sa.delete(tags).where(tags.c.trail == trail, tags.c.key.in_(list(keys))))


def get(connection: sa.Connection, trail: int) -> dict[str, str]:
    """The tags of a trail, by key."""
    rows = connection.execute(sa.select(tags).where(tags.c.trail == trail).order_by(tags.c.key))
    return {row.key: row.value for row in rows}
