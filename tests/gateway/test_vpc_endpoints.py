"""VPC endpoints: which calls come through one, what their owners are told, and what policies of theirs deny."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from tests.gateway.test_gateway import ACCOUNT, CREATE_USER, Rig, make, signed

from cairn.core.clock import TestClock
from cairn.core.config import Settings, VpcEndpoint
from cairn.core.errors import ConfigurationError
from cairn.core.journal.memory import Fault
from cairn.core.records.event import Kind
from cairn.gateway.vpc_endpoints import VpcEndpoints
from cairn.wire.http import Headers, Response

ENDPOINT = "vpce-0a1b2c3d4e5f"
OWNER = "444455556666"
HERE = ["192.0.2.0/24"]
"""The network of the rig's client."""


def through(folder: Path, clock: TestClock, policy: Any = None, **entry: Any) -> Rig:
    """A gateway with an endpoint through which its client calls."""
    if policy is not None:
        path = folder / "policy.json"
        path.write_text(json.dumps(policy))
        entry["policy"] = str(path)
    rig = make(folder, clock, vpc_endpoints={ENDPOINT: VpcEndpoint(**{"networks": HERE, "account": OWNER} | entry)})
    rig.wants_network = True
    return rig


def records(rig: Rig) -> list[dict[str, Any]]:
    return [event.parse() for event in rig.events() if event.header.kind is Kind.EVENT]


def test_a_call_through_an_endpoint_makes_an_event_for_its_owner(tmp_path: Path, clock: TestClock) -> None:
    rig = through(tmp_path, clock)
    rig.create_user()
    own, network = records(rig)
    assert (own["vpcEndpointId"], own["vpcEndpointAccountId"]) == (ENDPOINT, OWNER)
    assert own["recipientAccountId"] == ACCOUNT
    identity = own["userIdentity"]
    assert network == {
        "eventVersion": "1.11",
        "userIdentity": {"type": "AWSAccount", "principalId": identity["principalId"], "accountId": ACCOUNT},
        "eventTime": own["eventTime"],
        "eventSource": "iam.amazonaws.com",
        "eventName": "CreateUser",
        "awsRegion": "us-east-1",
        "sourceIPAddress": "192.0.2.7",
        "requestID": own["requestID"],
        "eventID": network["eventID"],
        "eventType": "AwsVpceEvent",
        "recipientAccountId": OWNER,
        "sharedEventID": network["sharedEventID"],
        "vpcEndpointId": ENDPOINT,
        "vpcEndpointAccountId": OWNER,
        "eventCategory": "NetworkActivity",
    }
    assert len({own["eventID"], network["eventID"], network["sharedEventID"]}) == 3
    header = rig.events()[-1].header
    assert (header.account, header.category, header.id) == (OWNER, "NetworkActivity", network["eventID"])


def test_of_the_owner_itself_the_event_tells_the_whole_identity(tmp_path: Path, clock: TestClock) -> None:
    rig = through(tmp_path, clock, account=ACCOUNT)
    rig.create_user()
    own, network = records(rig)
    assert network["userIdentity"] == own["userIdentity"]


def test_both_events_are_durable_or_none(tmp_path: Path, clock: TestClock) -> None:
    rig = through(tmp_path, clock)

    def answer() -> Response:
        rig.journal.fault = Fault.FULL
        return Response(200, Headers([("content-type", "text/xml")]), CREATE_USER)

    rig.upstream.answer = answer
    assert rig.create_user().status == 503
    rig.journal.fault = None
    assert records(rig) == []


def test_a_data_event_that_nobody_selects_may_still_make_one_of_network_activity(
    tmp_path: Path, clock: TestClock
) -> None:
    rig = through(tmp_path, clock)
    rig.call(method="PUT", path="/bucket/key", body=b"x", **signed("s3"))
    (network,) = records(rig)
    assert (network["eventCategory"], network["eventName"]) == ("NetworkActivity", "PutObject")
    rig.wants_network = False
    rig.call(method="PUT", path="/bucket/key", body=b"x", **signed("s3"))
    assert len(records(rig)) == 1


def test_a_bucket_in_the_host_name_is_below_it(tmp_path: Path, clock: TestClock) -> None:
    rig = through(tmp_path, clock, networks=[], hosts=["localhost"])
    rig.call(method="PUT", path="/key", host="bucket.localhost", **signed("s3"))
    assert [record["vpcEndpointId"] for record in records(rig)] == [ENDPOINT]


@pytest.mark.parametrize(
    ("entry", "passes"),
    [
        ({}, True),
        ({"networks": ["192.0.2.7"]}, True),
        ({"networks": ["10.0.0.0/8", "2001:db8::/32"]}, False),
        ({"networks": [], "hosts": ["LocalHost"]}, True),
        ({"networks": [], "hosts": ["vpce.internal"]}, False),
        ({"networks": [], "hosts": ["host"]}, False),
        ({"services": ["s3", "iam"]}, True),
        ({"services": ["s3"]}, False),
    ],
)
def test_clients_host_names_and_services_tell_the_endpoint(
    tmp_path: Path, clock: TestClock, entry: dict[str, Any], passes: bool
) -> None:
    rig = through(tmp_path, clock, **entry)
    rig.create_user()
    assert [record.get("vpcEndpointId") for record in records(rig)] == ([ENDPOINT, ENDPOINT] if passes else [None])


def statement(effect: str, action: str, **more: Any) -> dict[str, Any]:
    return {"Effect": effect, "Principal": "*", "Action": action, "Resource": "*"} | more


@pytest.mark.parametrize(
    ("statements", "because"),
    [
        ([statement("Allow", "*")], ""),
        ([statement("Allow", "iam:CreateUser", Condition={"StringEquals": {"aws:SourceVpce": ENDPOINT}})], ""),
        ([statement("Allow", "iam:Get*")], "because no VPC endpoint policy allows the iam:CreateUser action"),
        (
            [statement("Allow", "*"), statement("Deny", "iam:*")],
            "with an explicit deny in a VPC endpoint policy",
        ),
        (
            [statement("Allow", "*", Principal={"AWS": "999900001111"})],
            "because no VPC endpoint policy allows the iam:CreateUser action",
        ),
    ],
)
def test_the_policy_of_an_endpoint_decides(
    tmp_path: Path, clock: TestClock, statements: list[dict[str, Any]], because: str
) -> None:
    rig = through(tmp_path, clock, policy={"Version": "2012-10-17", "Statement": statements})
    response = rig.create_user()
    own, network = records(rig)
    assert response.status == (403 if because else 200)
    assert len(rig.upstream.asked) == (0 if because else 1)
    assert own.get("errorCode") == ("AccessDenied" if because else None)
    assert own.get("errorMessage", "").endswith(because)
    assert network.get("errorCode") == ("VpceAccessDenied" if because else None)
    if because:
        assert network["errorMessage"] == "The request was denied due to a VPC endpoint policy"


@pytest.mark.parametrize(
    ("entry", "text"),
    [
        ({"networks": ["10.0.0.0/33"]}, "networks"),
        ({"policy": "/nowhere.json"}, "policy"),
    ],
)
def test_an_endpoint_that_cannot_be_is_refused_at_the_start(clock: TestClock, entry: dict[str, Any], text: str) -> None:
    settings = Settings(vpc_endpoints={ENDPOINT: VpcEndpoint(**entry)})
    with pytest.raises(ConfigurationError, match=f"vpc_endpoints.{ENDPOINT}.{text}"):
        VpcEndpoints(settings, clock, special={})
