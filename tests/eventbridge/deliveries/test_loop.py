"""What targets are owed reaches them: at once, later, or their dead-letter queue."""

from __future__ import annotations

import itertools
import json
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.eventbridge.deliveries.rig import BUS, DLQ, QUEUE, Rig, event

from cairn.core.clock import TestClock
from cairn.eventbridge.deliveries import loop
from cairn.eventbridge.deliveries.delivery import Address, Delivery
from cairn.eventbridge.deliveries.endpoints import DeliveryError
from cairn.eventbridge.deliveries.retries import LONGEST_S, Retries, delay
from cairn.eventbridge.inputs import template
from cairn.eventbridge.rules.target import Target

OTHER = QUEUE + "2"
PLAIN = Target(id="t", arn=QUEUE)


@pytest.fixture
def rig(tmp_path: Path, clock: TestClock) -> Iterator[Rig]:
    made = Rig(tmp_path, clock)
    yield made
    made.close()


def refuse(code: str, *, final: bool = False, unreachable: bool = False) -> DeliveryError:
    return DeliveryError(code, f"it said {code}", final=final, unreachable=unreachable)


def test_events_arrive_in_order_and_are_forgotten(rig: Rig) -> None:
    rule = rig.rule("r", PLAIN)
    rig.owe(rule, PLAIN, *range(250))
    rig.run()
    assert rig.endpoints.got == {QUEUE: [event(number).envelope for number in range(250)]}
    assert rig.waiting() == 0
    assert max(size for _, size in rig.endpoints.calls) == 10, "they go together"
    assert rig.counted()["Invocations"] == rig.counted()["SuccessfulInvocationAttempts"] == 250
    assert "FailedInvocations" not in rig.counted()


def test_what_was_owed_holds_though_the_target_has_changed(rig: Rig) -> None:
    target = Target(id="t", arn=QUEUE, role="arn:role", settings={"InputPath": "$.detail", "SqsParameters": {"a": 1}})
    rule = rig.rule("r", target, role="arn:rule-role")
    rig.owe(rule, target, 1)
    rig.remove_targets(rule, "t")
    addresses: list[Address] = []
    rig.endpoints.answers[QUEUE] = addresses.append  # type: ignore[assignment]
    rig.run()
    assert rig.endpoints.got == {QUEUE: [b'{"n":1}']}
    assert addresses == [
        Address(
            bus=BUS,
            rule="r",
            rule_role="arn:rule-role",
            target="t",
            arn=QUEUE,
            role="arn:role",
            settings={"SqsParameters": {"a": 1}},
        )
    ]


def test_a_target_that_fails_is_tried_again_ever_more_rarely(rig: Rig, clock: TestClock) -> None:
    rule = rig.rule("r", PLAIN)
    times: list[float] = []

    def answer(_: Address) -> DeliveryError | None:
        times.append(clock.now())
        return refuse("THROTTLING") if len(times) < 6 else None

    rig.endpoints.answers[QUEUE] = answer
    rig.owe(rule, PLAIN, 1)
    rig.run_for(120)
    pauses = [after - before for before, after in itertools.pairwise(times)]
    assert len(times) == 6
    for number, pause in enumerate(pauses):
        assert 2.0**number / 2 <= pause <= 2.0**number + 0.1
    assert rig.waiting() == 0
    counted = rig.counted()
    assert (counted["InvocationAttempts"], counted["RetryInvocationAttempts"], counted["Invocations"]) == (6, 5, 1)


def test_a_day_of_failures_ends_in_the_dead_letter_queue(rig: Rig, clock: TestClock) -> None:
    target = Target(id="t", arn=QUEUE, settings=DLQ | {"InputPath": "$.detail"})
    rule = rig.rule("r", target)
    rig.endpoints.answers[QUEUE] = lambda _: refuse("CONNECTION_FAILURE", unreachable=True)
    rig.owe(rule, target, 1)
    began = clock.now()
    rig.run_for(90_000)
    [(body, attributes)] = rig.endpoints.buried
    assert body.encode() == event(1).envelope, "the event as it came, not what the target would have got"
    assert attributes["EXHAUSTED_RETRY_CONDITION"] in ("MaximumRetryAttempts", "MaximumEventAgeInSeconds")
    assert 100 < int(attributes["RETRY_ATTEMPTS"]) <= 185
    assert len(rig.endpoints.calls) == int(attributes["RETRY_ATTEMPTS"]) + 1
    assert clock.now() - began >= 86_400 / 2
    assert attributes == attributes | {
        "RULE_ARN": rule.arn,
        "TARGET_ARN": QUEUE,
        "ERROR_CODE": "CONNECTION_FAILURE",
        "ERROR_MESSAGE": "it said CONNECTION_FAILURE",
    }
    assert rig.waiting() == 0
    assert (rig.counted()["FailedInvocations"], rig.counted()["InvocationsSentToDlq"]) == (1, 1)


