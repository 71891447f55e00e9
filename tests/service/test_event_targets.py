"""What each kind of target is sent, and what its refusals become."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import msgspec
import pytest
from botocore.exceptions import ClientError, EndpointConnectionError, ParamValidationError, ReadTimeoutError
from tests.eventbridge.deliveries.rig import BUS, event

from cairn.account.moto.questions import NotFound, Policies, PolicyDocument, Principal
from cairn.cloudwatch.logs import LOGS, LogStore
from cairn.cloudwatch.logs.names import GroupId
from cairn.cloudwatch.logs.policies import ResourcePolicies
from cairn.core.clock import TestClock
from cairn.core.errors import Unreachable
from cairn.core.state import State
from cairn.eventbridge.buses import rows as buses
from cairn.eventbridge.deliveries.delivery import Address, Delivery
from cairn.eventbridge.deliveries.endpoints import DeliveryError
from cairn.eventbridge.event import BusEvent, BusId
from cairn.eventbridge.schema import EVENTS
from cairn.service.event_targets import jobs
from cairn.service.event_targets.answers import called, one_by_one
from cairn.service.event_targets.buses import Buses
from cairn.service.event_targets.functions import Functions
from cairn.service.event_targets.joined import EventTargets
from cairn.service.event_targets.log_groups import OwnLogGroups, group_allows, log_event, stream_name
from cairn.service.event_targets.permissions import Permissions
from cairn.service.event_targets.queues import BATCH_BYTES_MAX, Queues
from cairn.service.event_targets.streams import FirehoseStreams, KinesisStreams, partition_key

QUEUE = "arn:aws:sqs:eu-west-2:111122223333:q"
ROLE = "arn:aws:iam::111122223333:role/teller"
NOW = 1_795_867_200.0  # 2026-11-28T12:00:00Z


def address(arn: str = QUEUE, role: str = "", **settings: Any) -> Address:
    return Address(bus=BUS, rule="r", target="t", arn=arn, role=role, settings=settings)


def delivery(number: int = 1, *, payload: bytes | None = None, to: Address | None = None) -> Delivery:
    made = event(number)
    return Delivery(
        id=number,
        address=to or address(),
        event=made,
        payload=made.envelope if payload is None else payload,
        since=NOW,
        attempts=0,
        due=NOW,
        dead=False,
        failure=None,
    )


class Client:
    """boto3's client of some service: answers what a test says, and notes what it was asked."""

    def __init__(self, **answers: Any) -> None:
        self.asked: list[tuple[str, dict[str, Any]]] = []
        self._answers = {"get_queue_url": {"QueueUrl": "http://sqs/q"}} | answers

    def __getattr__(self, name: str) -> Any:
        def ask(**given: Any) -> Any:
            self.asked.append((name, given))
            answer = self._answers.get(name, {})
            if isinstance(answer, Exception):
                raise answer
            return answer(**given) if callable(answer) else answer

        return ask

    def of(self, _arn: str) -> Client:
        return self

    def inputs(self, operation: str) -> list[dict[str, Any]]:
        return [given for name, given in self.asked if name == operation]


def refusal(code: str, status: int = 400) -> ClientError:
    answer: Any = {"Error": {"Code": code, "Message": "no"}, "ResponseMetadata": {"HTTPStatusCode": status}}
    return ClientError(answer, "Some")


# -- what refusals become ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("error", "code", "final", "unreachable"),
    [
        (refusal("AWS.SimpleQueueService.NonExistentQueue"), "NO_RESOURCE", True, False),
        (refusal("StateMachineDoesNotExist"), "NO_RESOURCE", True, False),
        (refusal("ResourceNotFoundException", 404), "NO_RESOURCE", True, False),
        (refusal("AccessDeniedException"), "NO_PERMISSIONS", True, False),
        (refusal("SignatureDoesNotMatch", 403), "NO_PERMISSIONS", True, False),
        (refusal("ThrottlingException"), "THROTTLING", False, False),
        (refusal("ProvisionedThroughputExceededException"), "THROTTLING", False, False),
        (refusal("TooMany", 429), "THROTTLING", False, False),
        (refusal("InvalidRequestContentException"), "INVALID_PARAMETER", True, False),
        (refusal("InternalFailure", 500), "INTERNAL_ERROR", False, False),
        (ParamValidationError(report="x"), "INVALID_PARAMETER", True, False),
        (EndpointConnectionError(endpoint_url="http://x"), "CONNECTION_FAILURE", False, True),
        (ReadTimeoutError(endpoint_url="http://x"), "TIMEOUT", False, True),
    ],
)
def test_refusals(error: Exception, code: str, final: bool, unreachable: bool) -> None:
    with pytest.raises(DeliveryError) as caught:
        called(Client(some=error).some)
    assert (caught.value.code, caught.value.final, caught.value.unreachable) == (code, final, unreachable)


