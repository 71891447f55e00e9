import Box from "@cloudscape-design/components/box";
import CopyToClipboard from "@cloudscape-design/components/copy-to-clipboard";
import ExpandableSection from "@cloudscape-design/components/expandable-section";

import { RecordView } from "../history/RecordView";
import type { Rule } from "./rule";

const ACTIONS: Record<string, string | string[]> = {
  sqs: "sqs:SendMessage",
  sns: "sns:Publish",
  logs: ["logs:CreateLogStream", "logs:PutLogEvents"],
  lambda: "lambda:InvokeFunction",
};

interface Props {
  rule: Rule;
  kind: string;
  arn: string;
}

/** The policy that the target must have, so that events may be handed to it. */
export function TargetRights({ rule, kind, arn }: Props) {
  const Action = ACTIONS[kind];
  if (!Action) return <Box variant="small">Such a target is told with the role below.</Box>;
  const Service = kind === "logs" ? ["events.amazonaws.com", "delivery.logs.amazonaws.com"] : "events.amazonaws.com";
  const Condition = { ArnEquals: { "aws:SourceArn": rule.Arn } };
  const Resource = kind === "logs" ? `${arn}:*` : arn;
  const statement = { Effect: "Allow", Principal: { Service }, Action, Resource, Condition };
  const policy = { Version: "2012-10-17", Statement: [statement] };
  return (
    <ExpandableSection headerText="Its policy must let EventBridge in">
      <RecordView record={policy} query="" />
      <CopyToClipboard
        textToCopy={JSON.stringify(policy, null, 2)}
        copyButtonText="Copy the policy"
        copySuccessText="Copied"
        copyErrorText="This browser does not let pages copy"
      />
    </ExpandableSection>
  );
}
