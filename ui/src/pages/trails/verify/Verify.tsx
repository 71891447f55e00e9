import Button from "@cloudscape-design/components/button";
import Container from "@cloudscape-design/components/container";
import CopyToClipboard from "@cloudscape-design/components/copy-to-clipboard";
import Header from "@cloudscape-design/components/header";
import Select from "@cloudscape-design/components/select";
import SpaceBetween from "@cloudscape-design/components/space-between";
import { useSearchParams } from "react-router";

import type { Trail } from "../../../api/types";
import { seconds } from "../../../lib/time";
import { useVerify } from "./useVerify";
import { VerifyProgress } from "./VerifyProgress";
import { VerifyResult } from "./VerifyResult";

const RANGES = [
  { value: "24h", label: "The last 24 hours" },
  { value: "7d", label: "The last 7 days" },
  { value: "30d", label: "The last 30 days" },
  { value: "90d", label: "The last 90 days" },
  { value: "366d", label: "The last 366 days" },
];
const USUAL = "7d";

/** Are the trail's files what was delivered? Asked and answered in the page; the range is in the URL. */
export function Verify({ trail }: { trail: Trail }) {
  const { verification, begin, cancel } = useVerify();
  const [search, setSearch] = useSearchParams();
  const range = RANGES.find(({ value }) => value === search.get("verify")) ?? RANGES[1]!;
  const [start, end] = verification ? [verification.start, verification.end] : window(range.value);
  return (
    <Container
      header={
        <Header
          variant="h2"
          description="Whether anything of what was delivered was changed, or taken away, by its digest files and the checkpoint log."
          actions={
            <SpaceBetween size="xs" direction="horizontal">
              <Select
                ariaLabel="Time to verify"
                options={RANGES}
                selectedOption={range}
                disabled={verification?.running}
                onChange={({ detail }) =>
                  setSearch(
                    (before) => {
                      before.set("verify", detail.selectedOption.value ?? USUAL);
                      return before;
                    },
                    { replace: true },
                  )
                }
              />
              {verification?.running ? (
                <Button onClick={cancel}>Cancel</Button>
              ) : (
                <Button variant="primary" onClick={() => void begin(trail.TrailARN, ...window(range.value))}>
                  Verify
                </Button>
              )}
            </SpaceBetween>
          }
        >
          Verify
        </Header>
      }
    >
      <SpaceBetween size="m">
        {verification?.running && <VerifyProgress verification={verification} />}
        {verification && <VerifyResult verification={verification} />}
        <SpaceBetween size="xs" direction="horizontal">
          <Copy name="cairn verify" text={cairnVerify(trail, start, end)} />
          <Copy name="aws cloudtrail validate-logs" text={validateLogs(trail, start, end)} />
        </SpaceBetween>
      </SpaceBetween>
    </Container>
  );
}

function Copy({ name, text }: { name: string; text: string }) {
  return (
    <CopyToClipboard
      copyButtonText={`Copy as ${name}`}
      copyErrorText="It could not be copied"
      copySuccessText="Copied"
      textToCopy={text}
    />
  );
}

function window(range: string): [string, string] {
  const now = Date.now();
  const iso = (ms: number) => `${new Date(ms).toISOString().slice(0, 19)}Z`;
  return [iso(now - (seconds(range) ?? 0) * 1000), iso(now)];
}

function cairnVerify(trail: Trail, start: string, end: string): string {
  return `cairn verify --trail ${trail.TrailARN} --start-time ${start} --end-time ${end}`;
}

function validateLogs(trail: Trail, start: string, end: string): string {
  return (
    `aws cloudtrail validate-logs --region ${trail.HomeRegion} --trail-arn ${trail.TrailARN} ` +
    `--start-time ${start} --end-time ${end} --verbose`
  );
}
