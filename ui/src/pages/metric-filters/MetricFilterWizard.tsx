import Container from "@cloudscape-design/components/container";
import FormField from "@cloudscape-design/components/form-field";
import Input from "@cloudscape-design/components/input";
import KeyValuePairs from "@cloudscape-design/components/key-value-pairs";
import SpaceBetween from "@cloudscape-design/components/space-between";
import Wizard from "@cloudscape-design/components/wizard";
import { useState } from "react";
import { useNavigate } from "react-router";

import { ApiError, aws } from "../../api/client";
import { CodeArea } from "../../app/CodeArea";
import { CopyCli } from "../../app/CopyCli";
import { ErrorBox } from "../../app/ErrorBox";
import { useAction } from "../../app/useAction";
import { groupPath } from "../logs/logs";
import { PatternTester } from "../logs/PatternTester";
import { SAMPLES } from "../logs/testing";
import { lacking, putInput, type FilterDraft, type MetricFilter } from "./filters";

interface Props {
  region: string;
  group: string;
  start: FilterDraft;
  /** The filter that is edited. */
  before?: MetricFilter;
}

interface StepProps {
  draft: FilterDraft;
  set: (changed: Partial<FilterDraft>) => void;
  named?: boolean;
}

/** A pattern, tried on events; the metric that it counts; and both to look at once more. */
export function MetricFilterWizard({ region, group, start, before }: Props) {
  const navigate = useNavigate();
  const [draft, setDraft] = useState(start);
  const [step, setStep] = useState(0);
  const [told, setTold] = useState("");
  const { run, busy, error } = useAction();
  const set = (changed: Partial<FilterDraft>) => {
    setTold("");
    setDraft((earlier) => ({ ...earlier, ...changed }));
  };
  const back = `${groupPath(region, group)}?tab=filters`;
  const input = putInput(group, draft, before);
  const submit = async () => (await run(() => aws("logs", "PutMetricFilter", region, input))) && navigate(back);

  async function go(to: number) {
    const refused = to > step && step === 0 ? await refusal(region, draft.pattern) : "";
    const missing = to > 1 ? lacking(draft) : "";
    setTold(refused || missing);
    if (refused) return;
    setStep(missing ? 1 : to);
  }

  return (
    <Wizard
      activeStepIndex={step}
      isLoadingNextStep={busy}
      submitButtonText={before ? "Save metric filter" : "Create metric filter"}
      onCancel={() => navigate(back)}
      onSubmit={() => void submit()}
      onNavigate={({ detail }) => void go(detail.requestedStepIndex)}
      steps={[
        {
          title: "Pattern",
          description: `Which events of ${group} are counted.`,
          errorText: told,
          content: (
            <SpaceBetween size="l">
              <Pattern draft={draft} set={set} />
              <PatternTester region={region} group={group} pattern={draft.pattern} />
            </SpaceBetween>
          ),
        },
        { title: "Metric", errorText: told, content: <Metric draft={draft} set={set} named={Boolean(before)} /> },
        {
          title: "Review",
          content: (
            <SpaceBetween size="m">
              <ErrorBox error={error} />
              <Review group={group} draft={draft} />
              <CopyCli service="logs" operation="PutMetricFilter" region={region} input={input} />
            </SpaceBetween>
          ),
        },
      ]}
    />
  );
}

/** Why the pattern is none, in AWS's words; empty where it is one. */
async function refusal(region: string, filterPattern: string): Promise<string> {
  try {
    await aws("logs", "TestMetricFilter", region, { filterPattern, logEventMessages: SAMPLES });
    return "";
  } catch (caught) {
    if (!(caught instanceof ApiError)) throw caught;
    return caught.message;
  }
}

function Pattern({ draft, set }: StepProps) {
  return (
    <Container>
      <FormField label="Filter pattern" description="Nothing means every event." stretch>
        <CodeArea
          name="pattern"
          rows={3}
          placeholder='{ ($.eventName = ConsoleLogin) && ($.errorMessage = "Failed authentication") }'
          value={draft.pattern}
          onChange={(pattern) => set({ pattern })}
        />
      </FormField>
    </Container>
  );
}

function Metric({ draft, set, named }: StepProps) {
  const field = (name: keyof FilterDraft, label: string, description?: string, disabled?: boolean) => (
    <FormField label={label} description={description}>
      <Input
        name={name}
        disabled={disabled}
        value={draft[name]}
        onChange={({ detail }) => set({ [name]: detail.value })}
      />
    </FormField>
  );
  return (
    <Container>
      <SpaceBetween size="m">
        {field("name", "Filter name", undefined, named)}
        {field("namespace", "Metric namespace")}
        {field("metric", "Metric name")}
        {field("value", "Metric value", "What a match adds: a number, or $.selector of a JSON pattern.")}
        {field("usual", "Default value", "Counted for minutes in which events came and none matched; may be empty.")}
        {field("unit", "Unit", "Count, Bytes, Seconds, ...; may be empty.")}
      </SpaceBetween>
    </Container>
  );
}

function Review({ group, draft }: { group: string; draft: FilterDraft }) {
  return (
    <Container>
      <KeyValuePairs
        columns={2}
        items={[
          { label: "Log group", value: group },
          { label: "Filter name", value: draft.name },
          { label: "Pattern", value: draft.pattern || "every event" },
          { label: "Metric", value: `${draft.namespace} ${draft.metric}` },
          { label: "Metric value", value: draft.value },
          { label: "Default value", value: draft.usual || "–" },
        ]}
      />
    </Container>
  );
}
