import Button from "@cloudscape-design/components/button";
import Checkbox from "@cloudscape-design/components/checkbox";
import Container from "@cloudscape-design/components/container";
import FormField from "@cloudscape-design/components/form-field";
import Header from "@cloudscape-design/components/header";
import Multiselect from "@cloudscape-design/components/multiselect";
import SpaceBetween from "@cloudscape-design/components/space-between";
import { useState } from "react";

import { ErrorBox } from "../../app/ErrorBox";
import { useAsync } from "../../app/useAsync";
import { topics, type Actions } from "./actions";
import { CreateTopic } from "./CreateTopic";

interface Props {
  region: string;
  actions: Actions;
  onChange: (actions: Actions) => void;
}

const STATES = [
  { state: "alarm", label: "Told when in alarm" },
  { state: "ok", label: "Told when OK" },
  { state: "without", label: "Told without data" },
] as const;

/** Who is told when an alarm turns: topics of the Region, and what else it tells already. */
export function ActionFields({ region, actions, onChange }: Props) {
  const [creating, setCreating] = useState(false);
  const { data, error, loading, reload } = useAsync((signal) => topics(region, signal), region);
  const known = [...new Set([...(data ?? []), ...STATES.flatMap(({ state }) => actions[state])])];
  const options = known.map((arn) => ({ value: arn, label: arn.split(":").at(-1), description: arn }));

  function created(arn: string) {
    setCreating(false);
    reload();
    onChange({ ...actions, alarm: [...actions.alarm, arn] });
  }

  return (
    <Container
      header={
        <Header
          variant="h2"
          actions={
            <Button formAction="none" onClick={() => setCreating(true)}>
              Create topic
            </Button>
          }
        >
          Notification
        </Header>
      }
    >
      <SpaceBetween size="m">
        <ErrorBox error={error} />
        {STATES.map(({ state, label }) => (
          <FormField key={state} label={label}>
            <Multiselect
              filteringType="auto"
              placeholder="Nobody"
              statusType={loading ? "loading" : "finished"}
              empty="There is no topic in this Region."
              options={options}
              selectedOptions={options.filter(({ value }) => actions[state].includes(value))}
              deselectAriaLabel={(option) => `Do not tell ${option.label}`}
              onChange={({ detail }) =>
                onChange({ ...actions, [state]: detail.selectedOptions.map(({ value }) => value) })
              }
            />
          </FormField>
        ))}
        <Checkbox
          checked={actions.enabled}
          onChange={({ detail }) => onChange({ ...actions, enabled: detail.checked })}
        >
          Actions are enabled
        </Checkbox>
      </SpaceBetween>
      {creating && <CreateTopic region={region} onClose={() => setCreating(false)} onCreated={created} />}
    </Container>
  );
}
