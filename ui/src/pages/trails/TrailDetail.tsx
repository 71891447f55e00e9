import Alert from "@cloudscape-design/components/alert";
import Box from "@cloudscape-design/components/box";
import Button from "@cloudscape-design/components/button";
import Container from "@cloudscape-design/components/container";
import Header from "@cloudscape-design/components/header";
import KeyValuePairs from "@cloudscape-design/components/key-value-pairs";
import Modal from "@cloudscape-design/components/modal";
import SpaceBetween from "@cloudscape-design/components/space-between";
import Spinner from "@cloudscape-design/components/spinner";
import { useState } from "react";
import { useNavigate, useParams } from "react-router";

import { ApiError, aws } from "../../api/client";
import type { Trail, TrailStatus } from "../../api/types";
import { ErrorBox } from "../../app/ErrorBox";
import { JsonLink } from "../../app/JsonLink";
import { useSettings } from "../../app/settings";
import { useAsync } from "../../app/useAsync";
import { shown, type Zone } from "../../lib/time";
import { DeliveredFiles } from "./DeliveredFiles";
import { Logging } from "./TrailList";
import { Verify } from "./verify/Verify";

export default function TrailDetail() {
  const { region = "", name = "" } = useParams();
  const { zone } = useSettings();
  const navigate = useNavigate();
  const [failed, setFailed] = useState<ApiError>();
  const [deleting, setDeleting] = useState(false);
  const asked = useAsync(async (signal) => {
    const { Trail: trail } = await aws<{ Trail: Trail }>("cloudtrail", "GetTrail", region, { Name: name }, signal);
    const status = await aws<TrailStatus>("cloudtrail", "GetTrailStatus", region, { Name: name }, signal);
    return { trail, status };
  }, `${region} ${name}`);

  async function act(operation: "StartLogging" | "StopLogging" | "DeleteTrail") {
    setFailed(undefined);
    try {
      await aws("cloudtrail", operation, region, { Name: name });
      if (operation === "DeleteTrail") navigate("/trails");
      else asked.reload();
    } catch (error) {
      if (!(error instanceof ApiError)) throw error;
      setFailed(error);
    }
    setDeleting(false);
  }

  if (!asked.data) return asked.error ? <ErrorBox error={asked.error} /> : <Spinner size="large" />;
  const { trail, status } = asked.data;
  return (
    <SpaceBetween size="l">
      <Header
        variant="h1"
        info={<JsonLink to={`/trails/${region}/${encodeURIComponent(name)}.json`} />}
        actions={
          <SpaceBetween size="xs" direction="horizontal">
            <Button iconName="refresh" ariaLabel="Refresh" onClick={asked.reload} />
            <Button onClick={() => setDeleting(true)}>Delete</Button>
            {status.IsLogging ? (
              <Button onClick={() => void act("StopLogging")}>Stop logging</Button>
            ) : (
              <Button variant="primary" onClick={() => void act("StartLogging")}>
                Start logging
              </Button>
            )}
          </SpaceBetween>
        }
      >
        {trail.Name}
      </Header>
      <ErrorBox error={failed} />
      <Container header={<Header variant="h2">General</Header>}>
        <KeyValuePairs columns={3} items={general(trail, status, zone)} />
      </Container>
      {errors(status).map(([what, told]) => (
        <Alert key={what} type="error" header={what}>
          {told}
        </Alert>
      ))}
      <Verify trail={trail} />
      <DeliveredFiles trail={trail} />
      {deleting && (
        <Modal
          visible
          header={`Delete ${trail.Name}?`}
          onDismiss={() => setDeleting(false)}
          footer={
            <Box float="right">
              <SpaceBetween size="xs" direction="horizontal">
                <Button variant="link" onClick={() => setDeleting(false)}>
                  Cancel
                </Button>
                <Button variant="primary" onClick={() => void act("DeleteTrail")}>
                  Delete
                </Button>
              </SpaceBetween>
            </Box>
          }
        >
          What it logged is still delivered. Nothing in its bucket is deleted.
        </Modal>
      )}
    </SpaceBetween>
  );
}

function general(trail: Trail, status: TrailStatus, zone: Zone) {
  const time = (value: string | undefined) => (value ? shown(value, zone) : "–");
  const yes = (value: boolean | undefined) => (value ? "Yes" : "No");
  return [
    { label: "Status", value: <Logging status={status} /> },
    { label: "ARN", value: trail.TrailARN },
    { label: "Bucket", value: [trail.S3BucketName, trail.S3KeyPrefix].filter(Boolean).join("/") },
    { label: "All Regions", value: yes(trail.IsMultiRegionTrail) },
    { label: "Organization", value: yes(trail.IsOrganizationTrail) },
    { label: "Insights", value: yes(trail.HasInsightSelectors) },
    { label: "Log file validation", value: yes(trail.LogFileValidationEnabled) },
    { label: "KMS key", value: trail.KmsKeyId ?? "–" },
    { label: "SNS topic", value: trail.SnsTopicARN ?? "–" },
    { label: "Log group", value: trail.CloudWatchLogsLogGroupArn ?? "–" },
    { label: "Last log file", value: time(status.LatestDeliveryTime) },
    { label: "Last digest file", value: time(status.LatestDigestDeliveryTime) },
  ];
}

function errors(status: TrailStatus): [string, string][] {
  const told: [string, string | undefined][] = [
    ["The bucket refuses log files", status.LatestDeliveryError],
    ["Digest files are not delivered", status.LatestDigestDeliveryError],
    ["The topic refuses notices", status.LatestNotificationError],
    ["The log group refuses events", status.LatestCloudWatchLogsDeliveryError],
  ];
  return told.filter((each): each is [string, string] => Boolean(each[1]));
}
