import Alert from "@cloudscape-design/components/alert";
import ColumnLayout from "@cloudscape-design/components/column-layout";
import Container from "@cloudscape-design/components/container";
import Header from "@cloudscape-design/components/header";
import SpaceBetween from "@cloudscape-design/components/space-between";

import { get } from "../../api/client";
import type { Health } from "../../api/types";
import { ErrorBox } from "../../app/ErrorBox";
import { RangePicker } from "../../app/RangePicker";
import { useAsync } from "../../app/useAsync";
import { useUrlState } from "../../app/useUrlState";
import { MetricGraph } from "../metrics/MetricGraph";
import { DeadLetters } from "./DeadLetters";
import { DEFAULT_BUS, targets, type Rule } from "./rule";

const USUAL = { since: "12h", until: "" };
const COUNTED = ["MatchedEvents", "Invocations", "FailedInvocations", "InvocationsSentToDlq"];

/** How far a rule's events came: who refuses them now, what was counted, and what was given up. */
export function DeliveryErrors({ region, rule }: { region: string; rule: Rule }) {
  const [{ since, until }, change] = useUrlState(USUAL);
  const refusals = useAsync((signal) => refusing(rule, signal), rule.Arn);
  const asked = useAsync((signal) => targets(region, rule, signal), `${region} ${rule.Arn}`);
  const queues = new Set((asked.data ?? []).flatMap(({ DeadLetterConfig: dead }) => dead?.Arn ?? []));
  return (
    <SpaceBetween size="l">
      <ErrorBox error={asked.error} />
      {refusals.data?.map(({ target, told }) => (
        <Alert key={target} type="error" header={`${target} did not take the last event`}>
          {told}
        </Alert>
      ))}
      <Container
        header={
          <Header
            variant="h2"
            actions={
              <RangePicker since={since} until={until} onChange={(from, to) => change({ since: from, until: to })} />
            }
          >
            What was counted
          </Header>
        }
      >
        <ColumnLayout columns={2}>
          {COUNTED.map((name) => (
            <MetricGraph
              key={name}
              region={region}
              metric={{ Namespace: "AWS/Events", MetricName: name, Dimensions: dimensions(rule) }}
              plain
              statistic="Sum"
              period={0}
              since={since}
              until={until}
            />
          ))}
        </ColumnLayout>
      </Container>
      {[...queues].map((arn) => (
        <DeadLetters key={arn} region={region} arn={arn} />
      ))}
    </SpaceBetween>
  );
}

function dimensions({ Name, EventBusName }: Rule) {
  const named = { Name: "RuleName", Value: Name };
  return EventBusName === DEFAULT_BUS ? [named] : [{ Name: "EventBusName", Value: EventBusName }, named];
}

/** The rule's targets that take nothing now; none where the person may not know. */
async function refusing(rule: Rule, signal: AbortSignal): Promise<{ target: string; told: string }[]> {
  const { loops } = await get<Health>("/health", {}, signal);
  return loops
    .filter(({ name, last_error: told }) => told && name.startsWith(`${rule.Arn} (`))
    .map(({ name, last_error: told }) => ({ target: name.slice(rule.Arn.length + 2, -1), told }));
}
