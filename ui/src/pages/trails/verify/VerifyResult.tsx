import Alert from "@cloudscape-design/components/alert";
import Box from "@cloudscape-design/components/box";
import ExpandableSection from "@cloudscape-design/components/expandable-section";
import Header from "@cloudscape-design/components/header";
import SpaceBetween from "@cloudscape-design/components/space-between";
import Table from "@cloudscape-design/components/table";

import { ErrorBox } from "../../../app/ErrorBox";
import type { Summary, Verdict, Verification } from "./useVerify";

/** What came of a verification: a summary, what is wrong, and what is only to note. */
export function VerifyResult({ verification }: { verification: Verification }) {
  const { summary, verdicts, error } = verification;
  const problems = verdicts.filter((each) => each.verdict === "invalid" || each.verdict === "unknown");
  const notes = verdicts.filter((each) => !problems.includes(each));
  return (
    <SpaceBetween size="m">
      <ErrorBox error={error} />
      {summary && <Told summary={summary} problems={problems.length} />}
      {problems.length > 0 && <Problems problems={problems} omitted={summary?.omitted ?? 0} />}
      {notes.length > 0 && (
        <ExpandableSection headerText={`Also found (${notes.length})`}>
          <SpaceBetween size="xs">
            {notes.map((each) => (
              <Box key={each.line} variant="code">
                {each.line.replaceAll("\t", "  ")}
              </Box>
            ))}
          </SpaceBetween>
        </ExpandableSection>
      )}
    </SpaceBetween>
  );
}

function Told({ summary, problems }: { summary: Summary; problems: number }) {
  const { logs, digests } = summary;
  const digestsTotal = digests.valid + digests.invalid;
  if (!digestsTotal && !problems) {
    return (
      <Alert type="info" header="There is no digest file of this time">
        A trail with log file validation delivers one an hour. Choose a longer time, or have one made now:{" "}
        <Box variant="code" display="inline">
          cairn flush --digests
        </Box>
      </Alert>
    );
  }
  const counts = [ratio(logs.valid, logs.valid + logs.invalid, "log"), ratio(digests.valid, digestsTotal, "digest")];
  return (
    <Alert type={problems ? "error" : "success"} header={problems ? "Not all is as it was delivered" : "All valid"}>
      {counts.join(", ")}
      {problems > 0 && " What is wrong stands below."}
    </Alert>
  );
}

function ratio(valid: number, total: number, what: string): string {
  return `${valid.toLocaleString()}/${total.toLocaleString()} ${what} files valid`;
}

function Problems({ problems, omitted }: { problems: Verdict[]; omitted: number }) {
  return (
    <Table<Verdict>
      variant="embedded"
      wrapLines
      items={problems}
      trackBy="line"
      header={
        <Header
          variant="h3"
          counter={`(${problems.length + omitted})`}
          description={omitted ? `${omitted} more are not shown; cairn verify prints them.` : undefined}
        >
          Problems
        </Header>
      }
      columnDefinitions={[
        { id: "what", header: "What", width: 140, cell: (each) => each.what[0]?.toUpperCase() + each.what.slice(1) },
        { id: "why", header: "Verdict", width: 260, cell: (each) => `${each.verdict?.toUpperCase()}: ${each.why ?? ""}` },
        {
          id: "object",
          header: "Object",
          isRowHeader: true,
          cell: (each) => each.name || `s3://${each.bucket}/${each.key}`,
        },
      ]}
    />
  );
}
