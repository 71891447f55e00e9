/** What filter patterns are tested on. */

export interface Match {
  /** From 1. */
  eventNumber: number;
  eventMessage: string;
  extractedValues: Record<string, string>;
}

export const TESTED_MAX = 50;

const PERSON = { type: "IAMUser", userName: "alice" };

/** Two sign-ins, of which one failed, and a call that was denied. */
export const SAMPLES = [
  { eventName: "ConsoleLogin", userIdentity: PERSON, errorMessage: "Failed authentication" },
  { eventName: "ConsoleLogin", userIdentity: PERSON, responseElements: { ConsoleLogin: "Success" } },
  { eventName: "RunInstances", userIdentity: PERSON, errorCode: "Client.UnauthorizedOperation" },
].map((record) => JSON.stringify(record));

/** The events in a text: the elements of a JSON list, one JSON object, or lines. */
export function messages(text: string): string[] {
  const found = whole(text) ?? text.split("\n").filter((line) => line.trim());
  return found.slice(0, TESTED_MAX);
}

function whole(text: string): string[] | undefined {
  try {
    const value: unknown = JSON.parse(text);
    if (Array.isArray(value)) return value.map((each) => (typeof each === "string" ? each : JSON.stringify(each)));
    return typeof value === "object" && value !== null ? [JSON.stringify(value)] : undefined;
  } catch {
    return undefined;
  }
}