def test_where_nobody_answers_the_rest_is_not_tried() -> None:
    tried: list[int] = []

    def send(each: Delivery) -> None:
        tried.append(each.id)
        if each.id == 2:
            raise DeliveryError("CONNECTION_FAILURE", "", unreachable=True)

    outcomes = one_by_one([delivery(number) for number in (1, 2, 3)], send)
    assert tried == [1, 2]
    assert [outcome and outcome.code for outcome in outcomes] == [None, "CONNECTION_FAILURE", "CONNECTION_FAILURE"]


def test_a_kind_that_cairn_does_not_know() -> None:
    queues = Queues(Client().of, None)
    with pytest.raises(DeliveryError, match="does not deliver") as caught:
        EventTargets({}, queues).deliver(address("arn:aws:glue:eu-west-2:111122223333:workflow/w"), [delivery()])
    assert caught.value.final
    queues.close()


# -- queues ------------------------------------------------------------------------------------------------------


@pytest.fixture
def queues() -> Iterator[Queues]:
    made = Queues(Client().of, None)
    yield made
    made.close()


def test_queues_are_sent_ten_messages_at_once(queues: Queues) -> None:
    client = Client()
    queues._client_of = client.of
    assert queues.deliver(address(), [delivery(number) for number in range(25)]) == [None] * 25
    sent = client.inputs("send_message_batch")
    assert sorted(len(each["Entries"]) for each in sent) == [5, 10, 10]
    bodies = {entry["MessageBody"] for each in sent for entry in each["Entries"]}
    assert bodies == {event(number).envelope.decode() for number in range(25)}


def test_large_messages_go_alone(queues: Queues) -> None:
    client = Client()
    queues._client_of = client.of
    large = b"x" * (BATCH_BYTES_MAX - 10)
    queues.deliver(address(), [delivery(number, payload=large) for number in range(3)])
    assert [len(each["Entries"]) for each in client.inputs("send_message_batch")] == [1, 1, 1]


def test_a_group_keeps_the_order(queues: Queues) -> None:
    client = Client()
    queues._client_of = client.of
    grouped = address(QUEUE + ".fifo", SqsParameters={"MessageGroupId": "g"})
    queues.deliver(grouped, [delivery(number, payload=b"%d" % number) for number in range(40)])
    entries = [entry for each in client.inputs("send_message_batch") for entry in each["Entries"]]
    assert [entry["MessageBody"] for entry in entries] == [str(number) for number in range(40)]
    assert {entry["MessageGroupId"] for entry in entries} == {"g"}


def test_some_of_a_batch_may_fail(queues: Queues) -> None:
    failed = [
        {"Id": "1", "Code": "InvalidMessageContents", "SenderFault": True},
        {"Id": "2", "Code": "InternalError", "SenderFault": False},
    ]
    queues._client_of = Client(send_message_batch={"Failed": failed}).of
    outcomes = queues.deliver(address(), [delivery(number) for number in range(3)])
    found = [(outcome.code, outcome.final) if outcome else None for outcome in outcomes]
    assert found == [None, ("INVALID_PARAMETER", True), ("INTERNAL_ERROR", False)]


def test_a_queue_that_was_made_again_is_found_again(queues: Queues) -> None:
    client = Client(send_message_batch=refusal("AWS.SimpleQueueService.NonExistentQueue"))
    queues._client_of = client.of
    for _ in range(2):
        [outcome] = queues.deliver(address(), [delivery()])
        assert outcome is not None
    assert len(client.inputs("get_queue_url")) == 2


# -- functions, streams, jobs ------------------------------------------------------------------------------------


