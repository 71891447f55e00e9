"""The sink: what it counts, where, from when on, and once."""

from __future__ import annotations

import json
from collections import Counter

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.cloudwatch.metric_filters.rig import ACCOUNT, MINUTE, NOW, REGION, STREAM, Rig, Templates

from cairn.cloudwatch.logs import Cleaner, Compactor, GroupId
from cairn.cloudwatch.metric_filters import sink as sink_module
from cairn.cloudwatch.metric_filters.evaluation import COMBINATIONS_MAX
from cairn.core.clock import TestClock
from cairn.core.failpoints import FailpointReached, arm

DENIED = '{"errorCode": "AccessDenied"}'
FINE = '{"errorCode": null}'
AUDIT = GroupId(ACCOUNT, REGION, "audit")


def test_matches_count_at_their_own_second(rig: Rig) -> None:
    rig.put_filter('{ $.errorCode = "AccessDenied*" }')
    rig.put(DENIED, FINE, DENIED, "no JSON")
    rig.put(DENIED, at=NOW - 3600)
    rig.run()
    assert rig.points() == {NOW: (2, 2), NOW - 3600: (1, 1)}


def test_what_came_before_a_filter_is_not_counted(rig: Rig) -> None:
    rig.put("before")
    rig.put_filter()
    rig.put("behind")
    rig.run()
    assert rig.points() == {NOW: (1, 1)}


def test_a_filter_that_is_made_between_two_steps_sees_the_next_put(rig: Rig) -> None:
    rig.put_filter("nothing", name="other")
    rig.put("something")
    rig.run()
    rig.put_filter("something")
    rig.put("something")
    rig.run()
    assert rig.points() == {NOW: (1, 1)}


def test_a_changed_filter_goes_on_where_its_former_self_stood(rig: Rig) -> None:
    rig.put_filter("old")
    rig.put("old")
    rig.run()
    rig.put("new")
    rig.put_filter("new")
    rig.put("new", "old")
    rig.run()
    assert rig.points() == {NOW: (3, 3)}


def test_a_deleted_filter_and_those_of_a_deleted_group_count_no_more(rig: Rig) -> None:
    rig.put_filter("a", name="one")
    rig.put_filter("a", name="two")
    rig.put("a")
    rig.run()
    rig.call("DeleteMetricFilter", logGroupName="audit", filterName="one")
    rig.put("a")
    rig.run()
    assert (rig.points("one"), rig.points("two")) == ({NOW: (1, 1)}, {NOW: (2, 2)})
    rig.logs.groups.delete(rig.make_group("short")._replace(name="audit"))
    rig.make_group("audit")
    rig.put("a")
    rig.run()
    assert rig.points("two") == {NOW: (2, 2)}


def test_who_deletes_what_was_put_silences_no_filter(rig: Rig, clock: TestClock) -> None:
    rig.put_filter("a")
    rig.put_filter("nothing", name="quiet", defaultValue=0)
    rig.put("a")
    rig.logs.streams.delete(AUDIT, STREAM)
    rig.logs.streams.create(AUDIT, STREAM)
    rig.put("a")
    rig.logs.groups.delete(AUDIT)
    Cleaner(rig.logs, rig.sink.position).step()
    rig.make_group("audit")
    rig.put_filter("", name="later")
    rig.put("a")  # not for the filters of the former group
    assert [each["filterName"] for each in rig.call("DescribeMetricFilters")["metricFilters"]] == ["later"]
    rig.run(rig.new_sink())
    assert rig.points() == {NOW: (2, 2)} and rig.points("later") == {NOW: (1, 1)}
    Cleaner(rig.logs, rig.sink.position).step()
    clock.advance(60)
    rig.run()
    assert rig.points("quiet") == {MINUTE: (1, 0)}
    Cleaner(rig.logs, rig.sink.position).step()
    assert [each.definition.name for each in rig.filters.all()] == ["later"]


def test_filters_are_of_their_group_alone(rig: Rig) -> None:
    rig.make_group("other")
    rig.put_filter()
    rig.put("a", group="other")
    rig.run()
    assert rig.points() == {}


def test_values_that_messages_have(rig: Rig) -> None:
    rig.put_filter("{ $.bytes = * }", value="$.bytes", unit="Bytes")
    rig.put_filter("[ip, status = 4*, size]", name="fields", value="$size")
    rig.put('{"bytes": 10}', '{"bytes": "2.5"}', '{"bytes": "many"}', '{"bytes": true}', '{"bytes": 1e200}')
    rig.put("10.0.0.1 404 512", "10.0.0.1 200 512", "10.0.0.1 403 -")
    rig.run()
    assert rig.points() == {NOW: (2, 12.5)}
    assert rig.points("fields") == {NOW: (1, 512)}


