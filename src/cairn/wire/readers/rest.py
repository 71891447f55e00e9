"""Inputs of REST services: labels of the path, the query, headers, and the body for what is left."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any
from urllib.parse import unquote

from botocore.model import OperationModel, Shape, StructureShape
from botocore.utils import is_json_value_header

from cairn.wire.http import Headers, Request
from cairn.wire.models import input_is_streamed, output_is_streamed
from cairn.wire.readers.scalars import Malformed, Reader, read_json_value, text_reader
from cairn.wire.readers.service import BodyReader, ServiceReaders
from cairn.wire.s3_routes import split_path

_LIST_ITEM = re.compile(r'"((?:[^"\\]|\\.)*)"|([^,]+)')
_LABEL = re.compile(r"\{([^}+]+)(\+?)\}")


@dataclass(frozen=True, slots=True)
class _Fields:
    """Members that stand in headers."""

    single: dict[str, tuple[str, Reader]]
    """Member and its reader by the header's name."""
    prefixed: tuple[tuple[str, str], ...]
    """Prefix in lower case and member: a map of all headers that begin so."""

    def read(self, headers: Headers, found: dict[str, Any]) -> None:
        for name, value in headers:
            field = self.single.get(name)
            if field is not None and field[0] not in found:
                found[field[0]] = field[1](value)
        for prefix, member in self.prefixed:
            values = {name[len(prefix) :]: value for name, value in headers if name.startswith(prefix)}
            if values:
                found[member] = values


@dataclass(frozen=True, slots=True)
class RestReader:
    """Reads an operation's input from a request."""

    labels: re.Pattern[str]
    """Matches the raw path; its groups are the labels, in order."""
    uri: tuple[tuple[str, str, Reader], ...]
    """Label, member, reader; in the order of the path."""
    query: dict[str, tuple[str, Reader, bool]]
    """By parameter: member, reader, whether it is a list."""
    rest_of_query: tuple[str, bool] | None
    """The member, a map, that takes all other parameters, and whether its values are lists."""
    literals: frozenset[str]
    """Parameters that name the operation and are no part of its input."""
    fields: _Fields
    payload: str
    """The member that is the body; empty where the body's members are the input's own."""
    body: BodyReader | None
    """None where the body is no parameter: it is streamed, or there is nothing in it."""

    def read(self, request: Request, body: bytes, host_bucket: str) -> dict[str, Any]:
        found: dict[str, Any] = {}
        if self.uri:
            found.update(self._from_path(request.path, host_bucket))
        if request.query and (self.query or self.rest_of_query):
            self._from_query(request, found)
        self.fields.read(request.headers, found)
        if self.body is not None and body:
            value = self.body(body)
            if not self.payload:
                found.update(value)
            elif value is not None:
                found[self.payload] = value
        return found

    def _from_path(self, path: str, host_bucket: str) -> Iterator[tuple[str, Any]]:
        if self.uri[0][0] == "Bucket":  # S3: the bucket may be in the host, and the key is all the rest
            values: tuple[str, ...] = split_path(path, host_bucket)
        else:
            match = self.labels.fullmatch(path)
            if match is None:
                raise Malformed("the path lacks a part")
            values = match.groups()
        for (_, member, reader), value in zip(self.uri, values, strict=False):
            yield member, reader(unquote(value))

    def _from_query(self, request: Request, found: dict[str, Any]) -> None:
        for name, value in request.query_pairs():
            member = self.query.get(name)
            if member is None:
                self._other_parameter(name, value, found)
            elif member[2]:
                found.setdefault(member[0], []).append(member[1](value))
            else:
                found[member[0]] = member[1](value)

    def _other_parameter(self, name: str, value: str, found: dict[str, Any]) -> None:
        if self.rest_of_query is None or name in self.literals:
            return
        member, lists = self.rest_of_query
        if lists:
            found.setdefault(member, {}).setdefault(name, []).append(value)
        else:
            found.setdefault(member, {})[name] = value


@dataclass(frozen=True, slots=True)
class RestReplyReader:
    """Reads an operation's output from a reply."""

    status: str
    """The member that is the HTTP status; empty where none is."""
    fields: _Fields
    payload: str
    body: BodyReader | None

    def read(self, status: int, headers: Headers, body: bytes) -> dict[str, Any]:
        found: dict[str, Any] = {}
        if self.status:
            found[self.status] = status
        self.fields.read(headers, found)
        if self.body is not None and body:
            value = self.body(body)
            if not self.payload:
                found.update(value)
            elif value is not None:
                found[self.payload] = value
        return found


