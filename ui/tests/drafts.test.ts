/** Forms: what is there goes into one and comes out again as it was, but for what was changed. */

import { expect, test } from "vitest";

import type { CompositeAlarm, MetricAlarm } from "../src/pages/alarms/alarm";
import * as composites from "../src/pages/alarms/compositeDraft";
import * as alarms from "../src/pages/alarms/draft";
import { pieces } from "../src/pages/alarms/ruleCheck";
import * as filters from "../src/pages/metric-filters/filters";
import { metricOf, metricQuery } from "../src/pages/metrics/metric";
import * as rules from "../src/pages/rules/draft";
import type { Rule, Target } from "../src/pages/rules/rule";
import * as targets from "../src/pages/rules/targetDraft";

const PUT = {
  AlarmName: "slow",
  AlarmDescription: "Call the shop",
  Namespace: "Shop",
  MetricName: "Latency",
  Dimensions: [{ Name: "Site", Value: "de" }],
  ExtendedStatistic: "tm90",
  Period: 120,
  EvaluationPeriods: 3,
  DatapointsToAlarm: 2,
  Threshold: 20.5,
  ComparisonOperator: "LessThanThreshold",
  TreatMissingData: "ignore",
  ActionsEnabled: false,
  InsufficientDataActions: ["arn:aws:sns:us-east-1:000000000000:told"],
  Unit: "Milliseconds",
};
const STATE = { AlarmArn: "arn", StateValue: "OK", StateReason: "", StateUpdatedTimestamp: "", AlarmActions: [], OKActions: [] };

test("a metric alarm is kept", () => {
  const alarm = { ...STATE, ...PUT } as unknown as MetricAlarm;
  expect(alarms.putInput(alarms.draftOf(alarm), metricOf(metricQuery(PUT)), alarm)).toEqual(PUT);
});

test("an alarm on a band is kept, with its queries", () => {
  const { Namespace, MetricName, Dimensions, ExtendedStatistic, Period, Threshold, Unit, ...rest } = PUT;
  const put = { ...rest, Metrics: [{ Id: "m1", Expression: "1" }], ThresholdMetricId: "ad1" };
  const alarm = { ...STATE, ...put } as unknown as MetricAlarm;
  const draft = alarms.draftOf(alarm);
  expect(alarms.putInput(draft, undefined, alarm)).toEqual(put);
  expect(alarms.lacking(draft, undefined, true)).toBe("");
  expect(alarms.lacking({ ...draft, queries: "{" }, undefined, true)).toContain("JSON");
});

test("what an alarm lacks is told", () => {
  const metric = { Namespace: "n", MetricName: "m" };
  const draft = { ...alarms.NEW_ALARM, name: "a" };
  expect(alarms.lacking(draft, metric)).toBe("");
  expect(alarms.lacking(draft, undefined)).toContain("metric");
  for (const wrong of [{ name: "" }, { threshold: "x" }, { threshold: "" }, { breaching: "2" }, { breaching: "0" }]) {
    expect(alarms.lacking({ ...draft, ...wrong }, metric), JSON.stringify(wrong)).not.toBe("");
  }
});

test("a composite alarm is kept, and its rule widened", () => {
  const put = {
    AlarmName: "whole",
    AlarmRule: "ALARM(part)",
    ActionsEnabled: true,
    AlarmActions: ["arn"],
    ActionsSuppressor: "quiet",
    ActionsSuppressorWaitPeriod: 30,
    ActionsSuppressorExtensionPeriod: 0,
  };
  const alarm = { ...STATE, InsufficientDataActions: [], ...put } as unknown as CompositeAlarm;
  expect(composites.putInput(composites.compositeDraftOf(alarm))).toEqual(put);
  expect(composites.widened("", 'a "b" \\')).toBe('ALARM("a \\"b\\" \\\\")');
  expect(composites.widened("TRUE ", "x")).toBe('TRUE\nOR ALARM("x")');
});

test("where a rule is wrong is marked, by whole characters", () => {
  expect(pieces("ALARM(🎉) and OK(b)", 9)).toEqual({ before: "ALARM(🎉) ", token: "and", after: " OK(b)" });
  expect(pieces("ALARM()", 6)).toEqual({ before: "ALARM(", token: ")", after: "" });
  expect(pieces("ALARM", 5)).toEqual({ before: "ALARM", token: "", after: "" });
});

test("a rule is kept, with its role", () => {
  const put = { Name: "r", EventBusName: "b", EventPattern: '{"source":["a"]}', State: "DISABLED", RoleArn: "role" };
  const rule = { ...put, Arn: "arn" } as Rule;
  expect(rules.putInput(rules.draftOf(rule), rule)).toEqual(put);
  const timed = { Name: "r", EventBusName: "default", ScheduleExpression: "rate(1 day)", State: "ENABLED" };
  expect(rules.putInput(rules.draftOf({ ...timed, Arn: "arn" } as Rule))).toEqual(timed);
});

const ARN = "arn:aws:sqs:us-east-1:000000000000:q";
test.each<Target>([
  { Id: "t", Arn: ARN },
  { Id: "t", Arn: ARN, Input: "" },
  { Id: "t", Arn: ARN, Input: '{"a": 1.0}' },
  { Id: "t", Arn: ARN, InputPath: "$.detail", RoleArn: "role" },
  { Id: "t", Arn: ARN, InputTransformer: { InputPathsMap: { a: "$.b" }, InputTemplate: "<a>" } },
  { Id: "t", Arn: ARN, RetryPolicy: { MaximumRetryAttempts: 0 }, DeadLetterConfig: { Arn: `${ARN}-dead` } },
  { Id: "t", Arn: ARN, SqsParameters: { MessageGroupId: "g" } } as Target,
])("a target is kept: %j", (target) => {
  expect(targets.targetOf(targets.draftOf(target), "eu-west-1", "111122223333", target)).toEqual(target);
});

test("a target goes by its name, and its kind by its ARN", () => {
  for (const { value } of targets.KINDS.slice(0, -1)) {
    expect(targets.kindOf(targets.arnOf(value, "a/b:c", "us-east-1", "000000000000"))).toBe(value);
  }
  expect(targets.kindOf("arn:aws:states:us-east-1:000000000000:stateMachine:x")).toBe("arn");
  expect(targets.kindOf("arn:aws:events:us-east-1:000000000000:api-destination/x/1")).toBe("arn");
});

test("variables of a template are texts by name", () => {
  expect(targets.pathsOf(" ")).toEqual({});
  expect(targets.pathsOf('{"a": "$.b"}')).toEqual({ a: "$.b" });
  for (const wrong of ["[]", '{"a": 1}', "{", '"a"']) expect(targets.pathsOf(wrong), wrong).toBeUndefined();
});

test("a metric filter is kept, with its dimensions", () => {
  const made = { metricName: "m", metricNamespace: "n", metricValue: "$size", defaultValue: 0, dimensions: { Who: "$w" } };
  const filter = { filterName: "f", filterPattern: "[w, size]", logGroupName: "g", creationTime: 0, metricTransformations: [made] };
  const { creationTime, ...put } = filter;
  expect(filters.putInput("g", filters.draftOf(filter), filter)).toEqual(put);
});
