from __future__ import annotations

import json
import time
from typing import Any

import pytest

from cairn.cloudwatch.queries.language.budget import Budget
from cairn.cloudwatch.queries.language.query import Query
from cairn.cloudwatch.queries.language.refusals import MalformedQuery, QueryTooLarge
from cairn.cloudwatch.queries.language.rows import Record
from cairn.cloudwatch.queries.language.values import sort_key

START_MS = 1_704_067_200_000  # 2024-01-01T00:00:00Z, a Monday


def run(text: str, *messages: str | dict[str, Any], step_ms: int = 1000, **options: Any) -> list[dict[str, str]]:
    """What a query shows of messages, the oldest first, `step_ms` apart."""
    records = [
        Record(
            START_MS + number * step_ms,
            message if isinstance(message, str) else json.dumps(message),
            stream="web",
            log="111122223333:app",
            ingestion_ms=START_MS,
            pointer=lambda number=number: f"ptr{number}",
        )
        for number, message in enumerate(messages)
    ]
    return [dict(row) for row in Query(text, now_ms=START_MS, **options).run(reversed(records))]


def value(expression: str, message: str | dict[str, Any] = "hello") -> str | None:
    """What an expression comes to."""
    return run(f"fields {expression} as v", message)[0].get("v")


def test_an_empty_query_shows_time_and_message_the_youngest_first() -> None:
    assert run("", "one", "two") == [
        {"@timestamp": "2024-01-01 00:00:01.000", "@message": "two", "@ptr": "ptr1"},
        {"@timestamp": "2024-01-01 00:00:00.000", "@message": "one", "@ptr": "ptr0"},
    ]


@pytest.mark.parametrize(
    ("expression", "wanted"),
    [
        ("1 + 2 * 3", "7"),
        ("(1 + 2) * 3", "9"),
        ("2 ^ 3 ^ 2", "512"),
        ("-2 ^ 2", "-4"),
        ("10 % 3", "1"),
        ("7 / 2", "3.5"),
        ("1 / 0", None),
        ("10 ^ 400", None),
        ("9 ^ 9 ^ 9", None),
        ("abs(0 - 3)", "3"),
        ("ceil(1.2)", "2"),
        ("floor(1.8)", "1"),
        ("greatest(1, 5, 3)", "5"),
        ("least(4, 2)", "2"),
        ("sqrt(16)", "4"),
        ("log(1)", "0"),
        ("log(0)", None),
        ("concat('a', 1, 'b')", "a1b"),
        ("strlen('four')", "4"),
        ("toupper('aB')", "AB"),
        ("tolower('aB')", "ab"),
        ("trim('  x ')", "x"),
        ("ltrim('xxabx', 'x')", "abx"),
        ("rtrim('xxabx', 'x')", "xxab"),
        ("substr('abcdef', 2)", "cdef"),
        ("substr('abcdef', 1, 2)", "bc"),
        ("replace('foo foo', 'o', '0')", "f00 f00"),
        ("strcontains('abc', 'bc')", "1"),
        ("strcontains('abc', 'x')", "0"),
        ("isempty('')", "1"),
        ("isblank('  ')", "1"),
        ("isempty(missing)", "1"),
        ("ispresent(missing)", "0"),
        ("coalesce(missing, 'b', 'c')", "b"),
        ("isValidIp('10.0.0.1')", "1"),
        ("isValidIpv4('::1')", "0"),
        ("isValidIpv6('::1')", "1"),
        ("isIpv4InSubnet('10.1.2.3', '10.1.0.0/16')", "1"),
        ("isIpInSubnet('10.2.2.3', '10.1.0.0/16')", "0"),
        ("isIpv6InSubnet('fd00::1', 'fd00::/8')", "1"),
        ("bin(1h)", "2024-01-01 00:00:00.000"),
        ("datefloor(toMillis(@timestamp) + 90061001, 1d)", "2024-01-02 00:00:00.000"),
        ("dateceil(toMillis(@timestamp) + 1, 1mo)", "2024-02-01 00:00:00.000"),
        ("datefloor(fromMillis(1709290000000), 1q)", "2024-01-01 00:00:00.000"),
        ("datefloor(fromMillis(1709290000000), 1w)", "2024-02-26 00:00:00.000"),
        ("toMillis(@timestamp)", "1704067200000"),
        ("fromMillis(0)", "1970-01-01 00:00:00.000"),
        ("now()", "1704067200"),
        ("jsonStringify(jsonParse('{\"a\": [1]}'))", '{"a":[1]}'),
        ("@log", "111122223333:app"),
        ("@logStream", "web"),
        ("'it\\'s'", "it's"),
    ],
)
def test_what_expressions_come_to(expression: str, wanted: str | None) -> None:
    assert value(expression) == wanted


