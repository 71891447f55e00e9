import Box from "@cloudscape-design/components/box";

import { parsed } from "../../lib/json";
import { visible } from "../../lib/visible";

const MESSAGE_CHARS = 240;

/** A message as a list shows it: its beginning, and of a record of CloudTrail what happened. */
export function Message({ text }: { text: string }) {
  const told = headline(text);
  return (
    <>
      {told && <Box fontWeight="bold">{visible(told)}</Box>}
      <span className="cairn-message">{visible(text.length > MESSAGE_CHARS ? `${text.slice(0, MESSAGE_CHARS)}…` : text)}</span>
    </>
  );
}

interface Recorded {
  eventName?: unknown;
  userIdentity?: { userName?: unknown; arn?: unknown };
  errorCode?: unknown;
  errorMessage?: unknown;
}

/** What a record says in a line; empty where the message is none. */
function headline(text: string): string {
  const { eventName, userIdentity, errorCode, errorMessage }: Recorded = parsed(text) ?? {};
  if (typeof eventName !== "string") return "";
  const who = userIdentity?.userName ?? userIdentity?.arn;
  return [eventName, who, errorCode ?? errorMessage].filter((each) => typeof each === "string").join(" · ");
}
