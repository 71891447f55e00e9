import Link from "@cloudscape-design/components/link";
import type { TableProps } from "@cloudscape-design/components/table";

import type { EventRow } from "../../api/types";
import { shown, type Zone } from "../../lib/time";
import { visible } from "../../lib/visible";

/** All columns that the history can show. */
export function columns(zone: Zone, open: (event: EventRow) => void): TableProps.ColumnDefinition<EventRow>[] {
  return [
    {
      id: "name",
      header: "Event name",
      isRowHeader: true,
      cell: (event) => (
        <Link
          href={`/console/events/${encodeURIComponent(event.id)}`}
          onFollow={(follow) => {
            follow.preventDefault();
            open(event);
          }}
        >
          {visible(event.name)}
        </Link>
      ),
    },
    { id: "time", header: "Event time", cell: (event) => shown(event.time, zone) },
    { id: "user", header: "User name", cell: (event) => visible(event.user) || "–" },
    { id: "source", header: "Event source", cell: (event) => event.source },
    { id: "type", header: "Resource type", cell: (event) => listed(event.resources.map((each) => each.type)) },
    { id: "resource", header: "Resource name", cell: (event) => listed(event.resources.map((each) => each.name)) },
    { id: "region", header: "Region", cell: (event) => event.region },
    { id: "accessKey", header: "Access key", cell: (event) => event.accessKey || "–" },
    { id: "error", header: "Error code", cell: (event) => event.errorCode || "–" },
    { id: "ip", header: "Source IP address", cell: (event) => event.sourceIp || "–" },
    { id: "id", header: "Event ID", cell: (event) => event.id },
    { id: "request", header: "Request ID", cell: (event) => event.requestId || "–" },
    { id: "readOnly", header: "Read-only", cell: (event) => (event.readOnly ? "true" : "false") },
  ];
}

function listed(values: string[]): string {
  const named = [...new Set(values.filter(Boolean))].map(visible);
  return named.length > 2 ? `${named.slice(0, 2).join(", ")} and ${named.length - 2} more` : named.join(", ") || "–";
}
