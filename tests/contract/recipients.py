"""What trails need around them, made with stock clients: buckets, topics, keys, log groups and roles that let
CloudTrail in."""

from __future__ import annotations

import json
from typing import Any

from tests.contract.test_tutorial import ACCOUNT, bucket_policy
from tests.running import Cairn

SERVICE = {"Service": "cloudtrail.amazonaws.com"}


def document(*statements: dict[str, Any]) -> str:
    return json.dumps({"Version": "2012-10-17", "Statement": list(statements)})


def allow(action: str | list[str], resource: str | list[str] = "*", **more: Any) -> dict[str, Any]:
    return {"Effect": "Allow", "Action": action, "Resource": resource, **more}


def trail_arn(name: str, region: str, account: str = ACCOUNT) -> str:
    return f"arn:aws:cloudtrail:{region}:{account}:trail/{name}"


def make_bucket(cairn: Cairn, name: str, region: str = "us-east-1", *, prefix: str = "") -> str:
    """A bucket that takes log files of the administrator's account, under a prefix that ends in a slash."""
    s3 = cairn.client("s3", region=region)
    where = {} if region == "us-east-1" else {"CreateBucketConfiguration": {"LocationConstraint": region}}
    s3.create_bucket(Bucket=name, **where)
    s3.put_bucket_policy(Bucket=name, Policy=json.dumps(bucket_policy(name)).replace("AWSLogs/", f"{prefix}AWSLogs/"))
    return name


def topic_policy(topic: str, source: str) -> str:
    """The guide's policy for a topic, for one trail alone (spec 2.3)."""
    condition = {"StringEquals": {"aws:SourceArn": source}}
    return document(allow("SNS:Publish", topic, Principal=SERVICE, Condition=condition))


def make_topic(cairn: Cairn, name: str, source: str, region: str, **keys: str) -> str:
    """A topic that a trail, by its ARN, may publish to."""
    sns = cairn.client("sns", region=region, **keys)
    topic = str(sns.create_topic(Name=name)["TopicArn"])
    sns.set_topic_attributes(TopicArn=topic, AttributeName="Policy", AttributeValue=topic_policy(topic, source))
    return topic


def queue_policy(queue: str, topic: str) -> str:
    """The guide's policy for a queue that a topic sends to, both by their ARNs."""
    only = {"ArnEquals": {"aws:SourceArn": topic}}
    return document(allow("sqs:SendMessage", queue, Principal={"Service": "sns.amazonaws.com"}, Condition=only))


def make_queue(cairn: Cairn, name: str, topic: str, region: str, **attributes: str) -> tuple[str, str]:
    """The URL and the ARN of a queue that a topic may send to."""
    sqs = cairn.client("sqs", region=region)
    arn = f"arn:aws:sqs:{region}:{ACCOUNT}:{name}"
    policy = {"Policy": queue_policy(arn, topic)}
    return sqs.create_queue(QueueName=name, Attributes=policy | attributes)["QueueUrl"], arn


def key_policy(source: str, account: str = ACCOUNT) -> str:
    """The guide's policy for a trail's key (spec 2.3)."""
    context = {"kms:EncryptionContext:aws:cloudtrail:arn": f"arn:aws:cloudtrail:*:{account}:trail/*"}
    only = {"StringEquals": {"aws:SourceArn": source}}
    return document(
        allow("kms:*", Principal={"AWS": f"arn:aws:iam::{account}:root"}),
        allow("kms:GenerateDataKey*", Principal=SERVICE, Condition=only | {"StringLike": context}),
        allow("kms:DescribeKey", Principal=SERVICE, Condition=only),
    )


def make_key(cairn: Cairn, source: str, region: str) -> str:
    """A key that a trail, by its ARN, may encrypt with."""
    made = cairn.client("kms", region=region).create_key(Policy=key_policy(source))
    return str(made["KeyMetadata"]["Arn"])


def make_log_group(cairn: Cairn, name: str, region: str) -> str:
    """A log group; its ARN, which ends in `:*`."""
    logs = cairn.client("logs", region=region)
    logs.create_log_group(logGroupName=name)
    return f"arn:aws:logs:{region}:{ACCOUNT}:log-group:{name}:*"


def make_role(cairn: Cairn, name: str, group: str, region: str, *, trust: dict[str, Any] | None = None) -> str:
    """A role with which CloudTrail may write to a log group."""
    iam = cairn.client("iam")
    principal = SERVICE if trust is None else trust
    trusting = {"Effect": "Allow", "Principal": principal, "Action": "sts:AssumeRole"}
    role = iam.create_role(RoleName=name, AssumeRolePolicyDocument=document(trusting))["Role"]["Arn"]
    stream = f"{group.removesuffix(':*')}:log-stream:{ACCOUNT}_CloudTrail_{region}*"
    policy = document(allow(["logs:CreateLogStream", "logs:PutLogEvents"], stream))
    iam.put_role_policy(RoleName=name, PolicyName="logs", PolicyDocument=policy)
    return str(role)
