"""EC2's older operations: lists as `instancesSet: {items: [...]}`, times in milliseconds, `_return` in replies."""

from __future__ import annotations

from typing import Any

from botocore.model import ListShape, OperationModel, Shape, StructureShape

from cairn.core.records import times
from cairn.core.records.casing import OMIT, Plan, lower_first
from cairn.core.records.ec2_names import (
    ALWAYS,
    ITEM_LISTS,
    ITEM_REPLY_LISTS,
    LISTS,
    LISTS_OF_OPERATION,
    MEMBERS,
    PERMISSION_LISTS,
    PLAIN_LISTS,
    REPLY_MEMBERS,
    RETURNING,
    TEXTS,
    UNLISTED,
)
from cairn.core.records.redact import Treatment, hidden_word, treatment

_NOT_SHOWN = frozenset({"DryRun"})
_TAG_SPECIFICATION = "TagSpecification"


def compile_request(operation: OperationModel) -> Plan:
    """The plan of an older operation's parameters."""
    shape = operation.input_shape
    render = _Compiler(operation.name, reply=False).structure(shape) if shape is not None else _nothing
    always = dict(ALWAYS.get(operation.name, {}))
    if shape is not None and operation.name.startswith("Describe"):
        for name, member in shape.members.items():
            if member.type_name == "list" and (operation.name, name) not in UNLISTED:
                always.setdefault(list_name(operation.name, name, member)[0], {})

    def plan(value: Any) -> Any:
        out = render(value)
        for name, default in always.items():
            out.setdefault(name, default)
        permissions = out.get("ipPermissions")
        if permissions:
            for permission in permissions["items"]:
                for name in PERMISSION_LISTS:
                    permission.setdefault(name, {})
        return out

    return plan


def compile_reply(operation: OperationModel) -> Plan:
    """The plan of an older operation's reply, without its `requestId`."""
    shape = operation.output_shape
    returning = shape is None or operation.name in RETURNING
    if shape is None:
        return lambda value: {"_return": True}
    render = _Compiler(operation.name, reply=True).structure(shape)

    def plan(value: Any) -> Any:
        out = render(value)
        if "return" in out:
            return {"_return": out.pop("return")} | out
        return {"_return": True} | out if returning else out

    return plan


def list_name(operation: str, name: str, shape: Shape, parent: str = "") -> tuple[str, str]:
    """What a list of a request is called, and the one member of its items where they are no structures.

    Lists inside the structure `parent` are not called sets, but for the few that always are.
    """
    if parent == _TAG_SPECIFICATION:
        return "tags", ""
    listed = LISTS_OF_OPERATION.get((operation, name)) or LISTS.get(name)
    if listed is not None:
        return listed
    wire = lower_first(str(shape.serialization.get("name", name)))
    return wire if parent else wire + "Set", wire


def member_name(operation: str, name: str, shape: Shape, reply: bool) -> str:
    """What a member of a request or a reply is called."""
    own = (REPLY_MEMBERS if reply else MEMBERS).get((operation, name))
    return own or lower_first(str(shape.serialization.get("name", name)))


def _nothing(value: Any) -> Any:
    return {}


class _Compiler:
    """Compiles the shapes of one operation's request or reply."""

    def __init__(self, operation: str, *, reply: bool) -> None:
        self._operation = operation
        self._reply = reply
        self._known: dict[str, Plan] = {}

    def structure(self, shape: StructureShape) -> Plan:
        if shape.name in self._known:
            return self._known[shape.name]
        members: dict[str, tuple[str, Plan | None]] = {}

        def plan(value: Any) -> Any:
            out: dict[str, Any] = {}
            for name, item in value.items() if isinstance(value, dict) else ():
                member = members.get(name)
                if member is None or item is None:
                    continue
                shown = member[1](item) if member[1] is not None else item
                if shown is not OMIT:
                    out[member[0]] = shown
            return out

        self._known[shape.name] = plan
        for name, member in shape.members.items():
            if name not in _NOT_SHOWN:
                members[name] = self._member(name, member, shape)
        return plan

    def _member(self, name: str, shape: Shape, parent: StructureShape) -> tuple[str, Plan | None]:
        if shape.type_name == "list" and not self._reply:
            shown, item = list_name(self._operation, name, shape, "" if self._is_input(parent) else parent.name)
        else:
            shown, item = member_name(self._operation, name, shape, self._reply), ""
        chosen = treatment("ec2", name, shape)
        if chosen is not Treatment.SHOW:
            word = hidden_word("ec2")
            return shown, (lambda value: word) if chosen is Treatment.HIDE else (lambda value: OMIT)
        if shape.type_name == "list":
            return shown, self._list(name, shown, item, shape)
        return shown, self._leaf(name, shape)

    def _is_input(self, parent: StructureShape) -> bool:
        return bool(parent.name.endswith("Request"))

    def _leaf(self, name: str, shape: Shape) -> Plan | None:
        if shape.type_name == "structure":
            return self.structure(shape)
        if shape.type_name == "timestamp":
            return times.epoch_ms
        if shape.type_name == "blob":
            return lambda value: OMIT
        if (self._operation, name) in TEXTS:
            return str
        return None

    def _list(self, name: str, shown: str, item: str, shape: ListShape) -> Plan:
        render = self._leaf("", shape.member)
        wrapper = "items"
        if (self._operation, name) in ITEM_LISTS or (self._reply and shown in ITEM_REPLY_LISTS):
            wrapper = "item"
        wrapped = bool(item) and shape.member.type_name != "structure"
        plain = shown in PLAIN_LISTS

        def plan(value: Any) -> Any:
            if not isinstance(value, list | tuple):
                return OMIT
            shown_items = list(value) if render is None else [render(each) for each in value]
            if wrapped:
                shown_items = [{item: each} for each in shown_items]
            if plain:
                return shown_items
            return {wrapper: shown_items} if shown_items else {}

        return plan
