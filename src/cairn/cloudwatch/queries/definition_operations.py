"""Operations on saved query definitions: input and output in botocore's names."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from cairn.cloudwatch.logs.paging import read_token, token
from cairn.cloudwatch.queries import refusals
from cairn.cloudwatch.queries.definitions import GROUPS_MAX, LANGUAGE, Definitions, QueryDefinition
from cairn.wire.operation import Context, Operation

Params = dict[str, Any]

LISTED_MAX = 1000
"""Definitions of a page."""


def definition_operations(definitions: Definitions) -> dict[str, Operation]:
    """By name."""
    doors = _DefinitionOperations(definitions)
    return {
        "PutQueryDefinition": doors.put_query_definition,
        "DescribeQueryDefinitions": doors.describe_query_definitions,
        "DeleteQueryDefinition": doors.delete_query_definition,
    }


class _DefinitionOperations:
    def __init__(self, definitions: Definitions) -> None:
        self._definitions = definitions

    def put_query_definition(self, context: Context, params: Params) -> Mapping[str, Any]:
        wanted = QueryDefinition(
            id=params.get("queryDefinitionId", ""),
            name=params["name"],
            language=params.get("queryLanguage", LANGUAGE),
            text=params["queryString"],
            groups=params.get("logGroupNames", []),
            parameters=params.get("parameters", []),
        )
        if len(wanted.groups) > GROUPS_MAX:
            raise refusals.invalid(f"A query can be about {GROUPS_MAX} log groups at the most.")  # (ours)
        if wanted.parameters and wanted.language != LANGUAGE:
            raise refusals.invalid(f"Query parameters are supported for {LANGUAGE} only.")  # (ours)
        if len({parameter["name"] for parameter in wanted.parameters}) < len(wanted.parameters):
            raise refusals.invalid("Each query parameter can be given once.")  # (ours)
        id = self._definitions.put(context.account, context.region, wanted, token=params.get("clientToken", ""))
        return {"queryDefinitionId": id}

    def describe_query_definitions(self, context: Context, params: Params) -> Mapping[str, Any]:
        prefix, language = params.get("queryDefinitionNamePrefix", ""), params.get("queryLanguage", "")
        scope = ["query definitions", context.account, context.region, prefix, language]
        after = read_token(params.get("nextToken"), scope, tuple[str, str]) or ("", "")
        most = params.get("maxResults", LISTED_MAX)
        found = self._definitions.page(
            context.account, context.region, prefix=prefix, language=language, after=after, most=most + 1
        )
        answer: dict[str, Any] = {"queryDefinitions": [_described(definition) for definition in found[:most]]}
        if len(found) > most:
            answer["nextToken"] = token(scope, [found[most - 1].name, found[most - 1].id])
        return answer

    def delete_query_definition(self, context: Context, params: Params) -> Mapping[str, Any]:
        self._definitions.delete(context.account, context.region, params["queryDefinitionId"])
        return {"success": True}


def _described(definition: QueryDefinition) -> dict[str, Any]:
    answer: dict[str, Any] = {
        "queryLanguage": definition.language,
        "queryDefinitionId": definition.id,
        "name": definition.name,
        "queryString": definition.text,
        "lastModified": definition.modified_ms,
        "logGroupNames": definition.groups,
    }
    return answer | ({"parameters": definition.parameters} if definition.parameters else {})
