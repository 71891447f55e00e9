"""Inputs made of other inputs: bytes changed, tokens exchanged, nodes of JSON replaced. The seed tells all of it."""

from __future__ import annotations

import json
import re
from random import Random
from typing import Any

from fuzz.target import SEPARATOR

_TOKEN = re.compile(rb'"(?:[^"\\]|\\.)*"|[A-Za-z_][A-Za-z_0-9-]*|\d+(?:\.\d+)?|[^\sA-Za-z0-9_]')

NASTY = (
    b"",
    b'""',
    b"null",
    b"true",
    b"{}",
    b"[]",
    b"[[]]",
    b"0",
    b"-1",
    b"-0.0",
    b"1e999",
    b"1e-999",
    b"NaN",
    b"Infinity",
    b"9223372036854775808",
    b"99999999999999999999999",
    b"0.1",
    b"9" * 400,
    b"9" * 4_400,
    b"1970-01-01T00:00:00Z",
    b"9999-12-31T23:59:59Z",
    b"\x00",
    b"\xff",
    b"\xed\xa0\x80",
    b"\\ud800",
    b"\\u0000",
    b"\xc4\xb0",
    b"\xc3\x9f",
    b"\xc2\xb2",
    b"\xd9\xa3",
    b"\xe2\x80\xa8",
    b"\xf0\x9f\x99\x82",
    b"%00",
    b"%zz",
    b"%2F",
    b"%ff",
    b"+",
    b"*",
    b"**",
    b"?",
    b"\\",
    b"\\\\",
    b'"',
    b"'",
    b"\r\n",
    b"\n",
    b"\t",
    b" ",
    b"..",
    b"/",
    b"//",
    b"../",
    b"$",
    b"${",
    b"${*}",
    b"<",
    b">",
    b"<a>",
    b"]]>",
    b"&",
    b"=",
    b",",
    b":",
    b";",
    b"(",
    b")",
    b"((((((((",
    b"[" * 1500,
    b"(" * 1500,
    b'{"a":' * 600,
    b"1+" * 1000,
    b"not " * 500,
    b"a or " * 500,
    b"a" * 300,
    b"arn:aws:s3:::a/*",
    b"123456789012",
    b"us-east-1",
)
"""Texts that parsers have stumbled over."""

_NODES: tuple[Any, ...] = (
    None,
    True,
    False,
    0,
    -1,
    0.5,
    1e308,
    2**53,
    2**63,
    2**64,
    10**400,
    "",
    "a",
    "*",
    "\0",
    "\ud800",
    "²",
    "İ",
    "a" * 3000,
    [],
    {},
    [[]],
    [None],
    [{}],
    {"": None},
    {"a": {"b": []}},
    ["a", 1, None, {}],
    "arn:aws:iam::123456789012:role/a",
)


def mutate(data: bytes, random: Random, size_max: int) -> bytes:
    """Another input, of at most `size_max` bytes."""
    for _ in range(random.choice((1, 1, 2, 4))):
        choice = random.random()
        if choice < 0.4:
            data = _json_changed(data, random)
        elif choice < 0.7:
            data = _tokens_changed(data, random)
        else:
            data = _bytes_changed(data, random)
    return data[:size_max]


def _bytes_changed(data: bytes, random: Random) -> bytes:
    at = random.randint(0, len(data))
    to = min(len(data), at + random.choice((0, 1, 1, 2, 4, 16, 64)))
    match random.randrange(6):
        case 0:
            return data[:at] + bytes([random.randrange(256)]) + data[at + 1 :]
        case 1:
            return data[:at] + random.choice(NASTY) + data[at:]
        case 2:
            return data[:at] + data[to:]
        case 3:
            return data[:at] + data[at:to] * random.choice((2, 3, 20)) + data[to:]
        case 4:
            place = random.randint(0, len(data))
            return data[:place] + data[at:to] + data[place:]
    return data[:at]


def _tokens_changed(data: bytes, random: Random) -> bytes:
    tokens = list(_TOKEN.finditer(data[: 1 << 16]))
    if not tokens:
        return _bytes_changed(data, random)
    token = random.choice(tokens)
    other = random.choice(tokens)[0] if random.random() < 0.4 else random.choice(NASTY)
    if token[0].startswith(b'"') and random.random() < 0.6:
        other = b'"' + other.strip(b'"') + b'"'
    return data[: token.start()] + other + data[token.end() :]


def _json_changed(data: bytes, random: Random) -> bytes:
    """Where a part of `data` is JSON, one node of it replaced, repeated or renamed."""
    found = data.split(SEPARATOR)
    order = list(range(len(found)))
    random.shuffle(order)
    for number in order:
        try:
            document = json.loads(found[number])
        except (ValueError, RecursionError):
            continue
        if isinstance(document, dict | list) and document:
            found[number] = json.dumps(_node_changed(document, random), ensure_ascii=random.random() < 0.5).encode(
                "utf-8", "surrogatepass"
            )
            return SEPARATOR.join(found)
    return _tokens_changed(data, random)


def _node_changed(node: Any, random: Random) -> Any:
    if not isinstance(node, dict | list) or not node or random.random() < 0.15:
        return random.choice(_NODES)
    if isinstance(node, list):
        at = random.randrange(len(node))
        if random.random() < 0.1:
            return node[:at] + [node[at]] * random.choice((2, 30)) + node[at + 1 :]
        return [_node_changed(each, random) if place == at else each for place, each in enumerate(node)]
    name = random.choice(list(node))
    choice = random.random()
    if choice < 0.1:
        return {key: value for key, value in node.items() if key != name}
    if choice < 0.2:
        other = random.choice(["", "a", "$or", "\ud800", "a" * 300, *node])
        return {other if key == name else key: value for key, value in node.items()}
    return {key: _node_changed(value, random) if key == name else value for key, value in node.items()}
