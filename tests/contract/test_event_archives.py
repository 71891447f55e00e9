"""From a bus to a server of the user's, and again from an archive, with the stock AWS CLI and boto3."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from tests.contract.looking import record_of
from tests.contract.waiting import wait_until
from tests.eventbridge.connections.server import CLIENT, Server, serving
from tests.running import Cairn

pytestmark = pytest.mark.engine

NAME = "shop"
PATTERN = json.dumps({"source": ["shop"]})
TRUST = {"Effect": "Allow", "Principal": {"Service": "events.amazonaws.com"}, "Action": "sts:AssumeRole"}
MAY = {"Effect": "Allow", "Action": "events:InvokeApiDestination", "Resource": "*"}


@pytest.fixture
def server() -> Iterator[Server]:
    with serving() as server:
        yield server


@pytest.fixture
def role(cairn: Cairn) -> Iterator[str]:
    """A role that may call API destinations."""
    iam = cairn.client("iam")
    trust, policy = (json.dumps({"Version": "2012-10-17", "Statement": [each]}) for each in (TRUST, MAY))
    arn = iam.create_role(RoleName=NAME, AssumeRolePolicyDocument=trust)["Role"]["Arn"]
    iam.put_role_policy(RoleName=NAME, PolicyName=NAME, PolicyDocument=policy)
    yield arn
    iam.delete_role_policy(RoleName=NAME, PolicyName=NAME)
    iam.delete_role(RoleName=NAME)


def test_events_are_told_to_a_server_archived_and_told_again(cairn: Cairn, server: Server, role: str) -> None:
    events = cairn.client("events")
    connection = connect(cairn, server)
    settings = {"InvocationEndpoint": f"{server.url}/guarded/*", "HttpMethod": "PUT"}  # version 1 of the CLI asks URLs
    destination = events.create_api_destination(Name=NAME, ConnectionArn=connection, **settings)
    assert destination["ApiDestinationState"] == "ACTIVE"
    bus = cairn.aws("events", "create-event-bus", "--name", NAME)["EventBusArn"]
    archive = cairn.aws(
        *("events", "create-archive", "--archive-name", NAME, "--event-source-arn", bus, "--retention-days", "7")
    )["ArchiveArn"]
    rule = events.put_rule(Name=NAME, EventBusName=NAME, EventPattern=PATTERN)["RuleArn"]
    target = {"Id": "t", "Arn": destination["ApiDestinationArn"], "RoleArn": role}
    http = {"PathParameterValues": ["$.detail.id"], "HeaderParameters": {"X-Source": "$.source"}}
    failed = events.put_targets(Rule=NAME, EventBusName=NAME, Targets=[target | {"HttpParameters": http}])
    assert failed["FailedEntryCount"] == 0

    entry = {"EventBusName": NAME, "Source": "shop", "DetailType": "sold"}
    entries = [entry | {"Detail": json.dumps({"id": f"no/{number}"})} for number in range(3)]
    assert events.put_events(Entries=entries)["FailedEntryCount"] == 0
    wait_until(lambda: told(server) == sold(None))
    assert all(seen.headers["x-source"] == "shop" for seen in server.seen)
    assert events.describe_archive(ArchiveName=NAME)["EventCount"] == 3

    now = datetime.now(UTC)
    window = {"EventStartTime": now - timedelta(minutes=5), "EventEndTime": now + timedelta(minutes=5)}
    again = {"Arn": bus, "FilterArns": [rule]}
    events.start_replay(ReplayName=NAME, EventSourceArn=archive, Destination=again, **window)
    wait_until(lambda: told(server) == sold(None) | sold(NAME))
    wait_until(lambda: events.describe_replay(ReplayName=NAME)["State"] == "COMPLETED")
    assert events.describe_archive(ArchiveName=NAME)["EventCount"] == 3
    clean(events)


def test_the_record_of_a_connection_shows_no_secret(cairn: Cairn, server: Server) -> None:
    events = cairn.client("events")
    client = {"ClientID": "cairn", "ClientSecret": "s3cret-of-client"}
    oauth = {"ClientParameters": client, "AuthorizationEndpoint": f"{server.url}/token", "HttpMethod": "POST"}
    header = {"HeaderParameters": [{"Key": "h", "Value": "s3cret-of-header", "IsValueSecret": True}]}
    given: dict[str, Any] = {"OAuthParameters": oauth | {"OAuthHttpParameters": header}}
    made = events.create_connection(Name="recorded", AuthorizationType="OAUTH_CLIENT_CREDENTIALS", AuthParameters=given)
    record = record_of(cairn, "CreateConnection", made)
    assert "s3cret" not in json.dumps(record)
    assert record["requestParameters"]["authParameters"]["oAuthParameters"]["clientParameters"]["clientID"] == "cairn"
    events.delete_connection(Name="recorded")


def connect(cairn: Cairn, server: Server) -> str:
    """A connection that is authorized. Returns its ARN."""
    client = {"ClientID": CLIENT["client_id"], "ClientSecret": CLIENT["client_secret"]}
    oauth = {"ClientParameters": client, "AuthorizationEndpoint": f"{server.url}/token", "HttpMethod": "POST"}
    made = cairn.aws(
        *("events", "create-connection", "--name", NAME, "--authorization-type", "OAUTH_CLIENT_CREDENTIALS"),
        *("--auth-parameters", json.dumps({"OAuthParameters": oauth})),
    )
    events = cairn.client("events")
    wait_until(lambda: events.describe_connection(Name=NAME)["ConnectionState"] == "AUTHORIZED")
    return str(made["ConnectionArn"])


def told(server: Server) -> set[tuple[str, str | None]]:
    """Paths that were called with the last token, and by which replay; a call that took too long is made again."""
    good = [seen for seen in server.seen if seen.headers["authorization"] == f"Bearer {server.token}"]
    return {(seen.path, json.loads(seen.body).get("replay-name")) for seen in good}


def sold(replay: str | None) -> set[tuple[str, str | None]]:
    return {(f"/guarded/no%2F{number}", replay) for number in range(3)}


def clean(events: Any) -> None:
    events.remove_targets(Rule=NAME, EventBusName=NAME, Ids=["t"])
    events.delete_rule(Name=NAME, EventBusName=NAME)
    events.delete_archive(ArchiveName=NAME)
    events.delete_event_bus(Name=NAME)
    events.delete_api_destination(Name=NAME)
    events.delete_connection(Name=NAME)
