import Alert from "@cloudscape-design/components/alert";
import Header from "@cloudscape-design/components/header";
import SpaceBetween from "@cloudscape-design/components/space-between";
import StatusIndicator from "@cloudscape-design/components/status-indicator";
import Table from "@cloudscape-design/components/table";

import { get } from "../../api/client";
import type { Health } from "../../api/types";
import { ErrorBox } from "../../app/ErrorBox";
import { JsonLink } from "../../app/JsonLink";
import { useAsync } from "../../app/useAsync";

type Loop = Health["loops"][number];

export default function HealthPage() {
  const { data, error, loading } = useAsync((signal) => get<Health>("/health", {}, signal), "");
  return (
    <SpaceBetween size="m">
      <ErrorBox error={error} />
      {data?.problems.map((problem) => (
        <Alert key={problem} type="error">
          {problem}
        </Alert>
      ))}
      <Table<Loop>
        items={data?.loops ?? []}
        trackBy={(loop) => `${loop.process} ${loop.name}`}
        loading={loading && !data}
        loadingText="Asking"
        header={
          <Header
            variant="h1"
            info={<JsonLink to="/health.json" />}
            description="Everything that reads the journal, and how it is doing."
          >
            Health
          </Header>
        }
        columnDefinitions={[
          { id: "name", header: "Name", isRowHeader: true, cell: (loop) => loop.name },
          { id: "process", header: "Process", cell: (loop) => loop.process },
          {
            id: "state",
            header: "State",
            cell: (loop) => (
              <StatusIndicator type={loop.state === "ok" ? "success" : "error"}>{loop.state}</StatusIndicator>
            ),
          },
          { id: "behind", header: "Batches behind", cell: (loop) => loop.behind },
          { id: "error", header: "Last error", cell: (loop) => loop.last_error || "–" },
        ]}
        empty="No sink has said how it is doing."
      />
    </SpaceBetween>
  );
}
