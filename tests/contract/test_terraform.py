"""Terraform's `aws_cloudtrail` with every argument, topics, event rules, alarms, and log groups with all that hangs on
them: it applies, plans no drift, imports, updates in place, destroys.

Runs where `terraform` is on the PATH and finds its AWS provider, in a mirror on this machine or in the registry.
"""

from __future__ import annotations

import json
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
from tests.contract.recipients import (
    allow,
    document,
    make_bucket,
    make_key,
    make_log_group,
    make_role,
    make_topic,
    trail_arn,
)
from tests.contract.test_tutorial import ACCOUNT
from tests.running import Cairn

pytestmark = pytest.mark.engine

REGION = "eu-north-1"
NAME = "planned"
SOURCE = trail_arn(NAME, REGION)
MIRRORS = ("usr/local/share/terraform/plugins", "opt/*")
"""Where machines keep providers, from their root."""
COMMAND_S = 240


class Terraform:
    """A configuration with one trail, and the commands on it."""

    def __init__(self, folder: Path, cairn: Cairn) -> None:
        self._folder = folder
        self._binary = shutil.which("terraform") or pytest.skip("there is no terraform here")
        self._environment = cairn.environment(
            AWS_DEFAULT_REGION=REGION, AWS_REGION=REGION, CHECKPOINT_DISABLE="1", TF_CLI_CONFIG_FILE=self._mirrors()
        )
        self.configure("")
        done = self._run("init")
        if done.returncode != 0:
            pytest.skip(f"terraform finds no AWS provider: {done.stderr[-300:]}")

    def _mirrors(self) -> str:
        """The path of a configuration that names where this machine keeps providers, if it does."""
        found = [
            registry.parent
            for mirror in MIRRORS
            for registry in Path("/").glob(f"{mirror}/registry.terraform.io")
            if (registry / "hashicorp" / "aws").is_dir()
        ]
        path = self._folder / "terraform.rc"
        mirrors = "".join(f'filesystem_mirror {{ path = "{each}" }}\n' for each in found[:1])
        path.write_text(f"provider_installation {{\n{mirrors or 'direct {}'}\n}}\n")
        return str(path)

    def configure(self, arguments: str) -> None:
        """One trail."""
        self.write(f'resource "aws_cloudtrail" "it" {{\n{arguments}\n}}\n' if arguments else "")

    def write(self, resources: str) -> None:
        (self._folder / "main.tf").write_text(
            """
            terraform {
              required_providers { aws = { source = "hashicorp/aws" } }
            }
            provider "aws" {
              s3_use_path_style           = true
              skip_metadata_api_check     = true
              skip_region_validation      = true
              skip_credentials_validation = true
            }
            """
            + resources
        )

    def _run(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [self._binary, *arguments, "-no-color"],
            cwd=self._folder,
            env=self._environment,
            capture_output=True,
            text=True,
            timeout=COMMAND_S,
        )

    def run(self, *arguments: str) -> str:
        done = self._run(*arguments)
        assert done.returncode == 0, f"terraform {arguments[0]}: {done.stdout[-2000:]} {done.stderr[-3000:]}"
        return done.stdout

    def apply(self) -> str:
        return self.run("apply", "-auto-approve", "-input=false")

    def must_not_drift(self) -> None:
        done = self._run("plan", "-detailed-exitcode", "-input=false")
        assert done.returncode == 0, f"terraform plans changes: {done.stdout[-3000:]} {done.stderr[-2000:]}"

    def state(self) -> dict[str, Any]:
        """The trail's attributes as Terraform has read them."""
        shown = json.loads(self.run("show", "-json"))
        values: dict[str, Any] = shown["values"]["root_module"]["resources"][0]["values"]
        return values


@pytest.fixture
def terraform(cairn: Cairn, tmp_path: Path) -> Terraform:
    return Terraform(tmp_path, cairn)


