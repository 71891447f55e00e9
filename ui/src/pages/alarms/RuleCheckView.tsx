import Alert from "@cloudscape-design/components/alert";
import Box from "@cloudscape-design/components/box";
import SpaceBetween from "@cloudscape-design/components/space-between";

import { ErrorBox } from "../../app/ErrorBox";
import { useAsync } from "../../app/useAsync";
import { useSettled } from "../../app/useSettled";
import type { Alarm } from "./alarm";
import { AlarmState } from "./AlarmState";
import { checkRule, pieces } from "./ruleCheck";

/** What a rule says of the alarms as they are now, or where it is wrong: as it is typed. */
export function RuleCheckView({ rule, alarms }: { rule: string; alarms: Alarm[] }) {
  const settled = useSettled(rule);
  const states = Object.fromEntries(alarms.map(({ AlarmName, StateValue }) => [AlarmName, StateValue]));
  const { data, error } = useAsync((signal) => checkRule(settled, states, signal), JSON.stringify([settled, states]));
  if (error) return <ErrorBox error={error} />;
  if (!data || !settled.trim()) return null;
  if (data.error) {
    const { before, token, after } = pieces(settled, data.place);
    return (
      <Alert type="error" header={data.error}>
        {data.place !== null && (
          <Box variant="code">
            <span className="cairn-as-is">
              {before}
              <mark>{token || "…"}</mark>
              {after}
            </span>
          </Box>
        )}
      </Alert>
    );
  }
  const unknown = data.children.filter((name) => !(name in states));
  if (unknown.length) return <Alert type="warning">There is no alarm {unknown.join(", ")}: the rule cannot be saved.</Alert>;
  return (
    <Alert type="info" header={`As its alarms are now, it would be ${data.holds ? "in alarm" : "OK"}.`}>
      <SpaceBetween size="xs">
        {data.children.map((name) => (
          <SpaceBetween key={name} size="xs" direction="horizontal">
            {name}
            <AlarmState state={states[name]!} />
          </SpaceBetween>
        ))}
      </SpaceBetween>
    </Alert>
  );
}