def test_functions_are_invoked_and_not_waited_for() -> None:
    client, arn = Client(), "arn:aws:lambda:eu-west-2:111122223333:function:f:live"
    Functions(client.of, None).deliver(address(arn), [delivery(payload=b'{"a":1}')])
    assert client.inputs("invoke") == [{"FunctionName": arn, "InvocationType": "Event", "Payload": b'{"a":1}'}]


@pytest.mark.parametrize(
    ("path", "key"), [("$.id", event(7).id), ("$.detail.n", "7"), ("$.detail", '{"n":7}'), ("$.detail.x", event(7).id)]
)
def test_partition_keys(path: str, key: str) -> None:
    assert partition_key(delivery(7), path) == key


def test_streams_take_many_records_and_refuse_some() -> None:
    results = [{"SequenceNumber": "1"}, {"ErrorCode": "ProvisionedThroughputExceededException", "ErrorMessage": "slow"}]
    client = Client(put_records={"Records": results}, put_record_batch={"RequestResponses": results})
    stream = address("arn:aws:kinesis:eu-west-2:111122223333:stream/s", ROLE)
    firehose = address("arn:aws:firehose:eu-west-2:111122223333:deliverystream/s", ROLE)
    for family, to in ((KinesisStreams(client.of, None), stream), (FirehoseStreams(client.of, None), firehose)):
        outcomes = family.deliver(to, [delivery(1), delivery(2)])
        assert [outcome and outcome.code for outcome in outcomes] == [None, "THROTTLING"]
    assert [each["PartitionKey"] for each in client.inputs("put_records")[0]["Records"]] == [event(1).id, event(2).id]
    assert client.inputs("put_record_batch")[0]["DeliveryStreamName"] == "s"


def test_a_state_machine_that_runs_already_is_not_started_again() -> None:
    client = Client(start_execution=refusal("ExecutionAlreadyExists"))
    to = address("arn:aws:states:eu-west-2:111122223333:stateMachine:m", ROLE)
    family = jobs.Jobs(client.of, None, "states:StartExecution", jobs.state_machine)
    assert family.deliver(to, [delivery(to=to)]) == [None]
    family.deliver(to, [delivery(to=to)])
    first, second = client.inputs("start_execution")
    assert first == second, "the name is the same however often it is tried"
    assert len(first["name"]) <= 80


def test_tasks_of_ecs() -> None:
    client = Client()
    parameters = {
        "TaskDefinitionArn": "arn:task",
        "TaskCount": 2,
        "LaunchType": "FARGATE",
        "NetworkConfiguration": {"awsvpcConfiguration": {"Subnets": ["s"], "AssignPublicIp": "ENABLED"}},
    }
    to = address("arn:aws:ecs:eu-west-2:111122223333:cluster/c", ROLE, EcsParameters=parameters)
    family = jobs.Jobs(client.of, None, "ecs:RunTask", jobs.task)
    family.deliver(to, [delivery(to=to), delivery(payload=b'{"containerOverrides":[]}', to=to)])
    plain, overridden = client.inputs("run_task")
    assert plain == {
        "cluster": to.arn,
        "taskDefinition": "arn:task",
        "count": 2,
        "startedBy": "events-rule/r",
        "launchType": "FARGATE",
        "networkConfiguration": {"awsvpcConfiguration": {"subnets": ["s"], "assignPublicIp": "ENABLED"}},
    }
    assert overridden == plain | {"overrides": {"containerOverrides": []}}


