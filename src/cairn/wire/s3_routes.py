"""S3's way of saying what is meant: a bucket in the host or first in the path, a key that is all the rest, and
sub-resources in the query.

Its own, beside `routes`, because keys may hold anything (empty segments, slashes at the ends) and because it is the
call that comes most often: a GET of an object is told without looking at forty routes.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache

from cairn.wire.http import Headers
from cairn.wire.models import service_model
from cairn.wire.routes import Route, best, route

POST_OBJECT = "PostObject"
"""A browser's form upload. botocore's model does not have it."""

CONTROL_PATH = "/v20180820/"
"""Where all paths of S3 Control begin, which shares S3's signing name."""
OUTPOSTS_PATH = "/S3Outposts/"

_COPY_SOURCE = "x-amz-copy-source"
_FUNCTION_PATH = "/WriteGetObjectResponse"


@dataclass(slots=True)
class _Routes:
    plain: list[Route] = field(default_factory=list)
    """Those that no sub-resource names."""
    named: dict[str, list[Route]] = field(default_factory=dict)
    """By the sub-resource that names them."""
    default: str = ""
    """What it is when there is neither a query nor a source to copy from."""


def split_path(path: str, bucket: str) -> tuple[str, str]:
    """Bucket and key, both still percent-encoded, of a raw path.

    Args:
        bucket: the one that the host names, or empty.
    """
    if bucket:
        return bucket, path[1:]
    bucket, _, key = path[1:].partition("/")
    return bucket, key


def s3_operation(method: str, path: str, bucket: str, query: Mapping[str, str], headers: Headers) -> str:
    """The operation that a request to S3 means, or empty.

    Args:
        path: raw, percent-encoded.
        bucket: the one that the host names, or empty.
        query: decoded.
    """
    name, key = split_path(path, bucket)
    level = 2 if key else 1 if name else 0
    routes = _routes().get((method, level))
    if routes is None:
        return ""
    if not query and level == 2 and _COPY_SOURCE not in headers:
        return routes.default
    if method == "POST" and level == 1:
        if path == _FUNCTION_PATH:
            return _FUNCTION_PATH[1:]
        if headers.get("content-type").lower().startswith("multipart/form-data"):
            return POST_OBJECT
    candidates = [*routes.plain]
    for parameter in query:
        candidates += routes.named.get(parameter, ())
    found = best(candidates, query, headers)
    return found.operation if found is not None else ""


@cache
def _routes() -> dict[tuple[str, int], _Routes]:
    """The operations of S3's model by method and by what they address: the service, a bucket or an object."""
    model = service_model("s3")
    tables: dict[tuple[str, int], _Routes] = {}
    for name in model.operation_names:
        operation = model.operation_model(name)
        path = operation.http["requestUri"].partition("?")[0]
        if path == _FUNCTION_PATH:
            continue
        level = 2 if "{Key+}" in path else 1 if "{Bucket}" in path else 0
        table = tables.setdefault((operation.http["method"], level), _Routes())
        candidate = route(operation)
        if candidate.literals:
            table.named.setdefault(candidate.literals[0][0], []).append(candidate)
        else:
            table.plain.append(candidate)
    for table in tables.values():
        found = best(table.plain, {}, Headers())
        table.default = found.operation if found is not None and not found.query and not found.headers else ""
    return tables