def test_dimensions_are_what_messages_have(rig: Rig) -> None:
    dimensions = {"User": "$.user", "Code": "$.code"}
    rig.put_filter("{ $.code = * }", dimensions=dimensions)
    rig.put('{"user": "ann", "code": 7}', '{"user": "ann", "code": 7}', '{"user": "bob", "code": true}')
    rig.put('{"code": 7}', '{"user": {}, "code": 7}', '{"user": "ünal", "code": 7}', '{"user": " ", "code": 7}')
    rig.run()
    assert {metric.dimensions for metric in rig.published()} == {
        (("Code", "7"), ("User", "ann")),
        (("Code", "true"), ("User", "bob")),
    }
    assert rig.points("filter", ("Code", "7"), ("User", "ann")) == {NOW: (2, 2)}


def test_system_fields_are_dimensions_too(rig: Rig) -> None:
    rig.call(
        "PutMetricFilter",
        logGroupName="audit",
        filterName="f",
        filterPattern="a",
        metricTransformations=[{"metricName": "filter", "metricNamespace": "Security", "metricValue": "1"}],
        emitSystemFieldDimensions=["@aws.region", "@aws.account"],
    )
    rig.put("a")
    rig.run()
    assert rig.points("filter", ("@aws.account", ACCOUNT), ("@aws.region", REGION)) == {NOW: (1, 1)}


def test_an_hour_has_only_so_many_combinations_of_dimensions(rig: Rig, clock: TestClock) -> None:
    rig.put_filter("{ $.ip = * }", dimensions={"Ip": "$.ip"})
    rig.put(*(f'{{"ip": "{number}"}}' for number in range(COMBINATIONS_MAX + 50)), '{"ip": "0"}')
    rig.run()
    assert len(rig.published()) == COMBINATIONS_MAX
    assert rig.points("filter", ("Ip", "0")) == {NOW: (2, 2)}
    clock.advance(3600)
    rig.put('{"ip": "new"}')
    rig.run()
    assert len(rig.published()) == COMBINATIONS_MAX + 1


def test_the_default_is_for_minutes_with_events_and_no_match(rig: Rig, clock: TestClock) -> None:
    rig.put_filter("x", defaultValue=0.5)
    rig.put("y", at=MINUTE)
    rig.put("y", "x", at=MINUTE + 60)  # a client's clock is a little ahead
    rig.put("y", at=MINUTE - 600)
    rig.run()
    assert rig.points() == {MINUTE + 60: (1, 1)}
    clock.advance(45)  # the minute is over
    rig.run()
    assert rig.points() == {MINUTE - 600: (1, 0.5), MINUTE: (1, 0.5), MINUTE + 60: (1, 1)}
    clock.advance(3600)  # nothing comes in, and nothing is said
    rig.run()
    assert len(rig.points()) == 3


def test_a_match_late_in_the_minute_leaves_no_default(rig: Rig, clock: TestClock) -> None:
    rig.put_filter("x", defaultValue=0)
    rig.put("y")
    rig.run()
    clock.advance(30)
    rig.put("x")
    rig.run()
    clock.advance(60)
    rig.run()
    assert rig.points() == {NOW + 30: (1, 1)}


def test_a_sink_that_lags_says_no_default_before_it_has_read_the_minute(rig: Rig, clock: TestClock) -> None:
    rig.put_filter("x", defaultValue=0)
    for _ in range(3):
        rig.put("y")
    rig.put("x", at=NOW + 10)
    clock.advance(300)
    rig.put("y")
    rig.run()
    assert rig.points() == {NOW + 10: (1, 1)}


def test_open_minutes_survive_a_restart_and_are_not_compacted(rig: Rig, clock: TestClock) -> None:
    rig.put_filter("x", defaultValue=0)
    first = rig.put("y")
    rig.put("x", at=NOW - 120)  # something to publish, so that the position moves
    rig.run()
    assert rig.sink.position() == first
    assert rig.new_sink().position() == first
    Compactor(rig.logs, [rig.sink.position]).compact_all()
    clock.advance(60)
    again = rig.new_sink()
    rig.run(again)
    assert rig.points() == {MINUTE: (1, 0), NOW - 120: (1, 1)}
    assert again.position() == rig.logs.end()


def test_two_filters_of_one_metric_say_its_default_once(rig: Rig, clock: TestClock) -> None:
    rig.put_filter("x", name="a", metricName="filter", defaultValue=0)
    rig.put_filter("z", name="b", metricName="filter", defaultValue=0)
    rig.put("y", at=MINUTE)
    rig.put("z", at=MINUTE - 60)
    clock.advance(60)
    rig.run()
    assert rig.points() == {MINUTE: (1, 0), MINUTE - 60: (1, 1)}


def test_many_defaults_take_several_steps(rig: Rig, clock: TestClock, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sink_module, "DEFAULTS_A_STEP", 3)
    rig.put_filter("x", defaultValue=7)
    for number in range(10):
        rig.put("y", at=MINUTE - 60 * number)
    clock.advance(60)
    rig.run()
    assert rig.points() == {MINUTE - 60 * number: (1, 7) for number in range(10)}