@pytest.mark.parametrize(
    ("arn", "settings", "start", "operation", "wanted"),
    [
        ("codebuild:eu-west-2:1:project/p", {}, jobs.build, "start_build", {"projectName": "p", "x": 1}),
        ("codepipeline:eu-west-2:1:p", {}, jobs.pipeline, "start_pipeline_execution", {"name": "p"}),
        (
            "ssm:eu-west-2:1:document/AWS-Run",
            {"RunCommandParameters": {"RunCommandTargets": [{"Key": "k", "Values": ["v"]}]}},
            jobs.command,
            "send_command",
            {"DocumentName": "AWS-Run", "Targets": [{"Key": "k", "Values": ["v"]}], "Parameters": {"x": 1}},
        ),
        (
            "batch:eu-west-2:1:job-queue/q",
            {"BatchParameters": {"JobDefinition": "d", "JobName": "n", "RetryStrategy": {"Attempts": 3}}},
            jobs.job,
            "submit_job",
            {
                "jobQueue": "arn:aws:batch:eu-west-2:1:job-queue/q",
                "jobName": "n",
                "jobDefinition": "d",
                "retryStrategy": {"attempts": 3},
            },
        ),
    ],
)
def test_other_jobs(arn: str, settings: dict[str, Any], start: jobs.Start, operation: str, wanted: Any) -> None:
    client, to = Client(), address(f"arn:aws:{arn}", ROLE, **settings)
    family = jobs.Jobs(client.of, None, "any", start)
    assert family.deliver(to, [delivery(payload=b'{"x": 1}', to=to)]) == [None]
    assert client.inputs(operation) == [wanted]
    if operation != "start_pipeline_execution":
        [outcome] = family.deliver(to, [delivery(payload=b"[1]", to=to)])
        assert outcome is not None and outcome.code == "INVALID_PARAMETER"


# -- log groups --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("payload", "logged"),
    [
        (None, (int(NOW * 1000), event(1).envelope.decode())),
        (b'{"timestamp":"2026-11-28T11:00:00.250Z","message":"m"}', (int(NOW * 1000) - 3_599_750, "m")),
        (b'{"timestamp":1795867100123,"message":{"a":1}}', (1_795_867_100_123, '{"a":1}')),
        (b'{"timestamp":"1795867100123","message":"m"}', (1_795_867_100_123, "m")),
        (b'{"timestamp":"yesterday","message":"m"}', (int(NOW * 1000), "m")),
        (b'{"timestamp":"2020-01-01T00:00:00Z","message":"m"}', (int(NOW * 1000), "m")),
    ],
)
def test_log_events(payload: bytes | None, logged: tuple[int, str]) -> None:
    assert log_event(delivery(payload=payload), NOW) == logged


@pytest.mark.parametrize("payload", [b"[]", b"oh", b'{"timestamp":1,"message":"%s"}' % (b"x" * (1 << 20))])
def test_what_is_no_log_event(payload: bytes) -> None:
    with pytest.raises(DeliveryError) as caught:
        log_event(delivery(payload=payload), NOW)
    assert caught.value.final


def test_a_target_has_one_stream_a_day() -> None:
    assert stream_name(address(), NOW) == stream_name(address(), NOW + 3600) != stream_name(address(), NOW + 86_400)


# -- buses -------------------------------------------------------------------------------------------------------


class FakeRouter:
    def __init__(self) -> None:
        self.put_: list[tuple[BusId, BusEvent]] = []

    def put(self, bus: BusId, events: Sequence[BusEvent]) -> int:
        self.put_ += [(bus, each) for each in events]
        return 0


@pytest.fixture
def state(tmp_path: Path) -> Iterator[State]:
    made = State.in_folder(tmp_path, EVENTS)
    made.migrate()
    yield made
    made.close()


def other_bus(state: State, bus: BusId, policy: dict[str, Any] | None = None) -> Address:
    with state.write() as connection:
        made = buses.insert(connection, bus, {}, 0.0)
        if policy is not None:
            table = buses.buses
            connection.execute(table.update().where(table.c.id == made.row).values(policy=json.dumps(policy)))
    return address(bus.arn)


def test_events_of_other_buses_go_no_further_in_a_region(state: State) -> None:
    router = FakeRouter()
    near, far = BusId(BUS.account, BUS.region, "near"), BusId(BUS.account, "us-east-1", "far")
    family = Buses(state, router, None)
    assert family.deliver(other_bus(state, near), [delivery(1)]) == [None]
    [(bus, forwarded)] = router.put_
    assert (bus, forwarded) == (near, msgspec.structs.replace(event(1), hops=("account",)))
    again = msgspec.structs.replace(delivery(1), event=forwarded)
    [outcome] = family.deliver(address(near.arn), [again])
    assert outcome is not None and (outcome.code, outcome.final) == ("THIRD_ACCOUNT_HOP_DETECTED", True)
    assert family.deliver(other_bus(state, far), [again]) == [None], "one more into another region"
    [outcome] = family.deliver(address(far.arn), [msgspec.structs.replace(delivery(1), event=router.put_[-1][1])])
    assert outcome is not None and outcome.code == "THIRD_REGION_HOP_DETECTED"


