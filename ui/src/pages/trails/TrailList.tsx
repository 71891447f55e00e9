import Button from "@cloudscape-design/components/button";
import StatusIndicator from "@cloudscape-design/components/status-indicator";
import { useNavigate } from "react-router";

import { aws } from "../../api/client";
import type { Trail, TrailStatus } from "../../api/types";
import { ListPage } from "../../app/ListPage";
import { PageLink } from "../../app/PageLink";
import { useSettings } from "../../app/settings";
import { useAsync } from "../../app/useAsync";

interface Row extends Trail {
  status: TrailStatus;
}

export async function trailsOf(region: string, signal: AbortSignal): Promise<Row[]> {
  const { trailList } = await aws<{ trailList: Trail[] }>("cloudtrail", "DescribeTrails", region, {}, signal);
  return Promise.all(
    trailList.map(async (trail) => ({
      ...trail,
      status: await aws<TrailStatus>("cloudtrail", "GetTrailStatus", region, { Name: trail.TrailARN }, signal),
    })),
  );
}

export default function TrailList() {
  const { region } = useSettings();
  const navigate = useNavigate();
  const asked = useAsync((signal) => trailsOf(region, signal), region);
  const page = (trail: Trail) => `/trails/${trail.HomeRegion}/${encodeURIComponent(trail.Name)}`;
  return (
    <ListPage<Row>
      title="Trails"
      description="A trail delivers what happens to a bucket, as signed log files."
      json={{ to: "/trails.json", query: { region } }}
      asked={asked}
      trackBy="TrailARN"
      actions={
        <Button variant="primary" onClick={() => navigate("/trails/new")}>
          Create trail
        </Button>
      }
      none={{
        title: "There is no trail in this Region.",
        command: "aws cloudtrail create-trail --name main --s3-bucket-name BUCKET --is-multi-region-trail",
      }}
      columns={[
        {
          id: "name",
          header: "Name",
          isRowHeader: true,
          cell: (trail) => <PageLink to={page(trail)}>{trail.Name}</PageLink>,
        },
        { id: "status", header: "Status", cell: (trail) => <Logging status={trail.status} /> },
        { id: "home", header: "Home Region", cell: (trail) => trail.HomeRegion },
        { id: "multi", header: "All Regions", cell: (trail) => (trail.IsMultiRegionTrail ? "Yes" : "No") },
        { id: "insights", header: "Insights", cell: (trail) => (trail.HasInsightSelectors ? "On" : "Off") },
        { id: "organization", header: "Organization", cell: (trail) => (trail.IsOrganizationTrail ? "Yes" : "No") },
        { id: "bucket", header: "Bucket", cell: (trail) => trail.S3BucketName },
        { id: "prefix", header: "Prefix", cell: (trail) => trail.S3KeyPrefix || "–" },
        { id: "logs", header: "Log group", cell: (trail) => trail.CloudWatchLogsLogGroupArn?.split(":")[6] ?? "–" },
      ]}
    />
  );
}

export function Logging({ status }: { status: TrailStatus }) {
  if (status.LatestDeliveryError) {
    return <StatusIndicator type="error">Delivery fails: {status.LatestDeliveryError}</StatusIndicator>;
  }
  return status.IsLogging ? (
    <StatusIndicator>Logging</StatusIndicator>
  ) : (
    <StatusIndicator type="stopped">Off</StatusIndicator>
  );
}
