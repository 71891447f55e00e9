import ColumnLayout from "@cloudscape-design/components/column-layout";
import Container from "@cloudscape-design/components/container";
import FormField from "@cloudscape-design/components/form-field";
import Header from "@cloudscape-design/components/header";
import Input from "@cloudscape-design/components/input";
import Select from "@cloudscape-design/components/select";

import { duration } from "../../lib/numbers";
import { PERIODS, STATISTICS } from "../metrics/metric";
import { BANDS, MISSING, OPERATORS } from "./alarm";
import type { AlarmDraft } from "./draft";

type Choice = { value: string; label: string };

const STATISTIC_CHOICES = STATISTICS.map((value) => ({ value, label: value }));
const PERIOD_CHOICES = PERIODS.map(periodChoice);

interface Props {
  draft: AlarmDraft;
  set: (changed: Partial<AlarmDraft>) => void;
  /** Whether the threshold is a band. */
  band: boolean;
}

/** When the alarm turns. */
export function ConditionFields({ draft, set, band }: Props) {
  const choice = (name: "statistic" | "period" | "operator" | "missing", label: string, options: Choice[]) => (
    <FormField label={label}>
      <Select
        options={options}
        selectedOption={options.find(({ value }) => value === draft[name]) ?? null}
        onChange={({ detail }) => set({ [name]: detail.selectedOption.value })}
      />
    </FormField>
  );
  const number = (name: "threshold" | "periods" | "breaching", label: string) => (
    <FormField label={label}>
      <Input
        name={name}
        type="number"
        inputMode="decimal"
        step="any"
        value={draft[name]}
        onChange={({ detail }) => set({ [name]: detail.value })}
      />
    </FormField>
  );
  const { statistic, period } = draft;
  return (
    <Container header={<Header variant="h2">Condition</Header>}>
      <ColumnLayout columns={2}>
        {!draft.queries && choice("statistic", "Statistic", having(STATISTIC_CHOICES, { value: statistic, label: statistic }))}
        {!draft.queries && choice("period", "Period", having(PERIOD_CHOICES, periodChoice(Number(period))))}
        {choice("operator", "In alarm where it is", band ? BANDS : OPERATORS)}
        {!band && number("threshold", "Threshold")}
        {number("breaching", "In so many periods")}
        {number("periods", "Of so many that are looked at")}
        {choice("missing", "Periods without data count", MISSING)}
      </ColumnLayout>
    </Container>
  );
}

function periodChoice(seconds: number): Choice {
  return { value: String(seconds), label: duration(seconds) };
}

/** The choices, with what an alarm has that was made elsewhere. */
function having(choices: Choice[], one: Choice): Choice[] {
  return choices.some(({ value }) => value === one.value) ? choices : [...choices, one];
}
