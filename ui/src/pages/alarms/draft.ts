/** What the form of a metric alarm asks for, and the call that makes it so. */

import { parsed } from "../../lib/json";
import { metricFilters } from "../metric-filters/filters";
import { metrics, title, type Metric } from "../metrics/metric";
import { actionsInput, actionsOf, NO_ACTIONS, type Actions } from "./actions";
import { statisticOf, type MetricAlarm } from "./alarm";

export interface AlarmDraft {
  name: string;
  description: string;
  /** Metrics and expressions, as JSON; empty: the alarm watches one metric. */
  queries: string;
  statistic: string;
  /** Seconds, as text like all that is typed. */
  period: string;
  operator: string;
  /** Empty where the threshold is a band. */
  threshold: string;
  periods: string;
  breaching: string;
  missing: string;
  actions: Actions;
}

export const NEW_ALARM: AlarmDraft = {
  name: "",
  description: "",
  queries: "",
  statistic: "Sum",
  period: "300",
  operator: "GreaterThanOrEqualToThreshold",
  threshold: "1",
  periods: "1",
  breaching: "1",
  missing: "notBreaching",
  actions: NO_ACTIONS,
};

const SIMPLE = ["Sum", "Average", "Minimum", "Maximum", "SampleCount"];
/** What can be put, and the form does not ask for. */
const NOT_ASKED = ["Unit", "EvaluateLowSampleCountPercentile", "EvaluationWindow", "ThresholdMetricId"] as const;

export function draftOf(alarm: MetricAlarm): AlarmDraft {
  return {
    name: alarm.AlarmName,
    description: alarm.AlarmDescription ?? "",
    queries: alarm.Metrics?.length ? JSON.stringify(alarm.Metrics, null, 2) : "",
    statistic: statisticOf(alarm),
    period: String(alarm.Period ?? NEW_ALARM.period),
    operator: alarm.ComparisonOperator,
    threshold: alarm.Threshold === undefined ? "" : String(alarm.Threshold),
    periods: String(alarm.EvaluationPeriods),
    breaching: String(alarm.DatapointsToAlarm ?? alarm.EvaluationPeriods),
    missing: alarm.TreatMissingData ?? "missing",
    actions: actionsOf(alarm),
  };
}

/** What the form does not ask for, as the alarm has it. */
export function keptOf(alarm: MetricAlarm | undefined): Record<string, unknown> {
  const found = NOT_ASKED.map((name) => [name, alarm?.[name]] as const).filter(([, value]) => value !== undefined);
  return Object.fromEntries(found);
}

/** The input of PutMetricAlarm. What the form does not ask for stays as `before` has it. */
export function putInput(draft: AlarmDraft, metric: Metric | undefined, before?: MetricAlarm): Record<string, unknown> {
  return {
    AlarmName: draft.name,
    ...(draft.description ? { AlarmDescription: draft.description } : {}),
    ...(draft.queries ? { Metrics: parsed(draft.queries) ?? draft.queries } : watched(draft, metric)),
    EvaluationPeriods: Number(draft.periods),
    DatapointsToAlarm: Number(draft.breaching),
    ...(draft.threshold === "" ? {} : { Threshold: Number(draft.threshold) }),
    ComparisonOperator: draft.operator,
    TreatMissingData: draft.missing,
    ...actionsInput(draft.actions),
    ...keptOf(before),
  };
}

function watched(draft: AlarmDraft, metric: Metric | undefined): Record<string, unknown> {
  const { Namespace, MetricName, Dimensions = [] } = metric ?? {};
  return {
    Namespace,
    MetricName,
    ...(Dimensions.length ? { Dimensions } : {}),
    [SIMPLE.includes(draft.statistic) ? "Statistic" : "ExtendedStatistic"]: draft.statistic,
    Period: Number(draft.period),
  };
}

/** What is missing of a draft, in words; empty where nothing is. `band` says whether its threshold is one. */
export function lacking(draft: AlarmDraft, metric: Metric | undefined, band = false): string {
  if (!draft.queries && !metric) return "Choose the metric that the alarm watches.";
  if (draft.queries && !Array.isArray(parsed(draft.queries))) return "Metrics and expressions are no list in JSON.";
  if (!draft.name) return "An alarm needs a name.";
  if (!band && (draft.threshold === "" || Number.isNaN(Number(draft.threshold)))) return "The threshold is no number.";
  const [periods, breaching] = [Number(draft.periods), Number(draft.breaching)];
  return periods >= breaching && breaching >= 1
    ? ""
    : "At least one period has to breach, and no more than are looked at.";
}

/** Metrics that an alarm may watch: also those of filters that have not matched yet. */
export async function watchable(region: string, signal: AbortSignal): Promise<Metric[]> {
  const [known, filters] = await Promise.all([metrics(region, signal), metricFilters(region, "", signal)]);
  const counted = filters
    .flatMap((filter) => filter.metricTransformations)
    .filter((made) => !made.dimensions)
    .map((made) => ({ Namespace: made.metricNamespace, MetricName: made.metricName }));
  return [...new Map([...counted, ...known].map((metric) => [title(metric), metric])).values()];
}
