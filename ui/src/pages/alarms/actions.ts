/** What is done when an alarm turns, and whether it is done at all. */

import { aws } from "../../api/client";
import { listed } from "../../lib/pages";
import type { Alarm } from "./alarm";

/** ARNs by the state that an alarm turns to. */
export interface Actions {
  enabled: boolean;
  alarm: string[];
  ok: string[];
  without: string[];
}

export const NO_ACTIONS: Actions = { enabled: true, alarm: [], ok: [], without: [] };

export function actionsOf(alarm: Alarm): Actions {
  return {
    enabled: alarm.ActionsEnabled,
    alarm: alarm.AlarmActions,
    ok: alarm.OKActions,
    without: alarm.InsufficientDataActions,
  };
}

/** The members of PutMetricAlarm and PutCompositeAlarm that they are. */
export function actionsInput({ enabled, alarm, ok, without }: Actions): Record<string, unknown> {
  return {
    ActionsEnabled: enabled,
    ...(alarm.length ? { AlarmActions: alarm } : {}),
    ...(ok.length ? { OKActions: ok } : {}),
    ...(without.length ? { InsufficientDataActions: without } : {}),
  };
}

/** ARNs of the topics of a Region. */
export async function topics(region: string, signal: AbortSignal): Promise<string[]> {
  return listed(async (NextToken) => {
    const input = NextToken ? { NextToken } : {};
    const page = await aws<{ Topics: { TopicArn: string }[]; NextToken?: string }>("sns", "ListTopics", region, input, signal);
    return [page.Topics.map(({ TopicArn }) => TopicArn), page.NextToken];
  });
}

/** Make a topic and its first subscriber. What stood before a refusal stays. */
export async function createTopic(region: string, Name: string, Protocol: string, Endpoint: string): Promise<string> {
  const { TopicArn } = await aws<{ TopicArn: string }>("sns", "CreateTopic", region, { Name });
  await aws("sns", "Subscribe", region, { TopicArn, Protocol, Endpoint });
  return TopicArn;
}
