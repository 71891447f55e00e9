/** What the form of a rule asks for, and the call that makes it so. */

import { DEFAULT_BUS, type Rule, type RuleState } from "./rule";

export interface RuleDraft {
  name: string;
  bus: string;
  description: string;
  kind: "pattern" | "schedule";
  pattern: string;
  schedule: string;
  state: RuleState;
}

const PATTERN = {
  source: ["aws.iam"],
  "detail-type": ["AWS API Call via CloudTrail"],
  detail: { eventName: ["CreateUser"] },
};

export function newRule(bus: string): RuleDraft {
  return {
    name: "",
    bus,
    description: "",
    kind: "pattern",
    pattern: JSON.stringify(PATTERN, null, 2),
    schedule: "rate(5 minutes)",
    state: "ENABLED",
  };
}

export function draftOf(rule: Rule): RuleDraft {
  const { pattern, schedule } = newRule(rule.EventBusName);
  return {
    name: rule.Name,
    bus: rule.EventBusName,
    description: rule.Description ?? "",
    kind: rule.ScheduleExpression ? "schedule" : "pattern",
    pattern: rule.EventPattern ?? pattern,
    schedule: rule.ScheduleExpression ?? schedule,
    state: rule.State,
  };
}

/** The input of PutRule. The role of `before` stays. */
export function putInput(draft: RuleDraft, before?: Rule): Record<string, unknown> {
  return {
    Name: draft.name,
    EventBusName: draft.bus || DEFAULT_BUS,
    ...(draft.kind === "pattern" ? { EventPattern: draft.pattern } : { ScheduleExpression: draft.schedule }),
    State: draft.state,
    ...(draft.description ? { Description: draft.description } : {}),
    ...(before?.RoleArn ? { RoleArn: before.RoleArn } : {}),
  };
}