def test_a_bus_of_another_account_says_who_may(state: State) -> None:
    router, theirs = FakeRouter(), BusId("999988887777", BUS.region, "theirs")
    statement = {
        "Effect": "Allow",
        "Principal": {"AWS": f"arn:aws:iam::{BUS.account}:root"},
        "Action": "events:PutEvents",
        "Resource": theirs.arn,
        "Condition": {"StringEquals": {"events:source": "shop"}},
    }
    to = other_bus(state, theirs, {"Version": "2012-10-17", "Statement": [statement]})
    family = Buses(state, router, None)
    assert family.deliver(to, [delivery(1)]) == [None]
    strange = msgspec.structs.replace(event(2), source="stranger")
    [outcome] = family.deliver(to, [msgspec.structs.replace(delivery(2), event=strange)])
    assert outcome is not None and outcome.code == "NO_PERMISSIONS"
    with pytest.raises(DeliveryError) as caught:
        family.deliver(address(msgspec.structs.replace(theirs, name="gone").arn), [delivery(1)])
    assert caught.value.code == "NO_RESOURCE"


# -- permissions -------------------------------------------------------------------------------------------------


class Account:
    """`MotoQuestions`, as far as permissions ask."""

    def __init__(self) -> None:
        self.asked = 0
        self.policy: str | Exception | None = None
        self.trust = '{"Statement": [{"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": {"Service": "%s"}}]}'
        self.service = "events.amazonaws.com"
        self.action = "sqs:SendMessage"

    def resource_policy(self, arn: str) -> str | None:
        self.asked += 1
        if isinstance(self.policy, Exception):
            raise self.policy
        return self.policy

    def policies(self, arn: str) -> Policies:
        self.asked += 1
        principal = Principal(kind="role", account=BUS.account, id="AROA", arn=arn, name="teller", path="/", created=0)
        statement = {"Effect": "Allow", "Action": self.action, "Resource": "*"}
        document = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
        given = [PolicyDocument(name="p", arn=None, document=document, of="role")]
        return Policies(principal=principal, identity=given, boundary=None, trust=self.trust % self.service)


def let_in(source: str) -> str:
    statement = {
        "Effect": "Allow",
        "Principal": {"Service": "events.amazonaws.com"},
        "Action": "sqs:SendMessage",
        "Resource": QUEUE,
        "Condition": {"ArnEquals": {"aws:SourceArn": source}},
    }
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})


def refused(permissions: Permissions, to: Address) -> str:
    try:
        permissions.check(to, "sqs:SendMessage", QUEUE)
    except DeliveryError as error:
        return error.code
    return ""


def test_a_resource_lets_rules_in(clock: TestClock) -> None:
    account = Account()
    permissions = Permissions(account, clock)  # type: ignore[arg-type]
    assert refused(permissions, address()) == "NO_PERMISSIONS"
    account.policy = let_in(address().rule_arn.replace("rule/r", "rule/other"))
    assert refused(permissions, address()) == "NO_PERMISSIONS"
    account.policy = let_in(address().rule_arn)
    assert refused(permissions, address()) == ""
    asked = account.asked
    account.policy = None
    assert (refused(permissions, address()), account.asked) == ("", asked), "it is believed for a second"
    clock.advance(1.1)
    assert refused(permissions, address()) == "NO_PERMISSIONS"
    account.policy = NotFound("no queue")
    assert refused(permissions, address()) == "NO_RESOURCE"
    account.policy = Unreachable("away")
    assert refused(permissions, address()) == "CONNECTION_FAILURE"


def test_a_role_has_to_trust_and_to_be_allowed(clock: TestClock) -> None:
    account = Account()
    permissions = Permissions(account, clock)  # type: ignore[arg-type]
    in_role = address(role=ROLE)
    assert refused(permissions, in_role) == "", "the queue's own policy is not asked"
    clock.advance(2)
    account.action = "sqs:ReceiveMessage"
    assert refused(permissions, in_role) == "NO_PERMISSIONS"
    account.service = "lambda.amazonaws.com"
    clock.advance(2)
    assert refused(permissions, in_role) == "FAILED_TO_ASSUME_ROLE"
    assert refused(Permissions(account, clock, roles=False), in_role) == ""  # type: ignore[arg-type]


