import Container from "@cloudscape-design/components/container";
import ColumnLayout from "@cloudscape-design/components/column-layout";
import FormField from "@cloudscape-design/components/form-field";
import Header from "@cloudscape-design/components/header";
import Input from "@cloudscape-design/components/input";
import Select from "@cloudscape-design/components/select";
import SpaceBetween from "@cloudscape-design/components/space-between";
import { useState } from "react";
import { useNavigate } from "react-router";

import { aws } from "../../api/client";
import { CodeArea } from "../../app/CodeArea";
import { CopyCli } from "../../app/CopyCli";
import { ErrorBox } from "../../app/ErrorBox";
import { FormPage } from "../../app/FormPage";
import { useAction } from "../../app/useAction";
import { useAsync } from "../../app/useAsync";
import { ActionFields } from "./ActionFields";
import { alarmNamed, alarmPath, alarms, isTaken, type CompositeAlarm } from "./alarm";
import { putInput, widened, type CompositeDraft } from "./compositeDraft";
import { NameFields } from "./NameFields";
import { RuleCheckView } from "./RuleCheckView";

interface Props {
  region: string;
  start: CompositeDraft;
  /** The alarm that is edited, or copied. */
  before?: CompositeAlarm;
  /** Whether the name is a new one. */
  fresh: boolean;
}

/** An alarm on the states of others. */
export function CompositeForm({ region, start, before, fresh }: Props) {
  const navigate = useNavigate();
  const [draft, setDraft] = useState(start);
  const [missing, setMissing] = useState("");
  const { run, busy, error } = useAction();
  const known = useAsync((signal) => alarms(region, signal), region);
  const others = (known.data ?? []).filter(({ AlarmName }) => fresh || AlarmName !== start.name);
  const options = others.map(({ AlarmName, StateValue }) => ({ value: AlarmName, label: AlarmName, tags: [StateValue] }));
  const set = (changed: Partial<CompositeDraft>) => setDraft((earlier) => ({ ...earlier, ...changed }));
  const input = putInput(draft);

  const submit = () =>
    run(async () => {
      setMissing("");
      if (fresh && (await alarmNamed(region, draft.name))) return setMissing(isTaken(draft.name));
      await aws("cloudwatch", "PutCompositeAlarm", region, input);
      navigate(alarmPath(region, draft.name));
    });

  return (
    <FormPage
      header={fresh ? "Create composite alarm" : `Edit ${start.name}`}
      description={`In ${region}`}
      verb={fresh ? "Create composite alarm" : "Save alarm"}
      busy={busy}
      disabled={!draft.name || !draft.rule.trim()}
      missing={missing}
      error={error}
      onSubmit={() => void submit()}
      onCancel={() => navigate(before ? alarmPath(region, before.AlarmName) : "/alarms")}
    >
      <Container header={<Header variant="h2">Rule</Header>}>
        <SpaceBetween size="m">
          <ErrorBox error={known.error} />
          <FormField
            label="In alarm where this holds"
            description='ALARM("a"), OK("a") or INSUFFICIENT_DATA("a"), with AND, OR, NOT and parentheses; AT_LEAST(2, ALARM, ("a", "b", "c")).'
            stretch
          >
            <CodeArea name="rule" rows={5} value={draft.rule} onChange={(rule) => set({ rule })} />
          </FormField>
          <Select
            ariaLabel="Add an alarm to the rule"
            filteringType="auto"
            placeholder="Add an alarm"
            empty="There is no alarm in this Region."
            options={options}
            selectedOption={null}
            onChange={({ detail }) => set({ rule: widened(draft.rule, detail.selectedOption.value ?? "") })}
          />
          {known.data && <RuleCheckView rule={draft.rule} alarms={known.data} />}
        </SpaceBetween>
      </Container>
      <ActionFields region={region} actions={draft.actions} onChange={(actions) => set({ actions })} />
      <Suppression draft={draft} set={set} />
      <NameFields draft={draft} set={set} named={!fresh} />
      <CopyCli service="cloudwatch" operation="PutCompositeAlarm" region={region} input={input} />
    </FormPage>
  );
}

interface PartProps {
  draft: CompositeDraft;
  set: (changed: Partial<CompositeDraft>) => void;
}

function Suppression({ draft, set }: PartProps) {
  const field = (name: "suppressor" | "wait" | "extension", label: string, description: string) => (
    <FormField label={label} description={description}>
      <Input
        name={name}
        type={name === "suppressor" ? "text" : "number"}
        value={draft[name]}
        onChange={({ detail }) => set({ [name]: detail.value })}
      />
    </FormField>
  );
  return (
    <Container header={<Header variant="h2">Suppression</Header>}>
      <SpaceBetween size="m">
        {field("suppressor", "Suppressor", "An alarm: while it is in alarm, nobody is told. May be empty.")}
        {draft.suppressor && (
          <ColumnLayout columns={2}>
            {field("wait", "Wait, in seconds", "How long the suppressor is waited for.")}
            {field("extension", "Extension, in seconds", "How long nobody is told after it.")}
          </ColumnLayout>
        )}
      </SpaceBetween>
    </Container>
  );
}
