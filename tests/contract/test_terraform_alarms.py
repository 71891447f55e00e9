"""Terraform's alarms of every kind."""

from __future__ import annotations

import pytest
from tests.contract.recipients import make_topic, trail_arn
from tests.contract.terraform import REGION, Terraform
from tests.running import Cairn

pytestmark = pytest.mark.engine


def test_alarms_from_apply_to_destroy(cairn: Cairn, terraform: Terraform) -> None:
    cloudwatch = cairn.client("cloudwatch", region=REGION)
    topic = make_topic(cairn, "planned-alarms", trail_arn("planned", REGION), REGION)
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
    terraform.destroy()
    left = cloudwatch.describe_alarms(AlarmNamePrefix="planned-", AlarmTypes=["MetricAlarm", "CompositeAlarm"])
    assert left["MetricAlarms"] == left["CompositeAlarms"] == []
