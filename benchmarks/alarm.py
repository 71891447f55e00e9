"""From a denied call to the message of the alarm that counts it: trail, log group, metric filter, alarm, topic, queue.

    python -m benchmarks.alarm [--calls 10] [--period 10]

Each round waits until the alarm is OK again, so a round takes a few periods.
"""

from __future__ import annotations

import argparse
import json
import tempfile
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from benchmarks.figures import HEAD, Figure
from botocore.exceptions import ClientError
from tests.contract.recipients import make_bucket, make_log_group, make_queue, make_role
from tests.running import Cairn

REGION = "us-east-1"
PATTERN = '{ ($.errorCode = "*UnauthorizedOperation") || ($.errorCode = "AccessDenied*") }'
METRIC = {"Namespace": "CloudTrailMetrics", "MetricName": "AuthorizationFailureCount"}
LATE_S = 60.0
POLL_S = 0.02


class Watched:
    """An alarm on denied calls, and the queue that it tells."""

    def __init__(self, cairn: Cairn, period_s: int) -> None:
        group = make_log_group(cairn, "CloudTrail/Watched", REGION)
        role = make_role(cairn, "log-events", group, REGION)
        trail, sns = cairn.client("cloudtrail"), cairn.client("sns")
        trail.create_trail(
            Name="watched",
            S3BucketName=make_bucket(cairn, "watched"),
            CloudWatchLogsLogGroupArn=group,
            CloudWatchLogsRoleArn=role,
        )
        trail.start_logging(Name="watched")
        counted = {
            "metricNamespace": METRIC["Namespace"],
            "metricName": METRIC["MetricName"],
            "metricValue": "1",
        }
        cairn.client("logs").put_metric_filter(
            logGroupName="CloudTrail/Watched",
            filterName="denied",
            filterPattern=PATTERN,
            metricTransformations=[counted],
        )
        topic = sns.create_topic(Name="alarms")["TopicArn"]
        self._queue, arn = make_queue(cairn, "alarms", topic, REGION)
        sns.subscribe(TopicArn=topic, Protocol="sqs", Endpoint=arn)
        self._sqs, self._cloudwatch = cairn.client("sqs"), cairn.client("cloudwatch")
        self._cloudwatch.put_metric_alarm(
            AlarmName="denied",
            **METRIC,
            Statistic="Sum",
            Period=period_s,
            EvaluationPeriods=1,
            Threshold=1,
            ComparisonOperator="GreaterThanOrEqualToThreshold",
            TreatMissingData="notBreaching",
            AlarmActions=[topic],
        )
        iam = cairn.client("iam")
        iam.create_user(UserName="mallory")
        key = iam.create_access_key(UserName="mallory")["AccessKey"]
        keys = {"aws_access_key_id": key["AccessKeyId"], "aws_secret_access_key": key["SecretAccessKey"]}
        self._denied = cairn.client("cloudtrail", **keys)

    def wait_until_ok(self) -> None:
        deadline = time.monotonic() + LATE_S
        while self._cloudwatch.describe_alarms(AlarmNames=["denied"])["MetricAlarms"][0]["StateValue"] != "OK":
            assert time.monotonic() < deadline, "the alarm stays on"
            time.sleep(0.5)

    def round_s(self) -> float:
        """Seconds from the denied call's reply until the message is in the queue."""
        try:
            self._denied.stop_logging(Name="watched")
        except ClientError as error:
            assert error.response["Error"]["Code"].startswith("AccessDenied")
        began = time.perf_counter()
        while time.perf_counter() < began + LATE_S:
            for message in self._sqs.receive_message(QueueUrl=self._queue).get("Messages", ()):
                told = json.loads(json.loads(message["Body"])["Message"])
                self._sqs.delete_message(QueueUrl=self._queue, ReceiptHandle=message["ReceiptHandle"])
                assert told["NewStateValue"] == "ALARM"
                return time.perf_counter() - began
            time.sleep(POLL_S)
        raise AssertionError("nobody was told")


def figures(folder: Path, options: Any) -> Iterator[Figure]:
    cairn = Cairn(folder / "alarm")
    cairn.start()
    try:
        watched = Watched(cairn, options.period)
        took = []
        for _ in range(options.calls):
            watched.wait_until_ok()
            took.append(watched.round_s())
        took.sort()
        name = f"denied call to alarm's message, period {options.period} s"
        note = f"{len(took)} calls"
        yield Figure(f"{name}, median", took[len(took) // 2], "s", goal="10 s", note=note)
        yield Figure(f"{name}, slowest", took[-1], "s", goal="10 s", note=note)
    finally:
        cairn.stop()


def options_of(arguments: Sequence[str] | None = None) -> Any:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--calls", type=int, default=10)
    parser.add_argument("--period", type=int, default=10)
    return parser.parse_args(arguments)


def main() -> None:
    print(HEAD)
    with tempfile.TemporaryDirectory() as name:
        for figure in figures(Path(name), options_of()):
            print(figure, flush=True)


if __name__ == "__main__":
    main()