def test_fields_of_json_are_found_by_path() -> None:
    message = {"user": {"name": "ann", "ok": True}, "items": [{"id": 1}, {"id": 2}], "a-b": 3, "a.b": 4, "pi": 3.25}
    assert value("user.name", message) == "ann"
    assert value("items.1.id", message) == "2"
    assert value("items[1].id", message) == "2"
    assert value("`a-b`", message) == "3"
    assert value("a.b", message) == "4"
    assert value("pi", message) == "3.25"
    assert value("user.ok", message) == "1"
    assert value("user", message) is None
    assert value("items.7.id", message) is None
    assert value("level", 'prefix {"level": "warn"} suffix') == "warn"


@pytest.mark.parametrize(
    ("condition", "wanted"),
    [
        ("status = 200", "ac"),
        ("status = '200'", "ac"),
        ("status >= 300", "b"),
        ("status != 200", "bd"),
        ("ok = 1", "a"),
        ("ok = 'true'", "a"),
        ("ok", "a"),
        ("not ispresent(status)", "d"),
        ("status in [404, 500]", "b"),
        ("n in ['a', \"d\"]", "ad"),
        ("n not in ['a']", "bcd"),
        ("n like 'a' or n like /^B$/ or n =~ /(?i)^B$/", "ab"),
        ("n not like /[ab]/ and status < 201", "c"),
        ("@message like /sta.us/", "abc"),
        ("path like 'v1' # only these\n", "c"),
        ("NOT (status = 200) AND n = 'b'", "b"),
    ],
)
def test_what_filters_let_through(condition: str, wanted: str) -> None:
    messages: list[dict[str, Any]] = [
        {"n": "a", "status": 200, "ok": True},
        {"n": "b", "status": 404, "ok": False},
        {"n": "c", "status": "200", "path": "/v1/x"},
        {"n": "d"},
    ]
    found = run(f"filter {condition} | fields n", *messages)
    assert sorted(row["n"] for row in found) == sorted(wanted)


def test_parse_by_a_glob_and_by_a_regular_expression() -> None:
    line = "25 May 2019 10:24:39,474 [ERROR] user=ann, method:GET, latency := 12"
    glob = run('parse @message "user=*, method:*, latency := *" as @user, @method, @latency', line, "other")
    assert glob[1] == {
        "@timestamp": "2024-01-01 00:00:00.000",
        "@message": line,
        "@user": "ann",
        "@method": "GET",
        "@latency": "12",
        "@ptr": "ptr0",
    }
    assert "@user" not in glob[0]
    regex = run(r"parse @message /user=(?<u>\w+), method:(?<m>\w+)/ | stats count(*) as n by u, m", line, line)
    assert regex == [{"u": "ann", "m": "GET", "n": "2"}]
    renamed = run("parse @message /(?<x>[0-9]+) May/ as day | fields day + 1 as next | display next", line)
    assert renamed == [{"next": "26", "@ptr": "ptr0"}]


def test_stats_over_time_and_expressions_of_aggregates() -> None:
    events = [{"ms": number, "k": number % 2} for number in range(10)]
    found = run("stats sum(ms) / count(*) as mean, max(ms) by bin(5s) | sort mean", *events)
    assert found == [
        {"bin(5s)": "2024-01-01 00:00:00.000", "mean": "2", "max(ms)": "4"},
        {"bin(5s)": "2024-01-01 00:00:05.000", "mean": "7", "max(ms)": "9"},
    ]
    assert run("stats count(*) as n by k | stats max(n) as most, count(*) as kinds", *events) == [
        {"most": "5", "kinds": "2"}
    ]
    assert run("stats latest(ms), earliest(ms), sortsFirst(ms), sortsLast(ms)", *events) == [
        {"latest(ms)": "9", "earliest(ms)": "0", "sortsFirst(ms)": "0", "sortsLast(ms)": "9"}
    ]
    sorted_by = "stats count(*), max(ms) by bin(5s) | sort bin( 5s ) | filter count(*) = 5 | display max(ms) + 1 as m"
    assert run(sorted_by, *events) == [{"m": "5"}, {"m": "10"}]
    assert run("filter ms > 100 | stats count(*)", *events) == []


def test_display_shows_only_what_it_names() -> None:
    assert run("fields a, b | display b, a + 1 as c", {"a": 1, "b": 2}) == [{"b": "2", "c": "2", "@ptr": "ptr0"}]


def test_unnest_makes_a_row_of_each_item() -> None:
    found = run(
        "fields jsonParse(@message) as m | unnest m.l into x | stats sum(x.v) as s, count(*) as n",
        *[{"l": [{"v": 1}, {"v": 2}]}],
    )
    assert found == [{"s": "3", "n": "2"}]


