"""Terraform's `aws_cloudtrail` with every argument, and topics: it applies, plans no drift, imports, updates in place,
destroys.

Runs where `terraform` is on the PATH and finds its AWS provider, in a mirror on this machine or in the registry.
"""

from __future__ import annotations

import json
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
from tests.contract.recipients import make_bucket, make_key, make_log_group, make_role, make_topic, trail_arn
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


def test_topics_from_apply_to_destroy(cairn: Cairn, terraform: Terraform) -> None:
    sns = cairn.client("sns", region=REGION)
    terraform.write(TOPICS.replace("RAW", "true"))
    terraform.apply()
    terraform.must_not_drift()
    topic = next(each["TopicArn"] for each in sns.list_topics()["Topics"] if each["TopicArn"].endswith("alerts"))
    found = sns.get_topic_attributes(TopicArn=topic)["Attributes"]
    assert (found["DisplayName"], found["SignatureVersion"], found["TracingConfig"]) == ("Alerts", "2", "Active")
    assert "cloudtrail.amazonaws.com" in found["Policy"]
    terraform.write(TOPICS.replace("RAW", "false"))
    assert "1 changed" in terraform.apply()
    terraform.must_not_drift()
    (subscription,) = sns.list_subscriptions_by_topic(TopicArn=topic)["Subscriptions"]
    arn = subscription["SubscriptionArn"]
    assert sns.get_subscription_attributes(SubscriptionArn=arn)["Attributes"]["RawMessageDelivery"] == "false"
    terraform.run("destroy", "-auto-approve", "-input=false")
    assert topic not in [each["TopicArn"] for each in sns.list_topics()["Topics"]]
