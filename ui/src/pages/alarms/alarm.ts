/** Alarms, in CloudWatch's words, and what pages ask of them. */

import { aws } from "../../api/client";
import { duration } from "../../lib/numbers";
import { listed } from "../../lib/pages";
import { metricQuery, title, type Dimension, type Metric } from "../metrics/metric";

export type State = "OK" | "ALARM" | "INSUFFICIENT_DATA";

interface AnyAlarm {
  AlarmName: string;
  AlarmArn: string;
  AlarmDescription?: string;
  StateValue: State;
  StateReason: string;
  StateUpdatedTimestamp: string;
  ActionsEnabled: boolean;
  AlarmActions: string[];
  OKActions: string[];
  InsufficientDataActions: string[];
}

export interface MetricAlarm extends AnyAlarm {
  Namespace?: string;
  MetricName?: string;
  Dimensions?: Dimension[];
  Statistic?: string;
  ExtendedStatistic?: string;
  Period?: number;
  EvaluationPeriods: number;
  DatapointsToAlarm?: number;
  Threshold?: number;
  ComparisonOperator: string;
  TreatMissingData?: string;
  Metrics?: unknown[];
  ThresholdMetricId?: string;
  Unit?: string;
  EvaluateLowSampleCountPercentile?: string;
  EvaluationWindow?: unknown;
}

export interface CompositeAlarm extends AnyAlarm {
  AlarmRule: string;
  ActionsSuppressor?: string;
  ActionsSuppressorWaitPeriod?: number;
  ActionsSuppressorExtensionPeriod?: number;
}

export type Alarm = MetricAlarm | CompositeAlarm;

export const OPERATORS = [
  { value: "GreaterThanOrEqualToThreshold", label: "≥ the threshold" },
  { value: "GreaterThanThreshold", label: "> the threshold" },
  { value: "LessThanOrEqualToThreshold", label: "≤ the threshold" },
  { value: "LessThanThreshold", label: "< the threshold" },
];
/** Where the threshold is a band. */
export const BANDS = [
  { value: "LessThanLowerOrGreaterThanUpperThreshold", label: "outside of the band" },
  { value: "LessThanLowerThreshold", label: "below the band" },
  { value: "GreaterThanUpperThreshold", label: "above the band" },
];
export const MISSING = [
  { value: "notBreaching", label: "As good: nothing happened" },
  { value: "breaching", label: "As bad: it should have come" },
  { value: "ignore", label: "Keep the state" },
  { value: "missing", label: "As missing: insufficient data" },
];
export const STATES: { value: State; label: string }[] = [
  { value: "ALARM", label: "In alarm" },
  { value: "INSUFFICIENT_DATA", label: "Insufficient data" },
  { value: "OK", label: "OK" },
];
const URGENCY: Record<State, number> = { ALARM: 0, INSUFFICIENT_DATA: 1, OK: 2 };

export function alarmPath(region: string, name: string): string {
  return `/alarms/${region}/${encodeURIComponent(name)}`;
}

export function isTaken(name: string): string {
  return `There is an alarm ${name} already. Choose another name, or edit that one.`;
}

export function newAlarmPath(region: string, metric: Metric): string {
  return `/alarms/new?${new URLSearchParams({ region, ...metricQuery(metric) })}`;
}

export function isComposite(alarm: Alarm): alarm is CompositeAlarm {
  return "AlarmRule" in alarm;
}

/** The one metric that an alarm looks at; undefined where it is composite, or looks at an expression. */
export function metricOfAlarm(alarm: Alarm): Metric | undefined {
  if (isComposite(alarm) || !alarm.Namespace || !alarm.MetricName) return undefined;
  return { Namespace: alarm.Namespace, MetricName: alarm.MetricName, Dimensions: alarm.Dimensions };
}

export function statisticOf(alarm: MetricAlarm): string {
  return alarm.Statistic ?? alarm.ExtendedStatistic ?? "Average";
}

/** When it turns, in words. */
export function condition(alarm: Alarm): string {
  if (isComposite(alarm)) return alarm.AlarmRule;
  const sign = OPERATORS.find(({ value }) => value === alarm.ComparisonOperator)?.label.slice(0, 1);
  const needed = alarm.DatapointsToAlarm ?? alarm.EvaluationPeriods;
  const metric = metricOfAlarm(alarm);
  const what = metric ? `${statisticOf(alarm)} of ${title(metric)}` : "An expression";
  const outside = BANDS.find(({ value }) => value === alarm.ComparisonOperator)?.label ?? alarm.ComparisonOperator;
  const than = sign ? `${sign} ${alarm.Threshold}` : outside;
  const period = alarm.Period ? ` of ${duration(alarm.Period)}` : "";
  return `${what} ${than} in ${needed} of ${alarm.EvaluationPeriods} periods${period}`;
}

const TYPES = { AlarmTypes: ["MetricAlarm", "CompositeAlarm"] };

interface Described {
  MetricAlarms: MetricAlarm[];
  CompositeAlarms: CompositeAlarm[];
  NextToken?: string;
}

/** All alarms, those that are in ALARM first. */
export async function alarms(region: string, signal: AbortSignal): Promise<Alarm[]> {
  const found = await listed<Alarm>(async (NextToken) => {
    const input = { ...TYPES, ...(NextToken ? { NextToken } : {}) };
    const page = await aws<Described>("cloudwatch", "DescribeAlarms", region, input, signal);
    return [[...page.MetricAlarms, ...page.CompositeAlarms], page.NextToken];
  });
  const order = (one: Alarm, other: Alarm) =>
    URGENCY[one.StateValue] - URGENCY[other.StateValue] || one.AlarmName.localeCompare(other.AlarmName);
  return found.sort(order);
}

export async function alarmNamed(region: string, name: string, signal?: AbortSignal): Promise<Alarm | null> {
  const input = { ...TYPES, AlarmNames: [name] };
  const page = await aws<Described>("cloudwatch", "DescribeAlarms", region, input, signal);
  return page.MetricAlarms[0] ?? page.CompositeAlarms[0] ?? null;
}
