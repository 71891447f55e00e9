import Alert from "@cloudscape-design/components/alert";
import Button from "@cloudscape-design/components/button";

import type { EventPages } from "./useEventPages";

/** How far a search has come that takes longer than its first answer. */
export function SearchProgress({ pages }: { pages: EventPages }) {
  if (!pages.partial) return null;
  const far = `${pages.events.length.toLocaleString()} found among ${pages.looked.toLocaleString()} events so far`;
  return pages.loading ? (
    <Alert type="info" action={<Button onClick={pages.stop}>Stop</Button>}>
      Searching further back: {far}.
    </Alert>
  ) : (
    <Alert type="info" action={<Button onClick={pages.goOn}>Search on</Button>}>
      Not everything was searched: {far}.
    </Alert>
  );
}
