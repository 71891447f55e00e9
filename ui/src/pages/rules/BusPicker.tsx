import Button from "@cloudscape-design/components/button";
import FormField from "@cloudscape-design/components/form-field";
import Input from "@cloudscape-design/components/input";
import Select from "@cloudscape-design/components/select";
import SpaceBetween from "@cloudscape-design/components/space-between";
import { useState } from "react";

import { aws } from "../../api/client";
import { Confirm } from "../../app/Confirm";
import { ErrorBox } from "../../app/ErrorBox";
import { useAction } from "../../app/useAction";
import { useAsync } from "../../app/useAsync";
import { buses, DEFAULT_BUS } from "./rule";

interface Props {
  region: string;
  bus: string;
  onChange: (bus: string) => void;
}

/** Which event bus: it is chosen, made, or deleted. */
export function BusPicker({ region, bus, onChange }: Props) {
  const [asking, setAsking] = useState<"" | "create" | "delete">("");
  const [name, setName] = useState("");
  const { run, busy, error, clear } = useAction();
  const asked = useAsync((signal) => buses(region, signal), region);
  const options = (asked.data ?? []).map((each) => ({ value: each.Name, label: each.Name, description: each.Arn }));

  const close = () => {
    setAsking("");
    clear();
  };
  async function act(operation: "CreateEventBus" | "DeleteEventBus", Name: string) {
    if (!(await run(() => aws("events", operation, region, { Name })))) return;
    close();
    asked.reload();
    onChange(operation === "CreateEventBus" ? Name : DEFAULT_BUS);
  }

  return (
    <>
      <SpaceBetween size="xs" direction="horizontal">
        <Select
          ariaLabel="Event bus"
          options={options}
          selectedOption={{ value: bus, label: `Bus ${bus}` }}
          statusType={asked.loading ? "loading" : "finished"}
          onChange={({ detail }) => onChange(detail.selectedOption.value ?? DEFAULT_BUS)}
        />
        <Button onClick={() => setAsking("create")}>Create bus</Button>
        {bus !== DEFAULT_BUS && <Button onClick={() => setAsking("delete")}>Delete bus</Button>}
      </SpaceBetween>
      <ErrorBox error={asked.error} />
      {asking === "create" && (
        <Confirm
          header="Create event bus"
          verb="Create"
          busy={busy}
          disabled={!name}
          error={error}
          onClose={close}
          onConfirm={() => void act("CreateEventBus", name)}
        >
          <FormField label="Name">
            <Input name="busName" value={name} onChange={({ detail }) => setName(detail.value)} />
          </FormField>
        </Confirm>
      )}
      {asking === "delete" && (
        <Confirm
          header={`Delete bus ${bus}?`}
          verb="Delete"
          busy={busy}
          error={error}
          onClose={close}
          onConfirm={() => void act("DeleteEventBus", bus)}
        >
          Its rules have to be deleted first. Events for it are dropped from then on.
        </Confirm>
      )}
    </>
  );
}
