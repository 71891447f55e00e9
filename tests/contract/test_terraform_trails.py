"""Terraform's `aws_cloudtrail` with every argument: it applies, plans no drift, imports, updates in place, destroys."""

from __future__ import annotations

from typing import Any

import pytest
from tests.contract.recipients import make_bucket, make_key, make_log_group, make_role, make_topic, trail_arn
from tests.contract.terraform import REGION, Terraform
from tests.running import Cairn

pytestmark = pytest.mark.engine

NAME = "planned"
SOURCE = trail_arn(NAME, REGION)
ADDRESS = "aws_cloudtrail.it"
CALLS, ERRORS = "ApiCallRateInsight", "ApiErrorRateInsight"


def trail_resource(*arguments: str) -> str:
    return 'resource "aws_cloudtrail" "it" {\n' + "\n".join(arguments) + "\n}\n"


def insights(*types: str) -> str:
    return "".join(f'insight_selector {{\n  insight_type = "{each}"\n}}\n' for each in types)


def insight_types(trail: Any, name: str) -> list[str]:
    """What a trail's Insights look at, by the API."""
    return sorted(each["InsightType"] for each in trail.get_insight_selectors(TrailName=name)["InsightSelectors"])


def test_a_trail_from_apply_to_destroy(cairn: Cairn, terraform: Terraform) -> None:
    trail = cairn.client("cloudtrail", region=REGION)
    bucket = make_bucket(cairn, "planned-logs", REGION, prefix="team/")
    topic = make_topic(cairn, "planned", SOURCE, REGION)
    key = make_key(cairn, SOURCE, REGION)
    group = make_log_group(cairn, "planned", REGION)
    role = make_role(cairn, "planned", group, REGION)
    least = f'name = "{NAME}"\ns3_bucket_name = "{bucket}"\ns3_key_prefix = "team"\n'
    full = trail_resource(
        least,
        insights(CALLS, ERRORS),
        f"""
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
        """,
    )

    terraform.write(full)
    terraform.apply()
    terraform.must_not_drift()
    state = terraform.attributes(ADDRESS)
    assert (state["arn"], state["home_region"], state["sns_topic_arn"]) == (SOURCE, REGION, topic)
    described = trail.get_trail(Name=NAME)["Trail"]
    assert (described["KmsKeyId"], described["CloudWatchLogsLogGroupArn"]) == (key, group)
    assert trail.get_trail_status(Name=NAME)["IsLogging"] is False
    assert insight_types(trail, SOURCE) == [CALLS, ERRORS]

    terraform.must_import(full, {ADDRESS: SOURCE})

    changed = trail_resource(
        least,
        """
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
        """,
    )
    terraform.write(changed)
    assert "1 changed" in terraform.apply()
    terraform.must_not_drift()
    (selector,) = trail.get_event_selectors(TrailName=NAME)["AdvancedEventSelectors"]
    assert (selector["Name"], len(selector["FieldSelectors"])) == ("calls on objects", 3)
    described = trail.get_trail(Name=NAME)["Trail"]
    assert not {"KmsKeyId", "CloudWatchLogsLogGroupArn", "CloudWatchLogsRoleArn"} & set(described)
    assert (described["SnsTopicARN"], described["IsMultiRegionTrail"]) == (topic, False)
    assert trail.get_trail_status(Name=NAME)["IsLogging"] is True
    assert trail.list_tags(ResourceIdList=[SOURCE])["ResourceTagList"][0]["TagsList"] == []
    assert described["HasInsightSelectors"] is False

    terraform.destroy()
    assert trail.describe_trails(trailNameList=[SOURCE])["trailList"] == []


def test_types_of_insights_come_and_go_in_place(cairn: Cairn, terraform: Terraform) -> None:
    trail = cairn.client("cloudtrail", region=REGION)
    least = f'name = "planned-unusual"\ns3_bucket_name = "{make_bucket(cairn, "planned-unusual", REGION)}"\n'
    for types, done in (
        ([CALLS], "1 added, 0 changed"),
        ([CALLS, ERRORS], "0 added, 1 changed"),
        ([ERRORS], "0 added, 1 changed"),
    ):
        terraform.write(trail_resource(least, insights(*types)))
        assert done in terraform.apply()
        terraform.must_not_drift()
        assert insight_types(trail, "planned-unusual") == types

    terraform.destroy()
    assert trail.describe_trails(trailNameList=["planned-unusual"])["trailList"] == []
