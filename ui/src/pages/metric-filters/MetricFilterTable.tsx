import Box from "@cloudscape-design/components/box";
import Button from "@cloudscape-design/components/button";
import ButtonDropdown from "@cloudscape-design/components/button-dropdown";
import Header from "@cloudscape-design/components/header";
import SpaceBetween from "@cloudscape-design/components/space-between";
import Table from "@cloudscape-design/components/table";
import { useState } from "react";
import { useNavigate } from "react-router";

import { aws } from "../../api/client";
import { Confirm } from "../../app/Confirm";
import { Empty } from "../../app/Empty";
import { ErrorBox } from "../../app/ErrorBox";
import { JsonLink } from "../../app/JsonLink";
import { PageLink } from "../../app/PageLink";
import { useAction } from "../../app/useAction";
import { useAsync } from "../../app/useAsync";
import { newAlarmPath } from "../alarms/alarm";
import { groupPath } from "../logs/logs";
import { metricPath } from "../metrics/metric";
import { editFilterPath, metricFilters, newFilterPath, type MetricFilter } from "./filters";

/** Metric filters of a group, or of all groups where it is empty; then it is a page of its own. */
export function MetricFilterTable({ region, group }: { region: string; group: string }) {
  const navigate = useNavigate();
  const [deleting, setDeleting] = useState<MetricFilter>();
  const { run, busy, error } = useAction();
  const asked = useAsync((signal) => metricFilters(region, group, signal), `${region} ${group}`);

  async function remove({ logGroupName, filterName }: MetricFilter) {
    if (!(await run(() => aws("logs", "DeleteMetricFilter", region, { logGroupName, filterName })))) return;
    setDeleting(undefined);
    asked.reload();
  }

  function follow(id: string, filter: MetricFilter) {
    const made = filter.metricTransformations[0];
    const metric = made && { Namespace: made.metricNamespace, MetricName: made.metricName };
    if (id === "edit") navigate(editFilterPath(region, filter));
    if (id === "alarm" && metric) navigate(newAlarmPath(region, metric));
    if (id === "delete") setDeleting(filter);
  }

  return (
    <>
      <ErrorBox error={asked.error} />
      <Table<MetricFilter>
        variant={group ? "container" : "full-page"}
        stickyHeader={false}
        wrapLines
        items={asked.data ?? []}
        trackBy={(filter) => `${filter.logGroupName} ${filter.filterName}`}
        loading={asked.loading && !asked.data}
        loadingText="Loading metric filters"
        header={
          <Header
            variant={group ? "h2" : "awsui-h1-sticky"}
            info={<JsonLink to="/metric-filters.json" query={{ region, group }} />}
            counter={asked.data && `(${asked.data.length})`}
            description="Each counts what its pattern matches as a metric, on which an alarm may stand."
            actions={
              <SpaceBetween size="xs" direction="horizontal">
                <Button iconName="refresh" ariaLabel="Refresh metric filters" onClick={asked.reload} />
                {group && (
                  <Button variant="primary" onClick={() => navigate(newFilterPath(region, group))}>
                    Create metric filter
                  </Button>
                )}
              </SpaceBetween>
            }
          >
            Metric filters
          </Header>
        }
        columnDefinitions={[
          {
            id: "name",
            header: "Name",
            isRowHeader: true,
            cell: (filter) => <PageLink to={editFilterPath(region, filter)}>{filter.filterName}</PageLink>,
          },
          ...(group ? [] : [{ id: "group", header: "Log group", cell: (filter: MetricFilter) => groupLink(region, filter) }]),
          {
            id: "pattern",
            header: "Pattern",
            minWidth: 220,
            cell: (filter) => <Box variant="code">{filter.filterPattern || "every event"}</Box>,
          },
          { id: "metric", header: "Metric", minWidth: 170, cell: (filter) => metricLink(region, filter) },
          { id: "value", header: "Value", cell: (filter) => filter.metricTransformations[0]?.metricValue },
          { id: "default", header: "Default", cell: (filter) => filter.metricTransformations[0]?.defaultValue ?? "–" },
          {
            id: "actions",
            header: "Actions",
            cell: (filter) => (
              <ButtonDropdown
                expandToViewport
                ariaLabel={`Actions on ${filter.filterName}`}
                variant="inline-icon"
                items={[
                  { id: "edit", text: "Edit" },
                  { id: "alarm", text: "Create alarm" },
                  { id: "delete", text: "Delete" },
                ]}
                onItemClick={({ detail }) => follow(detail.id, filter)}
              />
            ),
          },
        ]}
        empty={
          <Empty
            title="There is no metric filter."
            hint={group ? "Create one here, or with" : "Create one from its log group, or with"}
            command={`aws logs put-metric-filter --log-group-name ${group || "GROUP"} --filter-name SignInFailures --filter-pattern '{ $.errorMessage = "Failed authentication" }' --metric-transformations metricName=SignInFailures,metricNamespace=CloudTrailMetrics,metricValue=1`}
          />
        }
      />
      {deleting && (
        <Confirm
          header={`Delete ${deleting.filterName}?`}
          verb="Delete"
          busy={busy}
          error={error}
          onClose={() => setDeleting(undefined)}
          onConfirm={() => void remove(deleting)}
        >
          Nothing more is counted. What was counted stays, and so do alarms on it.
        </Confirm>
      )}
    </>
  );
}

function groupLink(region: string, { logGroupName }: MetricFilter) {
  return <PageLink to={groupPath(region, logGroupName)}>{logGroupName}</PageLink>;
}

function metricLink(region: string, { metricTransformations: [made] }: MetricFilter) {
  if (!made) return "–";
  const metric = { Namespace: made.metricNamespace, MetricName: made.metricName };
  return <PageLink to={metricPath(region, metric)}>{`${made.metricNamespace} ${made.metricName}`}</PageLink>;
}
