/** What a target would be sent of an event. */

import { post } from "../../api/client";
import type { Rule, Target } from "./rule";

export interface Previewed {
  /** What is wrong with the target's input, in AWS's words. */
  problems: string[];
  sent: string;
  /** Whether it is JSON where it has to be. */
  sound: boolean;
}

export async function previewed(rule: Rule, target: Target, event: string, signal: AbortSignal): Promise<Previewed> {
  const body = { target, event, ruleArn: rule.Arn, ruleName: rule.Name };
  return post<Previewed>("/target-inputs/preview", body, signal);
}
