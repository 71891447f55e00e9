import Box from "@cloudscape-design/components/box";
import Header from "@cloudscape-design/components/header";
import Link from "@cloudscape-design/components/link";
import SpaceBetween from "@cloudscape-design/components/space-between";
import Table from "@cloudscape-design/components/table";
import { useSearchParams } from "react-router";

import { ErrorBox } from "../../app/ErrorBox";
import { JsonLink } from "../../app/JsonLink";
import { useSettings } from "../../app/settings";
import { useAsync } from "../../app/useAsync";
import { shown } from "../../lib/time";
import { InsightDetail } from "./InsightDetail";
import { change, insightsOf, type Insight } from "./insight";

export default function Insights() {
  const { region, zone } = useSettings();
  const [search, setSearch] = useSearchParams();
  const { data, error, loading } = useAsync((signal) => insightsOf(region, signal), region);
  const chosen = data?.find((insight) => insight.id === search.get("id"));
  return (
    <SpaceBetween size="l">
      <ErrorBox error={error} />
      <Table<Insight>
        items={data ?? []}
        trackBy="id"
        loading={loading && !data}
        loadingText="Looking for insights"
        header={
          <Header
            variant="h1"
            info={<JsonLink to="/insights.json" query={{ region }} />}
            description="Unusual rates of calls and of errors, and who and what made them."
          >
            Insights
          </Header>
        }
        columnDefinitions={[
          {
            id: "name",
            header: "Event name",
            isRowHeader: true,
            cell: (insight) => (
              <Link
                href={`/console/insights?id=${insight.id}`}
                onFollow={(event) => {
                  event.preventDefault();
                  setSearch({ id: insight.id });
                }}
              >
                {insight.name}
              </Link>
            ),
          },
          { id: "type", header: "Type", cell: (insight) => insight.errorCode || "Call rate" },
          { id: "source", header: "Event source", cell: (insight) => insight.source },
          { id: "start", header: "Start", cell: (insight) => shown(insight.start, zone) },
          { id: "end", header: "End", cell: (insight) => (insight.end ? shown(insight.end, zone) : "Going on") },
          { id: "usual", header: "Usual, a minute", cell: (insight) => insight.usual.toFixed(2) },
          { id: "now", header: "In the insight", cell: (insight) => insight.average.toFixed(2) },
          { id: "change", header: "Change", cell: (insight) => change(insight) },
        ]}
        empty={
          <Box textAlign="center" color="inherit">
            <b>Nothing unusual was found, or no trail looks for it.</b>
            <Box variant="p">Switch Insights on with</Box>
            <Box variant="code">
              aws cloudtrail put-insight-selectors --trail-name TRAIL --insight-selectors
              {' \'[{"InsightType": "ApiCallRateInsight"}]\''}
            </Box>
          </Box>
        }
      />
      {chosen && <InsightDetail insight={chosen} />}
    </SpaceBetween>
  );
}
