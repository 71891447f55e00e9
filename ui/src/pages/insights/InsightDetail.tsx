import Box from "@cloudscape-design/components/box";
import ColumnLayout from "@cloudscape-design/components/column-layout";
import Container from "@cloudscape-design/components/container";
import ExpandableSection from "@cloudscape-design/components/expandable-section";
import Header from "@cloudscape-design/components/header";
import Link from "@cloudscape-design/components/link";
import SpaceBetween from "@cloudscape-design/components/space-between";

import { useSettings } from "../../app/settings";
import { shown } from "../../lib/time";
import { RecordView } from "../history/RecordView";
import { change, type Insight, type Share } from "./insight";
import { RateGraph } from "./RateGraph";

const NAMES: Record<string, string> = {
  userIdentityArn: "Users",
  userAgent: "User agents",
  errorCode: "Error codes",
  resourceArn: "Resources",
};

/** One insight: its graph, who and what made it beside what is usual, and its record. */
export function InsightDetail({ insight }: { insight: Insight }) {
  const { zone } = useSettings();
  const what = insight.errorCode ? `${insight.name} failed with ${insight.errorCode}` : `${insight.name} was called`;
  return (
    <Container header={<Header variant="h2">{insight.name}</Header>}>
      <SpaceBetween size="l">
        <Box variant="p">
          From {shown(insight.start, zone)} {insight.end ? `until ${shown(insight.end, zone)}` : "on"}, {what}{" "}
          {insight.average.toFixed(1)} times a minute, where {insight.usual.toFixed(2)} are usual ({change(insight)}).
        </Box>
        <RateGraph insight={insight} />
        <ColumnLayout columns={3}>
          {insight.attributions.map(({ attribute, insight: now, baseline }) => (
            <div key={attribute}>
              <Header variant="h3">{NAMES[attribute] ?? attribute}</Header>
              <Box variant="awsui-key-label">In the insight</Box>
              <Shares shares={now} known={baseline} />
              <Box variant="awsui-key-label">Usually</Box>
              <Shares shares={baseline} known={baseline} />
            </div>
          ))}
        </ColumnLayout>
        <Link href={`/console/history?${events(insight)}`}>The events behind it</Link>
        <ExpandableSection headerText="Record">
          <RecordView record={insight.record} query="" />
        </ExpandableSection>
      </SpaceBetween>
    </Container>
  );
}

function Shares({ shares, known }: { shares: Share[]; known: Share[] }) {
  if (!shares.length) return <Box>–</Box>;
  return (
    <ul>
      {shares.map(({ value, average }) => (
        <li key={value}>
          {value === "null" ? "no error" : value}: {average.toFixed(2)}
          {!known.some((each) => each.value === value) && <b> new</b>}
        </li>
      ))}
    </ul>
  );
}

function events(insight: Insight): URLSearchParams {
  const terms = [`name=${insight.name}`, `source=${insight.source}`];
  if (insight.errorCode) terms.push(`error=${insight.errorCode}`);
  const until = insight.end || new Date().toISOString();
  return new URLSearchParams({ query: terms.join(" "), since: insight.start, until });
}
