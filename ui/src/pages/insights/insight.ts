/** Insights as pages show them: a Start and its End are one. */

import { aws } from "../../api/client";

export interface Share {
  value: string;
  average: number;
}

export interface Insight {
  id: string;
  name: string;
  source: string;
  errorCode: string;
  type: string;
  start: string;
  end: string;
  usual: number;
  average: number;
  attributions: { attribute: string; insight: Share[]; baseline: Share[] }[];
  record: Record<string, unknown>;
}

interface Details {
  state: "Start" | "End";
  eventSource: string;
  eventName: string;
  insightType: string;
  errorCode?: string;
  insightContext: {
    statistics: { baseline: { average: number }; insight: { average: number } };
    attributions?: Insight["attributions"];
  };
}

export interface InsightRecord {
  sharedEventID: string;
  eventTime: string;
  insightDetails: Details;
}

/** Insights of the last days, the newest first. */
export async function insightsOf(region: string, signal: AbortSignal): Promise<Insight[]> {
  const { Events } = await aws<{ Events: { CloudTrailEvent: string }[] }>(
    "cloudtrail",
    "LookupEvents",
    region,
    { EventCategory: "insight" },
    signal,
  );
  return merged(Events.map((event) => JSON.parse(event.CloudTrailEvent) as InsightRecord));
}

export function merged(records: InsightRecord[]): Insight[] {
  const found = new Map<string, Insight>();
  const inOrder = [...records].sort((one, other) => one.eventTime.localeCompare(other.eventTime));
  for (const record of inOrder) {
    const details = record.insightDetails;
    const before = found.get(record.sharedEventID);
    found.set(record.sharedEventID, {
      id: record.sharedEventID,
      name: details.eventName,
      source: details.eventSource,
      errorCode: details.errorCode ?? "",
      type: details.insightType,
      start: before?.start ?? record.eventTime,
      end: details.state === "End" ? record.eventTime : "",
      usual: details.insightContext.statistics.baseline.average,
      average: details.insightContext.statistics.insight.average,
      attributions: details.insightContext.attributions ?? [],
      record: record as unknown as Record<string, unknown>,
    });
  }
  return [...found.values()].sort((one, other) => other.start.localeCompare(one.start));
}

export function change(insight: Insight): string {
  if (insight.usual <= 0) return "never seen before";
  const times = insight.average / insight.usual;
  return times >= 10 ? `${Math.round(times).toLocaleString()} times` : `${times.toFixed(1)} times`;
}
