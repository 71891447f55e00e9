from __future__ import annotations

import threading
from typing import Any

import pytest
import sqlalchemy as sa
from tests.cloudwatch.subscriptions.rig import ACCOUNT, FUNCTION, GROUP, HERE, REGION, ROLE, Rig, contains, stream_arn

from cairn.cloudwatch.logs import Cleaner, GroupId
from cairn.cloudwatch.subscriptions import sink as sink_module
from cairn.cloudwatch.subscriptions.delivery import RETRIED_FOR_S
from cairn.cloudwatch.subscriptions.payload import PAYLOAD_BYTES_MAX
from cairn.cloudwatch.subscriptions.sink import SubscriptionSink
from cairn.cloudwatch.subscriptions.tables import messages
from cairn.core.clock import SystemClock
from cairn.core.errors import AwsError
from cairn.core.lanes import RETRY_MAX_S
from cairn.wire.operation import Context


def waiting(rig: Rig) -> int:
    with rig.state.read() as connection:
        return connection.scalar(sa.select(sa.func.count()).select_from(messages)) or 0


def test_what_a_filter_lets_through_is_delivered_as_aws_delivers_it(rig: Rig) -> None:
    rig.put("ERROR before it was there")
    rig.subscribe("k", "ERROR")
    (control,) = rig.destinations.taken
    assert control[1]["messageType"] == "CONTROL_MESSAGE"
    rig.put("ERROR one", "fine", "ERROR two")
    rig.put("ERROR three", stream="t")
    rig.run()
    now_ms = int(rig.clock.now() * 1000)
    ids = {event.message: event.id for event in rig.store.read(GROUP)}
    first, second = rig.destinations.data("k")
    assert first == {
        "messageType": "DATA_MESSAGE",
        "owner": ACCOUNT,
        "logGroup": "app",
        "logStream": "s",
        "subscriptionFilters": ["k"],
        "logEvents": [
            {"id": ids["ERROR one"], "timestamp": now_ms, "message": "ERROR one"},
            {"id": ids["ERROR two"], "timestamp": now_ms + 2, "message": "ERROR two"},
        ],
    }
    assert (second["logStream"], len(second["logEvents"])) == ("t", 1)
    assert [key for _, _, key in rig.destinations.taken[1:]] == ["s", "t"]
    assert waiting(rig) == 0


def test_each_destination_gets_its_own_and_a_dead_one_delays_no_other(rig: Rig) -> None:
    rig.subscribe("dead", "")
    rig.subscribe("well", "")
    rig.destinations.dead.add("dead")
    for number in range(3):
        rig.put(str(number))
        rig.run()
        assert rig.destinations.messages("well") == [str(at) for at in range(number + 1)]
    assert rig.destinations.messages("dead") == []
    (name, trouble), *others = rig.deliveries.troubles().items()
    assert not others
    assert "app (dead)" in name
    assert "ResourceNotFoundException" in trouble.error
    rig.destinations.dead.clear()
    rig.deliver()
    assert rig.destinations.messages("dead") == []  # its time has not come
    rig.clock.advance(RETRY_MAX_S)
    rig.deliver()
    assert rig.destinations.messages("dead") == ["0", "1", "2"]
    assert rig.deliveries.troubles() == {}


def test_a_destination_that_hangs_delays_no_other(rig: Rig) -> None:
    rig.subscribe("slow", "")
    rig.subscribe("well", "")
    rig.destinations.hang["slow"] = threading.Event()
    rig.put("x")
    rig.read()
    real = SystemClock()
    until = real.monotonic() + 30
    while rig.destinations.messages("well") != ["x"]:
        rig.deliveries.step()
        assert real.monotonic() < until
    assert rig.destinations.messages("slow") == []
    rig.destinations.hang["slow"].set()
    rig.deliver()
    assert rig.destinations.messages("slow") == ["x"]


def test_an_error_of_ours_is_tried_again_too(rig: Rig) -> None:
    rig.subscribe("k", "")
    rig.destinations.broken.add("k")
    rig.put("x")
    rig.run()
    assert "a fault of ours" in next(iter(rig.deliveries.troubles().values())).error
    rig.destinations.broken.clear()
    rig.clock.advance(RETRY_MAX_S)
    rig.deliver()
    assert rig.destinations.messages("k") == ["x"]


