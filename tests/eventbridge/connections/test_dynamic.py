"""Parameters of a target that are taken from the event."""

from __future__ import annotations

from cairn.eventbridge.connections.dynamic import resolved

EVENT = b'{"source":"shop","detail":{"n":1.50,"s":"a\\u00e4","b":true,"none":null,"o":{"x":[1,2]}}}'


def test_whole_paths_are_replaced_and_all_else_stays() -> None:
    given = {
        "PathParameterValues": ["$.source", "$.detail.o.x[1]", "literal"],
        "HeaderParameters": {"a": "$.detail.s", "b": "x $.source", "c": "$.detail.n"},
        "QueryStringParameters": {"a": "$.detail.b", "b": "$.detail.o", "c": "$.missing", "d": "$.[", "e": "$5"},
    }
    assert resolved(given, EVENT) == {
        "PathParameterValues": ["shop", "2", "literal"],
        "HeaderParameters": {"a": "aä", "b": "x $.source", "c": "1.50"},
        "QueryStringParameters": {"a": "true", "b": '{"x":[1,2]}', "c": "", "d": "$.[", "e": "$5"},
    }
    assert given["PathParameterValues"][0] == "$.source"
