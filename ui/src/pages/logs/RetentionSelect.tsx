import Select from "@cloudscape-design/components/select";

import { RETENTIONS } from "./logs";

/** How long events are kept: days as text, empty for ever. */
export function RetentionSelect({ value, onChange }: { value: string; onChange: (days: string) => void }) {
  return (
    <Select
      ariaLabel="Retention"
      selectedOption={RETENTIONS.find((each) => each.value === value) ?? RETENTIONS[0]!}
      options={RETENTIONS}
      onChange={({ detail }) => onChange(detail.selectedOption.value ?? "")}
    />
  );
}
