from __future__ import annotations

import threading

import pytest
from tests.cloudwatch.queries.rig import ACCOUNT, GROUP, REGION, Rig

from cairn.cloudwatch.logs import GroupId
from cairn.cloudwatch.logs.records import pointed, pointer
from cairn.cloudwatch.queries import runner as runner_module
from cairn.cloudwatch.queries.queries import CONCURRENT_MAX, KEPT_S, SILENT_S, Progress
from cairn.cloudwatch.queries.results import Results
from cairn.cloudwatch.queries.runner import Runner
from cairn.core.clock import TestClock
from cairn.core.errors import AwsError
from cairn.wire.operation import Context


def test_a_query_answers_rows_statistics_and_pointers(rig: Rig) -> None:
    rig.make("web")
    rig.put("web", *(f'{{"n": {number}}}' for number in range(10)))
    answer = rig.results(rig.start("filter n >= 7 | fields n | sort n"))
    assert answer["status"] == "Complete"
    assert [row[0] for row in answer["results"]] == [{"field": "n", "value": str(number)} for number in (7, 8, 9)]
    assert answer["statistics"]["recordsMatched"] == 3
    assert answer["statistics"]["recordsScanned"] == 10
    assert answer["statistics"]["bytesScanned"] == 80
    assert answer["statistics"]["resultCount"] == 3
    name = answer["results"][0][1]
    assert name["field"] == "@ptr"
    assert pointed(rig.store, ACCOUNT, REGION, name["value"])[1].message == '{"n": 7}'


def test_events_of_many_groups_come_in_the_order_of_time(rig: Rig) -> None:
    other = GroupId(ACCOUNT, REGION, "other")
    rig.make("s")
    rig.make("s", group=other)
    for second, group in enumerate((GROUP, other, GROUP, other)):
        rig.put("s", str(second), group=group, at=second)
    found = rig.rows("fields @message, @log | limit 3", logGroupName=None, logGroupNames=["app", "other", "app"])
    assert [(row["@message"], row["@log"][13:]) for row in found] == [("3", "other"), ("2", "app"), ("1", "other")]
    arns = [GROUP.arn, other.arn]
    assert len(rig.rows("fields @message", logGroupName=None, logGroupIdentifiers=arns)) == 4


def test_the_time_range_holds_its_first_and_its_last_second(rig: Rig) -> None:
    rig.make("s")
    for second in range(-2, 3):
        rig.put("s", str(second), at=second + 0.5)
    now = int(rig.clock.now())
    found = rig.rows("fields @message | sort @timestamp", startTime=now - 1, endTime=now + 1)
    assert [row["@message"] for row in found] == ["-1", "0", "1"]


def test_results_come_in_pages(rig: Rig) -> None:
    rig.make("s")
    rig.put("s", *(str(number) for number in range(2500)))
    query = rig.start("fields @message | sort @timestamp")
    found: list[str] = []
    token: dict[str, str] = {}
    sizes = []
    while True:
        answer = rig.results(query, maxItems=900, **token)
        found += [row[0]["value"] for row in answer["results"]]
        sizes.append(len(answer["results"]))
        if "nextToken" not in answer:
            break
        token = {"nextToken": answer["nextToken"]}
    assert found == [str(number) for number in range(2500)]
    assert sizes == [900, 900, 700]
    with pytest.raises(AwsError, match="nextToken"):
        rig.call("GetQueryResults", queryId=query, nextToken="bad")


@pytest.mark.parametrize(
    ("params", "code", "said"),
    [
        ({"queryString": "bogus"}, "MalformedQueryException", "unexpected symbol found bogus"),
        ({"logGroupName": "none"}, "ResourceNotFoundException", "log group does not exist"),
        ({"logGroupNames": ["app"]}, "InvalidParameterException", "Exactly one"),
        ({"logGroupName": None}, "InvalidParameterException", "Exactly one"),
        ({"logGroupName": None, "logGroupNames": ["app"] * 51}, "InvalidParameterException", "50 log groups"),
        ({"startTime": 9, "endTime": 8}, "InvalidParameterException", "behind its end"),
        ({"startTime": 1, "endTime": 2}, "MalformedQueryException", "before the log groups creation time"),
        ({"queryLanguage": "SQL"}, "InvalidParameterException", "SQL"),
        ({"limit": 100_001}, "InvalidParameterException", "less than or equal to 100000"),
        ({"queryString": "x" * 10_001}, "InvalidParameterException", "less than or equal to 10000"),
    ],
)
def test_what_is_refused_leaves_nothing(rig: Rig, params: dict[str, object], code: str, said: str) -> None:
    rig.make("s")
    now = int(rig.clock.now())
    given = {"logGroupName": "app", "startTime": now - 10, "endTime": now, "queryString": "fields a"} | params
    with pytest.raises(AwsError, match=said) as refused:
        rig.call("StartQuery", **{name: value for name, value in given.items() if value is not None})
    assert refused.value.code == code
    assert rig.call("DescribeQueries") == {"queries": []}


def test_the_place_of_an_error_is_told(rig: Rig) -> None:
    rig.make("s")
    with pytest.raises(AwsError) as refused:
        rig.start("fields a | filtr b = 1")
    assert refused.value.members == {
        "queryCompileError": {
            "location": {"startCharOffset": 11, "endCharOffset": 16},
            "message": "unexpected symbol found filtr at line 1 and position 11",
        }
    }


