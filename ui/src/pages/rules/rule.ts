/** Buses, rules and targets, in EventBridge's words, and what pages ask of them. */

import { ApiError, aws } from "../../api/client";
import { listed } from "../../lib/pages";

export interface Bus {
  Name: string;
  Arn: string;
}

export type RuleState = "ENABLED" | "DISABLED" | "ENABLED_WITH_ALL_CLOUDTRAIL_MANAGEMENT_EVENTS";

export interface Rule {
  Name: string;
  Arn: string;
  EventBusName: string;
  State: RuleState;
  Description?: string;
  EventPattern?: string;
  ScheduleExpression?: string;
  RoleArn?: string;
  ManagedBy?: string;
}

export interface Target {
  Id: string;
  Arn: string;
  RoleArn?: string;
  Input?: string;
  InputPath?: string;
  InputTransformer?: { InputPathsMap?: Record<string, string>; InputTemplate: string };
  DeadLetterConfig?: { Arn?: string };
  RetryPolicy?: { MaximumRetryAttempts?: number; MaximumEventAgeInSeconds?: number };
}

export const DEFAULT_BUS = "default";
export const STATES: { value: RuleState; label: string }[] = [
  { value: "ENABLED", label: "Enabled" },
  { value: "ENABLED_WITH_ALL_CLOUDTRAIL_MANAGEMENT_EVENTS", label: "Enabled, calls that read included" },
  { value: "DISABLED", label: "Disabled" },
];

export function rulePath(region: string, { EventBusName, Name }: { EventBusName: string; Name: string }): string {
  return `/rules/${region}/${encodeURIComponent(EventBusName)}/${encodeURIComponent(Name)}`;
}

export async function buses(region: string, signal?: AbortSignal): Promise<Bus[]> {
  return listed(async (NextToken) => {
    const input = NextToken ? { NextToken } : {};
    const page = await aws<{ EventBuses: Bus[]; NextToken?: string }>("events", "ListEventBuses", region, input, signal);
    return [page.EventBuses, page.NextToken];
  });
}

export async function rules(region: string, EventBusName: string, signal?: AbortSignal): Promise<Rule[]> {
  return listed(async (NextToken) => {
    const input = { EventBusName, ...(NextToken ? { NextToken } : {}) };
    const page = await aws<{ Rules: Rule[]; NextToken?: string }>("events", "ListRules", region, input, signal);
    return [page.Rules, page.NextToken];
  });
}

/** A rule by its name; null where there is none. */
export async function rule(region: string, EventBusName: string, Name: string, signal: AbortSignal): Promise<Rule | null> {
  try {
    return await aws<Rule>("events", "DescribeRule", region, { Name, EventBusName }, signal);
  } catch (error) {
    if (error instanceof ApiError && error.code === "ResourceNotFoundException") return null;
    throw error;
  }
}

export async function targets(region: string, { EventBusName, Name }: Rule, signal?: AbortSignal): Promise<Target[]> {
  return listed(async (NextToken) => {
    const input = { Rule: Name, EventBusName, ...(NextToken ? { NextToken } : {}) };
    const page = await aws<{ Targets: Target[]; NextToken?: string }>("events", "ListTargetsByRule", region, input, signal);
    return [page.Targets, page.NextToken];
  });
}

interface Failed {
  FailedEntryCount: number;
  FailedEntries: { ErrorCode: string; ErrorMessage: string }[];
}

/** Throw what a call says of the entries that failed. */
function checked({ FailedEntries: [first] }: Failed): void {
  if (first) throw new ApiError(400, first.ErrorCode, first.ErrorMessage);
}

export async function putTarget(region: string, { EventBusName, Name }: Rule, target: Target): Promise<void> {
  checked(await aws<Failed>("events", "PutTargets", region, { Rule: Name, EventBusName, Targets: [target] }));
}

export async function removeTargets(region: string, { EventBusName, Name }: Rule, Ids: string[]): Promise<void> {
  checked(await aws<Failed>("events", "RemoveTargets", region, { Rule: Name, EventBusName, Ids }));
}

/** Delete a rule; one that has targets is refused by AWS, so they go first. */
export async function deleteRule(region: string, found: Rule): Promise<void> {
  const ids = (await targets(region, found)).map(({ Id }) => Id);
  if (ids.length) await removeTargets(region, found, ids);
  await aws("events", "DeleteRule", region, { Name: found.Name, EventBusName: found.EventBusName });
}