@pytest.mark.parametrize("how", ["dead", "broken"])
def test_after_a_day_what_was_not_taken_is_dropped_and_counted(rig: Rig, how: str) -> None:
    rig.subscribe("k", "")
    fails: set[str] = getattr(rig.destinations, how)
    fails.add("k")
    rig.put("a", "b")
    rig.run()
    rig.clock.advance(RETRIED_FOR_S - 1)
    rig.put("young")
    rig.run()
    assert waiting(rig) == 2
    rig.clock.advance(RETRY_MAX_S)
    rig.deliver()
    assert waiting(rig) == 1
    assert [filter.dropped for filter in rig.filters.all()] == [2]
    fails.clear()
    rig.clock.advance(RETRY_MAX_S)
    rig.deliver()
    assert rig.destinations.messages("k") == ["young"]


def test_what_is_too_large_together_is_delivered_in_parts_and_what_never_fits_is_let_go(rig: Rig) -> None:
    rig.subscribe("k", "")
    rig.destinations.bytes_max["k"] = 10
    rig.put("aaaa", "bbbb", "far too large", "cccc", "dddd", "eeee")
    rig.put("next")
    rig.run()
    parts = [[event["message"] for event in found["logEvents"]] for found in rig.destinations.data("k")]
    assert all(sum(map(len, part)) <= 10 for part in parts)
    assert [message for part in parts for message in part] == ["aaaa", "bbbb", "cccc", "dddd", "eeee", "next"]
    assert waiting(rig) == 0
    assert [filter.dropped for filter in rig.filters.all()] == [1]
    assert rig.deliveries.troubles() == {}


def test_no_more_waits_than_may(rig: Rig, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sink_module, "WAITING_BYTES_MAX", 600)
    rig.subscribe("k", "")
    rig.destinations.dead.add("k")
    for number in range(10):
        rig.put(str(number))
        rig.read()
    kept = waiting(rig)
    assert 1 <= kept < 10
    assert [filter.dropped for filter in rig.filters.all()] == [10 - kept]


def test_large_puts_go_in_several_messages(rig: Rig) -> None:
    rig.subscribe("k", "")
    texts = [f"{number} " + "x" * 60_000 for number in range(10)]
    rig.put(*texts)
    rig.run()
    assert rig.destinations.messages("k") == texts
    sizes = [sum(len(event["message"]) for event in found["logEvents"]) for found in rig.destinations.data("k")]
    assert len(sizes) == 3
    assert max(sizes) <= PAYLOAD_BYTES_MAX


def test_distribution_by_stream_or_at_random(rig: Rig) -> None:
    rig.subscribe("k", "", distribution="Random")
    for _ in range(5):
        rig.put("x")
        rig.run()
    assert len({key for _, _, key in rig.destinations.taken[1:]}) == 5


def test_a_sink_that_begins_anew_makes_nothing_twice_and_misses_nothing(rig: Rig) -> None:
    rig.subscribe("k", "")
    for number in range(20):
        rig.put(str(number))
        SubscriptionSink(rig.store, contains).step()
    rig.deliver()
    assert rig.destinations.messages("k") == [str(number) for number in range(20)]


def test_without_filters_the_sink_stays_at_the_end(rig: Rig) -> None:
    rig.put("x")
    rig.read()
    assert rig.sink.position == rig.store.end()


def test_a_filter_that_is_deleted_delivers_nothing_more(rig: Rig) -> None:
    rig.subscribe("k", "")
    rig.put("x")
    rig.read()
    rig.call("DeleteSubscriptionFilter", logGroupName="app", filterName="k")
    rig.put("y")
    rig.run()
    assert rig.destinations.messages("k") == []


def test_what_came_in_before_its_group_was_deleted_is_delivered(rig: Rig) -> None:
    cleaner = Cleaner(rig.store, lambda: rig.sink.position, [rig.filters.needs])
    rig.subscribe("k", "")
    rig.put("read")
    rig.read()
    rig.put("unread", stream="t")
    rig.store.streams.delete(GROUP, "t")
    rig.store.groups.delete(GROUP)
    rig.store.groups.create(GROUP)
    rig.store.streams.create(GROUP, "t")
    rig.subscribe("later", "")
    rig.put("new", stream="t")
    rig.destinations.dead.add("k")
    cleaner.step()
    rig.run()
    cleaner.step()
    assert rig.destinations.messages("later") == ["new"]
    listed = rig.call("DescribeSubscriptionFilters", logGroupName="app")["subscriptionFilters"]
    assert [filter["filterName"] for filter in listed] == ["later"]
    rig.destinations.dead.clear()
    rig.clock.advance(3600)
    rig.run()
    assert rig.destinations.messages("k") == ["read", "unread"]
    assert [found["logStream"] for found in rig.destinations.data("k")] == ["s", "t"]
    cleaner.step()
    assert [filter.name for filter in rig.filters.all()] == ["later"]


