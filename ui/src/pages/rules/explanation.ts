/** Whether a pattern means an event, and why not. */

import { aws, post } from "../../api/client";

export interface Unmet {
  field: string;
  wanted: unknown[];
  found: unknown[];
}

export interface Explanation {
  matches: boolean;
  unmet: Unmet[];
  apart: boolean;
}

/** What TestEventPattern says; where it says no, also which fields are in the way. */
export async function tested(region: string, pattern: string, event: string): Promise<Explanation> {
  const { Result } = await aws<{ Result: boolean }>("events", "TestEventPattern", region, {
    EventPattern: pattern,
    Event: event,
  });
  if (Result) return { matches: true, unmet: [], apart: false };
  return post<Explanation>("/event-patterns/explanation", { pattern, event: JSON.parse(event) });
}

/** A call as a trail gives it to the default bus. */
export const SAMPLE = {
  version: "0",
  id: "6a7e8feb-b491-4cf7-a9f1-bf3703467718",
  "detail-type": "AWS API Call via CloudTrail",
  source: "aws.iam",
  account: "000000000000",
  time: "2026-11-28T12:00:00Z",
  region: "us-east-1",
  resources: [],
  detail: {
    eventSource: "iam.amazonaws.com",
    eventName: "CreateUser",
    sourceIPAddress: "192.0.2.7",
    userIdentity: { type: "IAMUser", userName: "anna" },
    requestParameters: { userName: "bob" },
  },
};