def test_texts_sort_naturally_and_numbers_behind_them() -> None:
    wanted = ["!", "#", "*%04", "0#", "5A", "111A", "2345_", "@", "@_", "A", "A9876fghj", "a12345hfh"]
    wanted += ["0", "01", "1", "2", "3"]  # as the guide has them
    assert sorted(set(wanted), key=sort_key) == wanted


def test_sort_and_limit_are_bounded_by_what_is_shown() -> None:
    found = run("sort n desc | limit 3", *({"n": number} for number in range(500)))
    assert [json.loads(row["@message"])["n"] for row in found] == [499, 498, 497]


def test_the_default_limit_is_the_calls() -> None:
    assert len(run("fields n", *({"n": number} for number in range(30)), limit=7)) == 7
    assert len(run("fields n | limit 9", *({"n": number} for number in range(30)), limit=7)) == 9


@pytest.mark.parametrize(
    ("text", "start", "end", "said"),
    [
        ("bogus command", 0, 5, "unexpected symbol found bogus at line 1 and position 0"),
        ("fields a\n| filter b >", 21, 21, "unexpected end"),
        ("fields a |", 10, 10, "unexpected end"),
        ("fields a b", 9, 10, "unexpected symbol found b at line 1 and position 9"),
        ("filter nope(a)", 7, 14, "no function nope"),
        ("filter strlen()", 7, 15, "takes 1 arguments"),
        ("filter a like /(/", 7, 17, "regular expression"),
        ("filter a like /(?=x)/", 7, 21, "regular expression"),
        ("stats a", 6, 7, "function of groups"),
        ("stats sum(count(*))", 10, 18, "cannot stand in another"),
        ("filter count(*) > 1", 7, 15, "no function count"),
        ("limit 0", 6, 7, "between 1 and 100000"),
        ("limit x", 6, 7, "unexpected symbol"),
        ("parse @message 'a*b*' as x", 15, 21, "as many fields"),
        ("parse @message /x/", 15, 18, "named groups"),
        ("stats count(*) by bin(5x)", 22, 24, "no unit of time x"),
        ("stats pct(a, 101)", 13, 16, "from 0 to 100"),
        ("filter a = 'x", 11, 13, "no end"),
        ("pattern @message", 0, 7, "not supported"),
        ("fields " + "(" * 200, 107, 108, "deeper than 100"),
        ("fields " + "1+" * 1000 + "1", 7, 310, "more than 150 operators"),
        ("fields " + "(" * 90 + "1" + "+1+1)" * 90, 97, 475, "more than 150 operators"),
    ],
)
def test_a_malformed_query_tells_where(text: str, start: int, end: int, said: str) -> None:
    with pytest.raises(MalformedQuery, match=said) as refused:
        Query(text, now_ms=0)
    assert (refused.value.start, refused.value.end) == (start, end)


def test_a_condition_has_many_terms() -> None:
    terms = " or ".join(f"n = {number}" for number in range(1000))
    assert run(f"filter {terms} | stats sum(n) as n", '{"n": 999}', '{"n": 1000}') == [{"n": "999"}]
    terms = " and ".join(f"n != {number}" for number in range(999))
    assert run(f"filter {terms} | stats sum(n) as n", '{"n": 998}', '{"n": 999}') == [{"n": "999"}]


def test_no_regular_expression_takes_longer_than_the_text_is_long() -> None:
    began = time.process_time()
    assert run("filter @message like /(a+)+$|(a|a)*b|(.*)*x/", "a" * 20_000 + "!") == []
    assert run('parse @message "a*a*a*a*a*b" as p, q, r, s, t | filter ispresent(p)', "a" * 20_000) == []
    assert run("filter ispresent(x)", "{" * 100_000, "[" * 100_000, '{"x":' * 10_000) == []
    assert time.process_time() - began < 20  # with backtracking: longer than anybody would wait


def test_a_query_that_would_hold_too_much_ends() -> None:
    events = [{"n": number} for number in range(200)]
    with pytest.raises(QueryTooLarge, match="groups"):
        run("stats count(*) by n", *events, budget=Budget(cells_max=1000))
    with pytest.raises(QueryTooLarge, match="distinct"):
        run("stats count_distinct(n)", *events, budget=Budget(cells_max=100))
    with pytest.raises(QueryTooLarge, match="sort"):
        run("sort n | filter n > 3", *events, budget=Budget(held_bytes_max=10_000))
    assert len(run("sort n | limit 3", *events, budget=Budget(held_bytes_max=10_000))) == 3
