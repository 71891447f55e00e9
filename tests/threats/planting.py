"""One of everything that Cairn keeps, made in an account, with a mark in each."""

from __future__ import annotations

import json
import secrets
import time
from collections.abc import Callable
from typing import Any

from tests.contract.test_tutorial import ACCOUNT, bucket_policy
from tests.contract.waiting import wait_until
from tests.running import Cairn
from tests.threats.served import Keys

REGION = "us-east-1"
SECRET = "4c1f0b7d"
"""Where the account's owner writes, and what nobody else may be told. No name has it, since callers say names."""

Names = dict[str, Any]
"""What calls may name, by the member of an input that names it."""


def _logs(cairn: Cairn, account: str, keys: Keys) -> tuple[Names, Names]:
    logs = cairn.client("logs", **keys)
    group = f"arn:aws:logs:{REGION}:{account}:log-group:/planted"
    now = int(time.time() * 1000)
    logs.create_log_group(logGroupName="/planted", tags={"tag": SECRET})
    for stream in ("one", "two"):
        logs.create_log_stream(logGroupName="/planted", logStreamName=stream)
        events = [{"timestamp": now + number, "message": f"{SECRET} {number}"} for number in range(3)]
        logs.put_log_events(logGroupName="/planted", logStreamName=stream, logEvents=events)
    change = [{"metricName": "planted", "metricNamespace": "Planted", "metricValue": "1"}]
    logs.put_metric_filter(
        logGroupName="/planted", filterName="planted", filterPattern=SECRET, metricTransformations=change
    )
    query = f"fields @message, @ptr | filter @message like '{SECRET}'"
    definition = logs.put_query_definition(name="planted", queryString=query)["queryDefinitionId"]
    about = {"Sid": f"s{SECRET}", "Effect": "Allow", "Principal": {"Service": "es.amazonaws.com"}}
    about |= {"Action": "logs:PutLogEvents", "Resource": f"{group}:*"}
    document = json.dumps({"Version": "2012-10-17", "Statement": [about]})
    logs.put_resource_policy(policyName="planted", policyDocument=document)
    begun = logs.start_query(
        logGroupName="/planted", startTime=now // 1000 - 60, endTime=now // 1000 + 60, queryString=query
    )
    done = wait_until(lambda: _finished(logs, begun["queryId"]))
    pointer = next(field["value"] for field in done["results"][0] if field["field"] == "@ptr")
    names = {
        "logGroupName": "/planted",
        "logGroupIdentifier": "/planted",
        "logGroupNames": ["/planted"],
        "logGroupNamePrefix": "/pl",
        "logStreamName": "one",
        "logStreamNames": ["one"],
        "filterName": "planted",
        "policyName": "planted",
        "queryId": begun["queryId"],
        "queryDefinitionId": definition,
        "queryString": "fields @message",
        "logRecordPointer": pointer,
        "accountIdentifiers": [account],
        "includeLinkedAccounts": True,
        "startTime": now - 60_000,
        "endTime": now + 60_000,
        "filterPattern": "",
        "metricTransformations": change,
        "retentionInDays": 1,
        "policyDocument": document,
        "destinationArn": f"arn:aws:lambda:{REGION}:{account}:function:planted",
        "tags": {"tag": "theirs"},
        "tagKeys": ["tag"],
    }
    arns = names | {
        "logGroupName": group,
        "logGroupIdentifier": group,
        "logGroupIdentifiers": [group],
        "resourceIdentifier": group,
        "resourceArn": group,
    }
    return names, arns


def _finished(logs: Any, query: str) -> Any:
    found = logs.get_query_results(queryId=query)
    return found if found["status"] == "Complete" and found["results"] else None


