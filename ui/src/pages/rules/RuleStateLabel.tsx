import StatusIndicator from "@cloudscape-design/components/status-indicator";

import { STATES, type RuleState } from "./rule";

export function RuleStateLabel({ state }: { state: RuleState }) {
  const label = STATES.find(({ value }) => value === state)?.label ?? state;
  return <StatusIndicator type={state === "DISABLED" ? "stopped" : "success"}>{label}</StatusIndicator>;
}
