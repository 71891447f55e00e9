from __future__ import annotations

import pytest
from tests.cloudwatch.logs.rig import GROUP, Rig


def names(rig: Rig, **params: object) -> list[str]:
    return [s["logStreamName"] for s in rig.call("DescribeLogStreams", logGroupName="app", **params)["logStreams"]]


def test_a_stream_as_it_is_described(rig: Rig) -> None:
    rig.make("s")
    [stream] = rig.call("DescribeLogStreams", logGroupName="app")["logStreams"]
    assert stream == {
        "logStreamName": "s",
        "creationTime": rig.now_ms,
        "arn": f"{GROUP.arn}:log-stream:s",
        "storedBytes": 0,
    }
    created = rig.now_ms
    rig.clock.advance(10)
    rig.put_events((created - 5, "x"), (created, "y"))
    rig.put_events((created - 9, "z"))
    [stream] = rig.call("DescribeLogStreams", logGroupIdentifier=GROUP.arn)["logStreams"]
    assert (stream["firstEventTimestamp"], stream["lastEventTimestamp"]) == (created - 9, created)
    assert stream["lastIngestionTime"] == rig.now_ms and len(stream["uploadSequenceToken"]) == 56


def test_a_stream_exists_once_in_a_group_that_exists(rig: Rig) -> None:
    missing = rig.refused("CreateLogStream", logGroupName="app", logStreamName="s")
    assert (missing.code, missing.message) == ("ResourceNotFoundException", "The specified log group does not exist.")
    rig.make("s")
    error = rig.refused("CreateLogStream", logGroupName="app", logStreamName="s")
    assert (error.code, error.message) == (
        "ResourceAlreadyExistsException",
        "The specified log stream already exists",
    )
    rig.call("DeleteLogStream", logGroupName="app", logStreamName="s")
    gone = rig.refused("DeleteLogStream", logGroupName="app", logStreamName="s")
    assert (gone.code, gone.message) == ("ResourceNotFoundException", "The specified log stream does not exist.")


@pytest.mark.parametrize("name", ["", "a:b", "a*b", "a" * 513])
def test_names_that_a_stream_cannot_have(rig: Rig, name: str) -> None:
    rig.make()
    error = rig.refused("CreateLogStream", logGroupName="app", logStreamName=name)
    assert error.code == "InvalidParameterException" and "1 validation error detected" in error.message


def test_streams_are_listed_by_name_or_by_their_last_event_both_ways_page_by_page(rig: Rig) -> None:
    rig.make("a", "b", "c", "ab", "B")
    for age, stream in enumerate(("c", "a", "b")):
        rig.put_events((rig.now_ms - 1000 * age, "x"), stream=stream)
    by_name = ["B", "a", "ab", "b", "c"]
    by_time = ["B", "ab", "b", "a", "c"]
    for order, expected in (("LogStreamName", by_name), ("LastEventTime", by_time)):
        for descending in (False, True):
            wanted = expected[::-1] if descending else expected
            found: list[str] = []
            params: dict[str, object] = {"orderBy": order, "descending": descending, "limit": 2}
            while True:
                page = rig.call("DescribeLogStreams", logGroupName="app", **params)
                found += [stream["logStreamName"] for stream in page["logStreams"]]
                if "nextToken" not in page:
                    break
                params["nextToken"] = page["nextToken"]
            assert found == wanted
    assert names(rig, logStreamNamePrefix="a") == ["a", "ab"]


def test_prefix_and_last_event_time_exclude_each_other(rig: Rig) -> None:
    rig.make()
    error = rig.refused("DescribeLogStreams", logGroupName="app", logStreamNamePrefix="a", orderBy="LastEventTime")
    assert error.message == "Cannot order by LastEventTime with a logStreamNamePrefix."


def test_a_group_is_named_in_one_way(rig: Rig) -> None:
    rig.make()
    both = rig.refused("DescribeLogStreams", logGroupName="app", logGroupIdentifier="app")
    assert (both.code, both.message) == (
        "ValidationException",
        "LogGroup name and LogGroup ARN are mutually exclusive parameters.",
    )
    assert rig.refused("DescribeLogStreams").code == "ValidationException"
    other = GROUP._replace(account="999999999999").arn
    assert rig.refused("DescribeLogStreams", logGroupIdentifier=other).code == "ResourceNotFoundException"
    assert rig.refused("DescribeLogStreams", logGroupIdentifier="arn:x").code == "InvalidParameterException"
