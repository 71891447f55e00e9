"""An alarm: what was put, and its state."""

from __future__ import annotations

from typing import Any, NamedTuple

import msgspec

from cairn.cloudwatch.alarms.evaluation import ALARM, IGNORE, INSUFFICIENT_DATA, MISSING, OK, Criterion
from cairn.cloudwatch.alarms.suppression import UNSUPPRESSED, Suppression

METRIC_ALARM = "MetricAlarm"
COMPOSITE_ALARM = "CompositeAlarm"


class AlarmId(NamedTuple):
    """Names an alarm. Metric alarms and composite alarms share their names."""

    account: str
    region: str
    name: str

    @property
    def arn(self) -> str:
        return f"arn:{partition(self.region)}:cloudwatch:{self.region}:{self.account}:alarm:{self.name}"


class State(msgspec.Struct, frozen=True, kw_only=True):
    """The state of an alarm. Times are seconds since the epoch."""

    value: str
    reason: str
    data: str = ""
    """StateReasonData, JSON; empty: none."""
    updated: float
    transitioned: float
    """When it last turned to another value."""


class Settings(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, rename="pascal"):
    """What metric alarms and composite alarms have both, by botocore's names."""

    alarm_description: str | None = None
    ok_actions: tuple[str, ...] = msgspec.field(default=(), name="OKActions")
    alarm_actions: tuple[str, ...] = ()
    insufficient_data_actions: tuple[str, ...] = ()

    def actions(self, state: str) -> tuple[str, ...]:
        """ARNs of what is done when the alarm turns to a state."""
        by_state = {
            OK: self.ok_actions,
            ALARM: self.alarm_actions,
            INSUFFICIENT_DATA: self.insufficient_data_actions,
        }
        return by_state[state]


class MetricSettings(Settings, frozen=True, kw_only=True, omit_defaults=True, rename="pascal"):
    """PutMetricAlarm's input, checked, without name, tags and whether actions are enabled."""

    metric_name: str | None = None
    """None: the alarm is on `metrics`."""
    namespace: str | None = None
    statistic: str | None = None
    extended_statistic: str | None = None
    dimensions: tuple[dict[str, str], ...] = ()
    period: int | None = None
    unit: str | None = None
    evaluation_periods: int = 1
    datapoints_to_alarm: int | None = None
    threshold: float | None = None
    threshold_metric_id: str | None = None
    """Of the query that is the band, where the threshold is one."""
    comparison_operator: str = ""
    treat_missing_data: str | None = None
    evaluate_low_sample_count_percentile: str | None = None
    metrics: tuple[dict[str, Any], ...] = ()
    evaluation_window: dict[str, Any] | None = None

    @property
    def stat(self) -> str:
        """Its statistic by name; empty where it is on an expression."""
        return self.statistic or self.extended_statistic or ""

    @property
    def period_s(self) -> int:
        """Of the points that are judged."""
        return self.period if self.period is not None else _period(self.metrics, self.threshold_metric_id)

    @property
    def criterion(self) -> Criterion:
        low = self.evaluate_low_sample_count_percentile == "ignore" and self.stat.startswith("p")
        return Criterion(
            comparison=self.comparison_operator,
            threshold=self.threshold,
            periods=self.evaluation_periods,
            to_alarm=self.datapoints_to_alarm or self.evaluation_periods,
            treatment=IGNORE if self.namespace == "AWS/DynamoDB" else self.treat_missing_data or MISSING,
            percent=float(self.stat[1:]) if low else None,
        )


class CompositeSettings(Settings, frozen=True, kw_only=True, omit_defaults=True, rename="pascal"):
    """PutCompositeAlarm's input, checked, without name, tags and whether actions are enabled."""

    alarm_rule: str = ""
    actions_suppressor: str | None = None
    actions_suppressor_wait_period: int | None = None
    actions_suppressor_extension_period: int | None = None


class Alarm(msgspec.Struct, frozen=True, kw_only=True):
    """One alarm."""

    row: int
    id: AlarmId
    settings: MetricSettings | CompositeSettings
    enabled: bool
    """Whether its actions are carried out."""
    state: State
    configured: float
    """When it was last put, or its actions enabled or disabled; seconds since the epoch."""
    generation: int
    """Another number whenever anything of it has changed."""
    due: float | None = None
    """A composite alarm: when its rule or its suppressor is to be asked; None: not before another alarm turns."""
    suppression: Suppression = UNSUPPRESSED
    evaluation: str = ""
    """EvaluationState; empty: all is well."""
    defined: str = ""
    """A composite alarm that was `created` or `updated` and not evaluated since."""

    @property
    def kind(self) -> str:
        return METRIC_ALARM if isinstance(self.settings, MetricSettings) else COMPOSITE_ALARM


def partition(region: str) -> str:
    """The partition that a region belongs to, as ARNs name it."""
    if region.startswith("cn-"):
        return "aws-cn"
    return "aws-us-gov" if region.startswith("us-gov-") else "aws"


def name_of(name_or_arn: str) -> str:
    """The name of an alarm that is given by its name or its ARN."""
    if name_or_arn.startswith("arn:") and ":alarm:" in name_or_arn:
        return name_or_arn.split(":alarm:", 1)[1]
    return name_or_arn


def _period(metrics: tuple[dict[str, Any], ...], band: str | None) -> int:
    """Of the query whose points are judged: its own or, of an expression, that of its metrics."""
    query = next(query for query in metrics if query.get("ReturnData", True) and query["Id"] != band)
    if "MetricStat" in query:
        return int(query["MetricStat"]["Period"])
    if "Period" in query:
        return int(query["Period"])
    return max(int(each["MetricStat"]["Period"]) for each in metrics if "MetricStat" in each)
