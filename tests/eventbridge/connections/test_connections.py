"""Connections: what AWS answers, and that their secrets are nowhere to be seen."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from tests.eventbridge.calls import ACCOUNT, REGION
from tests.eventbridge.connections.rig import API_KEY, BASIC, Rig, oauth
from tests.eventbridge.connections.server import Server

from cairn.core.clock import TestClock
from cairn.core.errors import CairnError

RECORDED = "tests/aws/services/events/test_events.py::TestEvents::test_create_connection_validations"


def test_the_recorded_answer_to_bad_input(rig: Rig, shared_data: Path) -> None:
    snapshot = json.loads((shared_data / "aws-snapshots/test_events.snapshot.json").read_text())
    error = snapshot[RECORDED]["recorded-content"]["create_connection_exc"]["Error"]
    name = "This should fail with two errors 123467890123412341234123412341234"
    found = rig.refusal("CreateConnection", Name=name, AuthorizationType="INVALID", AuthParameters=BASIC)
    assert found == f"{error['Code']}: {error['Message']}"


def test_a_connection_is_made_described_and_listed(rig: Rig) -> None:
    made = rig.call("CreateConnection", Name="c", Description="d", AuthorizationType="API_KEY", AuthParameters=API_KEY)
    assert set(made) == {"ConnectionArn", "ConnectionState", "CreationTime", "LastModifiedTime"}
    assert made["ConnectionState"] == "AUTHORIZED"
    assert re.fullmatch(rf"arn:aws:events:{REGION}:{ACCOUNT}:connection/c/[0-9a-f-]{{36}}", made["ConnectionArn"])
    found = rig.call("DescribeConnection", Name="c")
    assert found["AuthParameters"] == {"ApiKeyAuthParameters": {"ApiKeyName": "X-Api-Key"}}
    assert found["Description"] == "d"
    secret = rf"arn:aws:secretsmanager:{REGION}:{ACCOUNT}:secret:events!connection/c/[0-9a-f-]{{36}}-\w{{6}}"
    assert re.fullmatch(secret, found["SecretArn"])
    (listed,) = rig.call("ListConnections")["Connections"]
    assert listed.items() <= found.items()
    assert set(listed) == {
        *("ConnectionArn", "Name", "ConnectionState", "AuthorizationType"),
        *("CreationTime", "LastModifiedTime", "LastAuthorizedTime"),
    }


def test_secrets_are_neither_answered_nor_stored_as_they_are(rig: Rig, server: Server) -> None:
    http = {
        "HeaderParameters": [{"Key": "h", "Value": "hidden header", "IsValueSecret": True}],
        "QueryStringParameters": [{"Key": "q", "Value": "seen", "IsValueSecret": False}],
        "BodyParameters": [{"Key": "b", "Value": "hidden body", "IsValueSecret": True}],
    }
    rig.connect("BASIC", "basic", InvocationHttpParameters=http)
    rig.connect("OAUTH_CLIENT_CREDENTIALS", "oauth", **oauth(server, BodyParameters=http["BodyParameters"]))
    rig.connect()
    seen = rig.call("DescribeConnection", Name="basic")["AuthParameters"]
    assert seen == {
        "BasicAuthParameters": {"Username": "user"},
        "InvocationHttpParameters": {
            "HeaderParameters": [{"Key": "h", "IsValueSecret": True}],
            "QueryStringParameters": [{"Key": "q", "Value": "seen", "IsValueSecret": False}],
            "BodyParameters": [{"Key": "b", "IsValueSecret": True}],
        },
    }
    answered = str([rig.call("DescribeConnection", Name=name) for name in ("basic", "oauth", "c")])
    rig.state.close()
    stored = b"".join(each.read_bytes() for each in rig.folder.glob("events.db*"))
    for secret in ("hidden header", "hidden body", "of the user", "of the client", "of the key"):
        assert secret not in answered
        assert secret.encode() not in stored


def test_empty_http_parameters_are_shown_as_such(rig: Rig) -> None:
    rig.connect(InvocationHttpParameters={})
    assert rig.call("DescribeConnection", Name="c")["AuthParameters"]["InvocationHttpParameters"] == {}


def test_an_update_changes_what_it_gives_and_keeps_the_rest(rig: Rig, clock: TestClock) -> None:
    headers = {"HeaderParameters": [{"Key": "h", "Value": "v"}]}
    arn = rig.connect("BASIC", InvocationHttpParameters=headers)
    clock.advance(5)
    changed = rig.call(
        "UpdateConnection", Name="c", AuthParameters={"BasicAuthParameters": {"Password": "another"}}, Description="d"
    )
    assert changed["ConnectionArn"] == arn
    assert changed["LastModifiedTime"] == changed["CreationTime"] + 5
    found = rig.connections.by_arn(arn)
    assert found is not None
    assert rig.connections.secrets_of(found) == {
        "BasicAuthParameters": {"Username": "user", "Password": "another"},
        "InvocationHttpParameters": headers,
    }
    assert found.description == "d"


def test_another_authorization_takes_the_place_of_the_first(rig: Rig) -> None:
    arn = rig.connect("BASIC")
    refused = rig.refusal("UpdateConnection", Name="c", AuthorizationType="API_KEY")
    assert refused.startswith("ValidationException: Parameter AuthParameters")
    rig.call("UpdateConnection", Name="c", AuthorizationType="API_KEY", AuthParameters=API_KEY)
    found = rig.connections.by_arn(arn)
    assert found is not None
    assert rig.connections.secrets_of(found) == API_KEY
    assert rig.call("DescribeConnection", Name="c")["AuthParameters"] == {
        "ApiKeyAuthParameters": {"ApiKeyName": "X-Api-Key"}
    }


def test_deauthorizing_removes_the_secrets_until_there_are_others(rig: Rig) -> None:
    arn = rig.connect()
    assert rig.call("DeauthorizeConnection", Name="c")["ConnectionState"] == "DEAUTHORIZING"
    assert rig.state_of() == "DEAUTHORIZED"
    assert "SecretArn" not in rig.call("DescribeConnection", Name="c")
    found = rig.connections.by_arn(arn)
    assert found is not None
    assert rig.connections.secrets_of(found) == {}
    rig.call("UpdateConnection", Name="c", Description="still none")
    assert rig.state_of() == "DEAUTHORIZED"
    rig.call("UpdateConnection", Name="c", AuthParameters=API_KEY)
    assert rig.state_of() == "AUTHORIZED"


def test_a_deleted_connection_is_gone(rig: Rig) -> None:
    rig.connect()
    deleted = rig.call("DeleteConnection", Name="c")
    assert deleted["ConnectionState"] == "DELETING"
    assert "LastAuthorizedTime" in deleted
    text = "ResourceNotFoundException: Failed to describe the connection(s). Connection 'c' does not exist."
    assert rig.refusal("DescribeConnection", Name="c") == text


def test_names_are_taken_once_and_pages_are_in_their_order(rig: Rig) -> None:
    for name in ("b", "a", "ab", "c"):
        rig.connect(name=name)
    assert rig.refusal("CreateConnection", Name="a", AuthorizationType="BASIC", AuthParameters=BASIC).startswith(
        "ResourceAlreadyExistsException"
    )
    first = rig.call("ListConnections", Limit=3)
    rest = rig.call("ListConnections", Limit=3, NextToken=first["NextToken"])
    assert [[each["Name"] for each in page["Connections"]] for page in (first, rest)] == [["a", "ab", "b"], ["c"]]
    assert "NextToken" not in rest
    assert [each["Name"] for each in rig.call("ListConnections", NamePrefix="a")["Connections"]] == ["a", "ab"]
    assert rig.call("ListConnections", ConnectionState="DEAUTHORIZED")["Connections"] == []
    assert rig.refusal("ListConnections", NextToken="Ä").startswith("ValidationException")


@pytest.mark.parametrize(
    ("kind", "auth"),
    [
        ("API_KEY", BASIC),
        ("API_KEY", API_KEY | BASIC),
        ("BASIC", {}),
        ("OAUTH_CLIENT_CREDENTIALS", API_KEY),
    ],
)
def test_parameters_must_be_of_the_type(rig: Rig, kind: str, auth: dict[str, object]) -> None:
    refused = rig.refusal("CreateConnection", Name="c", AuthorizationType=kind, AuthParameters=auth)
    assert refused.startswith("ValidationException: Parameter AuthParameters is not valid. Reason: ")
    assert rig.call("ListConnections")["Connections"] == []


def test_private_connectivity_is_refused(rig: Rig) -> None:
    arn = "arn:aws:vpc-lattice:eu-west-2:111122223333:resourceconfiguration/rcfg-0123456789abcdefg"
    private = {"ResourceParameters": {"ResourceConfigurationArn": arn}}
    kind = {"Name": "c", "AuthorizationType": "BASIC"}
    refused = rig.refusal("CreateConnection", **kind, AuthParameters=BASIC, InvocationConnectivityParameters=private)
    assert "no private connectivity" in refused
    refused = rig.refusal("CreateConnection", **kind, AuthParameters=BASIC | {"ConnectivityParameters": private})
    assert "no private connectivity" in refused


def test_secrets_open_with_their_own_key_only(rig: Rig) -> None:
    found = rig.connections.by_arn(rig.connect())
    assert found is not None
    (rig.folder / "keys/connections.key").unlink()
    with pytest.raises(CairnError, match="cannot be opened"):
        rig.connections.secrets_of(found)
    assert (rig.folder / "keys/connections.key").stat().st_mode & 0o777 == 0o600


class TestAuthorizing:
    def test_a_connection_is_authorized_once_it_got_a_token(self, rig: Rig, server: Server) -> None:
        rig.connect("OAUTH_CLIENT_CREDENTIALS", **oauth(server))
        assert rig.state_of() == "AUTHORIZING"
        rig.authorizer.step()
        assert rig.state_of() == "AUTHORIZED"
        assert len(server.asked) == 1
        assert rig.authorizer.step() > 0
        assert len(server.asked) == 1

    def test_one_that_is_denied_is_not(self, rig: Rig, server: Server) -> None:
        rig.connect("OAUTH_CLIENT_CREDENTIALS", **oauth(server, secret="wrong"))
        rig.authorizer.step()
        found = rig.call("DescribeConnection", Name="c")
        assert found["ConnectionState"] == "DEAUTHORIZED"
        assert found["StateReason"] == "the authorization endpoint answered 401"
        rig.call("UpdateConnection", Name="c", AuthParameters=oauth(server))
        rig.authorizer.step()
        assert rig.state_of() == "AUTHORIZED"

    @pytest.mark.parametrize("token", ["", "a\nb", "a\r\n b", "\x7f", "ü"])
    def test_a_token_that_no_header_carries_is_none(self, rig: Rig, server: Server, token: str) -> None:
        server.tokens = [token]
        rig.connect("OAUTH_CLIENT_CREDENTIALS", **oauth(server))
        rig.authorizer.step()
        found = rig.call("DescribeConnection", Name="c")
        assert found["ConnectionState"] == "DEAUTHORIZED"
        assert found["StateReason"] == "the authorization endpoint answered a token that cannot be sent"

    def test_a_server_that_does_not_answer_is_asked_for_a_while(
        self, rig: Rig, server: Server, clock: TestClock
    ) -> None:
        server.token_status = 503
        rig.connect("OAUTH_CLIENT_CREDENTIALS", **oauth(server))
        rig.authorizer.step()
        assert rig.state_of() == "AUTHORIZING"
        clock.advance(31)
        rig.authorizer.step()
        assert rig.state_of() == "DEAUTHORIZED"
        assert len(server.asked) == 2

    def test_what_was_changed_in_between_is_not_noted(self, rig: Rig, server: Server) -> None:
        before = rig.connections.by_arn(rig.connect("OAUTH_CLIENT_CREDENTIALS", **oauth(server)))
        assert before is not None
        rig.call("UpdateConnection", Name="c", AuthParameters=oauth(server, secret="wrong"))
        rig.connections.note(before, "AUTHORIZED")
        assert rig.state_of() == "AUTHORIZING"
