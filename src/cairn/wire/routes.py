"""Which operation of a REST service a method, a path and a query mean.

Compiled once a service from the http traits of botocore's model: a tree of path segments, specific before general,
`{Key+}` taking any number of them. Where several operations share a path, what sets them apart stands in the query
(`?acl`, `?operation=add`) or is a member that one of them requires there or in a header.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache
from urllib.parse import unquote

from botocore.model import OperationModel

from cairn.wire.http import Headers
from cairn.wire.models import operation_model, service_model

_SEGMENTS_MAX = 256  # more than any path that a service has; a longer one is nobody's


Fit = tuple[int, bool]


@dataclass(frozen=True, slots=True)
class Route:
    """An operation and what a request must have to mean it, the path aside."""

    operation: str
    literals: tuple[tuple[str, str], ...]
    """Query parameters that must be there; an empty value stands for any."""
    query: tuple[str, ...]
    """Query parameters that its input requires."""
    headers: tuple[str, ...]
    """Header fields, in lower case, that its input requires."""
    slash: bool
    """Whether its path ends with a slash. Nobody insists on it, but it tells services apart that share paths."""
    deprecated: bool

    def fit(self, query: Mapping[str, str], headers: Headers) -> tuple[int, int, int, bool] | None:
        """How well a request fits, higher is better; None if it cannot be meant."""
        for name, value in self.literals:
            if name not in query or (value and query[name] != value):
                return None
        present = sum(name in query for name in self.query) + sum(name in headers for name in self.headers)
        missing = len(self.query) + len(self.headers) - present
        return len(self.literals), -missing, present, not self.deprecated


def route(model: OperationModel) -> Route:
    """What the model says of an operation's query and headers."""
    path, _, literal = model.http["requestUri"].partition("?")
    literals = tuple(
        (name, value)
        for name, _, value in (part.partition("=") for part in literal.split("&") if part)
        if name != "x-id"
    )
    query, headers = [], []
    shape = model.input_shape
    for member in shape.required_members if shape is not None else ():
        traits = shape.members[member].serialization
        if traits.get("location") == "querystring":
            query.append(traits.get("name", member))
        elif traits.get("location") == "header":
            headers.append(traits.get("name", member).lower())
    return Route(model.name, literals, tuple(query), tuple(headers), path.endswith("/"), bool(model.deprecated))


def best(routes: list[Route], query: Mapping[str, str], headers: Headers) -> Route | None:
    """The route that fits best; of equals the first."""
    if len(routes) == 1 and not routes[0].literals:
        return routes[0]
    found, score = None, None
    for candidate in routes:
        fit = candidate.fit(query, headers)
        if fit is not None and (score is None or fit > score):
            found, score = candidate, fit
    return found


@cache
def query_names(service: str, operation: str) -> frozenset[str] | None:
    """Names of the query parameters that an operation has; None where it takes any. Whoever reads the same request next
    may take it for another operation by one that it does not have."""
    model = operation_model(service, operation)
    names = {part.partition("=")[0] for part in model.http["requestUri"].partition("?")[2].split("&")}
    for name, member in model.input_shape.members.items() if model.input_shape is not None else ():
        if member.serialization.get("location") == "querystring":
            if member.type_name == "map":
                return None
            names.add(member.serialization.get("name", name))
    return frozenset(names)


@dataclass(slots=True)
class _Node:
    literal: dict[str, _Node] = field(default_factory=dict)
    label: _Node | None = None
    greedy: _Node | None = None
    routes: dict[str, list[Route]] = field(default_factory=dict)  # by method

    def child(self, segment: str) -> _Node:
        if segment.endswith("+}"):
            self.greedy = self.greedy or _Node()
            return self.greedy
        if segment.startswith("{"):
            self.label = self.label or _Node()
            return self.label
        return self.literal.setdefault(segment, _Node())


class RestMatcher:
    """The operations of one REST service by method, path and query."""

    def __init__(self, service: str) -> None:
        model = service_model(service)
        self._root = _Node()
        for name in model.operation_names:
            operation = model.operation_model(name)
            node = self._root
            for segment in _segments(operation.http["requestUri"].partition("?")[0]):
                node = node.child(segment)
            node.routes.setdefault(operation.http["method"], []).append(route(operation))

    def match(self, method: str, path: str, query: Mapping[str, str], headers: Headers) -> tuple[str, Fit] | None:
        """The operation that a request means, and how well its path fits: the more literal segments the better.

        Args:
            path: raw, percent-encoded.
            query: decoded; of repeats any one.
        """
        segments = _segments(path)
        if len(segments) > _SEGMENTS_MAX:
            return None
        for node, literal in _walk(self._root, segments, 0, 0):
            if (routes := node.routes.get(method)) and (found := best(routes, query, headers)):
                return found.operation, (literal, found.slash == path.endswith("/"))
        return None


@cache
def rest_matcher(service: str) -> RestMatcher:
    return RestMatcher(service)


def _segments(path: str) -> list[str]:
    """Segments of a path. A slash at the end says nothing: models and clients are not of one mind about it."""
    return path.strip("/").split("/") if path.strip("/") else []


def _walk(node: _Node, segments: list[str], at: int, literal: int) -> Iterator[tuple[_Node, int]]:
    if at == len(segments):
        yield node, literal
        return
    segment = segments[at]
    if child := node.literal.get(unquote(segment) if "%" in segment else segment):
        yield from _walk(child, segments, at + 1, literal + 1)
    if node.label is not None and segment:
        yield from _walk(node.label, segments, at + 1, literal)
    if node.greedy is not None:
        # The shortest first: what follows a greedy label in a template is more specific than taking it in.
        for end in range(at + 1, len(segments) + 1):
            yield from _walk(node.greedy, segments, end, literal)
