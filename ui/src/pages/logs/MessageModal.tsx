import Box from "@cloudscape-design/components/box";
import Modal from "@cloudscape-design/components/modal";

import { PageLink } from "../../app/PageLink";
import { useSettings } from "../../app/settings";
import { parsed } from "../../lib/json";
import { shown } from "../../lib/time";
import { RecordView } from "../history/RecordView";
import type { LogEvent } from "./logs";

/** One log event in full; a record of CloudTrail leads to its place in the event history. */
export function MessageModal({ event, onClose }: { event: LogEvent; onClose: () => void }) {
  const { zone } = useSettings();
  const value = parsed(event.message);
  const id = (value as { eventID?: unknown } | undefined)?.eventID;
  return (
    <Modal visible size="max" header={shown(event.timestamp / 1000, zone)} onDismiss={onClose}>
      <Box variant="p">
        Stream {event.logStreamName}
        {typeof id === "string" && (
          <>
            {" · "}
            <PageLink to={`/history?${new URLSearchParams({ query: "", since: "7d", event: id })}`}>Event history</PageLink>
          </>
        )}
      </Box>
      {value === undefined ? <Box variant="pre">{event.message}</Box> : <RecordView record={value} query="" />}
    </Modal>
  );
}
