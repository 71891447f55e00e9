"""Another account of the same Cairn, which may do everything in its own: nothing of ours is told to it, or changed."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from tests.contract.browsing import Browser, Reply
from tests.contract.waiting import wait_until
from tests.running import Cairn
from tests.threats.accounts import ALL, another_account, document, keys_of
from tests.threats.commanding import command
from tests.threats.planted import Planted, inputs, plant, portrait
from tests.threats.planting import REGION, SECRET
from tests.threats.served import Keys, Own, answer_of, client_of, commands, own_operations

from cairn.console.console import LISTS
from cairn.console.openapi import document as openapi
from cairn.wire.models import operation_model

pytestmark = pytest.mark.engine

THEIRS = "theirs"


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cairn]:
    """Of an organization whose accounts trust one another in nothing."""
    running = Cairn(tmp_path_factory.mktemp("shared") / "data")
    running.start()
    yield running
    assert running.stop() == 0


@pytest.fixture(scope="module")
def planted(shared: Cairn) -> Planted:
    return plant(shared, *another_account(shared, "ours"))


@pytest.fixture(scope="module")
def stranger(shared: Cairn) -> Keys:
    """An administrator of another member account."""
    return another_account(shared, THEIRS)[1]


@pytest.fixture(scope="module")
def manager(shared: Cairn) -> Keys:
    """The administrator of the account that the organization is of."""
    administrator = shared.folder.administrator()
    return {
        "aws_access_key_id": administrator.access_key_id,
        "aws_secret_access_key": administrator.secret_access_key,
    }


@pytest.fixture(scope="module")
def browser(shared: Cairn, stranger: Keys) -> Browser:
    """Another account's administrator at the console."""
    iam = shared.client("iam", **stranger)
    iam.create_user(UserName=THEIRS)
    iam.put_user_policy(UserName=THEIRS, PolicyName="all", PolicyDocument=document(ALL))
    key = keys_of(iam.create_access_key(UserName=THEIRS)["AccessKey"])
    found = Browser(shared)
    given = {"accessKeyId": key["aws_access_key_id"], "secretAccessKey": key["aws_secret_access_key"]}
    assert found.sign_in(**given).status == 200
    return found


def test_the_owner_is_told(shared: Cairn, planted: Planted) -> None:
    """Otherwise the tests below would find nothing wherever they look."""
    told = {own for own, text in portrait(shared, planted.keys).items() if SECRET in text}
    assert {own.service for own in told} == {"cloudtrail", "cloudwatch", "events", "logs"}
    assert len(told) > 8
    owner = client_of(shared, "sns", planted.keys)
    assert SECRET in repr(owner.get_topic_attributes(TopicArn=planted.names["sns"]["TopicArn"]))
    assert {own.service for own in planted.tokens} == {"cloudtrail", "cloudwatch", "events", "logs"}


@pytest.mark.parametrize("who", ["stranger", "manager"])
def test_no_operation_tells_or_changes_anything(
    shared: Cairn, planted: Planted, who: str, request: pytest.FixtureRequest
) -> None:
    keys = request.getfixturevalue(who)
    before = portrait(shared, planted.keys)
    told = []
    for own in own_operations():
        client = client_of(shared, own.service, keys)
        for given in inputs(own, planted):
            answer = answer_of(client, own, given)
            assert answer.code != "InternalFailure", (own, given, answer)
            if SECRET in answer.text:
                told.append((own, given, answer))
    assert told == []
    after = portrait(shared, planted.keys)
    assert {own: text for own, text in after.items() if text != before[own]} == {}


def test_no_token_of_a_page_is_good_for_another_account(shared: Cairn, planted: Planted, stranger: Keys) -> None:
    for own, token in planted.tokens.items():
        shape = operation_model(own.service, own.operation).input_shape
        assert shape is not None
        member = next(name for name in shape.members if name.lower() == "nexttoken")
        for given in inputs(own, planted):
            assert SECRET not in answer_of(client_of(shared, own.service, stranger), own, given | {member: token}).text


def test_pages_of_the_history_are_their_accounts(shared: Cairn, planted: Planted, stranger: Keys) -> None:
    ours = client_of(shared, "cloudtrail", planted.keys).lookup_events(MaxResults=1)
    assert ours["NextToken"]
    look = Own("cloudtrail", "LookupEvents")
    for given in ({"NextToken": ours["NextToken"]}, {"NextToken": ours["NextToken"], "MaxResults": 1}):
        answer = answer_of(client_of(shared, "cloudtrail", stranger), look, given)
        assert (answer.code, SECRET in answer.text) == ("InvalidNextTokenException", False)


