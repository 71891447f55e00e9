/** Rules of composite alarms, before they are put. */

import { post } from "../../api/client";
import type { State } from "./alarm";

export interface RuleTold {
  /** What is wrong; empty: nothing. */
  error: string;
  /** At which character. */
  place: number | null;
  children: string[];
  /** Whether it holds; null where an alarm of it is not known. */
  holds: boolean | null;
}

export async function checkRule(rule: string, states: Record<string, State>, signal: AbortSignal): Promise<RuleTold> {
  return post<RuleTold>("/alarm-rules/check", { rule: rule.trim(), states }, signal);
}

/** A rule around what stands at a character, which the server counts in whole ones. */
export function pieces(rule: string, place: number | null): { before: string; token: string; after: string } {
  const characters = [...rule.trim()];
  const at = place ?? characters.length;
  const rest = characters.slice(at).join("");
  const token = /^([(),]|[^\s(),]+)/.exec(rest)?.[0] ?? "";
  return { before: characters.slice(0, at).join(""), token, after: rest.slice(token.length) };
}