def test_nothing_is_written_while_nothing_matches(rig: Rig, clock: TestClock) -> None:
    rig.put_filter("x")
    rig.put("y")
    rig.run()
    before = rig.metrics.state.revision()
    for _ in range(20):
        rig.put("y")
        rig.run()
    assert rig.metrics.state.revision() == before
    assert rig.sink.position() == rig.logs.end()
    clock.advance(6)
    rig.put("y")
    rig.run()
    assert rig.metrics.state.revision() != before


@pytest.mark.parametrize("point", ["metric_filters.published", "metric_filters.durable"])
def test_a_step_that_fails_counts_once(rig: Rig, point: str) -> None:
    rig.put_filter("x", defaultValue=0)
    rig.put("x")
    arm(f"{point}=raise")
    with pytest.raises(FailpointReached):
        rig.sink.step()
    arm("")
    rig.put("x")
    rig.run()
    assert rig.points() == {NOW: (2, 2)}


def test_a_second_sink_counts_nothing_twice(rig: Rig) -> None:
    rig.put_filter("x")
    rig.put("x")
    rig.run()
    other = rig.new_sink()
    rig.put("x")
    rig.run(other)
    rig.put("x")
    with pytest.raises(RuntimeError, match="another process"):
        rig.sink.step()
    rig.run()
    assert rig.points() == {NOW: (3, 3)}


def test_a_pattern_that_is_none_any_more_stops_no_other(rig: Rig) -> None:
    rig.put_filter("x", name="broken")
    rig.put_filter("x")
    with rig.logs.state.write() as connection:
        connection.exec_driver_sql("UPDATE metric_filters SET pattern = '{ broken' WHERE name = 'broken'")
    rig.put("x")
    rig.run()
    assert (rig.points(), rig.points("broken")) == ({NOW: (1, 1)}, {})


def test_many_puts_take_several_steps_with_bounded_bytes(rig: Rig, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sink_module, "STEP_BYTES", 1)
    rig.put_filter("x")
    for _ in range(5):
        rig.put("x")
    assert rig.sink.step() == 0.0
    assert rig.points() == {NOW: (1, 1)}
    rig.run()
    assert rig.points() == {NOW: (5, 5)}


MESSAGES = st.sampled_from(["x", "y", "x y", '{"n": 3}', '{"n": "x"}'])
ACTIONS = st.lists(
    st.one_of(
        st.tuples(st.just("put"), st.lists(MESSAGES, min_size=1, max_size=4)),
        st.tuples(st.just("step"), st.none()),
        st.tuples(st.just("restart"), st.none()),
        st.tuples(st.just("fail"), st.sampled_from(["metric_filters.published", "metric_filters.durable"])),
        st.tuples(st.just("wait"), st.integers(1, 90)),
        st.tuples(st.sampled_from(["compact", "clean", "delete stream", "delete group"]), st.none()),
    ),
    max_size=25,
)


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(actions=ACTIONS)
def test_whatever_happens_each_match_counts_once_and_each_quiet_minute_has_its_default(
    templates: Templates, tmp_path_factory: pytest.TempPathFactory, actions: list[tuple[str, object]]
) -> None:
    clock, folder = TestClock(), tmp_path_factory.mktemp("rig")
    templates.copy_to(folder)
    rig = Rig(folder, clock)

    def make() -> None:
        rig.make_group("audit")
        rig.put_filter("x", name="words", defaultValue=-1)
        rig.put_filter("{ $.n = 3 }", name="numbers", value="$.n")

    make()
    words: Counter[int] = Counter()
    numbers: Counter[int] = Counter()
    minutes: set[int] = set()
    for action, given_ in actions:
        second = int(clock.now())
        if action == "put":
            assert isinstance(given_, list)
            rig.put(*given_)
            words[second] += sum("x" in message for message in given_)
            numbers[second] += sum(json.loads(message)["n"] == 3 for message in given_ if message.startswith("{"))
            minutes.add(second - second % 60)
        elif action == "step":
            rig.run()
        elif action == "restart":
            rig.sink = rig.new_sink()
        elif action == "fail":
            arm(f"{given_}=raise")
            try:
                rig.run()
            except FailpointReached:
                pass
            finally:
                arm("")
        elif action == "wait":
            assert isinstance(given_, int)
            clock.advance(given_)
        elif action == "compact":
            Compactor(rig.logs, [rig.sink.position]).compact_all()
        elif action == "clean":
            Cleaner(rig.logs, rig.sink.position).step()
        elif action == "delete stream":
            rig.logs.streams.delete(AUDIT, STREAM)
            rig.logs.streams.create(AUDIT, STREAM)
        else:
            rig.logs.groups.delete(AUDIT)
            make()
    rig.run()
    clock.advance(120)
    rig.run()
    quiet = {minute for minute in minutes if not any(words[minute + second] for second in range(60))}
    expected = {second: (count, count) for second, count in words.items() if count}
    assert rig.points("words") == expected | dict.fromkeys(quiet, (1, -1))
    assert rig.points("numbers") == {second: (count, 3 * count) for second, count in numbers.items() if count}
    assert not minutes or rig.sink.position() == rig.logs.end()
    Cleaner(rig.logs, rig.sink.position).step()
    assert len(list(rig.filters.all())) == 2
    rig.close()