def compile_rest_output(readers: ServiceReaders, operation: OperationModel) -> RestReplyReader:
    """The reader of `operation`'s output, which it must have."""
    shape: StructureShape = operation.output_shape
    status = [name for name, member in shape.members.items() if member.serialization.get("location") == "statusCode"]
    streamed = output_is_streamed(operation.service_model.service_name, operation.name)
    return RestReplyReader(
        status[0] if status else "", _fields(shape), *(("", None) if streamed else body_reader(readers, shape))
    )


def compile_rest_input(readers: ServiceReaders, operation: OperationModel) -> RestReader:
    """The reader of `operation`'s input."""
    shape = operation.input_shape
    members: dict[str, Shape] = shape.members if shape is not None else {}
    template, _, literal = operation.http["requestUri"].partition("?")
    uri, query = [], {}
    rest_of_query = None
    for name, member in members.items():
        traits = member.serialization
        wire_name = traits.get("name", name)
        match traits.get("location"):
            case "querystring" if member.type_name == "map":
                rest_of_query = name, member.value.type_name == "list"
            case "querystring":
                is_list = member.type_name == "list"
                query[wire_name] = name, text_reader(member.member if is_list else member), is_list
    by_label = {
        member.serialization.get("name", name): (name, member)
        for name, member in members.items()
        if member.serialization.get("location") == "uri"
    }
    for label in _LABEL.finditer(template):
        name, member = by_label[label[1]]
        uri.append((label[1], name, text_reader(member)))
    return RestReader(
        _label_pattern(template),
        tuple(uri),
        query,
        rest_of_query,
        frozenset(part.partition("=")[0] for part in literal.split("&")),
        _fields(shape),
        *_body(readers, operation),
    )


def _fields(shape: StructureShape | None) -> _Fields:
    single: dict[str, tuple[str, Reader]] = {}
    prefixed = []
    for name, member in shape.members.items() if shape is not None else ():
        wire_name = member.serialization.get("name", name).lower()
        if member.serialization.get("location") == "header":
            single[wire_name] = name, header_reader(member)
        elif member.serialization.get("location") == "headers":
            prefixed.append((wire_name, name))
    return _Fields(single, tuple(prefixed))


def _body(readers: ServiceReaders, operation: OperationModel) -> tuple[str, BodyReader | None]:
    shape = operation.input_shape
    if shape is None or input_is_streamed(operation.service_model.service_name, operation.name):
        return "", None
    return body_reader(readers, shape)


def body_reader(readers: ServiceReaders, shape: StructureShape) -> tuple[str, BodyReader | None]:
    """The member of `shape` that is the body, empty where the body's members are its own, and the body's reader."""
    payload = shape.serialization.get("payload")
    if payload is None:
        has_own = any("location" not in member.serialization for member in shape.members.values())
        return "", readers.body(shape) if has_own else None
    member = shape.members[payload]
    if member.type_name == "blob":
        return payload, _as_it_stands
    if member.type_name == "string":
        return payload, _as_text
    return payload, readers.payload(member)


def header_reader(shape: Shape) -> Reader:
    """The reader of a header's value."""
    if is_json_value_header(shape):
        return read_json_value
    if shape.type_name != "list":
        return text_reader(shape)
    item = text_reader(shape.member)
    # An HTTP date has a comma of its own.
    split = _split_dates if shape.member.type_name == "timestamp" else split_header_list
    return lambda value: [item(part) for part in split(value)]


def split_header_list(value: str) -> list[str]:
    """The items of a header that is a list: separated by commas, in quotes where they hold one."""
    items: list[str] = []
    for match in _LIST_ITEM.finditer(value):
        quoted, plain = match.groups()
        if quoted is not None:
            items.append(re.sub(r"\\(.)", r"\1", quoted))
        elif plain.strip():
            items.append(plain.strip())
    return items


def _split_dates(value: str) -> list[str]:
    parts = value.split(",")
    return [",".join(parts[at : at + 2]).strip() for at in range(0, len(parts), 2)]


def _label_pattern(template: str) -> re.Pattern[str]:
    """Labels by their place alone: which operation it is has been told, and literals may be encoded."""
    parts = []
    for segment in template.strip("/").split("/"):
        label = _LABEL.fullmatch(segment)
        parts.append("[^/]*" if label is None else "(.+)" if label[2] else "([^/]+)")
    return re.compile("/" + "/".join(parts) + ("" if parts[-1] == "(.+)" else "/?"), re.DOTALL)


def _as_it_stands(body: bytes) -> bytes:
    return body


def _as_text(body: bytes) -> str:
    try:
        return body.decode("utf-8")
    except UnicodeDecodeError as error:
        raise Malformed("the body is not UTF-8") from error
