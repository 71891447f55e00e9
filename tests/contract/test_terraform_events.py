"""Terraform's topics, subscriptions, buses, rules, targets, archives and connections."""

from __future__ import annotations

import pytest
from tests.contract.terraform import REGION, Terraform
from tests.running import Cairn

pytestmark = pytest.mark.engine

TOPICS = """
resource "aws_sns_topic" "alerts" {
  name              = "planned-alerts"
  display_name      = "Alerts"
  kms_master_key_id = "alias/aws/sns"
  signature_version = 2
  tracing_config    = "Active"
  delivery_policy = jsonencode({ http = { defaultHealthyRetryPolicy = {
    minDelayTarget = 10, maxDelayTarget = 20, numRetries = 4, numMaxDelayRetries = 0, numNoDelayRetries = 0,
    numMinDelayRetries = 0, backoffFunction = "linear" }, disableSubscriptionOverrides = false } })
  tags = { Team = "security" }
}
resource "aws_sns_topic" "orders" {
  name                        = "planned-orders.fifo"
  fifo_topic                  = true
  content_based_deduplication = true
}
resource "aws_sns_topic_policy" "alerts" {
  arn = aws_sns_topic.alerts.arn
  policy = jsonencode({ Version = "2012-10-17", Statement = [{ Effect = "Allow", Action = "sns:Publish",
    Principal = { Service = "cloudtrail.amazonaws.com" }, Resource = aws_sns_topic.alerts.arn }] })
}
resource "aws_sqs_queue" "heard" { name = "planned-heard" }
resource "aws_sns_topic_subscription" "heard" {
  topic_arn            = aws_sns_topic.alerts.arn
  protocol             = "sqs"
  endpoint             = aws_sqs_queue.heard.arn
  raw_message_delivery = RAW
  filter_policy        = jsonencode({ state = ["alarm", { prefix = "ok" }] })
  redrive_policy       = jsonencode({ deadLetterTargetArn = aws_sqs_queue.heard.arn })
}
"""
RULES = """
resource "aws_cloudwatch_event_bus" "audit" {
  name        = "planned-audit"
  description = "what the security team hears of"
  dead_letter_config { arn = aws_sqs_queue.heard.arn }
  tags        = { Team = "security" }
}
resource "aws_cloudwatch_event_permission" "partner" {
  event_bus_name = aws_cloudwatch_event_bus.audit.name
  principal      = "444455556666"
  statement_id   = "partner"
}
resource "aws_cloudwatch_event_rule" "users" {
  name        = "planned-users"
  description = "made or deleted"
  state       = "ENABLED_WITH_ALL_CLOUDTRAIL_MANAGEMENT_EVENTS"
  event_pattern = jsonencode({ source = ["aws.iam"], detail-type = ["AWS API Call via CloudTrail"],
    detail = { eventName = [{ prefix = "Create" }, { prefix = "Delete" }] } })
  tags = { Team = "security" }
}
resource "aws_cloudwatch_event_rule" "nightly" {
  name                = "planned-nightly"
  schedule_expression = "cron(0 3 ? * MON-FRI *)"
  state               = "DISABLED"
}
resource "aws_cloudwatch_event_rule" "theirs" {
  name           = "planned-theirs"
  event_bus_name = aws_cloudwatch_event_bus.audit.name
  event_pattern  = jsonencode({ account = ["444455556666"] })
}
resource "aws_cloudwatch_event_target" "topic" {
  rule      = aws_cloudwatch_event_rule.users.name
  target_id = "topic"
  arn       = aws_sns_topic.alerts.arn
  input_transformer {
    input_paths    = { who = "$.detail.userIdentity.arn", what = "$.detail.eventName" }
    input_template = "\\"<who> called <what>\\""
  }
}
resource "aws_cloudwatch_event_target" "queue" {
  rule           = aws_cloudwatch_event_rule.theirs.name
  event_bus_name = aws_cloudwatch_event_bus.audit.name
  arn            = aws_sqs_queue.heard.arn
  input_path     = "$.detail"
  retry_policy {
    maximum_event_age_in_seconds = 3600
    maximum_retry_attempts       = RETRIES
  }
  dead_letter_config { arn = aws_sqs_queue.heard.arn }
}
"""
ARCHIVES = """
resource "aws_cloudwatch_event_archive" "users" {
  name             = "planned-users"
  description      = "to look at again"
  event_source_arn = aws_cloudwatch_event_bus.audit.arn
  event_pattern    = jsonencode({ source = ["aws.iam"] })
  retention_days   = DAYS
}
resource "aws_cloudwatch_event_connection" "chat" {
  name               = "planned-chat"
  authorization_type = "API_KEY"
  auth_parameters {
    api_key {
      key   = "X-Api-Key"
      value = "secret DAYS"
    }
    invocation_http_parameters {
      header {
        key             = "X-Hidden"
        value           = "another secret"
        is_value_secret = true
      }
      query_string {
        key   = "seen"
        value = "by all"
      }
    }
  }
}
resource "aws_cloudwatch_event_connection" "pager" {
  name               = "planned-pager"
  description        = "calls people"
  authorization_type = "BASIC"
  auth_parameters {
    basic {
      username = "cairn"
      password = "secret"
    }
  }
}
resource "aws_cloudwatch_event_api_destination" "chat" {
  name                             = "planned-chat"
  description                      = "the room of the security team"
  invocation_endpoint              = "https://chat.example.com/rooms/*"
  http_method                      = "POST"
  invocation_rate_limit_per_second = 20
  connection_arn                   = aws_cloudwatch_event_connection.chat.arn
}
"""


