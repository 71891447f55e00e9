"""Composite alarms, evaluated with those that they name."""

import json
from typing import Any

import pytest
import sqlalchemy as sa
from tests.cloudwatch.alarms.world import ACCOUNT, REGION, TOPIC, World

from cairn.cloudwatch.alarms.tables import alarms

ARN = f"arn:aws:cloudwatch:{REGION}:{ACCOUNT}:alarm"


def put(world: World, name: str = "c", rule: str = "ALARM(a)", **more: Any) -> None:
    world.call("PutCompositeAlarm", AlarmName=name, AlarmRule=rule, AlarmActions=[TOPIC], OKActions=[TOPIC], **more)


def turn(world: World, name: str, value: str) -> None:
    world.clock.advance(2.0)
    world.call("SetAlarmState", AlarmName=name, StateValue=value, StateReason="testing")
    world.step()


@pytest.fixture
def quiet(world: World) -> World:
    """Alarms a, b and s, which stay as they are set and tell nobody."""
    for name in "abs":
        world.put_alarm(name, TreatMissingData="ignore", AlarmActions=[], OKActions=[])
        turn(world, name, "OK")
    return world


def test_a_new_composite_alarm_is_evaluated_at_once(quiet: World) -> None:
    put(quiet)
    assert quiet.state("c") == "INSUFFICIENT_DATA"
    quiet.step()
    assert quiet.state("c") == "OK"
    assert quiet.described("c")["StateReason"] == f"{ARN}:c was created and its alarm rule evaluates to OK"


@pytest.mark.parametrize("evaluated", [True, False])
def test_a_rule_that_is_none_any_more_stops_no_other_and_says_so(quiet: World, evaluated: bool) -> None:
    put(quiet, "broken")
    if evaluated:
        quiet.step()
    with quiet.alarms.write() as connection:
        settings = sa.func.replace(alarms.c.settings, "ALARM(a)", "SMOKE(a)")
        connection.execute(sa.update(alarms).where(alarms.c.name == "broken").values(settings=settings))
    quiet.restart()
    put(quiet, "fine")
    turn(quiet, "a", "ALARM")
    assert (quiet.state("broken"), quiet.state("fine")) == ("INSUFFICIENT_DATA", "ALARM")
    assert quiet.described("broken")["StateReason"].startswith(f"{ARN}:broken cannot be evaluated: ")
    put(quiet, "broken")
    quiet.step()
    assert quiet.state("broken") == "ALARM"


def test_it_turns_with_its_children(quiet: World) -> None:
    put(quiet, rule="ALARM(a) AND ALARM(b)")
    quiet.step()
    turn(quiet, "a", "ALARM")
    assert quiet.state("c") == "OK"
    turn(quiet, "b", "ALARM")
    assert quiet.state("c") == "ALARM"
    described = quiet.described("c")
    assert described["StateReason"] == f"{ARN}:b transitioned to ALARM at Tuesday 14 November, 2023 22:13:30 UTC"
    turn(quiet, "a", "INSUFFICIENT_DATA")
    assert quiet.told() == [("c", "OK"), ("c", "ALARM"), ("c", "OK")]


def test_what_a_topic_is_told(quiet: World) -> None:
    put(quiet, AlarmDescription="all of it")
    turn(quiet, "a", "ALARM")
    message = quiet.recipients.sent[-1].message
    assert list(message) == [
        "AlarmName",
        "AlarmDescription",
        "AWSAccountId",
        "AlarmConfigurationUpdatedTimestamp",
        "NewStateValue",
        "NewStateReason",
        "StateChangeTime",
        "Region",
        "AlarmArn",
        "OldStateValue",
        "OKActions",
        "AlarmActions",
        "InsufficientDataActions",
        "AlarmRule",
        "TriggeringChildren",
    ]
    put(quiet, "d")
    quiet.step()
    turn(quiet, "a", "OK")
    children = quiet.recipients.sent[-1].message["TriggeringChildren"]
    assert children == [{"Arn": f"{ARN}:a", "State": {"Value": "OK", "Timestamp": "2023-11-14T22:13:30.000+0000"}}]


