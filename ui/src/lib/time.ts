/** Times as people read them, and ranges as URLs have them. */

export type Zone = "utc" | "local";

export function shown(iso: string | number, zone: Zone): string {
  const date = typeof iso === "number" ? new Date(iso * 1000) : new Date(iso);
  if (Number.isNaN(date.getTime())) return String(iso);
  if (zone === "utc") return `${date.toISOString().slice(0, 19).replace("T", " ")} UTC`;
  return new Intl.DateTimeFormat(undefined, { dateStyle: "medium", timeStyle: "medium" }).format(date);
}

/** The time of day alone, for what happens now. */
export function timeOfDay(iso: string, zone: Zone): string {
  const date = new Date(iso);
  return zone === "utc" ? date.toISOString().slice(11, 19) : date.toLocaleTimeString();
}

/** Seconds since the epoch as an ISO time, as URLs have it. */
export function isoSeconds(seconds: number): string {
  return new Date(seconds * 1000).toISOString().replace(/\.\d+/, "");
}

const UNITS: Record<string, number> = { m: 60, h: 3600, d: 86400, w: 604800 };

/** Seconds of a range such as `30m`, `12h`, `7d`; undefined where it is none. */
export function seconds(range: string): number | undefined {
  const match = /^(\d{1,6})([mhdw])$/.exec(range);
  return match ? Number(match[1]) * UNITS[match[2] as string]! : undefined;
}

/** What `since` and `until` of a URL mean, in seconds since the epoch. */
export function bounds(since: string, until: string, now: number): [number, number] {
  const end = until ? Date.parse(until) / 1000 : now;
  const relative = seconds(since);
  const start = relative !== undefined ? end - relative : Date.parse(since) / 1000;
  return [Number.isNaN(start) ? end - 3600 : start, Number.isNaN(end) ? now : end];
}