def _cloudwatch(cairn: Cairn, account: str, keys: Keys) -> tuple[Names, Names]:
    metrics = cairn.client("cloudwatch", **keys)
    metric = {"Namespace": "Planted", "MetricName": "nothing"}
    dimensions = [{"Name": "of", "Value": SECRET}]
    metrics.put_metric_data(Namespace="Planted", MetricData=[{"MetricName": SECRET, "Value": 1.0}])
    metrics.put_metric_data(
        Namespace="Planted", MetricData=[{"MetricName": "calls", "Value": 1.0, "Dimensions": dimensions}]
    )
    rule = {"Statistic": "Sum", "Period": 60, "EvaluationPeriods": 1, "Threshold": 1e9}
    rule["ComparisonOperator"] = "GreaterThanThreshold"
    told = {"AlarmDescription": SECRET, "Tags": [{"Key": "tag", "Value": SECRET}]}
    for name in ("planted", "planted-2"):
        metrics.put_metric_alarm(AlarmName=name, **metric, **rule, **told)
    metrics.put_composite_alarm(AlarmName="planted-both", AlarmRule="ALARM(planted)", AlarmDescription=SECRET)
    metrics.put_anomaly_detector(SingleMetricAnomalyDetector={**metric, "Stat": "Sum", "Dimensions": dimensions})
    alarm = f"arn:aws:cloudwatch:{REGION}:{account}:alarm:planted"
    names = {
        **metric,
        "AlarmName": "planted",
        "AlarmNames": ["planted", "planted-both"],
        "AlarmNamePrefix": "pl",
        "ChildrenOfAlarmName": "planted-both",
        "ParentsOfAlarmName": "planted",
        "AlarmRule": "ALARM(planted)",
        "OwningAccount": account,
        "IncludeLinkedAccounts": True,
        "StateValue": "ALARM",
        "StateReason": "theirs",
        "TagKeys": ["tag"],
        "Tags": [{"Key": "tag", "Value": "theirs"}],
        "MetricData": [{"MetricName": "calls", "Value": 1.0}],
        "EvaluationPeriods": 1,
        "ComparisonOperator": "GreaterThanThreshold",
        "SingleMetricAnomalyDetector": {**metric, "Stat": "Sum", "Dimensions": []},
        "MetricDataQueries": [
            {"Id": "m", "AccountId": account, "MetricStat": {"Metric": metric, "Period": 60, "Stat": "Sum"}},
            {"Id": "s", "Expression": "SEARCH('{Planted,of} calls', 'Sum', 60)"},
        ],
        "StartTime": time.time() - 3600,
        "EndTime": time.time() + 3600,
    }
    arns = names | {"AlarmName": alarm, "AlarmNames": [alarm], "ResourceARN": alarm, "AlarmRule": f"ALARM({alarm})"}
    return names, arns


def _sns(cairn: Cairn, account: str, keys: Keys) -> tuple[Names, Names]:
    sns = cairn.client("sns", **keys)
    topic = sns.create_topic(
        Name="planted", Attributes={"DisplayName": SECRET}, Tags=[{"Key": "tag", "Value": SECRET}]
    )["TopicArn"]
    queue = f"arn:aws:sqs:{REGION}:{account}:planted"
    cairn.client("sqs", **keys).create_queue(QueueName="planted")
    told = sns.subscribe(TopicArn=topic, Protocol="sqs", Endpoint=queue, ReturnSubscriptionArn=True)["SubscriptionArn"]
    sns.set_subscription_attributes(
        SubscriptionArn=told, AttributeName="FilterPolicy", AttributeValue=json.dumps({"a": [SECRET]})
    )
    names = {
        "Name": "planted",
        "TopicArn": topic,
        "SubscriptionArn": told,
        "ResourceArn": topic,
        "Endpoint": queue,
        "Protocol": "sqs",
        "AttributeName": "DisplayName",
        "AttributeValue": "theirs",
        "Message": "theirs",
        "TagKeys": ["tag"],
        "Tags": [{"Key": "tag", "Value": "theirs"}],
        "AWSAccountId": [account],
        "ActionName": ["Publish"],
    }
    return names, names


