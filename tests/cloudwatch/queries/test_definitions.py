from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pytest
from tests.cloudwatch.queries.rig import HERE, Rig

from cairn.cloudwatch.queries import definitions as definitions_module
from cairn.core.errors import AwsError

TOKEN = "a" * 36


def put(rig: Rig, name: str = "errors", **params: Any) -> str:
    id: str = rig.call("PutQueryDefinition", name=name, **{"queryString": "fields @message"} | params)[
        "queryDefinitionId"
    ]
    return id


def listed(rig: Rig, **params: Any) -> list[Mapping[str, Any]]:
    found: list[Mapping[str, Any]] = rig.call("DescribeQueryDefinitions", **params)["queryDefinitions"]
    return found


def refused(rig: Rig, operation: str, **params: Any) -> str:
    with pytest.raises(AwsError) as refusal:
        rig.call(operation, **params)
    return f"{refusal.value.code}: {refusal.value.message}"


def test_a_definition_is_kept_as_it_was_given_and_a_change_retains_nothing(rig: Rig) -> None:
    parameters = [{"name": "level", "defaultValue": "ERROR"}]
    id = put(rig, "team/errors", logGroupNames=["app", "none"], parameters=parameters, clientToken=TOKEN)
    assert listed(rig) == [
        {
            "queryLanguage": "CWLI",
            "queryDefinitionId": id,
            "name": "team/errors",
            "queryString": "fields @message",
            "lastModified": int(rig.clock.now() * 1000),
            "logGroupNames": ["app", "none"],
            "parameters": parameters,
        }
    ]
    rig.clock.advance(5)
    assert put(rig, "errors", queryString="| no query", queryDefinitionId=id, clientToken=TOKEN) == id
    assert listed(rig) == [
        {
            "queryLanguage": "CWLI",
            "queryDefinitionId": id,
            "name": "errors",
            "queryString": "| no query",
            "lastModified": int(rig.clock.now() * 1000),
            "logGroupNames": [],
        }
    ]
    assert rig.call("DeleteQueryDefinition", queryDefinitionId=id) == {"success": True}
    assert listed(rig) == []


def test_a_repeated_call_makes_no_second_definition(rig: Rig) -> None:
    id = put(rig, clientToken=TOKEN)
    assert put(rig, clientToken=TOKEN) == id
    assert len(listed(rig)) == 1
    told = refused(rig, "PutQueryDefinition", name="other", queryString="fields @message", clientToken=TOKEN)
    assert told.startswith("InvalidParameterException: The clientToken")
    assert put(rig) != put(rig)
    assert len(listed(rig)) == 3
    rig.call("DeleteQueryDefinition", queryDefinitionId=id)
    assert put(rig, clientToken=TOKEN) != id


def test_definitions_are_listed_by_name_prefix_and_language_a_page_at_a_time(rig: Rig) -> None:
    for name in ("b/2", "a", "b/1", "B/3", "b/2"):
        put(rig, name)
    put(rig, "b/s", queryLanguage="SQL")
    assert [each["name"] for each in listed(rig, queryDefinitionNamePrefix="b/")] == ["b/1", "b/2", "b/2", "b/s"]
    assert [each["name"] for each in listed(rig, queryLanguage="SQL")] == ["b/s"]
    found, token = [], None
    for _ in range(4):
        page = rig.call("DescribeQueryDefinitions", maxResults=2, **({"nextToken": token} if token else {}))
        found += [each["queryDefinitionId"] for each in page["queryDefinitions"]]
        token = page.get("nextToken")
        if token is None:
            break
    assert found == [each["queryDefinitionId"] for each in listed(rig)] and len(set(found)) == 6
    told = refused(rig, "DescribeQueryDefinitions", nextToken="x")
    assert told == "InvalidParameterException: The specified nextToken is invalid."


def test_a_definition_is_of_its_account_and_region(rig: Rig) -> None:
    id = put(rig)
    for context in (replace(HERE, account="999999999999"), replace(HERE, region="eu-west-1")):
        assert rig.call("DescribeQueryDefinitions", context)["queryDefinitions"] == []
        for operation, params in (
            ("DeleteQueryDefinition", {}),
            ("PutQueryDefinition", {"name": "n", "queryString": "q"}),
        ):
            with pytest.raises(AwsError, match="query definition does not exist"):
                rig.call(operation, context, queryDefinitionId=id, **params)
    assert len(listed(rig)) == 1


@pytest.mark.parametrize(
    ("params", "code"),
    [
        ({"logGroupNames": ["g"] * 51}, "InvalidParameterException"),
        ({"logGroupNames": ["no good"]}, "InvalidParameterException"),
        ({"queryString": "x" * 10_001}, "InvalidParameterException"),
        ({"clientToken": "short"}, "InvalidParameterException"),
        ({"queryLanguage": "PPL", "parameters": [{"name": "a"}]}, "InvalidParameterException"),
        ({"parameters": [{"name": "a"}, {"name": "a"}]}, "InvalidParameterException"),
        ({"parameters": [{"name": "1a"}]}, "InvalidParameterException"),
        ({"queryDefinitionId": "none"}, "ResourceNotFoundException"),
    ],
)
def test_bad_input_is_refused_and_leaves_nothing(rig: Rig, params: dict[str, Any], code: str) -> None:
    told = refused(rig, "PutQueryDefinition", **{"name": "n", "queryString": "fields @message"} | params)
    assert told.startswith(code)
    assert listed(rig) == []


def test_an_account_has_only_so_many(rig: Rig, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(definitions_module, "DEFINITIONS_MAX", 2)
    ids = [put(rig), put(rig)]
    assert refused(rig, "PutQueryDefinition", name="n", queryString="q").startswith("LimitExceededException")
    assert put(rig, "changed", queryDefinitionId=ids[0]) == ids[0]
