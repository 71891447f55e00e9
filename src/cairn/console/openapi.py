"""The OpenAPI document of the console's API. A test holds it against the routes and against what they answer."""

from __future__ import annotations

from functools import cache
from typing import Any

Schema = dict[str, Any]

_TEXT: Schema = {"type": "string"}
_TIME: Schema = {"type": "string", "format": "date-time"}
_FLAG: Schema = {"type": "boolean"}
_COUNT: Schema = {"type": "integer"}
_MANY: Schema = {"type": "array"}
_ANY: Schema = {"type": "object", "additionalProperties": True}


@cache
def document() -> dict[str, Any]:
    """The document, as JSON."""
    return {
        "openapi": "3.1.0",
        "info": {"title": "Cairn's console", "version": "1", "description": "What the pages are made of."},
        "servers": [{"url": "/console/api"}],
        "components": {
            "securitySchemes": {
                "session": {"type": "apiKey", "in": "cookie", "name": "cairn_session"},
                "csrf": {"type": "apiKey", "in": "header", "name": "X-Cairn-Csrf"},
            },
            "schemas": _schemas(),
        },
        "paths": _paths(),
    }


def _schemas() -> dict[str, Schema]:
    error = _object({"code": _TEXT, "message": _TEXT, "advice": _TEXT}, needed=["code", "message"])
    resource = _object({"type": _TEXT, "name": _TEXT})
    role = _object({"account": _TEXT, "name": _TEXT, "displayName": _TEXT, "expires": _TIME, "expired": _FLAG})
    texts = ("name", "source", "user", "region", "account", "errorCode", "sourceIp", "accessKey", "requestId")
    event = {"id": _TEXT, "time": _TIME, **dict.fromkeys(texts, _TEXT), "readOnly": _FLAG}
    bucket = _object({"start": _TIME, "write": _COUNT, "read": _COUNT, "error": _COUNT})
    related = _object({"reason": _TEXT, "query": _TEXT, "count": _COUNT, "since": _TIME, "until": _TIME})
    pair = {"type": "array", "prefixItems": [_TEXT, _COUNT], "minItems": 2, "maxItems": 2}
    session = dict.fromkeys(("account", "arn", "name", "type", "region", "csrf"), _TEXT)
    return {
        "Error": _object({"error": error}),
        "Session": _object(
            {**session, "regions": _list(_TEXT), "role": {"anyOf": [role, {"type": "null"}]}, "expires": _TIME}
        ),
        "Settings": _object(
            {
                "session": _ref("Session"),
                "server": _object(dict.fromkeys(("version", "account", "region", "authMode", "authIam"), _TEXT)),
            }
        ),
        "Event": _object({**event, "resources": _list(resource), "record": _ANY}),
        "Events": _object({"events": _list(_ref("Event")), "next": _TEXT, "partial": _TEXT, "looked": _COUNT}),
        "Summary": _object(
            {
                "total": _COUNT,
                "counts": {"type": "object", "additionalProperties": _list(pair)},
                "histogram": _list(bucket),
                "bucket_s": _COUNT,
                "partial": _TEXT,
            }
        ),
        "EventDetail": _object(
            {
                "event": _ref("Event"),
                "sentence": _TEXT,
                "related": _list(related),
                "proof": _object({"files": _list(_ref("Proof")), "more": _FLAG, "denied": _FLAG}),
            }
        ),
        "Proof": _object(
            {
                **dict.fromkeys(("trail", "bucket", "key", "sha256"), _TEXT),
                "delivered": _TIME,
                "intact": {"anyOf": [_FLAG, {"type": "null"}]},
                "digest": {"anyOf": [_object({"bucket": _TEXT, "key": _TEXT}), {"type": "null"}]},
            }
        ),
        "Explanation": _object(
            {
                "matches": _FLAG,
                "unmet": _list(_object({"field": _TEXT, "wanted": _MANY, "found": _MANY})),
                "apart": _FLAG,
            }
        ),
        "RuleCheck": _object(
            {
                "error": _TEXT,
                "place": {"anyOf": [_COUNT, {"type": "null"}]},
                "children": _list(_TEXT),
                "holds": {"anyOf": [_FLAG, {"type": "null"}]},
            }
        ),
        "Preview": _object({"problems": _list(_TEXT), "sent": _TEXT, "sound": _FLAG}),
        "VerifyLine": {"anyOf": _verify_lines()},
        "Any": _ANY,
    }


def _verify_lines() -> list[Schema]:
    """What a verification tells, a line each."""
    validity = _object({"valid": _COUNT, "invalid": _COUNT})
    time = {"anyOf": [_TIME, {"type": "null"}]}
    error = _object({"code": _TEXT, "message": _TEXT, "advice": _TEXT}, needed=["code", "message"])
    said = dict.fromkeys(("verdict", "why", "bucket", "key", "name", "found_by", "start", "end"), _TEXT)
    counts = dict.fromkeys(("unknown", "byCairn", "omitted"), _COUNT)
    return [
        _object({"type": _TEXT, "digests": _COUNT, "digestsTotal": _COUNT, "logs": _COUNT}),
        _object(
            {"type": _TEXT, "what": _TEXT, "line": _TEXT, "backfill": _FLAG, **said}, needed=["type", "what", "line"]
        ),
        _object({"type": _TEXT, "logs": validity, "digests": validity, **counts, "start": time, "end": time}),
        _object({"type": _TEXT, "error": error}),
    ]


