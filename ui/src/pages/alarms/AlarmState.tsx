import StatusIndicator from "@cloudscape-design/components/status-indicator";

import type { State } from "./alarm";

const SHOWN = {
  OK: { type: "success", text: "OK" },
  ALARM: { type: "error", text: "In alarm" },
  INSUFFICIENT_DATA: { type: "pending", text: "Insufficient data" },
} as const;

export function AlarmState({ state }: { state: State }) {
  const { type, text } = SHOWN[state];
  return <StatusIndicator type={type}>{text}</StatusIndicator>;
}