@pytest.mark.parametrize(
    ("policy", "attempts", "condition"),
    [
        ({"MaximumRetryAttempts": 0}, 1, "MaximumRetryAttempts"),
        ({"MaximumRetryAttempts": 2}, 3, "MaximumRetryAttempts"),
        ({"MaximumEventAgeInSeconds": 60}, None, "MaximumEventAgeInSeconds"),
    ],
)
def test_a_retry_policy_of_its_own(rig: Rig, policy: dict[str, int], attempts: int | None, condition: str) -> None:
    target = Target(id="t", arn=QUEUE, settings=DLQ | {"RetryPolicy": policy})
    rule = rig.rule("r", target)
    rig.endpoints.answers[QUEUE] = lambda _: refuse("THROTTLING")
    rig.owe(rule, target, 1)
    rig.run_for(120)
    assert rig.endpoints.buried[0][1]["EXHAUSTED_RETRY_CONDITION"] == condition
    assert len(rig.endpoints.calls) == attempts if attempts else 5 <= len(rig.endpoints.calls) <= 9


def test_what_no_retry_can_mend_is_buried_at_once(rig: Rig) -> None:
    target = Target(id="t", arn=QUEUE, settings=DLQ)
    rule = rig.rule("r", target)
    rig.endpoints.answers[QUEUE] = lambda _: refuse("NO_PERMISSIONS", final=True)
    rig.owe(rule, target, 1, 2)
    rig.run()
    assert [json.loads(body)["detail"]["n"] for body, _ in rig.endpoints.buried] == [1, 2]
    assert rig.deliveries.troubles()[f"{rule.arn} (t)"].failures == 2, "though nothing waits any more"
    rig.remove_targets(rule, "t")
    assert rig.deliveries.troubles() == {}
    assert "EXHAUSTED_RETRY_CONDITION" not in rig.endpoints.buried[0][1]
    assert rig.endpoints.buried[0][1]["RETRY_ATTEMPTS"] == "0"


def test_without_a_dead_letter_queue_it_is_lost_and_said(rig: Rig, caplog: pytest.LogCaptureFixture) -> None:
    rule = rig.rule("r", PLAIN)
    rig.endpoints.answers[QUEUE] = lambda _: refuse("NO_RESOURCE", final=True)
    rig.owe(rule, PLAIN, 1)
    rig.run()
    assert rig.waiting() == 0
    assert f"gave up event {event(1).id} of {rule.arn} for {QUEUE}" in caplog.text
    assert rig.counted()["FailedInvocations"] == 1
    name = f"{rule.arn} (t)"
    assert rig.deliveries.troubles()[name].error == "NO_RESOURCE: it said NO_RESOURCE"
    rig.endpoints.answers.clear()
    rig.owe(rule, PLAIN, 2)
    rig.run()
    assert rig.deliveries.troubles() == {}


def test_a_dead_letter_queue_that_refuses_loses_and_one_that_is_away_does_not(rig: Rig, clock: TestClock) -> None:
    target = Target(id="t", arn=QUEUE, settings=DLQ)
    rule = rig.rule("r", target)
    queue = DLQ["DeadLetterConfig"]["Arn"]
    rig.endpoints.answers[QUEUE] = lambda _: refuse("NO_RESOURCE", final=True)
    rig.endpoints.answers[queue] = lambda _: refuse("CONNECTION_FAILURE", unreachable=True)
    rig.owe(rule, target, 1)
    rig.run_for(600)
    assert rig.waiting() == 1
    assert list(rig.deliveries.troubles()) == [f"{rule.arn} (t)"]
    del rig.endpoints.answers[queue]
    rig.run_for(600)
    assert rig.endpoints.buried[0][1]["ERROR_CODE"] == "NO_RESOURCE"
    rig.endpoints.answers[queue] = lambda _: refuse("NO_PERMISSIONS", final=True)
    rig.owe(rule, target, 2)
    rig.run()
    assert rig.waiting() == 0
    assert rig.counted()["InvocationsFailedToBeSentToDlq"] == 1


def test_what_failed_together_is_tried_again_in_its_order(rig: Rig) -> None:
    rule = rig.rule("r", PLAIN)
    rig.endpoints.answers[QUEUE] = lambda _: refuse("THROTTLING")
    rig.owe(rule, PLAIN, *range(45))
    rig.run_for(5)
    rig.endpoints.answers.clear()
    rig.run_for(60)
    assert rig.endpoints.got[QUEUE] == [event(number).envelope for number in range(45)]


