import Button from "@cloudscape-design/components/button";
import Container from "@cloudscape-design/components/container";
import Header from "@cloudscape-design/components/header";
import KeyValuePairs from "@cloudscape-design/components/key-value-pairs";
import SpaceBetween from "@cloudscape-design/components/space-between";
import Spinner from "@cloudscape-design/components/spinner";
import Tabs from "@cloudscape-design/components/tabs";
import { useState } from "react";
import { useNavigate, useParams } from "react-router";

import { aws } from "../../api/client";
import { Confirm } from "../../app/Confirm";
import { Empty } from "../../app/Empty";
import { ErrorBox } from "../../app/ErrorBox";
import { useSettings } from "../../app/settings";
import { useAction } from "../../app/useAction";
import { useAsync } from "../../app/useAsync";
import { useUrlState } from "../../app/useUrlState";
import { bytes } from "../../lib/numbers";
import { shown } from "../../lib/time";
import { MetricFilterTable } from "../metric-filters/MetricFilterTable";
import { EditRetention } from "./EditRetention";
import { LogEvents } from "./LogEvents";
import { logGroup, retention } from "./logs";
import { LogStreams } from "./LogStreams";
import { PatternPage } from "./PatternPage";

const USUAL = { tab: "events" };

export default function LogGroupDetail() {
  const { region = "", group: name = "" } = useParams();
  const { zone } = useSettings();
  const navigate = useNavigate();
  const [state, change] = useUrlState(USUAL);
  const [asking, setAsking] = useState<"" | "delete" | "retention">("");
  const { run, busy, error } = useAction();
  const asked = useAsync((signal) => logGroup(region, name, signal), `${region} ${name}`);
  if (asked.error) return <ErrorBox error={asked.error} />;
  if (asked.data === undefined) return <Spinner size="large" />;
  if (!asked.data) return <Empty title={`There is no log group ${name} in ${region}.`} />;
  const group = asked.data;

  async function remove() {
    if (await run(() => aws("logs", "DeleteLogGroup", region, { logGroupName: name }))) navigate("/log-groups");
  }

  const tabs = [
    { id: "events", label: "Events", content: <LogEvents region={region} group={name} /> },
    { id: "streams", label: "Streams", content: <LogStreams region={region} group={name} /> },
    { id: "filters", label: "Metric filters", content: <MetricFilterTable region={region} group={name} /> },
    { id: "pattern", label: "Pattern tester", content: <PatternPage region={region} group={name} /> },
  ];
  return (
    <SpaceBetween size="l">
      <Header
        variant="h1"
        actions={
          <SpaceBetween size="xs" direction="horizontal">
            <Button iconName="refresh" ariaLabel="Refresh" onClick={asked.reload} />
            <Button onClick={() => setAsking("retention")}>Edit retention</Button>
            <Button onClick={() => setAsking("delete")}>Delete</Button>
          </SpaceBetween>
        }
      >
        {name}
      </Header>
      <Container>
        <KeyValuePairs
          columns={4}
          items={[
            { label: "Retention", value: retention(group) },
            { label: "Stored", value: bytes(group.storedBytes ?? 0) },
            { label: "Created", value: shown(group.creationTime / 1000, zone) },
            { label: "KMS key", value: group.kmsKeyId ?? "–" },
            { label: "ARN", value: group.arn },
          ]}
        />
      </Container>
      <Tabs activeTabId={state.tab} onChange={({ detail }) => change({ tab: detail.activeTabId })} tabs={tabs} />
      {asking === "retention" && (
        <EditRetention
          region={region}
          group={group}
          onClose={() => setAsking("")}
          onDone={() => {
            setAsking("");
            asked.reload();
          }}
        />
      )}
      {asking === "delete" && (
        <Confirm
          header={`Delete ${name}?`}
          verb="Delete"
          busy={busy}
          error={error}
          onClose={() => setAsking("")}
          onConfirm={() => void remove()}
        >
          Its events and its metric filters are deleted with it. Metrics that were counted stay.
        </Confirm>
      )}
    </SpaceBetween>
  );
}
