"""TagResource, UntagResource and ListTagsForResource, of buses and rules."""

from __future__ import annotations

import sqlalchemy as sa

from cairn.core.state import State
from cairn.eventbridge.arns import RuleId, resource_of
from cairn.eventbridge.operations.arguments import (
    Answer,
    Params,
    check_changeable,
    check_tag_count,
    get_bus,
    get_rule,
    read_tags,
)
from cairn.eventbridge.tables import tags
from cairn.wire.operation import Context, Operation


class TagOperations:
    def __init__(self, state: State) -> None:
        self._state = state

    def operations(self) -> dict[str, Operation]:
        return {
            "TagResource": self.tag_resource,
            "UntagResource": self.untag_resource,
            "ListTagsForResource": self.list_tags_for_resource,
        }

    def tag_resource(self, context: Context, params: Params) -> Answer:
        arn, new = params["ResourceARN"], read_tags(params["Tags"])
        with self._state.write() as connection:
            _check(connection, context, arn, changes=True)
            check_tag_count(_tags_of(connection, arn) | new)
            connection.execute(sa.delete(tags).where(tags.c.arn == arn, tags.c.key.in_(list(new))))
            if new:
                rows = [{"arn": arn, "key": key, "value": value} for key, value in new.items()]
                connection.execute(sa.insert(tags), rows)
        return {}

    def untag_resource(self, context: Context, params: Params) -> Answer:
        arn = params["ResourceARN"]
        with self._state.write() as connection:
            _check(connection, context, arn, changes=True)
            connection.execute(sa.delete(tags).where(tags.c.arn == arn, tags.c.key.in_(params["TagKeys"])))
        return {}

    def list_tags_for_resource(self, context: Context, params: Params) -> Answer:
        arn = params["ResourceARN"]
        with self._state.read() as connection:
            _check(connection, context, arn)
            found = _tags_of(connection, arn)
        return {"Tags": [{"Key": key, "Value": value} for key, value in found.items()]}


def _check(connection: sa.Connection, context: Context, arn: str, *, changes: bool = False) -> None:
    """Raise unless there is such a bus or rule, and the caller may change it."""
    found = resource_of(arn)
    if not isinstance(found, RuleId):
        get_bus(connection, found)
        return
    _, rule = get_rule(connection, found.bus, found.name)
    if changes:
        check_changeable(context, rule)


def _tags_of(connection: sa.Connection, arn: str) -> dict[str, str]:
    select = sa.select(tags.c.key, tags.c.value).where(tags.c.arn == arn).order_by(tags.c.key)
    return {row.key: row.value for row in connection.execute(select)}
