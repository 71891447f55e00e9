import Button from "@cloudscape-design/components/button";
import Container from "@cloudscape-design/components/container";
import Header from "@cloudscape-design/components/header";
import SpaceBetween from "@cloudscape-design/components/space-between";
import { useState } from "react";

import { CopyCli } from "../../app/CopyCli";
import { ErrorBox } from "../../app/ErrorBox";
import { useAction } from "../../app/useAction";
import { EventField } from "./EventField";
import { SAMPLE, tested, type Explanation } from "./explanation";
import { ExplanationView } from "./ExplanationView";

/** Tries an event pattern on an event. */
export function EventTester({ region, pattern }: { region: string; pattern: string }) {
  const [event, setEvent] = useState(JSON.stringify(SAMPLE, null, 2));
  const [told, setTold] = useState<Explanation>();
  const { run, busy, error } = useAction();
  const take = (text: string) => {
    if (text === event) return;
    setEvent(text);
    setTold(undefined);
  };
  const test = () =>
    run(async () => {
      setTold(undefined);
      setTold(await tested(region, pattern, event));
    });
  return (
    <Container header={<Header variant="h2">Test the pattern</Header>}>
      <SpaceBetween size="m">
        <EventField region={region} event={event} rows={12} onChange={take} />
        <SpaceBetween size="xs" direction="horizontal">
          <Button formAction="none" loading={busy} disabled={!pattern || !event} onClick={() => void test()}>
            Test pattern
          </Button>
          <CopyCli
            service="events"
            operation="TestEventPattern"
            region={region}
            input={{ EventPattern: pattern, Event: event }}
          />
        </SpaceBetween>
        <ErrorBox error={error} />
        {told && <ExplanationView told={told} />}
      </SpaceBetween>
    </Container>
  );
}