def _events(cairn: Cairn, account: str, keys: Keys) -> tuple[Names, Names]:
    events = cairn.client("events", **keys)
    place = f"arn:aws:events:{REGION}:{account}"
    events.create_event_bus(Name="planted", Description=SECRET, Tags=[{"Key": "tag", "Value": SECRET}])
    pattern = json.dumps({"source": [SECRET]})
    queue = f"arn:aws:sqs:{REGION}:{account}:planted"
    for bus in ("planted", "default"):
        for rule in ("planted", "planted-2"):
            events.put_rule(Name=rule, EventBusName=bus, EventPattern=pattern, Description=SECRET)
            target = {"Id": "planted", "Arn": queue, "Input": json.dumps(SECRET)}
            events.put_targets(Rule=rule, EventBusName=bus, Targets=[target])
    archive = events.create_archive(
        ArchiveName="planted", EventSourceArn=f"{place}:event-bus/planted", Description=SECRET
    )
    key = {"ApiKeyAuthParameters": {"ApiKeyName": f"x-{SECRET}", "ApiKeyValue": SECRET}}
    connection = events.create_connection(Name="planted", AuthorizationType="API_KEY", AuthParameters=key)
    destination = events.create_api_destination(
        Name="planted",
        ConnectionArn=connection["ConnectionArn"],
        InvocationEndpoint=f"https://example.com/{SECRET}",
        HttpMethod="POST",
    )
    events.start_replay(
        ReplayName="planted",
        Description=SECRET,
        EventSourceArn=archive["ArchiveArn"],
        EventStartTime=time.time() - 7200,
        EventEndTime=time.time() - 3600,
        Destination={"Arn": f"{place}:event-bus/planted"},
    )
    names = {
        "Name": "planted",
        "NamePrefix": "pl",
        "Rule": "planted",
        "Ids": ["planted"],
        "EventBusName": "planted",
        "ArchiveName": "planted",
        "ReplayName": "planted",
        "TargetArn": queue,
        "EventSourceArn": f"{place}:event-bus/planted",
        "ConnectionArn": connection["ConnectionArn"],
        "ResourceARN": f"{place}:event-bus/planted",
        "StatementId": "planted",
        "Principal": "*",
        "Action": "events:PutEvents",
        "EventPattern": json.dumps({"source": ["theirs"]}),
        "Event": "{}",
        "Targets": [{"Id": "planted", "Arn": queue}],
        "TagKeys": ["tag"],
        "Tags": [{"Key": "tag", "Value": "theirs"}],
        "EventStartTime": time.time() - 7200,
        "EventEndTime": time.time() - 3600,
        "Destination": {"Arn": f"{place}:event-bus/planted"},
        "InvocationEndpoint": "https://example.com/theirs",
        "HttpMethod": "POST",
        "Entries": [
            {"Source": "planted", "DetailType": "planted", "Detail": "{}", "EventBusName": f"{place}:event-bus/planted"}
        ],
    }
    arns = names | {
        "Name": f"{place}:event-bus/planted",
        "EventBusName": f"{place}:event-bus/planted",
        "ResourceARN": f"{place}:rule/planted/planted",
        "EventSourceArn": archive["ArchiveArn"],
        "ConnectionArn": destination["ApiDestinationArn"],
    }
    return names, arns


def _cloudtrail(cairn: Cairn, account: str, keys: Keys) -> tuple[Names, Names]:
    bucket = f"planted-{account}-{secrets.token_hex(3)}"
    s3 = cairn.client("s3", **keys)
    s3.create_bucket(Bucket=bucket)
    policy = json.dumps(bucket_policy(bucket)).replace(ACCOUNT, account).replace("AWSLogs/", f"{SECRET}/AWSLogs/")
    s3.put_bucket_policy(Bucket=bucket, Policy=policy)
    trails = cairn.client("cloudtrail", **keys)
    arn = trails.create_trail(
        Name="planted", S3BucketName=bucket, S3KeyPrefix=SECRET, TagsList=[{"Key": "tag", "Value": SECRET}]
    )["TrailARN"]
    names = {
        "Name": "planted",
        "TrailName": "planted",
        "InsightSource": arn,
        "ResourceId": arn,
        "ResourceIdList": [arn],
        "trailNameList": ["planted"],
        "TagsList": [{"Key": "tag", "Value": "theirs"}],
        "EventSelectors": [{"ReadWriteType": "ReadOnly"}],
        "InsightSelectors": [{"InsightType": "ApiCallRateInsight"}],
        "InsightType": "ApiCallRateInsight",
        "MemberAccountId": account,
        "DelegatedAdminAccountId": account,
        "S3BucketName": bucket,
        "EventSource": "cloudtrail.amazonaws.com",
        "EventName": "CreateTrail",
        "DataType": "InsightsEvents",
    }
    return names, names | {"Name": arn, "TrailName": arn, "trailNameList": [arn]}


PLANTERS: dict[str, Callable[[Cairn, str, Keys], tuple[Names, Names]]] = {
    "logs": _logs,
    "cloudwatch": _cloudwatch,
    "sns": _sns,
    "events": _events,
    "cloudtrail": _cloudtrail,
}
"""By service. Each gives names, and the same with ARNs where one can stand for a name."""
