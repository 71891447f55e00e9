import Box from "@cloudscape-design/components/box";
import ColumnLayout from "@cloudscape-design/components/column-layout";
import Container from "@cloudscape-design/components/container";
import Header from "@cloudscape-design/components/header";
import Link from "@cloudscape-design/components/link";
import SpaceBetween from "@cloudscape-design/components/space-between";
import { useNavigate } from "react-router";

import { get } from "../../api/client";
import type { Summary } from "../../api/types";
import { ErrorBox } from "../../app/ErrorBox";
import { JsonLink } from "../../app/JsonLink";
import { useSettings } from "../../app/settings";
import { useAsync } from "../../app/useAsync";
import { written } from "../../lib/query";
import { shown } from "../../lib/time";
import { Histogram } from "../history/Histogram";
import { change, insightsOf } from "../insights/insight";
import { Logging, trailsOf } from "../trails/TrailList";

const DAY_S = 86_400;
const SHOWN = 8;

export default function Dashboard() {
  const { region, zone } = useSettings();
  const navigate = useNavigate();
  const since = new Date(Date.now() - DAY_S * 1000).toISOString().replace(/\.\d+/, "");
  const calls = useAsync(
    (signal) => get<Summary>("/events/summary", { since, region, fields: "user,name", buckets: 96 }, signal),
    region,
  );
  const denied = useAsync(
    (signal) => get<Summary>("/events/summary", { since, region, query: DENIED, fields: "user,name" }, signal),
    region,
  );
  const trails = useAsync((signal) => trailsOf(region, signal), region);
  const insights = useAsync((signal) => insightsOf(region, signal), region);
  const history = (query: string) => `/history?${new URLSearchParams({ query, since: "1d" })}`;
  const follow = (path: string) => ({
    href: `/console${path}`,
    onFollow: (event: CustomEvent) => {
      event.preventDefault();
      navigate(path);
    },
  });
  const counted = (summary: Summary | undefined, field: string, also = "") =>
    (summary?.counts[field] ?? []).slice(0, SHOWN).map(([value, count]) => (
      <div key={value}>
        <Link {...follow(history([written({ field, value, exclude: false }), also].filter(Boolean).join(" ")))}>
          {value}
        </Link>{" "}
        {count.toLocaleString()}
      </div>
    ));
  return (
    <SpaceBetween size="l">
      <Header
        variant="h1"
        info={<JsonLink to="/api/events/summary" query={{ since, region, fields: "user,name" }} />}
        description={`The last day in ${region}`}
      >
        Dashboard
      </Header>
      <ErrorBox error={calls.error} />
      <Container header={<Header variant="h2">Calls ({(calls.data?.total ?? 0).toLocaleString()})</Header>}>
        <Histogram
          buckets={calls.data?.histogram ?? []}
          bucketS={calls.data?.bucket_s ?? 0}
          zone={zone}
          onZoom={(start, end) =>
            navigate(`/history?${new URLSearchParams({ query: "", since: shownIso(start), until: shownIso(end) })}`)
          }
        />
      </Container>
      <ColumnLayout columns={2}>
        <Container header={<Header variant="h2">Busiest users</Header>}>{counted(calls.data, "user")}</Container>
        <Container header={<Header variant="h2">Most frequent calls</Header>}>{counted(calls.data, "name")}</Container>
        <Container header={<Header variant="h2">Denied ({(denied.data?.total ?? 0).toLocaleString()})</Header>}>
          {denied.data?.total ? counted(denied.data, "user", DENIED) : "Nobody was denied anything."}
        </Container>
        <Container header={<Header variant="h2">Last insights</Header>}>
          {(insights.data ?? []).slice(0, SHOWN).map((insight) => (
            <div key={insight.id}>
              <Link {...follow(`/insights?id=${insight.id}`)}>{insight.name}</Link> {shown(insight.start, zone)},{" "}
              {change(insight)}
            </div>
          ))}
          {insights.data?.length === 0 && "None in the last days."}
        </Container>
        <Container header={<Header variant="h2">Trails</Header>}>
          {(trails.data ?? []).map((trail) => (
            <div key={trail.TrailARN}>
              <Link {...follow(`/trails/${trail.HomeRegion}/${encodeURIComponent(trail.Name)}`)}>{trail.Name}</Link>{" "}
              <Logging status={trail.status} />
            </div>
          ))}
          {trails.data?.length === 0 && (
            <Box>
              There is none: <Link {...follow("/trails/new")}>create a trail</Link> to keep what happens.
            </Box>
          )}
        </Container>
      </ColumnLayout>
    </SpaceBetween>
  );
}

const DENIED = "error=AccessDenied*,*UnauthorizedOperation";

function shownIso(seconds: number): string {
  return new Date(seconds * 1000).toISOString().replace(/\.\d+/, "");
}
