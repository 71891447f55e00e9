import Container from "@cloudscape-design/components/container";
import FormField from "@cloudscape-design/components/form-field";
import Header from "@cloudscape-design/components/header";
import Input from "@cloudscape-design/components/input";
import RadioGroup from "@cloudscape-design/components/radio-group";
import Select from "@cloudscape-design/components/select";
import SpaceBetween from "@cloudscape-design/components/space-between";
import { useState } from "react";
import { useNavigate } from "react-router";

import { aws } from "../../api/client";
import { CodeArea } from "../../app/CodeArea";
import { CopyCli } from "../../app/CopyCli";
import { FormPage } from "../../app/FormPage";
import { useAction } from "../../app/useAction";
import { pretty } from "../../lib/json";
import { putInput, type RuleDraft } from "./draft";
import { EventTester } from "./EventTester";
import { rulePath, STATES, type Rule } from "./rule";

interface Props {
  region: string;
  start: RuleDraft;
  /** The rule that is edited. */
  before?: Rule;
}

export function RuleForm({ region, start, before }: Props) {
  const navigate = useNavigate();
  const [draft, setDraft] = useState({ ...start, pattern: pretty(start.pattern) });
  const { run, busy, error } = useAction();
  const set = (changed: Partial<RuleDraft>) => setDraft((earlier) => ({ ...earlier, ...changed }));
  const input = putInput(draft, before);
  const done = before ? rulePath(region, before) : `/rules?${new URLSearchParams({ bus: draft.bus })}`;

  async function submit() {
    const made = await run(() => aws("events", "PutRule", region, input));
    if (made) navigate(rulePath(region, { EventBusName: draft.bus, Name: draft.name }));
  }

  return (
    <FormPage
      header={before ? `Edit ${before.Name}` : "Create rule"}
      description={`On the event bus ${draft.bus}`}
      verb={before ? "Save rule" : "Create rule"}
      busy={busy}
      disabled={!draft.name}
      error={error}
      onSubmit={() => void submit()}
      onCancel={() => navigate(done)}
    >
      <Attributes draft={draft} set={set} named={Boolean(before)} />
      <When draft={draft} set={set} />
      {draft.kind === "pattern" && <EventTester region={region} pattern={draft.pattern} />}
      <CopyCli service="events" operation="PutRule" region={region} input={input} />
    </FormPage>
  );
}

interface PartProps {
  draft: RuleDraft;
  set: (changed: Partial<RuleDraft>) => void;
}

function Attributes({ draft, set, named }: PartProps & { named: boolean }) {
  return (
    <Container header={<Header variant="h2">Rule</Header>}>
      <SpaceBetween size="m">
        <FormField label="Name">
          <Input
            name="ruleName"
            disabled={named}
            value={draft.name}
            onChange={({ detail }) => set({ name: detail.value })}
          />
        </FormField>
        <FormField label="Description">
          <Input
            name="description"
            value={draft.description}
            onChange={({ detail }) => set({ description: detail.value })}
          />
        </FormField>
        <FormField label="State">
          <Select
            options={STATES}
            selectedOption={STATES.find(({ value }) => value === draft.state) ?? STATES[0]!}
            onChange={({ detail }) => set({ state: detail.selectedOption.value as RuleDraft["state"] })}
          />
        </FormField>
      </SpaceBetween>
    </Container>
  );
}

function When({ draft, set }: PartProps) {
  return (
    <Container header={<Header variant="h2">When</Header>}>
      <SpaceBetween size="m">
        <FormField label="What fires the rule">
          <RadioGroup
            value={draft.kind}
            onChange={({ detail }) => set({ kind: detail.value as RuleDraft["kind"] })}
            items={[
              { value: "pattern", label: "Events that a pattern means" },
              { value: "schedule", label: "A schedule" },
            ]}
          />
        </FormField>
        {draft.kind === "pattern" ? (
          <FormField label="Event pattern" description="Fields as events have them, each with a list of alternatives." stretch>
            <CodeArea name="pattern" rows={10} value={draft.pattern} onChange={(pattern) => set({ pattern })} />
          </FormField>
        ) : (
          <FormField label="Schedule" description="rate(5 minutes), or cron(0 18 ? * MON-FRI *) in UTC.">
            <Input name="schedule" value={draft.schedule} onChange={({ detail }) => set({ schedule: detail.value })} />
          </FormField>
        )}
      </SpaceBetween>
    </Container>
  );
}
