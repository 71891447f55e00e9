"""Terraform's log groups with all that hangs on them."""

from __future__ import annotations

import pytest
from tests.contract.recipients import allow, document
from tests.contract.terraform import REGION, Terraform
from tests.contract.test_tutorial import ACCOUNT
from tests.running import Cairn

pytestmark = pytest.mark.engine

LOGS = """
resource "aws_cloudwatch_log_group" "trail" {
  name              = "planned/trail"
  retention_in_days = RETENTION
  log_group_class   = "STANDARD"
  kms_key_id        = "KEY"
  tags              = { Team = "TEAM" }
}
resource "aws_cloudwatch_log_group" "seldom" {
  name            = "planned/seldom"
  log_group_class = "INFREQUENT_ACCESS"
}
resource "aws_cloudwatch_log_stream" "web" {
  name           = "web-1"
  log_group_name = aws_cloudwatch_log_group.trail.name
}
resource "aws_cloudwatch_log_metric_filter" "denied" {
  name           = "denied"
  log_group_name = aws_cloudwatch_log_group.trail.name
  pattern        = "{ ($.errorCode = \\"*UnauthorizedOperation\\") || ($.errorCode = \\"AccessDenied*\\") }"
  metric_transformation {
    name          = "Denied"
    namespace     = "Planned"
    value         = "VALUE"
    default_value = "0"
    unit          = "Count"
  }
}
resource "aws_cloudwatch_log_metric_filter" "calls" {
  name           = "calls"
  log_group_name = aws_cloudwatch_log_group.trail.name
  pattern        = "{ $.eventSource = \\"*\\" }"
  metric_transformation {
    name       = "Calls"
    namespace  = "Planned"
    value      = "1"
    dimensions = { Source = "$.eventSource", Call = "$.eventName" }
  }
}
resource "aws_cloudwatch_log_resource_policy" "dns" {
  policy_name = "planned-dns"
  policy_document = jsonencode({ Version = "2012-10-17", Statement = [{ Effect = "Allow",
    Action = ["logs:CreateLogStream", "logs:PutLogEvents"], Principal = { Service = "route53.amazonaws.com" },
    Resource = "${aws_cloudwatch_log_group.trail.arn}:*" }] })
}
resource "aws_cloudwatch_log_subscription_filter" "siem" {
  name            = "siem"
  log_group_name  = aws_cloudwatch_log_group.trail.name
  filter_pattern  = "SUBSCRIBED"
  destination_arn = "STREAM"
  role_arn        = "ROLE"
  distribution    = "Random"
}
resource "aws_cloudwatch_query_definition" "errors" {
  name            = "planned/errors"
  log_group_names = [aws_cloudwatch_log_group.trail.name]
  query_string    = <<-EOT
    fields @timestamp, eventName
    | filter SAVED
  EOT
}
"""
BEFORE = {"RETENTION": "30", "TEAM": "security", "VALUE": "1", "SUBSCRIBED": "", "SAVED": "errorCode like /Denied/"}
AFTER = {
    "RETENTION": "365",
    "TEAM": "audit",
    "VALUE": "2",
    "SUBSCRIBED": "{ $.readOnly IS FALSE }",
    "SAVED": "ispresent(errorCode)",
}
IMPORTED = {
    "aws_cloudwatch_log_group.trail": "planned/trail",
    "aws_cloudwatch_log_stream.web": "planned/trail:web-1",
    "aws_cloudwatch_log_metric_filter.denied": "planned/trail:denied",
    "aws_cloudwatch_log_metric_filter.calls": "planned/trail:calls",
    "aws_cloudwatch_log_subscription_filter.siem": "planned/trail|siem",
    "aws_cloudwatch_log_resource_policy.dns": "planned-dns",
}
"""What each is known by to those who import it."""


def with_values(resources: str, values: dict[str, str]) -> str:
    for name, value in values.items():
        resources = resources.replace(name, value)
    return resources


