import Alert from "@cloudscape-design/components/alert";
import Box from "@cloudscape-design/components/box";
import ExpandableSection from "@cloudscape-design/components/expandable-section";
import FormField from "@cloudscape-design/components/form-field";
import Input from "@cloudscape-design/components/input";
import Select from "@cloudscape-design/components/select";
import SpaceBetween from "@cloudscape-design/components/space-between";
import { useState } from "react";

import { CodeArea } from "../../app/CodeArea";
import { ErrorBox } from "../../app/ErrorBox";
import { useAsync } from "../../app/useAsync";
import { useSettled } from "../../app/useSettled";
import { pretty } from "../../lib/json";
import { EventField } from "./EventField";
import { SAMPLE } from "./explanation";
import { previewed } from "./preview";
import type { Rule, Target } from "./rule";
import { pathsOf, SENT, type Sent, type TargetDraft } from "./targetDraft";

interface Props {
  region: string;
  rule: Rule;
  draft: TargetDraft;
  target: Target;
  set: (changed: Partial<TargetDraft>) => void;
}

/** What a target is sent of an event, tried on one. */
export function TargetInput({ region, rule, draft, target, set }: Props) {
  return (
    <SpaceBetween size="m">
      <FormField label="Is sent">
        <Select
          options={SENT}
          selectedOption={SENT.find(({ value }) => value === draft.sent) ?? SENT[0]!}
          onChange={({ detail }) => set({ sent: detail.selectedOption.value as Sent })}
        />
      </FormField>
      {draft.sent === "part" && (
        <FormField label="Path of the part" description="$.detail, $.detail.requestParameters, $.resources[0]">
          <Input name="path" value={draft.path} onChange={({ detail }) => set({ path: detail.value })} />
        </FormField>
      )}
      {draft.sent === "constant" && (
        <FormField label="Constant input" description="JSON that is sent in place of the event." stretch>
          <CodeArea name="constant" rows={3} value={draft.constant} onChange={(constant) => set({ constant })} />
        </FormField>
      )}
      {draft.sent === "template" && (
        <SpaceBetween size="m">
          <FormField
            label="Variables"
            description="Each with the path of what it stands for."
            errorText={pathsOf(draft.paths) ? "" : "This is no JSON object whose values are texts."}
            stretch
          >
            <CodeArea name="paths" rows={4} value={draft.paths} onChange={(paths) => set({ paths })} />
          </FormField>
          <FormField
            label="Template"
            description="A JSON object, or texts in quotes, a line each, with <variables>; <aws.events.rule-name> and <aws.events.event.ingestion-time> are there always."
            stretch
          >
            <CodeArea name="template" rows={4} value={draft.template} onChange={(template) => set({ template })} />
          </FormField>
        </SpaceBetween>
      )}
      {draft.sent !== "event" && <Preview region={region} rule={rule} target={target} />}
    </SpaceBetween>
  );
}

function Preview({ region, rule, target }: Pick<Props, "region" | "rule" | "target">) {
  const [event, setEvent] = useState(JSON.stringify(SAMPLE, null, 2));
  const settled = useSettled(JSON.stringify([target, event]));
  const { data, error } = useAsync((signal) => previewed(rule, target, event, signal), settled);
  return (
    <SpaceBetween size="m">
      <ExpandableSection headerText="The event that it is tried on">
        <EventField region={region} event={event} onChange={setEvent} rows={8} />
      </ExpandableSection>
      <ErrorBox error={error} />
      {data?.problems.map((problem) => (
        <Alert key={problem} type="error">
          {problem}
        </Alert>
      ))}
      {data && !data.problems.length && (
        <Alert
          type={data.sound ? "info" : "warning"}
          header={data.sound ? "Would be sent" : "Would not be sent: filled in, the template is no JSON"}
        >
          <Box variant="code">
            <span className="cairn-as-is">{pretty(data.sent)}</span>
          </Box>
        </Alert>
      )}
    </SpaceBetween>
  );
}
