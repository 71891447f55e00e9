/** The console's own API: `docs/console.md`. Every call carries the session's cookie and its CSRF token. */

export const ROOT = "/console/api";

export class ApiError extends Error {
  constructor(
    readonly status: number,
    readonly code: string,
    message: string,
    readonly advice = "",
  ) {
    super(message);
  }
}

let csrf = "";

/** Remember the token of the session that is signed in. */
export function setCsrf(token: string): void {
  csrf = token;
}

let over: () => void = () => undefined;

/** Remember who is to be told when a call finds that the session, or its role, is over. */
export function whenOver(told: () => void): void {
  over = told;
}

type Query = Record<string, string | number | undefined>;

export function url(path: string, query: Query = {}): string {
  const given = Object.entries(query).filter(([, value]) => value !== undefined && value !== "");
  const search = new URLSearchParams(given.map(([name, value]) => [name, String(value)]));
  return given.length ? `${ROOT}${path}?${search}` : `${ROOT}${path}`;
}

export async function get<T>(path: string, query: Query = {}, signal?: AbortSignal): Promise<T> {
  return send<T>("GET", url(path, query), undefined, signal);
}

export async function post<T>(path: string, body: unknown, signal?: AbortSignal): Promise<T> {
  return send<T>("POST", url(path), body, signal);
}

export async function remove(path: string): Promise<void> {
  await send("DELETE", url(path));
}

/** Call an AWS operation as who is signed in. */
export async function aws<T>(
  service: string,
  operation: string,
  region: string,
  input: Record<string, unknown> = {},
  signal?: AbortSignal,
): Promise<T> {
  return post<T>(`/aws/${service}/${operation}`, { region, input }, signal);
}

/** Post, and give what the server tells meanwhile: a line of JSON each. Ends with the answer, or with `signal`. */
export async function* lines<T>(path: string, body: unknown, signal: AbortSignal): AsyncGenerator<T> {
  const reply = await request("POST", url(path), body, signal);
  if (!reply.ok || !reply.body) throw refused(url(path), reply.status, await reply.text());
  const reader = reply.body.pipeThrough(new TextDecoderStream()).getReader();
  let pending = "";
  for (;;) {
    const { done, value } = await reader.read();
    if (done) return;
    const parts = (pending + value).split("\n");
    pending = parts.pop() ?? "";
    for (const line of parts) if (line) yield JSON.parse(line) as T;
  }
}

async function send<T>(method: string, address: string, body?: unknown, signal?: AbortSignal): Promise<T> {
  const reply = await request(method, address, body, signal);
  const text = await reply.text();
  if (!reply.ok) throw refused(address, reply.status, text);
  return (text ? parsed(text) : {}) as T;
}

function request(method: string, address: string, body?: unknown, signal?: AbortSignal): Promise<Response> {
  const headers: Record<string, string> = {};
  if (method !== "GET") headers["X-Cairn-Csrf"] = csrf;
  if (body !== undefined) headers["Content-Type"] = "application/json";
  return fetch(address, {
    method,
    headers,
    body: body === undefined ? undefined : JSON.stringify(body),
    credentials: "same-origin",
    signal,
  });
}

function refused(address: string, status: number, text: string): ApiError {
  if (status === 401 && address !== url("/session")) over();
  const answer = parsed(text) as { error?: { code?: string; message?: string; advice?: string } };
  const error = answer.error ?? {};
  return new ApiError(status, error.code ?? "Unknown", error.message ?? `The server answered ${status}.`, error.advice);
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return {};
  }
}
