import Modal from "@cloudscape-design/components/modal";
import Table from "@cloudscape-design/components/table";

import type { EventRow } from "../../api/types";
import { differences } from "../../lib/differences";
import { visible } from "../../lib/visible";

interface Props {
  events: EventRow[];
  onClose: () => void;
}

/** Only the fields in which up to five events differ. */
export function Compare({ events, onClose }: Props) {
  const rows = differences(events.map((event) => event.record));
  return (
    <Modal visible size="max" header={`${events.length} events: the fields that differ`} onDismiss={onClose}>
      <Table
        variant="embedded"
        wrapLines
        items={rows}
        trackBy="path"
        columnDefinitions={[
          { id: "path", header: "Field", cell: (row) => visible(row.path), isRowHeader: true },
          ...events.map((event, at) => ({
            id: event.id,
            header: visible(`${event.name} ${event.time}`),
            cell: (row: { path: string; values: string[] }) => visible(row.values[at] ?? ""),
          })),
        ]}
        empty="They are the same in every field."
      />
    </Modal>
  );
}