def test_another_account_or_region_sees_no_query(rig: Rig) -> None:
    rig.make("s")
    query = rig.start("fields a")
    for context in (Context("999999999999", REGION), Context(ACCOUNT, "eu-west-1")):
        for operation in ("GetQueryResults", "StopQuery"):
            with pytest.raises(AwsError, match="does not exist"):
                rig.call(operation, context, queryId=query)
        assert rig.call("DescribeQueries", context) == {"queries": []}


def test_queries_are_listed_the_youngest_first(rig: Rig) -> None:
    rig.make("s")
    rig.make("s", group=GroupId(ACCOUNT, REGION, "other"))
    started = []
    for number in range(5):
        rig.clock.advance(1)
        started.append(rig.start(f"limit {number + 1}", logGroupName="other" if number == 2 else "app"))
        rig.results(started[-1])
    first = rig.call("DescribeQueries", maxResults=3)
    second = rig.call("DescribeQueries", maxResults=3, nextToken=first["nextToken"])
    assert [query["queryId"] for query in first["queries"] + second["queries"]] == started[::-1]
    assert "nextToken" not in second
    assert [q["queryString"] for q in rig.call("DescribeQueries", logGroupName="other")["queries"]] == ["limit 3"]
    assert rig.call("DescribeQueries", status="Running") == {"queries": []}
    assert rig.call("DescribeQueries", status="Complete")["queries"][0]["queryDuration"] == 0


def test_a_query_can_be_stopped_while_it_runs(rig: Rig, monkeypatch: pytest.MonkeyPatch) -> None:
    rig.make("s")
    rig.put("s", *(str(number) for number in range(2000)))
    monkeypatch.setattr(runner_module, "BEAT_S", -1.0)  # at every look at the clock
    running, go_on = threading.Event(), threading.Event()
    read = rig.store.read

    def slow(*args: object, **options: object) -> object:
        for event in read(*args, **options):  # type: ignore[arg-type]
            running.set()
            assert go_on.wait(30)
            yield event

    monkeypatch.setattr(rig.store, "read", slow)
    query = rig.start("stats count(*)")
    assert running.wait(30)
    assert rig.call("GetQueryResults", queryId=query)["status"] == "Running"
    assert rig.call("StopQuery", queryId=query) == {"success": True}
    go_on.set()
    rig.runner.close()
    answer = rig.call("GetQueryResults", queryId=query)
    assert (answer["status"], answer["results"]) == ("Cancelled", [])
    with pytest.raises(AwsError, match="not running"):
        rig.call("StopQuery", queryId=query)


def test_a_query_that_runs_for_too_long_times_out(rig: Rig, monkeypatch: pytest.MonkeyPatch) -> None:
    rig.make("s")
    rig.put("s", "x")
    monkeypatch.setattr(runner_module, "QUERY_S_MAX", -1.0)
    assert rig.results(rig.start("fields a"))["status"] == "Timeout"


def test_a_query_that_holds_too_much_fails(rig: Rig, monkeypatch: pytest.MonkeyPatch) -> None:
    rig.make("s")
    rig.put("s", "x" * 1000)
    monkeypatch.setattr(runner_module, "Results", lambda: Results(bytes_max=500))
    assert rig.results(rig.start("fields @message"))["status"] == "Failed"


def test_no_more_run_at_once_than_may(rig: Rig) -> None:
    rig.make("s")
    for _ in range(CONCURRENT_MAX):
        schedule(rig)
    with pytest.raises(AwsError, match=r"concurrency limit of \[100\]") as refused:
        rig.start("fields a")
    assert refused.value.code == "LimitExceededException"


def schedule(rig: Rig) -> str:
    return rig.queries.schedule(
        ACCOUNT, REGION, groups=["app"], text="", start_ms=0, end_ms=1, row_limit=None, user_arn=""
    )


def test_what_a_dead_process_had_fails_and_old_queries_are_forgotten(rig: Rig) -> None:
    rig.make("s")
    rig.put("s", "x")
    done = rig.start("fields @message")
    rig.results(done)
    orphan, alive = schedule(rig), schedule(rig)
    rig.queries.begin(orphan)
    rig.clock.advance(SILENT_S + 1)
    rig.queries.keep_scheduled([alive])
    rig.queries.clean()
    status = {query["queryId"]: query["status"] for query in rig.call("DescribeQueries")["queries"]}
    assert status == {done: "Complete", orphan: "Failed", alive: "Scheduled"}
    assert not rig.queries.beat(orphan, Progress())
    rig.clock.advance(KEPT_S)
    rig.queries.clean()
    assert rig.call("DescribeQueries") == {"queries": []}
    assert rig.queries.rows(done, 0, 10) == []


def test_one_process_answers_for_what_another_ran(rig: Rig, clock: TestClock) -> None:
    rig.make("s")
    rig.put("s", "x")
    elsewhere = Runner(rig.queries, rig.store, pointer, clock)
    query = schedule(rig)
    elsewhere.submit(query)
    assert rig.results(query)["status"] == "Complete"
    elsewhere.close()
