import FormField from "@cloudscape-design/components/form-field";
import { useState } from "react";

import { Confirm } from "../../app/Confirm";
import { useAction } from "../../app/useAction";
import { setRetention, type LogGroup } from "./logs";
import { RetentionSelect } from "./RetentionSelect";

interface Props {
  region: string;
  group: LogGroup;
  onClose: () => void;
  onDone: () => void;
}

export function EditRetention({ region, group, onClose, onDone }: Props) {
  const [days, setDays] = useState(String(group.retentionInDays ?? ""));
  const { run, busy, error } = useAction();
  const save = async () => (await run(() => setRetention(region, group.logGroupName, days))) && onDone();
  return (
    <Confirm header="Retention" verb="Save" busy={busy} error={error} onClose={onClose} onConfirm={() => void save()}>
      <FormField label="Keep events" description="What is older is hidden at once, and deleted soon after.">
        <RetentionSelect value={days} onChange={setDays} />
      </FormField>
    </Confirm>
  );
}
