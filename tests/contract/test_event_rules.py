"""Event buses, rules and their permissions as stock clients have them."""

from __future__ import annotations

import json
from typing import Any

import pytest
from botocore.exceptions import ClientError
from tests.contract.test_tutorial import ACCOUNT
from tests.running import Cairn

pytestmark = pytest.mark.engine

REGION = "ca-central-1"
BUS = f"arn:aws:events:{REGION}:{ACCOUNT}:event-bus/shop"
QUEUE = f"arn:aws:sqs:{REGION}:{ACCOUNT}:orders"
PATTERN = json.dumps({"source": ["shop"], "detail": {"total": [{"numeric": [">", 100]}]}})


def test_a_bus_from_the_stock_command_line(cairn: Cairn) -> None:
    def aws(command: str, *arguments: str, **options: Any) -> Any:
        return cairn.aws("events", command, *arguments, "--region", REGION, **options)

    made = aws("create-event-bus", "--name", "shop", "--description", "orders", "--tags", "Key=team,Value=web")
    assert made == {"EventBusArn": BUS, "Description": "orders"}
    on_bus = ("--event-bus-name", "shop")
    rule = aws("put-rule", "--name", "big", "--event-pattern", PATTERN, *on_bus)["RuleArn"]
    assert rule == f"arn:aws:events:{REGION}:{ACCOUNT}:rule/shop/big"
    targets = [{"Id": "queue", "Arn": QUEUE, "InputPath": "$.detail", "RetryPolicy": {"MaximumRetryAttempts": 2}}]
    put = aws("put-targets", "--rule", "big", "--targets", json.dumps(targets), *on_bus)
    assert put == {"FailedEntryCount": 0, "FailedEntries": []}
    assert aws("list-targets-by-rule", "--rule", "big", *on_bus)["Targets"] == targets
    described = aws("describe-rule", "--name", "big", "--event-bus-name", BUS)
    assert (described["EventPattern"], described["CreatedBy"], described["State"]) == (PATTERN, ACCOUNT, "ENABLED")
    entries = [
        {"Source": "shop", "DetailType": "order", "Detail": '{"total": 120}', "EventBusName": "shop"},
        {"Source": "aws.shop", "DetailType": "order", "Detail": "{}"},
    ]
    answer = aws("put-events", "--entries", json.dumps(entries))
    assert (answer["FailedEntryCount"], len(answer["Entries"][0]["EventId"])) == (1, 36)
    assert answer["Entries"][1]["ErrorCode"] == "NotAuthorizedForSourceException"
    event = {"id": "1", "account": ACCOUNT, "source": "shop", "time": "2026-01-01T00:00:00Z", "region": REGION}
    event |= {"detail-type": "order", "resources": [], "detail": {"total": 100}}
    tried = aws("test-event-pattern", "--event-pattern", PATTERN, "--event", json.dumps(event))
    assert tried == {"Result": False}
    permission = ("--action", "events:PutEvents", "--principal", "444455556666", "--statement-id", "partner")
    aws("put-permission", *permission, *on_bus)
    bus = aws("describe-event-bus", "--name", "shop")
    assert bus["CreationTime"] <= bus["LastModifiedTime"]
    assert json.loads(bus["Policy"])["Statement"][0]["Principal"] == {"AWS": "arn:aws:iam::444455556666:root"}
    assert [each["Name"] for each in aws("list-event-buses")["EventBuses"]] == ["default", "shop"]
    error = aws("delete-event-bus", "--name", "shop", fails=True)
    assert "(ValidationException)" in error
    assert "EventBus can't be deleted since it has rules." in error
    aws("remove-permission", "--statement-id", "partner", *on_bus)
    aws("remove-targets", "--rule", "big", "--ids", "queue", *on_bus)
    aws("delete-rule", "--name", "big", *on_bus)
    aws("delete-event-bus", "--name", "shop")
    assert "Event bus shop does not exist." in aws("list-rules", *on_bus, fails=True)


def test_the_door_asks_the_policy_of_a_bus(watched: Cairn) -> None:
    events, iam = watched.client("events"), watched.client("iam")
    arn = events.create_event_bus(Name="guarded")["EventBusArn"]
    iam.create_user(UserName="till")
    made = iam.create_access_key(UserName="till")["AccessKey"]
    keys = {"aws_access_key_id": made["AccessKeyId"], "aws_secret_access_key": made["SecretAccessKey"]}
    theirs = watched.client("events", **keys)
    entry = {"Source": "till", "DetailType": "sold", "Detail": "{}", "EventBusName": "guarded"}
    with pytest.raises(ClientError) as refused:
        theirs.put_events(Entries=[entry])
    assert f"is not authorized to perform: events:PutEvents on resource: {arn}" in str(refused.value)
    statement = {
        "Effect": "Allow",
        "Principal": {"AWS": f"arn:aws:iam::{ACCOUNT}:user/till"},
        "Action": "events:PutEvents",
        "Resource": arn,
        "Condition": {"StringEquals": {"events:source": "till"}},
    }
    policy = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
    events.put_permission(EventBusName="guarded", Policy=policy)
    assert theirs.put_events(Entries=[entry])["FailedEntryCount"] == 0
    with pytest.raises(ClientError, match="AccessDenied"):
        theirs.put_events(Entries=[entry, {**entry, "Source": "bank"}])
    own = {"Effect": "Allow", "Action": "events:*Rule", "Resource": arn.replace("event-bus", "rule") + "/till-*"}
    document = json.dumps({"Version": "2012-10-17", "Statement": [own]})
    iam.put_user_policy(UserName="till", PolicyName="rules", PolicyDocument=document)
    given = {"EventPattern": '{"source": ["till"]}', "EventBusName": "guarded"}
    theirs.put_rule(Name="till-sold", **given)
    with pytest.raises(ClientError, match="AccessDenied"):
        theirs.put_rule(Name="sold", **given)
    theirs.delete_rule(Name="till-sold", EventBusName="guarded")
    events.delete_event_bus(Name="guarded")
    iam.delete_user_policy(UserName="till", PolicyName="rules")
    iam.delete_access_key(UserName="till", AccessKeyId=made["AccessKeyId"])
    iam.delete_user(UserName="till")
