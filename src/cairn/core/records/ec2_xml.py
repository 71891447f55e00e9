"""EC2's later operations: the request and the reply as XML turned into JSON, under `<Operation>Request`.

The turn is a crude one, and genuine records show it: texts that look like numbers or truth values become them, a list
of one is its one item, lists of requests number their items in `tag`, and what is empty is the empty text.
"""

from __future__ import annotations

from typing import Any

from botocore.model import ListShape, OperationModel, Shape, StructureShape

from cairn.core.records import times
from cairn.core.records.casing import OMIT, Plan
from cairn.core.records.redact import Treatment, hidden_word, treatment
from cairn.core.records.xml_json import typed

_NAMESPACE = "http://ec2.amazonaws.com/doc/2016-11-15/"
_NOT_SHOWN = frozenset({"DryRun"})


def compile_request(operation: OperationModel) -> Plan:
    """The plan of a later operation's parameters."""
    render = _Compiler(reply=False).structure(operation.input_shape) if operation.input_shape is not None else None
    element = operation.name + "Request"

    def plan(value: Any) -> Any:
        return {element: (render(value) or "") if render is not None else ""}

    return plan


def compile_reply(operation: OperationModel) -> Plan:
    """The plan of a later operation's reply. It takes the output with `requestId` added to it."""
    shape = operation.output_shape
    render = _Compiler(reply=True).structure(shape) if shape is not None else None
    element = operation.name + "Response"

    def plan(value: Any) -> Any:
        body: dict[str, Any] = {"xmlns": _NAMESPACE}
        if isinstance(value, dict) and value.get("requestId"):
            body["requestId"] = value["requestId"]
        body.update(render(value) if render is not None else {"return": True})
        return {element: body}

    return plan


def wire_name(name: str, shape: Shape, reply: bool) -> str:
    """The name of a member's element: EC2 capitalises those of requests."""
    serialization = shape.serialization
    wire = str(serialization.get("name", name))
    if reply:
        return wire
    return str(serialization.get("queryName") or wire[:1].upper() + wire[1:])


class _Compiler:
    """Compiles the shapes of one operation's request or reply."""

    def __init__(self, *, reply: bool) -> None:
        self._reply = reply
        self._known: dict[str, Plan] = {}

    def structure(self, shape: StructureShape) -> Plan:
        if shape.name in self._known:
            return self._known[shape.name]
        members: dict[str, tuple[str, Plan]] = {}

        def plan(value: Any) -> Any:
            out: dict[str, Any] = {}
            for name, item in value.items() if isinstance(value, dict) else ():
                member = members.get(name)
                if member is None or item is None:
                    continue
                shown = member[1](item)
                if shown is not OMIT:
                    out[member[0]] = shown
            return out

        self._known[shape.name] = plan
        for name, member in shape.members.items():
            if name not in _NOT_SHOWN:
                members[name] = (wire_name(name, member, self._reply), self._member(name, member))
        return plan

    def _member(self, name: str, shape: Shape) -> Plan:
        chosen = treatment("ec2", name, shape)
        if chosen is Treatment.OMIT:
            return lambda value: OMIT
        if chosen is Treatment.HIDE:
            word = hidden_word("ec2")
            return lambda value: word
        kind = shape.type_name
        if kind == "structure":
            inner = self.structure(shape)
            return lambda value: inner(value) or ""
        if kind == "list":
            return self._reply_list(shape) if self._reply else self._request_list(shape)
        if kind == "timestamp":
            return times.iso_ms
        if kind == "blob":
            return lambda value: OMIT
        return typed if kind == "string" else lambda value: value

    def _request_list(self, shape: ListShape) -> Plan:
        render = self._member("", shape.member)

        def plan(value: Any) -> Any:
            items = []
            for index, each in enumerate(value if isinstance(value, list | tuple) else (), 1):
                shown = render(each)
                items.append(shown | {"tag": index} if isinstance(shown, dict) else {"tag": index, "content": shown})
            return OMIT if not items else items[0] if len(items) == 1 else items

        return plan

    def _reply_list(self, shape: ListShape) -> Plan:
        render = self._member("", shape.member)
        element = str(shape.member.serialization.get("name", "item"))

        def plan(value: Any) -> Any:
            items = [render(each) for each in value] if isinstance(value, list | tuple) else []
            return "" if not items else {element: items[0] if len(items) == 1 else items}

        return plan