def test_a_trail_from_apply_to_destroy(cairn: Cairn, terraform: Terraform) -> None:
    trail = cairn.client("cloudtrail", region=REGION)
    bucket = make_bucket(cairn, "planned-logs", REGION, prefix="team/")
    topic = make_topic(cairn, "planned", SOURCE, REGION)
    key = make_key(cairn, SOURCE, REGION)
    group = make_log_group(cairn, "planned", REGION)
    role = make_role(cairn, "planned", group, REGION)
    least = f'name = "{NAME}"\ns3_bucket_name = "{bucket}"\ns3_key_prefix = "team"\n'
    full = (
        least
        + f"""
        sns_topic_name                = "planned"
        kms_key_id                    = "{key}"
        cloud_watch_logs_group_arn    = "{group}"
        cloud_watch_logs_role_arn     = "{role}"
        enable_log_file_validation    = true
        include_global_service_events = true
        is_multi_region_trail         = true
        enable_logging                = false
        tags                          = {{ Team = "security", Stage = "test" }}
        event_selector {{
          read_write_type                  = "WriteOnly"
          exclude_management_event_sources = ["kms.amazonaws.com"]
          data_resource {{
            type   = "AWS::S3::Object"
            values = ["arn:aws:s3"]
          }}
        }}
    """
    )

    terraform.configure(full)
    terraform.apply()
    terraform.must_not_drift()
    state = terraform.state()
    assert (state["arn"], state["home_region"], state["sns_topic_arn"]) == (SOURCE, REGION, topic)
    described = trail.get_trail(Name=NAME)["Trail"]
    assert (described["KmsKeyId"], described["CloudWatchLogsLogGroupArn"]) == (key, group)
    assert trail.get_trail_status(Name=NAME)["IsLogging"] is False

    terraform.run("state", "rm", "aws_cloudtrail.it")
    terraform.run("import", "-input=false", "aws_cloudtrail.it", SOURCE)
    terraform.must_not_drift()

    terraform.configure(
        least
        + """
        sns_topic_name = "planned"
        advanced_event_selector {
          name = "calls on objects"
          field_selector {
            field  = "eventCategory"
            equals = ["Data"]
          }
          field_selector {
            field  = "resources.type"
            equals = ["AWS::S3::Object"]
          }
          field_selector {
            field           = "resources.ARN"
            not_starts_with = ["arn:aws:s3:::planned-logs/"]
          }
        }
        """
    )
    assert "1 changed" in terraform.apply()
    terraform.must_not_drift()
    (selector,) = trail.get_event_selectors(TrailName=NAME)["AdvancedEventSelectors"]
    assert (selector["Name"], len(selector["FieldSelectors"])) == ("calls on objects", 3)
    described = trail.get_trail(Name=NAME)["Trail"]
    assert not {"KmsKeyId", "CloudWatchLogsLogGroupArn", "CloudWatchLogsRoleArn"} & set(described)
    assert (described["SnsTopicARN"], described["IsMultiRegionTrail"]) == (topic, False)
    assert trail.get_trail_status(Name=NAME)["IsLogging"] is True
    assert trail.list_tags(ResourceIdList=[SOURCE])["ResourceTagList"][0]["TagsList"] == []

    terraform.run("destroy", "-auto-approve", "-input=false")
    assert trail.describe_trails(trailNameList=[SOURCE])["trailList"] == []


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
    terraform.run("destroy", "-auto-approve", "-input=false")
    assert topic not in [each["TopicArn"] for each in sns.list_topics()["Topics"]]
    assert events.list_rules(NamePrefix="planned-")["Rules"] == []
    assert events.list_event_buses(NamePrefix="planned-")["EventBuses"] == []
    assert events.list_archives(NamePrefix="planned-")["Archives"] == []
    assert events.list_connections(NamePrefix="planned-")["Connections"] == []