def test_topics_and_event_rules_from_apply_to_destroy(cairn: Cairn, terraform: Terraform) -> None:
    sns, events = cairn.client("sns", region=REGION), cairn.client("events", region=REGION)
    terraform.write(TOPICS.replace("RAW", "true") + RULES.replace("RETRIES", "3") + ARCHIVES.replace("DAYS", "7"))
    terraform.apply()
    terraform.must_not_drift()
    topic = next(each["TopicArn"] for each in sns.list_topics()["Topics"] if each["TopicArn"].endswith("alerts"))
    found = sns.get_topic_attributes(TopicArn=topic)["Attributes"]
    assert (found["DisplayName"], found["SignatureVersion"], found["TracingConfig"]) == ("Alerts", "2", "Active")
    assert "cloudtrail.amazonaws.com" in found["Policy"]
    rule = events.describe_rule(Name="planned-users")
    assert (rule["Description"], rule["State"][:16]) == ("made or deleted", "ENABLED_WITH_ALL")
    terraform.write(TOPICS.replace("RAW", "false") + RULES.replace("RETRIES", "4") + ARCHIVES.replace("DAYS", "30"))
    assert "4 changed" in terraform.apply()
    terraform.must_not_drift()
    (target,) = events.list_targets_by_rule(Rule="planned-theirs", EventBusName="planned-audit")["Targets"]
    assert target["RetryPolicy"] == {"MaximumEventAgeInSeconds": 3600, "MaximumRetryAttempts": 4}
    assert events.describe_archive(ArchiveName="planned-users")["RetentionDays"] == 30
    assert events.describe_api_destination(Name="planned-chat")["ApiDestinationState"] == "ACTIVE"
    (subscription,) = sns.list_subscriptions_by_topic(TopicArn=topic)["Subscriptions"]
    arn = subscription["SubscriptionArn"]
    assert sns.get_subscription_attributes(SubscriptionArn=arn)["Attributes"]["RawMessageDelivery"] == "false"
    terraform.destroy()
    assert topic not in [each["TopicArn"] for each in sns.list_topics()["Topics"]]
    assert events.list_rules(NamePrefix="planned-")["Rules"] == []
    assert events.list_event_buses(NamePrefix="planned-")["EventBuses"] == []
    assert events.list_archives(NamePrefix="planned-")["Archives"] == []
    assert events.list_connections(NamePrefix="planned-")["Connections"] == []
