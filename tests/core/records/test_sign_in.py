"""Records of sign-ins, held against the order and members of genuine ones (spec 1.7)."""

from __future__ import annotations

from typing import Any

from cairn.core.records.identity import Identity, root
from cairn.core.records.parse import event_from_record
from cairn.core.records.sign_in import SignInFacts, claimed, compose_sign_in, nobody, proven

ACCOUNT = "111122223333"
ALICE = Identity(
    type="IAMUser", account=ACCOUNT, principal_id="AIDA1", arn=f"arn:aws:iam::{ACCOUNT}:user/alice", user_name="alice"
)
GENUINE = [
    "eventVersion",
    "userIdentity",
    "eventTime",
    "eventSource",
    "eventName",
    "awsRegion",
    "sourceIPAddress",
    "userAgent",
    "requestParameters",
    "responseElements",
    "additionalEventData",
    "eventID",
    "readOnly",
    "eventType",
    "managementEvent",
    "recipientAccountId",
    "eventCategory",
    "tlsDetails",
]


def made(**members: Any) -> dict[str, Any]:
    usual: dict[str, Any] = {
        "event_id": "0f0f0f0f-0000-4000-8000-000000000000",
        "time": 1_700_000_000.9,
        "name": "ConsoleLogin",
        "account": ACCOUNT,
        "identity": proven(ALICE),
        "additional": {"MFAUsed": "No"},
        "source_ip": "192.0.2.7",
        "user_agent": "Mozilla/5.0",
        "tls": {"tlsVersion": "TLSv1.3"},
    }
    event = compose_sign_in(SignInFacts(**usual | members))
    assert event_from_record(event.record) == event  # as somebody who imports it would read it
    return event.parse()


def test_a_sign_in_has_the_members_of_a_genuine_one_in_their_order() -> None:
    record = made()
    assert list(record) == GENUINE
    assert list(record["userIdentity"]) == ["type", "principalId", "arn", "accountId", "userName"]
    assert record["eventType"] == "AwsConsoleSignIn"
    assert record["responseElements"] == {"ConsoleLogin": "Success"}
    assert record["requestParameters"] is None


def test_a_failure_has_a_message_and_no_code_nor_arn() -> None:
    record = made(identity=claimed(ALICE), error_message="Failed authentication")
    assert list(record) == [*GENUINE[:8], "errorMessage", *GENUINE[8:]]
    assert list(record["userIdentity"]) == ["type", "principalId", "accountId", "accessKeyId", "userName"]
    assert record["responseElements"] == {"ConsoleLogin": "Failure"}


def test_nobody_has_a_hidden_name_and_root_an_empty_key() -> None:
    assert made(identity=nobody(ACCOUNT))["userIdentity"]["userName"] == "HIDDEN_DUE_TO_SECURITY_REASONS"
    assert made(identity=proven(root(ACCOUNT)))["userIdentity"] == {
        "type": "Root",
        "principalId": ACCOUNT,
        "arn": f"arn:aws:iam::{ACCOUNT}:root",
        "accountId": ACCOUNT,
        "accessKeyId": "",
    }