def test_a_target_that_was_removed_is_not_tried_again(rig: Rig) -> None:
    target = Target(id="t", arn=QUEUE, settings=DLQ)
    rule = rig.rule("r", target)
    rig.endpoints.answers[QUEUE] = lambda _: refuse("THROTTLING")
    rig.owe(rule, target, 1)
    rig.run()
    assert rig.waiting() == 1
    rig.remove_targets(rule, "t")
    rig.run_for(10)
    assert len(rig.endpoints.calls) == 2
    assert rig.endpoints.buried[0][1]["ERROR_CODE"] == "THROTTLING"


def test_a_template_that_makes_no_json_is_never_sent(rig: Rig) -> None:
    transformer = {"InputPathsMap": {"v": "$.detail"}, "InputTemplate": '{"v": "<v>"}'}
    target = Target(id="t", arn=QUEUE, settings=DLQ | {"InputTransformer": transformer})
    rule = rig.rule("r", target)
    rig.owe(rule, target, 1)
    rig.run()
    assert rig.endpoints.got == {}
    assert rig.endpoints.buried[0][1]["ERROR_CODE"] == "INVALID_JSON"


def test_nobody_at_home_costs_one_attempt_a_round(rig: Rig) -> None:
    rule = rig.rule("r", PLAIN)
    rig.endpoints.answers[QUEUE] = lambda _: refuse("CONNECTION_FAILURE", unreachable=True)
    rig.owe(rule, PLAIN, *range(60))
    rig.run()
    assert rig.endpoints.calls == [(QUEUE, 10)]
    assert rig.waiting() == 60


def test_a_rate_limit_is_no_attempt(rig: Rig) -> None:
    target = Target(id="t", arn=QUEUE, settings=DLQ | {"RetryPolicy": {"MaximumRetryAttempts": 0}})
    rule = rig.rule("r", target)
    turns = iter([True, False, False, True, False, True])

    def answer(_: Address) -> DeliveryError | None:
        return None if next(turns) else DeliveryError("THROTTLING", "", unreachable=True, retry_after_s=2, tried=False)

    rig.endpoints.answers[QUEUE] = answer
    rig.owe(rule, target, 1, 2, 3)
    rig.run()
    assert (rig.waiting(), rig.endpoints.buried, rig.deliveries.troubles()) == (2, [], {})
    rig.run_for(10)
    assert sorted(rig.endpoints.got[QUEUE]) == [event(number).envelope for number in (1, 2, 3)]
    assert (rig.endpoints.buried, rig.counted()["InvocationAttempts"]) == ([], 3)


def test_an_error_of_ours_is_an_attempt(rig: Rig, caplog: pytest.LogCaptureFixture) -> None:
    rule = rig.rule("r", PLAIN)

    def answer(_: Address) -> None:
        raise KeyError("oh")

    rig.endpoints.answers[QUEUE] = answer
    rig.owe(rule, PLAIN, 1)
    rig.run()
    assert rig.waiting() == 1
    del rig.endpoints.answers[QUEUE]
    rig.run_for(5)
    assert rig.endpoints.got[QUEUE] == [event(1).envelope]


def test_a_target_that_hangs_delays_no_other(rig: Rig) -> None:
    other = Target(id="u", arn=OTHER)
    rule = rig.rule("r", PLAIN, other)
    hang, hanging = threading.Event(), threading.Event()

    def answer(_: Address) -> None:
        hanging.set()
        assert hang.wait(30)

    rig.endpoints.answers[QUEUE] = answer
    rig.owe(rule, PLAIN, 1)
    try:
        rig.deliveries.step()
        assert hanging.wait(30)
        rig.owe(rule, other, 1, 2)
        while len(rig.endpoints.got.get(OTHER, [])) < 2:
            rig.deliveries.step()
        assert QUEUE not in rig.endpoints.got
    finally:
        hang.set()
    rig.run()
    assert rig.waiting() == 0


def test_a_target_with_much_to_do_gives_way_to_others(rig: Rig, clock: TestClock) -> None:
    rule = rig.rule("r", PLAIN)
    rig.endpoints.answers[QUEUE] = lambda _: clock.advance(0.2)  # type: ignore[func-returns-value]
    rig.owe(rule, PLAIN, *range(60))
    rig.deliveries.step()
    rig.deliveries._lanes.settle(30)
    assert 0 < rig.waiting() < 60, "a job lasts a second or so"
    rig.run()
    assert rig.endpoints.got[QUEUE] == [event(number).envelope for number in range(60)]


def test_a_job_ends_early_when_all_end(rig: Rig) -> None:
    rule = rig.rule("r", PLAIN)
    began, may_end = threading.Event(), threading.Event()

    def answer(_: Address) -> None:
        began.set()
        assert may_end.wait(30)

    rig.endpoints.answers[QUEUE] = answer
    rig.owe(rule, PLAIN, *range(60))
    rig.deliveries.step()
    assert began.wait(30)
    closing = threading.Thread(target=rig.deliveries.close)
    closing.start()
    while not rig.deliveries._closed.is_set():
        pass
    may_end.set()
    closing.join(30)
    assert len(rig.endpoints.calls) == 1
    assert rig.waiting() == 60 - 10


