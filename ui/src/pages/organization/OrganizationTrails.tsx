import Header from "@cloudscape-design/components/header";
import SpaceBetween from "@cloudscape-design/components/space-between";
import Table from "@cloudscape-design/components/table";

import { aws } from "../../api/client";
import type { Trail, TrailStatus } from "../../api/types";
import { Empty } from "../../app/Empty";
import { ErrorBox } from "../../app/ErrorBox";
import { PageLink } from "../../app/PageLink";
import { useAsync } from "../../app/useAsync";
import { Logging } from "../trails/TrailList";

interface Row extends Trail {
  status?: TrailStatus;
}

/** Trails of the organization, as far as this account sees them. */
export function OrganizationTrails({ trails, manages }: { trails: Trail[]; manages: boolean }) {
  const { data, error } = useAsync(
    (signal) => Promise.all(trails.map((trail) => withStatus(trail, signal))),
    trails.map((trail) => trail.TrailARN).join(),
  );
  return (
    <SpaceBetween size="xs">
      <ErrorBox error={error} />
      <Table<Row>
        items={data ?? trails}
        trackBy="TrailARN"
        header={
          <Header variant="h2" counter={`(${trails.length})`}>
            Organization trails
          </Header>
        }
        columnDefinitions={[
          {
            id: "name",
            header: "Name",
            isRowHeader: true,
            cell: (trail) =>
              manages ? (
                <PageLink to={`/trails/${trail.HomeRegion}/${encodeURIComponent(trail.Name)}`}>{trail.Name}</PageLink>
              ) : (
                trail.Name
              ),
          },
          { id: "status", header: "Status", cell: ({ status }) => (status ? <Logging status={status} /> : "–") },
          { id: "arn", header: "ARN", cell: (trail) => trail.TrailARN },
          { id: "bucket", header: "Bucket", cell: (trail) => trail.S3BucketName },
          { id: "multi", header: "All Regions", cell: (trail) => (trail.IsMultiRegionTrail ? "Yes" : "No") },
        ]}
        empty={
          <Empty
            title="No trail logs the organization."
            hint="The management account, or a delegated administrator, makes one with"
            command="aws cloudtrail create-trail --name company --s3-bucket-name BUCKET --is-organization-trail --is-multi-region-trail"
          />
        }
      />
    </SpaceBetween>
  );
}

async function withStatus(trail: Trail, signal: AbortSignal): Promise<Row> {
  const input = { Name: trail.TrailARN };
  return { ...trail, status: await aws<TrailStatus>("cloudtrail", "GetTrailStatus", trail.HomeRegion, input, signal) };
}
