import FormField from "@cloudscape-design/components/form-field";
import Input from "@cloudscape-design/components/input";
import { useState } from "react";

import { aws } from "../../api/client";
import { Confirm } from "../../app/Confirm";
import { CopyCli } from "../../app/CopyCli";
import { useAction } from "../../app/useAction";
import { setRetention } from "./logs";
import { RetentionSelect } from "./RetentionSelect";

interface Props {
  region: string;
  onClose: () => void;
  onCreated: (name: string) => void;
}

export function CreateLogGroup({ region, onClose, onCreated }: Props) {
  const [name, setName] = useState("");
  const [days, setDays] = useState("");
  const { run, busy, error } = useAction();

  async function create() {
    const made = await run(async () => {
      await aws("logs", "CreateLogGroup", region, { logGroupName: name });
      if (days) await setRetention(region, name, days);
    });
    if (made) onCreated(name);
  }

  return (
    <Confirm
      header="Create log group"
      verb="Create"
      busy={busy}
      disabled={!name}
      error={error}
      onClose={onClose}
      onConfirm={() => void create()}
    >
      <FormField label="Name">
        <Input name="logGroupName" value={name} onChange={({ detail }) => setName(detail.value)} />
      </FormField>
      <FormField label="Retention" description="Events that are older are deleted.">
        <RetentionSelect value={days} onChange={setDays} />
      </FormField>
      <CopyCli service="logs" operation="CreateLogGroup" region={region} input={{ logGroupName: name || "NAME" }} />
    </Confirm>
  );
}
