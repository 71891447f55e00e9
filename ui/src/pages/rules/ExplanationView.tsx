import Alert from "@cloudscape-design/components/alert";
import Box from "@cloudscape-design/components/box";
import Table from "@cloudscape-design/components/table";

import type { Explanation, Unmet } from "./explanation";

/** Whether a pattern matched, and field by field why not. */
export function ExplanationView({ told }: { told: Explanation }) {
  if (told.matches) return <Alert type="success">The pattern matches this event.</Alert>;
  return (
    <>
      <Alert type="warning" header="The pattern does not match this event.">
        {told.apart
          ? "Every field is as wanted, but not all of them in the same element of a list."
          : `${told.unmet.map(({ field }) => field).join(", ")}: not as the pattern wants it.`}
      </Alert>
      {told.unmet.length > 0 && (
        <Table<Unmet>
          variant="embedded"
          wrapLines
          items={told.unmet}
          trackBy="field"
          columnDefinitions={[
            { id: "field", header: "Field", minWidth: 160, isRowHeader: true, cell: ({ field }) => <Box variant="code">{field}</Box> },
            { id: "wanted", header: "Wanted, one of", minWidth: 160, cell: ({ wanted }) => <Values of={wanted} /> },
            { id: "found", header: "In the event", minWidth: 160, cell: ({ found }) => <Values of={found} none="nothing" /> },
          ]}
        />
      )}
    </>
  );
}

function Values({ of, none = "–" }: { of: unknown[]; none?: string }) {
  if (!of.length) return <>{none}</>;
  return (
    <>
      {of.map((value, at) => (
        <Box key={at} variant="code" display="block">
          {JSON.stringify(value)}
        </Box>
      ))}
    </>
  );
}
