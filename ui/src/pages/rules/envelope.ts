/** A recorded event as the default bus has it: `docs/events-from-cloudtrail.md`. */

import type { EventRow } from "../../api/types";

const KINDS: Record<string, string> = {
  AwsConsoleSignIn: "AWS Console Sign In via CloudTrail",
  AwsConsoleAction: "AWS Console Action via CloudTrail",
  AwsServiceEvent: "AWS Service Event via CloudTrail",
  AwsCloudTrailInsight: "AWS Insight via CloudTrail",
  AwsVpceEvent: "AWS Network Activity Event via CloudTrail",
};

export function envelope(row: EventRow): Record<string, unknown> {
  return {
    version: "0",
    id: row.id,
    "detail-type": KINDS[String(row.record.eventType)] ?? "AWS API Call via CloudTrail",
    source: `aws.${row.source.replace(/\.amazonaws\.com$/, "")}`,
    account: row.account,
    time: row.time,
    region: row.region,
    resources: [],
    detail: row.record,
  };
}
