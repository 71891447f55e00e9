/** What the form of a target asks for, and the target that it is. */

import { parsed } from "../../lib/json";
import type { Target } from "./rule";

export type Sent = "event" | "part" | "constant" | "template";

export interface TargetDraft {
  kind: string;
  /** A name, or a whole ARN. */
  place: string;
  id: string;
  /** What the target is sent; the fields of the others are kept while the person chooses. */
  sent: Sent;
  path: string;
  constant: string;
  /** The variables of the template, as JSON: paths by name. */
  paths: string;
  template: string;
  dead: string;
  role: string;
  /** Empty: AWS's own. */
  attempts: string;
  /** Seconds; empty: AWS's own. */
  age: string;
}

const PATHS = { user: "$.detail.userIdentity.userName", call: "$.detail.eventName" };

export const NEW_TARGET: TargetDraft = {
  kind: "sqs",
  place: "",
  id: "target",
  sent: "event",
  path: "$.detail",
  constant: '{"told": true}',
  paths: JSON.stringify(PATHS, null, 2),
  template: '"<user> called <call>"',
  dead: "",
  role: "",
  attempts: "",
  age: "",
};

/** Kinds of targets that go by a name, and the resource part of their ARNs. */
export const KINDS = [
  { value: "sqs", label: "SQS queue", asks: "Queue name", example: "told-users", resource: "" },
  { value: "sns", label: "SNS topic", asks: "Topic name", example: "security", resource: "" },
  { value: "logs", label: "CloudWatch Logs group", asks: "Log group name", example: "/aws/events/all", resource: "log-group:" },
  { value: "lambda", label: "Lambda function", asks: "Function name", example: "tell", resource: "function:" },
  { value: "events", label: "Event bus", asks: "Bus name", example: "audit", resource: "event-bus/" },
  { value: "arn", label: "Anything else, by its ARN", asks: "ARN", example: "arn:aws:...", resource: "" },
];

export const SENT: { value: Sent; label: string }[] = [
  { value: "event", label: "The event" },
  { value: "part", label: "A part of the event" },
  { value: "constant", label: "Constant JSON" },
  { value: "template", label: "A template, filled in from the event" },
];

export function arnOf(kind: string, place: string, region: string, account: string): string {
  const found = KINDS.find(({ value }) => value === kind);
  if (!found || kind === "arn" || place.startsWith("arn:")) return place;
  return `arn:aws:${kind}:${region}:${account}:${found.resource}${place}`;
}

/** The kind of target that an ARN names. */
export function kindOf(arn: string): string {
  const [, , service, , , ...rest] = arn.split(":");
  const resource = rest.join(":");
  return KINDS.find(({ value, resource: begins }) => value === service && resource.startsWith(begins))?.value ?? "arn";
}

export function draftOf(target: Target): TargetDraft {
  const { Input, InputPath, InputTransformer: made, RetryPolicy: retries } = target;
  const sent = Input !== undefined ? "constant" : InputPath !== undefined ? "part" : made ? "template" : "event";
  return {
    kind: kindOf(target.Arn),
    place: target.Arn,
    id: target.Id,
    sent,
    path: InputPath ?? NEW_TARGET.path,
    constant: Input ?? NEW_TARGET.constant,
    paths: made ? JSON.stringify(made.InputPathsMap ?? {}, null, 2) : NEW_TARGET.paths,
    template: made?.InputTemplate ?? NEW_TARGET.template,
    dead: target.DeadLetterConfig?.Arn ?? "",
    role: target.RoleArn ?? "",
    attempts: String(retries?.MaximumRetryAttempts ?? ""),
    age: String(retries?.MaximumEventAgeInSeconds ?? ""),
  };
}

/** The variables of a template; undefined where the text is no JSON object of texts. */
export function pathsOf(text: string): Record<string, string> | undefined {
  if (!text.trim()) return {};
  const value = parsed(text);
  if (!value || Array.isArray(value)) return undefined;
  return Object.values(value).every((path) => typeof path === "string") ? (value as Record<string, string>) : undefined;
}

/** The target of a draft. What the form does not ask for stays as `before` has it. */
export function targetOf(draft: TargetDraft, region: string, account: string, before?: Target): Target {
  const { attempts, age } = draft;
  const retries = {
    ...(attempts ? { MaximumRetryAttempts: Number(attempts) } : {}),
    ...(age ? { MaximumEventAgeInSeconds: Number(age) } : {}),
  };
  return {
    ...notAsked(before),
    Id: draft.id,
    Arn: arnOf(draft.kind, draft.place, region, account),
    ...input(draft),
    ...(draft.dead ? { DeadLetterConfig: { Arn: arnOf("sqs", draft.dead, region, account) } } : {}),
    ...(draft.role ? { RoleArn: draft.role } : {}),
    ...(attempts || age ? { RetryPolicy: retries } : {}),
  };
}

function input({ sent, path, constant, paths, template }: TargetDraft): Partial<Target> {
  if (sent === "part") return { InputPath: path };
  if (sent === "constant") return { Input: constant };
  if (sent === "template") return { InputTransformer: { InputPathsMap: pathsOf(paths) ?? {}, InputTemplate: template } };
  return {};
}

/** Members of a target that the form does not ask for, such as `SqsParameters`. */
export function notAsked(target: Target | undefined): Record<string, unknown> {
  const asked = ["Id", "Arn", "RoleArn", "Input", "InputPath", "InputTransformer", "DeadLetterConfig", "RetryPolicy"];
  return Object.fromEntries(Object.entries(target ?? {}).filter(([name]) => !asked.includes(name)));
}