def make_recipients(cairn: Cairn) -> dict[str, str]:
    """A key that CloudWatch Logs may encrypt with, a stream, and a role that may put into it."""
    own = allow("kms:*", Principal={"AWS": f"arn:aws:iam::{ACCOUNT}:root"})
    service = allow("kms:*", Principal={"Service": f"logs.{REGION}.amazonaws.com"})
    key = cairn.client("kms", region=REGION).create_key(Policy=document(own, service))["KeyMetadata"]["Arn"]
    cairn.client("kinesis", region=REGION).create_stream(StreamName="planned-siem", ShardCount=1)
    stream = f"arn:aws:kinesis:{REGION}:{ACCOUNT}:stream/planned-siem"
    iam = cairn.client("iam")
    trust = allow("sts:AssumeRole", Principal={"Service": "logs.amazonaws.com"})
    del trust["Resource"]
    role = iam.create_role(RoleName="planned-to-siem", AssumeRolePolicyDocument=document(trust))["Role"]["Arn"]
    policy = document(allow("kinesis:PutRecord", stream))
    iam.put_role_policy(RoleName="planned-to-siem", PolicyName="put", PolicyDocument=policy)
    return {"KEY": key, "STREAM": stream, "ROLE": role}


def test_log_groups_from_apply_to_destroy(cairn: Cairn, terraform: Terraform) -> None:
    logs = cairn.client("logs", region=REGION)
    resources = with_values(LOGS, make_recipients(cairn))
    terraform.write(with_values(resources, BEFORE))
    terraform.apply()
    terraform.must_not_drift()
    found = {
        each["logGroupName"]: each for each in logs.describe_log_groups(logGroupNamePrefix="planned/")["logGroups"]
    }
    trail, seldom = found["planned/trail"], found["planned/seldom"]
    assert (trail["retentionInDays"], trail["metricFilterCount"], "kmsKeyId" in trail) == (30, 2, True)
    assert (seldom["logGroupClass"], "kmsKeyId" in seldom) == ("INFREQUENT_ACCESS", False)

    [saved] = logs.describe_query_definitions(queryDefinitionNamePrefix="planned/")["queryDefinitions"]
    definition = f"arn:aws:logs:{REGION}:{ACCOUNT}:query-definition:{saved['queryDefinitionId']}"
    terraform.must_import(
        with_values(resources, BEFORE), IMPORTED | {"aws_cloudwatch_query_definition.errors": definition}
    )

    terraform.write(with_values(resources, AFTER))
    assert "0 added, 4 changed, 0 destroyed" in terraform.apply()
    terraform.must_not_drift()
    (trail,) = logs.describe_log_groups(logGroupNamePrefix="planned/trail")["logGroups"]
    assert trail["retentionInDays"] == 365
    assert logs.list_tags_for_resource(resourceArn=trail["logGroupArn"])["tags"] == {"Team": "audit"}
    filters = logs.describe_metric_filters(logGroupName="planned/trail")["metricFilters"]
    transformations = {each["filterName"]: each["metricTransformations"][0] for each in filters}
    assert (transformations["denied"]["metricValue"], transformations["denied"]["defaultValue"]) == ("2", 0.0)
    assert transformations["calls"]["dimensions"] == {"Source": "$.eventSource", "Call": "$.eventName"}
    (subscription,) = logs.describe_subscription_filters(logGroupName="planned/trail")["subscriptionFilters"]
    assert (subscription["filterPattern"], subscription["distribution"]) == ("{ $.readOnly IS FALSE }", "Random")

    terraform.destroy()
    assert logs.describe_log_groups(logGroupNamePrefix="planned/")["logGroups"] == []
    assert "planned-dns" not in [each["policyName"] for each in logs.describe_resource_policies()["resourcePolicies"]]
    assert logs.describe_query_definitions(queryDefinitionNamePrefix="planned/")["queryDefinitions"] == []
