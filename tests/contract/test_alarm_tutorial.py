"""The guide's "Monitoring CloudTrail events with CloudWatch Logs", from a trail to an e-mail, with the stock AWS CLI
(spec 12.2)."""

from __future__ import annotations

import json
from collections.abc import Iterator
from email.message import EmailMessage
from pathlib import Path

import pytest
from tests.cloudwatch.sns.relay import Relay, relaying, text_of
from tests.contract.mailed import click
from tests.contract.recipients import make_bucket, make_role
from tests.contract.test_tutorial import ACCOUNT
from tests.contract.waiting import wait_until
from tests.running import Cairn

pytestmark = pytest.mark.engine

GROUP = "CloudTrail/Watched"
GROUP_ARN = f"arn:aws:logs:us-east-1:{ACCOUNT}:log-group:{GROUP}:*"
TRAIL = "watched"
DENIED = '{ ($.errorCode = "*UnauthorizedOperation") || ($.errorCode = "AccessDenied*") }'
TO = "oncall@example.com"


@pytest.fixture
def relay() -> Iterator[Relay]:
    with relaying() as relay:
        yield relay


@pytest.fixture
def mailing(tmp_path: Path, relay: Relay) -> Iterator[Cairn]:
    """A Cairn that sends mail."""
    cairn = Cairn(tmp_path / "data", {"CAIRN_SMTP_HOST": "127.0.0.1", "CAIRN_SMTP_PORT": str(relay.port)})
    cairn.start()
    yield cairn
    assert cairn.stop() == 0


def mail(relay: Relay, subject: str) -> EmailMessage | None:
    """The first mail to the person on call whose subject contains a text."""
    return next((each for to, each in list(relay.mail) if to == TO and subject in str(each["Subject"])), None)


def test_a_denied_call_reaches_a_person(mailing: Cairn, relay: Relay) -> None:
    cairn = mailing
    cairn.aws("logs", "create-log-group", "--log-group-name", GROUP)
    role = make_role(cairn, "CloudTrail_CloudWatchLogs_Role", GROUP_ARN, "us-east-1")
    make_bucket(cairn, "watched-logs")
    cairn.aws("cloudtrail", "create-trail", "--name", TRAIL, "--s3-bucket-name", "watched-logs")
    cairn.aws(
        *("cloudtrail", "update-trail", "--name", TRAIL),
        *("--cloud-watch-logs-log-group-arn", GROUP_ARN, "--cloud-watch-logs-role-arn", role),
    )
    cairn.aws("cloudtrail", "start-logging", "--name", TRAIL)

    topic = cairn.aws("sns", "create-topic", "--name", "Alarms")["TopicArn"]
    subscribe = ("sns", "subscribe", "--topic-arn", topic, "--protocol", "email", "--notification-endpoint", TO)
    assert cairn.aws(*subscribe)["SubscriptionArn"] == "pending confirmation"
    confirmation = wait_until(lambda: mail(relay, "Subscription Confirmation"))
    assert confirmation is not None
    click(text_of(confirmation))
    (subscribed,) = cairn.aws("sns", "list-subscriptions-by-topic", "--topic-arn", topic)["Subscriptions"]
    assert subscribed["SubscriptionArn"].startswith(f"{topic}:")

    transformation = "metricName=AuthorizationFailureCount,metricNamespace=CloudTrailMetrics,metricValue=1"
    cairn.aws(
        *("logs", "put-metric-filter", "--log-group-name", GROUP, "--filter-name", "AuthorizationFailures"),
        *("--filter-pattern", DENIED, "--metric-transformations", transformation),
    )
    cairn.aws(
        *("cloudwatch", "put-metric-alarm", "--alarm-name", "Authorization failures"),
        *("--metric-name", "AuthorizationFailureCount", "--namespace", "CloudTrailMetrics"),
        *("--statistic", "Sum", "--period", "10", "--evaluation-periods", "1", "--threshold", "1"),
        *("--comparison-operator", "GreaterThanOrEqualToThreshold", "--treat-missing-data", "notBreaching"),
        *("--alarm-actions", topic),
    )
    cairn.aws("iam", "create-user", "--user-name", "mallory")
    key = cairn.aws("iam", "create-access-key", "--user-name", "mallory")["AccessKey"]
    as_mallory = {"AWS_ACCESS_KEY_ID": key["AccessKeyId"], "AWS_SECRET_ACCESS_KEY": key["SecretAccessKey"]}
    assert "AccessDenied" in cairn.aws(
        "cloudtrail", "stop-logging", "--name", TRAIL, environment=as_mallory, fails=True
    )

    told = wait_until(lambda: mail(relay, "ALARM"))
    assert told is not None
    assert told["Subject"] == 'ALARM: "Authorization failures" in US East (N. Virginia)'
    assert "AuthorizationFailureCount" in text_of(told)
    (alarm,) = cairn.aws("cloudwatch", "describe-alarms", "--alarm-names", "Authorization failures")["MetricAlarms"]
    assert alarm["StateValue"] == "ALARM"
    status = cairn.aws("cloudtrail", "get-trail-status", "--name", TRAIL)
    assert "LatestCloudWatchLogsDeliveryTime" in status
    assert "LatestCloudWatchLogsDeliveryError" not in status
    denied_events = cairn.aws("logs", "filter-log-events", "--log-group-name", GROUP, "--filter-pattern", DENIED)[
        "events"
    ]
    (denied,) = [json.loads(event["message"]) for event in denied_events]
    assert (denied["eventName"], denied["userIdentity"]["userName"]) == ("StopLogging", "mallory")
    (stream,) = {event["logStreamName"] for event in denied_events}
    assert stream == f"{ACCOUNT}_CloudTrail_us-east-1"
