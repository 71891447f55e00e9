import Box from "@cloudscape-design/components/box";
import Button from "@cloudscape-design/components/button";
import Container from "@cloudscape-design/components/container";
import FormField from "@cloudscape-design/components/form-field";
import Header from "@cloudscape-design/components/header";
import SpaceBetween from "@cloudscape-design/components/space-between";
import { useState } from "react";

import { aws } from "../../api/client";
import { CodeArea } from "../../app/CodeArea";
import { CopyCli } from "../../app/CopyCli";
import { ErrorBox } from "../../app/ErrorBox";
import { useAction } from "../../app/useAction";
import { plural } from "../../lib/numbers";
import { lastMessages } from "./logs";
import { TestResults } from "./TestResults";
import { messages, SAMPLES, TESTED_MAX, type Match } from "./testing";

interface Props {
  region: string;
  /** Whose last events may be taken; none where empty. */
  group: string;
  pattern: string;
}

/** Tries a filter pattern on events that are pasted or taken from the group. */
export function PatternTester({ region, group, pattern }: Props) {
  const [text, setText] = useState("");
  const [tested, setTested] = useState<{ messages: string[]; matches: Match[] }>();
  const { run, busy, error } = useAction();
  const given = messages(text);

  const test = (wanted: string[]) =>
    run(async () => {
      setTested(undefined);
      const input = { filterPattern: pattern, logEventMessages: wanted };
      const { matches } = await aws<{ matches: Match[] }>("logs", "TestMetricFilter", region, input);
      setTested({ messages: wanted, matches });
    });
  const take = () =>
    run(async () => {
      const last = await lastMessages(region, group);
      setText(last.join("\n"));
    });

  return (
    <Container
      header={
        <Header
          variant="h2"
          actions={
            <SpaceBetween size="xs" direction="horizontal">
              <Button onClick={() => setText(SAMPLES.join("\n"))}>Use samples</Button>
              {group && (
                <Button loading={busy} onClick={() => void take()}>
                  Take the group's last events
                </Button>
              )}
            </SpaceBetween>
          }
        >
          Test the pattern
        </Header>
      }
    >
      <SpaceBetween size="m">
        <FormField
          label="Events to test it on"
          description={`One a line, or a JSON list, up to ${TESTED_MAX}.`}
          constraintText={plural(given.length, "event")}
          stretch
        >
          <CodeArea name="messages" rows={8} value={text} onChange={setText} />
        </FormField>
        <SpaceBetween size="xs" direction="horizontal">
          <Button loading={busy} disabled={!given.length} onClick={() => void test(given)}>
            Test pattern
          </Button>
          <CopyCli
            service="logs"
            operation="TestMetricFilter"
            region={region}
            input={{ filterPattern: pattern, logEventMessages: given }}
          />
        </SpaceBetween>
        <ErrorBox error={error} />
        {tested && <TestResults {...tested} />}
        {!tested && !given.length && <Box color="text-body-secondary">Paste events, or take some, to see which match.</Box>}
      </SpaceBetween>
    </Container>
  );
}
