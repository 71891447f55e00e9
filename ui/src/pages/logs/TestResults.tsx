import Box from "@cloudscape-design/components/box";
import Header from "@cloudscape-design/components/header";
import StatusIndicator from "@cloudscape-design/components/status-indicator";
import Table from "@cloudscape-design/components/table";

import { plural } from "../../lib/numbers";
import { Message } from "./Message";
import type { Match } from "./testing";

interface Row {
  number: number;
  message: string;
  match: Match | undefined;
}

/** Which events a pattern matched, and what it took from each. */
export function TestResults({ messages, matches }: { messages: string[]; matches: Match[] }) {
  const byNumber = new Map(matches.map((match) => [match.eventNumber, match]));
  const items = messages.map((message, at) => ({ number: at + 1, message, match: byNumber.get(at + 1) }));
  return (
    <Table<Row>
      items={items}
      trackBy={(row) => String(row.number)}
      variant="borderless"
      contentDensity="compact"
      wrapLines
      header={
        <Header variant="h3">
          {`${matches.length} of ${plural(messages.length, "event")} match`}
        </Header>
      }
      columnDefinitions={[
        { id: "number", header: "Event", minWidth: 70, isRowHeader: true, cell: (row) => row.number },
        { id: "result", header: "Result", minWidth: 120, cell: ({ match }) => <Result match={match} /> },
        { id: "values", header: "Values", minWidth: 180, cell: ({ match }) => <Values of={match?.extractedValues ?? {}} /> },
        {
          id: "message",
          header: "Message",
          minWidth: 260,
          cell: (row) => <Message text={row.message} />,
        },
      ]}
    />
  );
}

function Result({ match }: { match: Match | undefined }) {
  return match ? <StatusIndicator>Match</StatusIndicator> : <StatusIndicator type="stopped">No match</StatusIndicator>;
}

function Values({ of }: { of: Record<string, string> }) {
  const entries = Object.entries(of);
  if (!entries.length) return <>–</>;
  return (
    <>
      {entries.map(([name, value]) => (
        <Box key={name} variant="code" display="block">
          {name} = {value}
        </Box>
      ))}
    </>
  );
}
