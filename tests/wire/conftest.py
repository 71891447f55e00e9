"""Inputs and outputs made up from botocore's shapes, and requests as botocore would send them."""

from __future__ import annotations

import os
import string
from collections.abc import AsyncIterator, Callable
from datetime import UTC, datetime
from random import Random
from typing import Any
from urllib.parse import urlsplit

import pytest
from botocore.awsrequest import create_request_object, prepare_request_dict
from botocore.model import OperationModel, Shape
from botocore.serialize import create_serializer

from cairn.wire.http import Headers, Request
from cairn.wire.models import operation_names

PLAIN = string.ascii_letters + string.digits + "-"
ASCII = string.ascii_letters + string.digits + " !#$%&'()*+,-./:;<=>?@[]^_`{|}~\"\\"
UNICODE = ASCII + "äßéñ日本語🙂\t\n"
DEPTH_MAX = 5


class Sampler:
    """Values of a shape that travel unchanged: no empty lists where a protocol has no way to say them."""

    def __init__(
        self, random: Random, *, protocol: str, sparse: float = 0.5, plain: bool = False, millis: bool = False
    ) -> None:
        self._random = random
        self._sparse = sparse  # of the members that need not be there, how many are left out
        self._plain = plain
        self._millis = millis  # no time has microseconds
        self._empties = protocol in ("json", "rest-json", "smithy-rpc-v2-cbor")
        self._form = protocol in ("query", "ec2")
        self._micros = protocol in ("smithy-rpc-v2-cbor", "query", "ec2") and not plain

    def value(self, shape: Shape, depth: int = 0) -> Any:
        value = self._value(shape, depth)
        return _without_empties(value) if self._form and depth == 0 else value

    def _value(self, shape: Shape, depth: int) -> Any:
        kind = shape.type_name
        traits = shape.serialization
        location = traits.get("location", "")
        if kind == "structure":
            return self._structure(shape, depth)
        if kind == "list":
            member = shape.member
            inner = location or member.serialization.get("location", "")
            few = self._plain and depth <= DEPTH_MAX  # where a client takes things apart, nothing is empty
            count = self._random.randint(0 if self._empties and not inner and not few else 1, 3)
            if inner:
                return [self._scalar(member, inner) for _ in range(max(count, 1))]
            return [self.value(member, depth + 1) for _ in range(count)]
        if kind == "map":
            if location == "headers":
                return {self._text(string.ascii_lowercase, 1, 8): self._text(PLAIN, 1, 9) for _ in range(2)}
            count = self._random.randint(0 if self._empties and not location else 1, 2)
            keys = [self._text(PLAIN, 1, 8) if location else self._string(shape.key, "") for _ in range(count)]
            if location and shape.value.type_name == "list":
                return {key: [self._scalar(shape.value.member, location)] for key in keys}
            return {key: self.value(shape.value, depth + 1) for key in keys}
        return self._scalar(shape, location)

    def _structure(self, shape: Shape, depth: int) -> Any:
        if shape.is_document_type:
            return {"text": self._text(UNICODE, 0, 5), "list": [1, 2.5, True, {"deep": None}]}
        members = shape.members
        names = list(members)
        if shape.is_tagged_union and names:
            scalars = [name for name in names if members[name].type_name not in ("structure", "list", "map")]
            names = [self._random.choice(scalars if depth > DEPTH_MAX and scalars else names)]
        required = [] if shape.is_tagged_union else shape.required_members
        found = {}
        for name in names:
            member = members[name]
            if shape.is_tagged_union or name in required or self._random.random() > self._sparse:
                large = member.type_name in ("structure", "list", "map")
                if depth > DEPTH_MAX and large and name not in required and not shape.is_tagged_union:
                    continue
                if member.serialization.get("eventstream") or getattr(member, "is_eventstream", False):
                    continue
                found[name] = self.value(member, depth + 1)
        if not found and names and (not self._empties or (self._plain and depth <= DEPTH_MAX)):
            scalars = [name for name in names if members[name].type_name not in ("structure", "list", "map")]
            name = scalars[0] if scalars else names[0]
            if scalars or depth <= DEPTH_MAX * 3:
                found[name] = self.value(members[name], depth + 1)
        return found

    def _scalar(self, shape: Shape, location: str) -> Any:
        random = self._random
        match shape.type_name:
            case "integer" | "long":
                return random.randint(int(shape.metadata.get("min", 0)), max(int(shape.metadata.get("min", 0)), 1000))
            case "float" | "double":
                return random.randint(1, 8000) / 8
            case "boolean":
                return random.random() < 0.5
            case "timestamp":
                micro = random.randrange(10**6) if self._micros and not location else 0
                micro -= micro % 1000 if self._millis else 0
                return datetime.fromtimestamp(random.randrange(4 * 10**9), UTC).replace(microsecond=micro)
            case "blob":
                return random.randbytes(random.randint(1, 12))
        return self._string(shape, location)

    def _string(self, shape: Shape, location: str) -> str:
        if getattr(shape, "enum", None):
            return str(self._random.choice(shape.enum))
        least = min(int(shape.metadata.get("min", 0)), 300)
        alphabet = ASCII if location == "header" else UNICODE
        if self._plain:
            alphabet = PLAIN
        if shape.serialization.get("hostLabel"):
            alphabet = string.ascii_letters + string.digits
        value = self._text(alphabet, max(least, 1 if location or self._plain or not self._empties else 0), least + 8)
        return (value.strip() or "x") if location == "header" else value

    def _text(self, alphabet: str, least: int, most: int) -> str:
        return "".join(self._random.choice(alphabet) for _ in range(self._random.randint(least, most)))