def test_changing_a_filter_keeps_its_place(rig: Rig) -> None:
    rig.subscribe("k", "a")
    created = rig.call("DescribeSubscriptionFilters", logGroupName="app")["subscriptionFilters"][0]["creationTime"]
    rig.clock.advance(5)
    rig.subscribe("k", "b", destinationArn=stream_arn("other"))
    rig.put("a", "b")
    rig.run()
    assert rig.destinations.messages("other") == ["b"]
    assert rig.destinations.messages("k") == []
    assert rig.call("DescribeSubscriptionFilters", logGroupName="app") == {
        "subscriptionFilters": [
            {
                "filterName": "k",
                "logGroupName": "app",
                "filterPattern": "b",
                "destinationArn": stream_arn("other"),
                "roleArn": ROLE,
                "distribution": "ByLogStream",
                "applyOnTransformedLogs": False,
                "creationTime": created,
            }
        ]
    }


def test_filters_are_listed_by_name_in_pages(rig: Rig) -> None:
    for name in ("b", "a"):
        rig.subscribe(name)
    first = rig.call("DescribeSubscriptionFilters", logGroupName="app", limit=1)
    second = rig.call("DescribeSubscriptionFilters", logGroupName="app", limit=1, nextToken=first["nextToken"])
    names = [filter["filterName"] for filter in first["subscriptionFilters"] + second["subscriptionFilters"]]
    assert names == ["a", "b"]
    assert "nextToken" not in second
    found = rig.call("DescribeSubscriptionFilters", logGroupName="app", filterNamePrefix="b")
    assert [filter["filterName"] for filter in found["subscriptionFilters"]] == ["b"]


@pytest.mark.parametrize(
    ("params", "code", "said"),
    [
        ({"logGroupName": "none"}, "ResourceNotFoundException", "log group does not exist"),
        ({"filterPattern": "{"}, "InvalidParameterException", "Invalid subscription filter pattern"),
        ({"destinationArn": "nonsense"}, "InvalidParameterException", "destinationArn is not valid"),
        ({"destinationArn": "arn:aws:s3:::bucket"}, "InvalidParameterException", "for vendor s3"),
        ({"destinationArn": FUNCTION}, "InvalidParameterException", "vendor lambda cannot be used with roleArn"),
        ({"roleArn": None}, "InvalidParameterException", "vendor kinesis cannot be used without roleArn"),
        ({"destinationArn": stream_arn("dead")}, "InvalidParameterException", "Could not deliver test message"),
        (
            {"destinationArn": FUNCTION.replace("function:f", "function:dead"), "roleArn": None},
            "InvalidParameterException",
            "Could not execute the lambda function",
        ),
        (
            {"destinationArn": stream_arn("k").replace(ACCOUNT, "999999999999")},
            "InvalidParameterException",
            "account and region",
        ),
        ({"emitSystemFields": ["@aws.account"]}, "InvalidParameterException", "does not support emitSystemFields"),
    ],
)
def test_what_is_refused_leaves_nothing(rig: Rig, params: dict[str, Any], code: str, said: str) -> None:
    rig.destinations.dead.add("dead")
    given = {"logGroupName": "app", "filterName": "n", "filterPattern": "", "destinationArn": stream_arn("k")}
    given |= {"roleArn": ROLE} | params
    with pytest.raises(AwsError, match=said) as refused:
        rig.call("PutSubscriptionFilter", **{name: value for name, value in given.items() if value is not None})
    assert refused.value.code == code
    assert rig.filters.all() == []
    assert rig.destinations.taken == []


def test_a_group_has_two_filters_at_the_most(rig: Rig) -> None:
    rig.subscribe("a")
    rig.subscribe("b")
    with pytest.raises(AwsError) as refused:
        rig.subscribe("c")
    assert refused.value.code == "LimitExceededException"
    rig.subscribe("b", "changed")
    assert [filter.pattern for filter in rig.filters.all()] == ["", "changed"]
    with pytest.raises(AwsError, match="subscription filter does not exist"):
        rig.call("DeleteSubscriptionFilter", logGroupName="app", filterName="c")


def test_another_account_sees_no_filter(rig: Rig) -> None:
    rig.subscribe("a")
    other = Context("999999999999", REGION)
    with pytest.raises(AwsError, match="log group does not exist"):
        rig.call("DescribeSubscriptionFilters", other, logGroupName="app")
    rig.store.groups.create(GroupId("999999999999", REGION, "app"))
    assert rig.call("DescribeSubscriptionFilters", other, logGroupName="app") == {"subscriptionFilters": []}
    assert len(rig.call("DescribeSubscriptionFilters", HERE, logGroupName="app")["subscriptionFilters"]) == 1
