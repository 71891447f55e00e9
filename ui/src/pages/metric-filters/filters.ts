/** Metric filters, in the words of CloudWatch Logs. */

import { aws } from "../../api/client";
import { listed } from "../../lib/pages";
import { groupPath } from "../logs/logs";

export interface Transformation {
  metricName: string;
  metricNamespace: string;
  metricValue: string;
  defaultValue?: number;
  unit?: string;
  dimensions?: Record<string, string>;
}

export interface MetricFilter {
  filterName: string;
  filterPattern: string;
  logGroupName: string;
  creationTime: number;
  metricTransformations: Transformation[];
}

/** What the form asks for, as it is typed. */
export interface FilterDraft {
  name: string;
  pattern: string;
  namespace: string;
  metric: string;
  value: string;
  usual: string;
  unit: string;
}

export const NEW_FILTER: FilterDraft = {
  name: "",
  pattern: "",
  namespace: "CloudTrailMetrics",
  metric: "",
  value: "1",
  usual: "",
  unit: "",
};

export function newFilterPath(region: string, group: string, pattern = ""): string {
  return `${groupPath(region, group)}/filters/new${pattern ? `?${new URLSearchParams({ pattern })}` : ""}`;
}

export function editFilterPath(region: string, { logGroupName, filterName }: MetricFilter): string {
  return `${groupPath(region, logGroupName)}/filters/edit?${new URLSearchParams({ name: filterName })}`;
}

/** Those of a group, or of all groups where it is empty. */
export async function metricFilters(region: string, group: string, signal?: AbortSignal): Promise<MetricFilter[]> {
  return listed(async (nextToken) => {
    const input = { ...(group ? { logGroupName: group } : {}), ...(nextToken ? { nextToken } : {}) };
    const page = await aws<{ metricFilters: MetricFilter[]; nextToken?: string }>(
      "logs",
      "DescribeMetricFilters",
      region,
      input,
      signal,
    );
    return [page.metricFilters, page.nextToken];
  });
}

export function draftOf(filter: MetricFilter): FilterDraft {
  const made = filter.metricTransformations[0];
  return {
    name: filter.filterName,
    pattern: filter.filterPattern,
    namespace: made?.metricNamespace ?? "",
    metric: made?.metricName ?? "",
    value: made?.metricValue ?? "1",
    usual: made?.defaultValue === undefined ? "" : String(made.defaultValue),
    unit: made?.unit === "None" ? "" : (made?.unit ?? ""),
  };
}

/** The input of PutMetricFilter. What the form does not ask for stays as `before` has it. */
export function putInput(group: string, draft: FilterDraft, before?: MetricFilter): Record<string, unknown> {
  const dimensions = before?.metricTransformations[0]?.dimensions;
  return {
    logGroupName: group,
    filterName: draft.name,
    filterPattern: draft.pattern,
    metricTransformations: [
      {
        metricName: draft.metric,
        metricNamespace: draft.namespace,
        metricValue: draft.value,
        ...(draft.usual ? { defaultValue: Number(draft.usual) } : {}),
        ...(draft.unit ? { unit: draft.unit } : {}),
        ...(dimensions ? { dimensions } : {}),
      },
    ],
  };
}

/** What is missing of a draft, in words; empty where nothing is. */
export function lacking(draft: FilterDraft): string {
  if (!draft.name || !draft.namespace || !draft.metric || !draft.value) {
    return "A metric filter needs a name, a namespace, a metric and a value.";
  }
  return draft.usual && Number.isNaN(Number(draft.usual)) ? "The default value is no number." : "";
}