def _without_empties(value: Any) -> Any:
    """A form has no way to say an empty structure, nor, in EC2's dialect, an empty list."""
    if isinstance(value, dict):
        inner = {key: _without_empties(item) for key, item in value.items()}
        return {key: item for key, item in inner.items() if item != {} and item != []}
    if isinstance(value, list):
        return [item for item in map(_without_empties, value) if item != {} and item != []]
    return value


async def no_body() -> AsyncIterator[bytes]:
    return
    yield b""


def request_of(method: str, url: str, headers: Any) -> Request:
    """`url` as a request that arrived."""
    parts = urlsplit(url)
    items = [(name, value.decode() if isinstance(value, bytes) else value) for name, value in headers.items()]
    if not any(name.lower() == "host" for name, _ in items):
        items.append(("Host", parts.netloc))
    return Request(method, parts.path or "/", parts.query, Headers(items), no_body())


def botocore_request(operation: OperationModel, protocol: str, parameters: Any) -> tuple[Request, bytes]:
    """What botocore's serializer makes of `parameters`, on its way through a URL."""
    serialized = create_serializer(protocol, include_validation=False).serialize_to_request(parameters, operation)
    serialized.pop("host_prefix", None)
    prepare_request_dict(serialized, "http://127.0.0.1:4590", {})
    prepared = create_request_object(serialized).prepare()
    body = prepared.body or b""
    return request_of(prepared.method, prepared.url, prepared.headers), body.encode() if isinstance(body, str) else body


TWO_NAMES_ARE_ONE = {"PutBucketNotification", "GetBucketNotification"}
"""Deprecated, and never what a request is taken for: their `Event` and `Events` have one name on the wire."""


def some_operations(service: str, count: int) -> list[str]:
    """`count` operations of a service, always the same; all of them where ALL_OPERATIONS is in the environment."""
    names = sorted(operation_names(service) - TWO_NAMES_ARE_ONE)
    if len(names) <= count or os.environ.get("ALL_OPERATIONS"):
        return names
    return Random(service).sample(names, count)


@pytest.fixture(scope="session")
def operations() -> Callable[[str, int], list[str]]:
    return some_operations


@pytest.fixture(scope="session")
def sampler() -> type[Sampler]:
    return Sampler


@pytest.fixture(scope="session")
def as_botocore_sends() -> Callable[[OperationModel, str, Any], tuple[Request, bytes]]:
    return botocore_request


@pytest.fixture(scope="session")
def arrived() -> Callable[[str, str, Any], Request]:
    return request_of