def test_a_live_tail_of_another_accounts_group_does_not_begin(shared: Cairn, planted: Planted, stranger: Keys) -> None:
    tail = Own("logs", "StartLiveTail")
    for group in (planted.arns["logs"]["logGroupIdentifier"], "/planted"):
        answer = answer_of(client_of(shared, "logs", stranger), tail, {"logGroupIdentifiers": [group]})
        assert answer.code in ("ResourceNotFoundException", "InvalidParameterException", "AccessDeniedException"), group


def test_commands_are_the_installations(shared: Cairn, browser: Browser, stranger: Keys) -> None:
    """They see every account, so that only identities of the installation's own account give them."""
    for method, name in commands(shared):
        status, text = command(shared, method, name, stranger)
        assert (status, "is not authorized to perform: cairn:" in text) == (403, True), (method, name, text)


def test_the_console_shows_the_own_account_alone(shared: Cairn, planted: Planted, browser: Browser) -> None:
    bucket = planted.names["cloudtrail"]["S3BucketName"]
    values = {
        "query": f"account={planted.account}",
        "region": REGION,
        "bucket": bucket,
        "key": f"AWSLogs/{planted.account}/",
        "fields": "account,name",
        "format": "json",
        "limit": "50",
    }
    asked = 0
    for path, methods in openapi()["paths"].items():
        if "get" not in methods or path.endswith("/tail"):
            continue
        names = [each["name"] for each in methods["get"].get("parameters", []) if each["in"] == "query"]
        for narrowed in ({}, {name: values[name] for name in names if name in values}):
            reply = browser.get(path.replace("{id}", planted.event), **narrowed)
            assert SECRET not in reply.body.decode(), (path, narrowed)
            asked += 1
    assert asked > 14
    assert browser.get(f"/events/{planted.event}").code == "EventNotFound"
    assert browser.ask("GET", f"/events/{planted.event}").status == 404


def test_lists_of_the_console_too(shared: Cairn, planted: Planted, browser: Browser) -> None:
    names = {"prefix": "/pl", "group": "/planted", "namespace": "Planted", "bus": "planted", "region": REGION}
    bus = planted.arns["events"]["EventBusName"]
    group = planted.arns["logs"]["logGroupIdentifier"]
    for name in [*LISTS, "history", "insights", "health", "settings"]:
        for query in ({}, names, names | {"bus": bus, "group": group}):
            reply = browser.ask("GET", f"/{name}.json", **query)
            assert SECRET not in reply.body.decode(), (name, query)
    reply = browser.ask("GET", f"/trails/{REGION}/planted.json")
    assert reply.code == "TrailNotFoundException"


def test_calls_of_the_console_are_the_persons(planted: Planted, browser: Browser) -> None:
    arn = planted.names["cloudtrail"]["InsightSource"]
    refused: list[Reply] = [
        browser.call("cloudtrail", "GetTrail", Name=arn),
        browser.call("logs", "GetLogEvents", logGroupIdentifier=planted.arns["logs"]["logGroupIdentifier"],
                     logStreamName="one"),
        browser.ask("POST", "/api/verify", {"trail": arn, "start": "2026-01-01", "end": ""}),
    ]  # fmt: skip
    for reply in refused:
        assert reply.status >= 400, reply.body
        assert SECRET not in reply.body.decode()


def test_a_role_is_assumed_only_by_whom_it_trusts(
    shared: Cairn, planted: Planted, stranger: Keys, browser: Browser
) -> None:
    """Also where nothing else that is called of the embedded account is decided."""
    name = "OrganizationAccountAccessRole"
    assume = Own("sts", "AssumeRole")
    given = {"RoleArn": f"arn:aws:iam::{planted.account}:role/{name}", "RoleSessionName": THEIRS}
    assert answer_of(client_of(shared, "sts", stranger), assume, given).code == "AccessDenied"
    body = {"account": planted.account, "role": name, "displayName": ""}
    assert browser.ask("POST", "/api/session/role", body).status == 403
    by_name = {"AttributeKey": "EventName", "AttributeValue": "AssumeRole"}
    history = client_of(shared, "cloudtrail", stranger)
    wait_until(lambda: history.lookup_events(LookupAttributes=[by_name])["Events"])


def test_a_page_of_the_console_is_its_accounts(shared: Cairn, planted: Planted, browser: Browser) -> None:
    iam = shared.client("iam", **planted.keys)
    iam.create_user(UserName="ours")
    iam.put_user_policy(UserName="ours", PolicyName="all", PolicyDocument=document(ALL))
    key = keys_of(iam.create_access_key(UserName="ours")["AccessKey"])
    owner = Browser(shared)
    given: dict[str, Any] = {
        "accessKeyId": key["aws_access_key_id"],
        "secretAccessKey": key["aws_secret_access_key"],
    }
    assert owner.sign_in(**given).status == 200
    page = owner.get("/events", limit=1, order="oldest").json
    assert page["next"]
    reply = browser.get("/events", limit=1, order="oldest", next=page["next"])
    assert reply.code == "InvalidNextTokenException"