def _paths() -> dict[str, Any]:
    question = ["query", "since", "until", "region", "category", "order"]
    names = {"account", "user", "password", "mfa", "newPassword", "accessKeyId", "secretAccessKey", "sessionToken"}
    sign_in = {"type": "object", "properties": {**dict.fromkeys(sorted(names), _TEXT), "root": _FLAG}}
    role = _object({"account": _TEXT, "role": _TEXT, "displayName": _TEXT}, needed=["account", "role"])
    pattern = _object({"pattern": _TEXT, "event": _ANY})
    target = _object({"target": _ANY, "event": _TEXT, "ruleArn": _TEXT, "ruleName": _TEXT}, needed=["target", "event"])
    states = {"type": "object", "additionalProperties": _TEXT}
    rule = _object({"rule": _TEXT, "states": states}, needed=["rule"])
    call = {"type": "object", "properties": {"region": _TEXT, "input": _ANY}}
    return {
        "/openapi.json": {"get": _operation("This document", "Any", open=True)},
        "/session": {
            "post": _operation("Sign in", "Session", body=sign_in, open=True),
            "get": _operation("Who is signed in", "Session"),
            "delete": _operation("Sign out", "Any", changes=True),
        },
        "/session/role": {
            "post": _operation("Switch to a role", "Session", body=role, changes=True),
            "delete": _operation("Go back from a role", "Session", changes=True),
        },
        "/aws/{service}/{operation}": {
            "post": _operation(
                "Call an operation of AWS's", "Any", body=call, changes=True, path=["service", "operation"]
            )
        },
        "/event-patterns/explanation": {
            "post": _operation("Why an event does not match a pattern", "Explanation", body=pattern, changes=True)
        },
        "/alarm-rules/check": {
            "post": _operation("Whether a text is a composite alarm's rule", "RuleCheck", body=rule, changes=True)
        },
        "/target-inputs/preview": {
            "post": _operation("What a target would be sent of an event", "Preview", body=target, changes=True)
        },
        "/files": {"get": _operation("An object", "", query=["bucket", "key", "region", "download"])},
        "/verify": {
            "post": _operation(
                "Verify a trail: lines of JSON, of the types progress, verdict, summary or error",
                "VerifyLine",
                body=_object(dict.fromkeys(("trail", "start", "end"), _TEXT)),
                changes=True,
                content_type="application/x-ndjson",
            )
        },
        "/events": {"get": _operation("Events", "Events", query=[*question, "limit", "next", "within"])},
        "/events/summary": {"get": _operation("Counts", "Summary", query=[*question, "fields", "buckets", "within"])},
        "/events/tail": {"get": _operation("Events as they happen", "", query=["query", "region", "category"])},
        "/events/download": {"get": _operation("Events as a file", "", query=[*question, "format"])},
        "/events/{id}": {"get": _operation("One event", "EventDetail", path=["id"])},
        "/health": {"get": _operation("How the installation is", "Any")},
        "/settings": {"get": _operation("Who is signed in, and to what", "Settings")},
    }


def _operation(
    summary: str,
    answers: str,
    *,
    body: Schema | None = None,
    query: list[str] | None = None,
    path: list[str] | None = None,
    changes: bool = False,
    open: bool = False,
    content_type: str = "application/json",
) -> dict[str, Any]:
    """One operation.

    Args:
        answers: name of the schema of its answer; empty for what is no JSON of ours.
    """
    content = {content_type: {"schema": _ref(answers)}} if answers else {"*/*": {}}
    refused = {"description": "Why not", "content": {"application/json": {"schema": _ref("Error")}}}
    security: dict[str, list[str]] = {name: [] for name in (("session", "csrf") if changes else ("session",))}
    made: dict[str, Any] = {
        "summary": summary,
        "security": [] if open else [security],
        "parameters": [
            *({"name": name, "in": "path", "required": True, "schema": _TEXT} for name in path or ()),
            *({"name": name, "in": "query", "schema": _TEXT} for name in query or ()),
        ],
        "responses": {"200": {"description": summary, "content": content}, "default": refused},
    }
    if body is not None:
        made["requestBody"] = {"required": True, "content": {"application/json": {"schema": body}}}
    return made


def _object(members: dict[str, Schema], *, needed: list[str] | None = None) -> Schema:
    required = list(members) if needed is None else needed
    return {"type": "object", "properties": members, "required": required, "additionalProperties": False}


def _list(items: Schema) -> Schema:
    return {"type": "array", "items": items}


def _ref(name: str) -> Schema:
    return {"$ref": f"#/components/schemas/{name}"}
