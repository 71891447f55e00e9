/** What the form of a composite alarm asks for, and the call that makes it so. */

import { actionsInput, actionsOf, NO_ACTIONS, type Actions } from "./actions";
import type { CompositeAlarm } from "./alarm";

export interface CompositeDraft {
  name: string;
  description: string;
  rule: string;
  /** The alarm that keeps it quiet, by name or ARN; empty: none. */
  suppressor: string;
  /** Seconds, as they are typed. */
  wait: string;
  extension: string;
  actions: Actions;
}

export const NEW_COMPOSITE: CompositeDraft = {
  name: "",
  description: "",
  rule: "",
  suppressor: "",
  wait: "60",
  extension: "60",
  actions: NO_ACTIONS,
};

export function compositeDraftOf(alarm: CompositeAlarm): CompositeDraft {
  return {
    name: alarm.AlarmName,
    description: alarm.AlarmDescription ?? "",
    rule: alarm.AlarmRule,
    suppressor: alarm.ActionsSuppressor ?? "",
    wait: String(alarm.ActionsSuppressorWaitPeriod ?? NEW_COMPOSITE.wait),
    extension: String(alarm.ActionsSuppressorExtensionPeriod ?? NEW_COMPOSITE.extension),
    actions: actionsOf(alarm),
  };
}

/** The input of PutCompositeAlarm. */
export function putInput(draft: CompositeDraft): Record<string, unknown> {
  const suppression = {
    ActionsSuppressor: draft.suppressor,
    ActionsSuppressorWaitPeriod: Number(draft.wait),
    ActionsSuppressorExtensionPeriod: Number(draft.extension),
  };
  return {
    AlarmName: draft.name,
    ...(draft.description ? { AlarmDescription: draft.description } : {}),
    AlarmRule: draft.rule.trim(),
    ...actionsInput(draft.actions),
    ...(draft.suppressor ? suppression : {}),
  };
}

/** The rule with one more alarm that sets it off. */
export function widened(rule: string, name: string): string {
  const added = `ALARM("${name.replace(/[\\"]/g, "\\$&")}")`;
  return rule.trim() ? `${rule.trim()}\nOR ${added}` : added;
}
