/** Log groups, in the words of CloudWatch Logs, and what pages ask of them. */

import { aws } from "../../api/client";
import { listed } from "../../lib/pages";
import { TESTED_MAX } from "./testing";

export interface LogGroup {
  logGroupName: string;
  arn: string;
  creationTime: number;
  retentionInDays?: number;
  storedBytes?: number;
  metricFilterCount?: number;
  kmsKeyId?: string;
}

export interface LogStream {
  logStreamName: string;
  creationTime: number;
  firstEventTimestamp?: number;
  lastEventTimestamp?: number;
  lastIngestionTime?: number;
}

export interface LogEvent {
  eventId: string;
  logStreamName: string;
  timestamp: number;
  message: string;
}

export interface FoundEvents {
  events: LogEvent[];
  nextToken?: string;
}

const DAYS = [1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288, 3653];
export const RETENTIONS = [
  { value: "", label: "Never expire" },
  ...DAYS.map((days) => ({ value: String(days), label: days === 1 ? "1 day" : `${days} days` })),
];
const STREAMS_LOOKED_AT = 5;
const CALLS_MAX = 10;

export function groupPath(region: string, group: string): string {
  return `/log-groups/${region}/${encodeURIComponent(group)}`;
}

export function retention(group: LogGroup): string {
  return RETENTIONS.find(({ value }) => value === String(group.retentionInDays ?? ""))?.label ?? "–";
}

export async function logGroups(region: string, signal?: AbortSignal): Promise<LogGroup[]> {
  return listed(async (nextToken) => {
    const page = await aws<{ logGroups: LogGroup[]; nextToken?: string }>(
      "logs",
      "DescribeLogGroups",
      region,
      nextToken ? { nextToken } : {},
      signal,
    );
    return [page.logGroups, page.nextToken];
  });
}

export async function logGroup(region: string, name: string, signal: AbortSignal): Promise<LogGroup | null> {
  const { logGroups: found } = await aws<{ logGroups: LogGroup[] }>(
    "logs",
    "DescribeLogGroups",
    region,
    { logGroupNamePrefix: name, limit: 1 },
    signal,
  );
  return found.find((group) => group.logGroupName === name) ?? null;
}

export async function logStreams(
  region: string,
  group: string,
  nextToken?: string,
  signal?: AbortSignal,
): Promise<{ logStreams: LogStream[]; nextToken?: string }> {
  const order = { orderBy: "LastEventTime", descending: true };
  return aws("logs", "DescribeLogStreams", region, { logGroupName: group, ...order, nextToken }, signal);
}

export async function setRetention(region: string, group: string, days: string): Promise<void> {
  if (days) await aws("logs", "PutRetentionPolicy", region, { logGroupName: group, retentionInDays: Number(days) });
  else await aws("logs", "DeleteRetentionPolicy", region, { logGroupName: group });
}

/** The next events that match. An answer may have a token and no events: it has looked at as much as it may. */
export async function filterEvents(
  region: string,
  input: Record<string, unknown>,
  signal?: AbortSignal,
): Promise<FoundEvents> {
  let found: FoundEvents = { events: [] };
  let nextToken = input.nextToken as string | undefined;
  for (let call = 0; call < CALLS_MAX; call++) {
    found = await aws<FoundEvents>("logs", "FilterLogEvents", region, { ...input, nextToken }, signal);
    nextToken = found.nextToken;
    if (found.events.length || !nextToken) break;
  }
  return found;
}

/** The last messages of a group, the newest last, as many as a pattern is tested on. */
export async function lastMessages(region: string, group: string): Promise<string[]> {
  const { logStreams: streams } = await logStreams(region, group);
  const pages = await Promise.all(
    streams
      .slice(0, STREAMS_LOOKED_AT)
      .map(({ logStreamName }) =>
        aws<{ events: LogEvent[] }>("logs", "GetLogEvents", region, {
          logGroupName: group,
          logStreamName,
          limit: TESTED_MAX,
          startFromHead: false,
        }),
      ),
  );
  const events = pages.flatMap((page) => page.events).sort((one, other) => one.timestamp - other.timestamp);
  return events.slice(-TESTED_MAX).map((event) => event.message);
}
