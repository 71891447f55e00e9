"""API destinations: what AWS answers of them."""

from __future__ import annotations

import re

import pytest
from tests.eventbridge.calls import ACCOUNT, REGION
from tests.eventbridge.connections.rig import Rig, oauth
from tests.eventbridge.connections.server import Server

from cairn.core.clock import TestClock

URL = "https://example.com/api"


def test_a_destination_is_made_described_changed_and_deleted(rig: Rig, clock: TestClock) -> None:
    connection = rig.connect()
    settings = {"ConnectionArn": connection, "HttpMethod": "POST", "InvocationEndpoint": URL}
    made = rig.call("CreateApiDestination", Name="d", Description="first", **settings)
    assert set(made) == {"ApiDestinationArn", "ApiDestinationState", "CreationTime", "LastModifiedTime"}
    arn = rf"arn:aws:events:{REGION}:{ACCOUNT}:api-destination/d/[0-9a-f-]{{36}}"
    assert re.fullmatch(arn, made["ApiDestinationArn"])
    found = rig.call("DescribeApiDestination", Name="d")
    assert found == made | settings | {"Name": "d", "Description": "first", "InvocationRateLimitPerSecond": 300}
    assert found["ApiDestinationState"] == "ACTIVE"
    (listed,) = rig.call("ListApiDestinations")["ApiDestinations"]
    assert listed == {name: value for name, value in found.items() if name != "Description"}
    clock.advance(1)
    changed = rig.call("UpdateApiDestination", Name="d", HttpMethod="PUT", InvocationEndpoint=f"{URL}/v2")
    assert changed["LastModifiedTime"] == made["LastModifiedTime"] + 1
    found = rig.call("DescribeApiDestination", Name="d")
    assert (found["HttpMethod"], found["InvocationEndpoint"]) == ("PUT", f"{URL}/v2")
    assert found["Description"] == "first"
    assert rig.call("DeleteApiDestination", Name="d") == {}
    text = "Failed to describe the api-destination(s). An api-destination 'd' does not exist."
    assert rig.refusal("DescribeApiDestination", Name="d") == f"ResourceNotFoundException: {text}"


def test_it_is_active_while_its_connection_is_authorized(rig: Rig, server: Server) -> None:
    connection = rig.connect("OAUTH_CLIENT_CREDENTIALS", **oauth(server))
    rig.destination(URL, connection)

    def state() -> str:
        return str(rig.call("DescribeApiDestination", Name="d")["ApiDestinationState"])

    assert state() == "INACTIVE"
    rig.authorizer.step()
    assert state() == "ACTIVE"
    rig.call("DeleteConnection", Name="c")
    assert state() == "INACTIVE"


def test_it_needs_a_connection_that_is_there(rig: Rig) -> None:
    settings = {"HttpMethod": "POST", "InvocationEndpoint": URL}
    missing = f"arn:aws:events:{REGION}:{ACCOUNT}:connection/x/00000000-0000-0000-0000-000000000000"
    refused = rig.refusal("CreateApiDestination", Name="d", ConnectionArn=missing, **settings)
    assert refused.startswith("ResourceNotFoundException")
    rig.destination(URL, rig.connect())
    assert rig.refusal("UpdateApiDestination", Name="d", ConnectionArn=missing).startswith("ResourceNotFound")


def test_destinations_of_a_connection_are_listed_by_it(rig: Rig) -> None:
    first, second = rig.connect(name="first"), rig.connect(name="second")
    for name, connection in (("a", first), ("b", second), ("c", first)):
        rig.destination(URL, connection, name=name)
    page = rig.call("ListApiDestinations", ConnectionArn=first, Limit=1)
    assert [each["Name"] for each in page["ApiDestinations"]] == ["a"]
    rest = rig.call("ListApiDestinations", ConnectionArn=first, NextToken=page["NextToken"])
    assert [each["Name"] for each in rest["ApiDestinations"]] == ["c"]


@pytest.mark.parametrize(
    "url",
    [
        "http://example.com/",
        "ftp://example.com/",
        "https://localhost/",
        "https://127.0.0.1/",
        "https://169.254.169.254/latest",
        "https://*.example.com/",
        "https://user:word@example.com/",
        "https:///path",
        "https://example.com:port/",
        "example.com",
    ],
)
def test_requests_go_to_public_servers_by_https_unless_they_may_go_elsewhere(rig: Rig, url: str) -> None:
    settings = {"ConnectionArn": rig.connect(), "HttpMethod": "POST", "InvocationEndpoint": url}
    refused = rig.strict().refusal("CreateApiDestination", Name="d", **settings)
    assert refused.startswith("ValidationException: Parameter InvocationEndpoint is not valid. Reason: ")


def test_the_rate_has_a_limit(rig: Rig) -> None:
    settings = {"ConnectionArn": rig.connect(), "HttpMethod": "POST", "InvocationEndpoint": URL}
    refused = rig.refusal("CreateApiDestination", Name="d", InvocationRateLimitPerSecond=301, **settings)
    assert refused.startswith("LimitExceededException")
    refused = rig.refusal("CreateApiDestination", Name="d", InvocationRateLimitPerSecond=0, **settings)
    assert refused.startswith("ValidationException")
