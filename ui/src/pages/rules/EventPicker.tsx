import Button from "@cloudscape-design/components/button";
import Input from "@cloudscape-design/components/input";
import Modal from "@cloudscape-design/components/modal";
import SpaceBetween from "@cloudscape-design/components/space-between";
import Table from "@cloudscape-design/components/table";
import { useState } from "react";

import { get } from "../../api/client";
import type { EventPage, EventRow } from "../../api/types";
import { Empty } from "../../app/Empty";
import { ErrorBox } from "../../app/ErrorBox";
import { useSettings } from "../../app/settings";
import { useAsync } from "../../app/useAsync";
import { shown } from "../../lib/time";

const SHOWN = 20;

interface Props {
  region: string;
  onPick: (row: EventRow) => void;
  onClose: () => void;
}

/** The last events of the history, found in its language, of which one is taken. */
export function EventPicker({ region, onPick, onClose }: Props) {
  const { zone } = useSettings();
  const [draft, setDraft] = useState("readonly=false");
  const [query, setQuery] = useState(draft);
  const asks = { query, region, since: "7d", limit: SHOWN };
  const { data, error, loading } = useAsync((signal) => get<EventPage>("/events", asks, signal), JSON.stringify(asks));
  return (
    <Modal visible size="large" header="Pick an event" onDismiss={onClose}>
      <SpaceBetween size="m">
        <form
          onSubmit={(event) => {
            event.preventDefault();
            event.stopPropagation();
            setQuery(draft);
          }}
        >
          <Input
            type="search"
            ariaLabel="Search the event history"
            placeholder="name=CreateUser user=alice"
            value={draft}
            onChange={({ detail }) => setDraft(detail.value)}
          />
        </form>
        <ErrorBox error={error} />
        <Table<EventRow>
          variant="embedded"
          contentDensity="compact"
          items={data?.events ?? []}
          trackBy="id"
          loading={loading && !data}
          loadingText="Searching"
          columnDefinitions={[
            {
              id: "name",
              header: "Event",
              isRowHeader: true,
              cell: (row) => (
                <Button variant="inline-link" formAction="none" onClick={() => onPick(row)}>
                  {row.name}
                </Button>
              ),
            },
            { id: "time", header: "Time", cell: (row) => shown(row.time, zone) },
            { id: "user", header: "User", cell: (row) => row.user || "–" },
          ]}
          empty={<Empty title="Nothing was found in the last 7 days." />}
        />
      </SpaceBetween>
    </Modal>
  );
}