def test_large_events_are_not_all_in_memory_at_once(rig: Rig, monkeypatch: pytest.MonkeyPatch) -> None:
    large = Target(id="t", arn=QUEUE, settings={"Input": json.dumps("x" * 1_000_000)})
    rule = rig.rule("r", large)
    rig.owe(rule, large, *range(10))
    sizes: list[int] = []
    work = rig.deliveries._queue.work

    def noted(*args: object) -> list[Delivery]:
        found = work(*args)  # type: ignore[arg-type]
        sizes.append(len(found))
        return found

    monkeypatch.setattr(rig.deliveries._queue, "work", noted)
    rig.run()
    assert (rig.waiting(), max(sizes)) == (0, 4)


def test_owners_are_found_however_much_waits(rig: Rig, clock: TestClock) -> None:
    targets = [Target(id=name, arn=f"arn:{name}") for name in ("a", "a.b", "b_", "c")]
    rule = rig.rule("r", *targets)
    for number, target in enumerate(targets):
        clock.advance(-1)
        rig.owe(rule, target, *range(number * 50 + 1))
    queue = rig.deliveries._queue
    assert [owner.target for owner in queue.due(clock.now() + 1.5, 10)] == ["c", "b_"], "not what is due later"
    assert [owner.target for owner in queue.due(clock.now() + 10, 3)] == ["c", "b_", "a.b"]
    clock.advance(10)
    rig.run()
    assert (rig.waiting(), queue.due(clock.now(), 10)) == (0, [])


def test_many_targets_that_hang_hide_no_other(rig: Rig, monkeypatch: pytest.MonkeyPatch) -> None:
    """More of them are due, for longer, than a step looks at."""
    monkeypatch.setattr(loop, "TARGETS_A_STEP", 2)
    hanging = [Target(id=f"h{number}", arn=QUEUE) for number in range(5)]
    rules = [rig.rule(target.id, target) for target in hanging]
    well = rig.rule("well", Target(id="u", arn=OTHER))
    hang = threading.Event()

    def answer(_: Address) -> None:
        assert hang.wait(30)

    rig.endpoints.answers[QUEUE] = answer
    for rule, target in zip(rules, hanging, strict=True):
        rig.owe(rule, target, 1)
    rig.clock.advance(1.0)
    rig.owe(well, Target(id="u", arn=OTHER), 1)
    try:
        for _ in range(20):
            rig.deliveries.step()
        assert rig.endpoints.got.get(OTHER) == [event(1).envelope]
    finally:
        hang.set()
    rig.run()
    assert rig.waiting() == 0


def test_a_template_that_makes_too_much_is_never_sent(rig: Rig, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(template, "INPUT_BYTES_MAX", 1000)
    made = {"InputPathsMap": {"a": "$.source"}, "InputTemplate": '"' + "<a>" * 251 + '"'}
    target = Target(id="t", arn=QUEUE, settings=DLQ | {"InputTransformer": made})
    rig.owe(rig.rule("r", target), target, 1)
    rig.run()
    assert (rig.endpoints.calls, rig.waiting()) == ([], 0)
    ((body, attributes),) = rig.endpoints.buried
    assert (body.encode(), attributes["ERROR_CODE"]) == (event(1).envelope, "INVALID_PARAMETER")


def test_an_idle_loop_asks_the_database_nothing(rig: Rig, monkeypatch: pytest.MonkeyPatch) -> None:
    rule = rig.rule("r", PLAIN)
    rig.run()
    asked: list[float] = []
    due = rig.deliveries._queue.due
    monkeypatch.setattr(rig.deliveries._queue, "due", lambda *args: asked.append(args[0]) or due(*args))  # type: ignore
    for _ in range(20):
        assert rig.deliveries.step() > 0
    assert asked == []
    rig.owe(rule, PLAIN, 1)
    rig.run()
    assert rig.endpoints.got == {QUEUE: [event(1).envelope]}


def test_retry_policies() -> None:
    assert Retries.of({}) == Retries(185, 86_400.0)
    assert Retries.of({"RetryPolicy": {"MaximumRetryAttempts": 3}}) == Retries(3, 86_400.0)
    assert [delay(each, 1.0) for each in (1, 2, 3, 12, 185, 5000)] == [1, 2, 4, *[LONGEST_S] * 3]
    assert delay(3, 0.0) == 2.0
    due, condition = Retries().following(1, 0.0, 10.0, 40.0)
    assert (due, condition) == (50.0, ""), "it asked to be left alone"