def test_levels_turn_in_one_step(quiet: World) -> None:
    put(quiet, "c1")
    put(quiet, "c2", "ALARM(c1)")
    put(quiet, "c3", "NOT ALARM(c2)")
    quiet.step()
    turn(quiet, "a", "ALARM")
    assert [quiet.state(name) for name in ("c1", "c2", "c3")] == ["ALARM", "ALARM", "OK"]


def test_a_metric_alarm_and_its_parents_turn_in_one_step(world: World) -> None:
    world.put_alarm()
    put(world)
    world.step()
    world.publish()
    world.step()
    assert world.told() == [("c", "OK"), ("a", "ALARM"), ("c", "ALARM")]


def test_a_rule_that_is_changed_is_evaluated(quiet: World) -> None:
    put(quiet)
    quiet.step()
    put(quiet, rule="OK(a)")
    quiet.step()
    assert quiet.described("c")["StateReason"] == f"{ARN}:c was updated and its alarm rule evaluates to ALARM"


def test_a_state_that_is_set_stays_until_a_child_turns(quiet: World) -> None:
    put(quiet)
    quiet.step()
    turn(quiet, "c", "ALARM")
    quiet.run(300)
    assert quiet.state("c") == "ALARM"
    turn(quiet, "a", "INSUFFICIENT_DATA")
    assert quiet.state("c") == "OK"


def suppressed(world: World, **more: Any) -> None:
    put(
        world,
        ActionsSuppressor="s",
        ActionsSuppressorWaitPeriod=20,
        ActionsSuppressorExtensionPeriod=30,
        **more,
    )
    world.run(25)
    world.recipients.sent.clear()


def test_actions_wait_for_the_suppressor(quiet: World) -> None:
    suppressed(quiet)
    turn(quiet, "a", "ALARM")
    assert quiet.state("c") == "ALARM"
    assert quiet.described("c")["ActionsSuppressedBy"] == "WaitPeriod"
    assert quiet.described("c")["ActionsSuppressedReason"] == "Actions suppressed by WaitPeriod"
    quiet.run(19)
    assert quiet.told() == []
    quiet.run(2)
    assert quiet.told() == [("c", "ALARM")]
    assert quiet.recipients.sent[0].message["OldStateValue"] == "OK"
    assert "ActionsSuppressedBy" not in quiet.described("c")


def test_a_suppressor_in_alarm_holds_them_back_and_lets_them_go(quiet: World) -> None:
    suppressed(quiet)
    turn(quiet, "s", "ALARM")
    turn(quiet, "a", "ALARM")
    quiet.run(100)
    assert quiet.described("c")["ActionsSuppressedBy"] == "Alarm"
    turn(quiet, "s", "OK")
    quiet.run(29)
    assert quiet.described("c")["ActionsSuppressedBy"] == "ExtensionPeriod"
    assert quiet.told() == []
    quiet.run(2)
    assert quiet.told() == [("c", "ALARM")]


def test_the_wait_goes_on_over_a_restart(quiet: World) -> None:
    suppressed(quiet)
    turn(quiet, "a", "ALARM")
    quiet.clock.advance(60.0)
    quiet.restart()
    quiet.step()
    assert quiet.told() == [("c", "ALARM")]


def test_another_suppressor_ends_the_period(quiet: World) -> None:
    suppressed(quiet)
    turn(quiet, "a", "ALARM")
    put(quiet, ActionsSuppressor="b", ActionsSuppressorWaitPeriod=20, ActionsSuppressorExtensionPeriod=30)
    quiet.step()
    assert quiet.told() == [("c", "ALARM")]


def test_the_event_tells_of_the_suppression(quiet: World) -> None:
    suppressed(quiet)
    turn(quiet, "a", "ALARM")
    with quiet.alarms.read() as connection:
        detail = connection.exec_driver_sql(
            "SELECT detail FROM alarm_history WHERE type = 'StateUpdate' ORDER BY id DESC LIMIT 1"
        ).scalar_one()
    assert json.loads(detail)["state"]["actionsSuppressedBy"] == "WaitPeriod"
