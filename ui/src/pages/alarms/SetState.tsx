import FormField from "@cloudscape-design/components/form-field";
import Input from "@cloudscape-design/components/input";
import Select from "@cloudscape-design/components/select";
import { useState } from "react";

import { aws } from "../../api/client";
import { Confirm } from "../../app/Confirm";
import { useAction } from "../../app/useAction";
import { STATES, type State } from "./alarm";

interface Props {
  region: string;
  name: string;
  onClose: () => void;
  onDone: () => void;
}

/** Turns an alarm by hand, to try out who is told. */
export function SetState({ region, name, onClose, onDone }: Props) {
  const [state, setState] = useState<State>("ALARM");
  const [reason, setReason] = useState("Set by hand");
  const { run, busy, error } = useAction();
  const input = { AlarmName: name, StateValue: state, StateReason: reason };
  const set = async () => (await run(() => aws("cloudwatch", "SetAlarmState", region, input))) && onDone();
  return (
    <Confirm
      header={`Set the state of ${name}`}
      verb="Set state"
      busy={busy}
      disabled={!reason}
      error={error}
      onClose={onClose}
      onConfirm={() => void set()}
    >
      Whoever is told of that state is told. It stays until the alarm is evaluated again.
      <FormField label="State">
        <Select
          options={STATES}
          selectedOption={STATES.find(({ value }) => value === state) ?? null}
          onChange={({ detail }) => setState(detail.selectedOption.value as State)}
        />
      </FormField>
      <FormField label="Reason">
        <Input name="reason" value={reason} onChange={({ detail }) => setReason(detail.value)} />
      </FormField>
    </Confirm>
  );
}
