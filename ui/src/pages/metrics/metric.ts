/** Metrics, in CloudWatch's words, and what pages ask of them. */

import { aws } from "../../api/client";
import { listed } from "../../lib/pages";

export interface Dimension {
  Name: string;
  Value: string;
}

export interface Metric {
  Namespace: string;
  MetricName: string;
  Dimensions?: Dimension[];
}

export interface Point {
  /** Seconds since the epoch. */
  time: number;
  value: number;
}

export const STATISTICS = ["Sum", "Average", "Minimum", "Maximum", "SampleCount", "p50", "p90", "p99"];
export const PERIODS = [10, 30, 60, 300, 900, 3600, 21600, 86400];
const POINTS_WANTED = 400;

/** The smallest period with which a range has no more points than a graph shows well. */
export function fittingPeriod(rangeS: number): number {
  return PERIODS.find((period) => period >= 60 && rangeS / period <= POINTS_WANTED) ?? 86400;
}

export function title({ Namespace, MetricName, Dimensions = [] }: Metric): string {
  return [Namespace, MetricName, ...Dimensions.map(({ Name, Value }) => `${Name}=${Value}`)].join(" ");
}

/** A metric as the parameters of a URL. */
export function metricQuery({ Namespace, MetricName, Dimensions = [] }: Metric): { namespace: string; metric: string; dimensions: string } {
  const dimensions = Dimensions.length ? JSON.stringify(Dimensions) : "";
  return { namespace: Namespace, metric: MetricName, dimensions };
}

/** The metric that a URL names; undefined where it names none. */
export function metricOf(query: { namespace: string; metric: string; dimensions: string }): Metric | undefined {
  if (!query.namespace || !query.metric) return undefined;
  return { Namespace: query.namespace, MetricName: query.metric, Dimensions: dimensionsOf(query.dimensions) };
}

function dimensionsOf(text: string): Dimension[] {
  try {
    const value: unknown = JSON.parse(text || "[]");
    return Array.isArray(value) ? (value as Dimension[]) : [];
  } catch {
    return [];
  }
}

export function metricPath(region: string, metric: Metric): string {
  return `/metrics?${new URLSearchParams({ region, ...metricQuery(metric) })}`;
}

export async function metrics(region: string, signal?: AbortSignal): Promise<Metric[]> {
  return listed(async (NextToken) => {
    const page = await aws<{ Metrics: Metric[]; NextToken?: string }>(
      "cloudwatch",
      "ListMetrics",
      region,
      NextToken ? { NextToken } : {},
      signal,
    );
    return [page.Metrics, page.NextToken];
  });
}

/** The input of GetMetricData for one statistic of one metric; times are seconds since the epoch. */
export function dataInput(metric: Metric, Stat: string, Period: number, since: number, until: number) {
  const { Namespace, MetricName, Dimensions = [] } = metric;
  const asked = { Metric: { Namespace, MetricName, Dimensions }, Period, Stat };
  return {
    MetricDataQueries: [{ Id: "m1", MetricStat: asked }],
    StartTime: new Date((since - (since % Period)) * 1000).toISOString(),
    EndTime: new Date(until * 1000).toISOString(),
    ScanBy: "TimestampAscending",
  };
}

export async function points(region: string, input: Record<string, unknown>, signal: AbortSignal): Promise<Point[]> {
  return listed(async (NextToken) => {
    const page = await aws<{ MetricDataResults: { Timestamps: string[]; Values: number[] }[]; NextToken?: string }>(
      "cloudwatch",
      "GetMetricData",
      region,
      { ...input, ...(NextToken ? { NextToken } : {}) },
      signal,
    );
    const { Timestamps = [], Values = [] } = page.MetricDataResults[0] ?? {};
    const found = Timestamps.map((time, at) => ({ time: Date.parse(time) / 1000, value: Values[at] ?? 0 }));
    return [found, page.NextToken];
  });
}