def test_nobody_uses_a_role_that_is_another_s(clock: TestClock, state: State) -> None:
    theirs = ROLE.replace(BUS.account, "999988887777")
    permissions = Permissions(Account(), clock)  # type: ignore[arg-type]
    assert refused(permissions, address(role=theirs)) == "FAILED_TO_ASSUME_ROLE"
    bus = BusId(BUS.account, BUS.region, "near")
    to = msgspec.structs.replace(other_bus(state, bus), role=theirs)
    [outcome] = Buses(state, FakeRouter(), None).deliver(to, [delivery(1)])
    assert outcome is not None and outcome.code == "FAILED_TO_ASSUME_ROLE"


def test_a_queue_of_another_account_has_to_let_the_role_in(clock: TestClock) -> None:
    account, theirs = Account(), QUEUE.replace(BUS.account, "999988887777")

    def answer() -> str:
        clock.advance(2)
        try:
            Permissions(account, clock).check(address(theirs, ROLE), "sqs:SendMessage", theirs)  # type: ignore
        except DeliveryError as error:
            return error.code
        return ""

    assert answer() == "NO_PERMISSIONS"
    statement = {"Effect": "Allow", "Principal": {"AWS": ROLE}, "Action": "sqs:SendMessage", "Resource": theirs}
    account.policy = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
    assert answer() == ""
    account.policy = NotFound("no policies of this kind")
    assert answer() == "NO_PERMISSIONS"


def test_a_role_puts_events_on_a_bus_of_another_account_as_both_say(clock: TestClock, state: State) -> None:
    account, theirs = Account(), BusId("999988887777", BUS.region, "theirs")
    account.action = "events:PutEvents"
    only = {"StringEquals": {"events:source": "shop"}}
    statement = {"Effect": "Allow", "Principal": {"AWS": ROLE}, "Action": "events:PutEvents", "Condition": only}
    policy = {"Version": "2012-10-17", "Statement": [statement | {"Resource": theirs.arn}]}
    to = msgspec.structs.replace(other_bus(state, theirs, policy), role=ROLE)
    family = Buses(state, FakeRouter(), Permissions(account, clock))  # type: ignore[arg-type]
    strange = msgspec.structs.replace(event(2), source="stranger")
    outcomes = family.deliver(to, [delivery(1), msgspec.structs.replace(delivery(2), event=strange)])
    assert [outcome and outcome.code for outcome in outcomes] == [None, "NO_PERMISSIONS"]
    account.action = "events:DescribeEventBus"
    clock.advance(2)
    [outcome] = family.deliver(to, [delivery(1)])
    assert outcome is not None and outcome.code == "NO_PERMISSIONS"


def test_log_groups_get_what_came_together_at_once(tmp_path: Path, clock: TestClock) -> None:
    state = State.in_folder(tmp_path, LOGS)
    state.migrate()
    store, group = LogStore(state, clock), GroupId(BUS.account, BUS.region, "/aws/events/all")
    family, to = OwnLogGroups(store, None, clock), address(group.arn)
    with pytest.raises(DeliveryError) as caught:
        family.deliver(to, [delivery(1)])
    assert caught.value.code == "NO_RESOURCE"
    store.groups.create(group)
    template = [b'{"timestamp":%d,"message":"%d"}' % (int(clock.now() * 1000) - each, each) for each in range(3)]
    given = [delivery(number, payload=payload) for number, payload in enumerate([*template, b"oh"])]
    outcomes = family.deliver(to, given)
    assert [outcome and outcome.code for outcome in outcomes] == [None, None, None, "INVALID_PARAMETER"]
    [batch] = store.read_from(0)
    assert [each.message for each in batch.events] == ["2", "1", "0"]
    assert batch.stream == stream_name(to, clock.now())
    refusing = OwnLogGroups(store, group_allows(ResourcePolicies(state, clock)), clock)
    with pytest.raises(DeliveryError) as caught:
        refusing.deliver(to, [delivery(1)])
    assert caught.value.code == "NO_PERMISSIONS"
    state.close()
