import Button from "@cloudscape-design/components/button";
import FormField from "@cloudscape-design/components/form-field";
import SpaceBetween from "@cloudscape-design/components/space-between";
import { useState } from "react";

import { CodeArea } from "../../app/CodeArea";
import { pretty } from "../../lib/json";
import { envelope } from "./envelope";
import { EventPicker } from "./EventPicker";
import { SAMPLE } from "./explanation";

interface Props {
  region: string;
  event: string;
  rows: number;
  onChange: (event: string) => void;
}

/** An event as a bus has it: pasted, a sample, or picked from the event history. */
export function EventField({ region, event, rows, onChange }: Props) {
  const [picking, setPicking] = useState(false);
  return (
    <>
      <FormField
        label="Event to test it on"
        description="As a bus has it: with source, detail-type and detail."
        secondaryControl={
          <SpaceBetween size="xs" direction="horizontal">
            <Button formAction="none" onClick={() => onChange(JSON.stringify(SAMPLE, null, 2))}>
              Use a sample
            </Button>
            <Button formAction="none" onClick={() => setPicking(true)}>
              Pick from the event history
            </Button>
          </SpaceBetween>
        }
        stretch
      >
        <CodeArea name="event" rows={rows} value={event} onChange={onChange} onBlur={() => onChange(pretty(event))} />
      </FormField>
      {picking && (
        <EventPicker
          region={region}
          onClose={() => setPicking(false)}
          onPick={(row) => {
            setPicking(false);
            onChange(JSON.stringify(envelope(row), null, 2));
          }}
        />
      )}
    </>
  );
}