def test_alarms_from_apply_to_destroy(cairn: Cairn, terraform: Terraform) -> None:
    cloudwatch = cairn.client("cloudwatch", region=REGION)
    topic = make_topic(cairn, "planned-alarms", SOURCE, REGION)
    resources = f"""
        resource "aws_cloudwatch_metric_alarm" "least" {{
          alarm_name          = "planned-least"
          comparison_operator = "GreaterThanOrEqualToThreshold"
          evaluation_periods  = 1
          metric_name         = "Errors"
          namespace           = "App"
          period              = 60
          statistic           = "Sum"
          threshold           = 1
        }}
        resource "aws_cloudwatch_metric_alarm" "full" {{
          alarm_name                            = "planned-full"
          alarm_description                     = "all arguments"
          actions_enabled                       = false
          alarm_actions                         = ["{topic}"]
          ok_actions                            = ["{topic}"]
          insufficient_data_actions             = ["{topic}"]
          comparison_operator                   = "LessThanThreshold"
          datapoints_to_alarm                   = 2
          dimensions                            = {{ Host = "a", Zone = "b" }}
          evaluate_low_sample_count_percentiles = "ignore"
          evaluation_periods                    = 3
          extended_statistic                    = "p99.9"
          metric_name                           = "Latency"
          namespace                             = "App"
          period                                = 300
          threshold                             = 0
          treat_missing_data                    = "notBreaching"
          unit                                  = "Seconds"
          tags                                  = {{ Team = "security" }}
        }}
        resource "aws_cloudwatch_metric_alarm" "rate" {{
          alarm_name          = "planned-rate"
          comparison_operator = "GreaterThanThreshold"
          evaluation_periods  = 2
          threshold           = 10.5
          metric_query {{
            id          = "e1"
            expression  = "m1 * 100"
            label       = "Rate"
            return_data = true
          }}
          metric_query {{
            id = "m1"
            metric {{
              metric_name = "Errors"
              namespace   = "App"
              period      = 60
              stat        = "Sum"
              dimensions  = {{ Host = "a" }}
            }}
          }}
        }}
        resource "aws_cloudwatch_metric_alarm" "band" {{
          alarm_name          = "planned-band"
          comparison_operator = "GreaterThanUpperThreshold"
          evaluation_periods  = 2
          threshold_metric_id = "ad1"
          metric_query {{
            id          = "ad1"
            expression  = "ANOMALY_DETECTION_BAND(m1)"
            label       = "expected"
            return_data = true
          }}
          metric_query {{
            id          = "m1"
            return_data = true
            metric {{
              metric_name = "Errors"
              namespace   = "App"
              period      = 120
              stat        = "Average"
            }}
          }}
        }}
        resource "aws_cloudwatch_composite_alarm" "any" {{
          alarm_name        = "planned-any"
          alarm_description = "any of them"
          alarm_actions     = ["{topic}"]
          alarm_rule        = "ALARM(${{aws_cloudwatch_metric_alarm.least.alarm_name}}) OR ALARM(planned-rate)"
          actions_suppressor {{
            alarm            = aws_cloudwatch_metric_alarm.full.alarm_name
            wait_period      = 60
            extension_period = 120
          }}
          tags       = {{ Team = "security" }}
          depends_on = [aws_cloudwatch_metric_alarm.rate]
        }}
    """
    terraform.write(resources)
    terraform.apply()
    terraform.must_not_drift()
    terraform.write(resources.replace("threshold           = 1\n", "threshold           = 2\n"))
    terraform.apply()
    terraform.must_not_drift()
    found = cloudwatch.describe_alarms(AlarmNamePrefix="planned-", AlarmTypes=["MetricAlarm", "CompositeAlarm"])
    assert [alarm["AlarmName"] for alarm in found["CompositeAlarms"]] == ["planned-any"]
    thresholds = {alarm["AlarmName"]: alarm.get("Threshold") for alarm in found["MetricAlarms"]}
    assert thresholds == {"planned-least": 2.0, "planned-full": 0.0, "planned-rate": 10.5, "planned-band": None}
    terraform.run("destroy", "-auto-approve", "-input=false")
    left = cloudwatch.describe_alarms(AlarmNamePrefix="planned-", AlarmTypes=["MetricAlarm", "CompositeAlarm"])
    assert left["MetricAlarms"] == left["CompositeAlarms"] == []


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
    imported = IMPORTED | {"aws_cloudwatch_query_definition.errors": definition}
    terraform.run("state", "rm", *imported)
    imports = "".join(f'import {{\n  to = {to}\n  id = "{known_by}"\n}}\n' for to, known_by in imported.items())
    terraform.write(with_values(resources, BEFORE) + imports)
    assert f"{len(imported)} imported, 0 added, 0 changed, 0 destroyed" in terraform.apply()
    terraform.must_not_drift()

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

    terraform.run("destroy", "-auto-approve", "-input=false")
    assert logs.describe_log_groups(logGroupNamePrefix="planned/")["logGroups"] == []
    assert "planned-dns" not in [each["policyName"] for each in logs.describe_resource_policies()["resourcePolicies"]]
    assert logs.describe_query_definitions(queryDefinitionNamePrefix="planned/")["queryDefinitions"] == []
