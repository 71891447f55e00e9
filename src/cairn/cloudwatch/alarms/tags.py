"""Tags of alarms."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import sqlalchemy as sa

from cairn.cloudwatch.alarms import refusals
from cairn.cloudwatch.alarms.tables import tags

TAGS_MAX = 50
RESERVED = "aws:"


def of(tag_list: Iterable[Mapping[str, str]]) -> dict[str, str]:
    """Tags as they are given.

    Raises:
        AwsError: InvalidParameterValue.
    """
    found: dict[str, str] = {}
    for tag in tag_list:
        if tag["Key"] in found:
            raise refusals.invalid_tags(f"The tag key {tag['Key']} is given twice.")
        if tag["Key"].lower().startswith(RESERVED):
            raise refusals.invalid_tags("Tag keys must not begin with aws:")
        found[tag["Key"]] = tag["Value"]
    check(found)
    return found


def check(found: Mapping[str, str]) -> None:
    if len(found) > TAGS_MAX:
        raise refusals.invalid_tags(f"A resource cannot have more than {TAGS_MAX} tags.")


def read(connection: sa.Connection, alarm: int) -> dict[str, str]:
    wanted = sa.select(tags.c.key, tags.c.value).where(tags.c.alarm == alarm).order_by(tags.c.key)
    return {row.key: row.value for row in connection.execute(wanted)}


def write(connection: sa.Connection, alarm: int, found: Mapping[str, str]) -> None:
    """Make these the tags of an alarm."""
    connection.execute(sa.delete(tags).where(tags.c.alarm == alarm))
    if found:
        values = [{"alarm": alarm, "key": key, "value": value} for key, value in found.items()]
        connection.execute(sa.insert(tags), values)
