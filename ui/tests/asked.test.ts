/** What URLs and queries say, and what commands are made of it. */

import { expect, test } from "vitest";

import { url } from "../src/api/client";
import { command } from "../src/lib/cli";
import { quoted, terms, toggled, written } from "../src/lib/query";
import { bounds, seconds } from "../src/lib/time";
import { barAt, zoomed } from "../src/pages/history/zoom";
import { question } from "../src/pages/history/useHistoryState";

const NOW = Date.parse("2026-11-29T12:00:00Z") / 1000;
const STATE = { query: "readonly=false", since: "1h", until: "", category: "Management", event: "x" };

test("an address has what is given, and nothing that is empty", () => {
  expect(url("/events", { query: "a b&c", limit: 50, next: "", region: undefined })).toBe(
    "/console/api/events?query=a+b%26c&limit=50",
  );
  expect(url("/events")).toBe("/console/api/events");
});

test("a question has absolute times, and no end where it is open", () => {
  expect(question(STATE, "eu-west-1", NOW)).toEqual({
    query: "readonly=false",
    since: "2026-11-29T11:00:00Z",
    region: "eu-west-1",
    category: "Management",
  });
  const closed = { ...STATE, since: "2026-11-01T00:00:00Z", until: "2026-11-02T00:00:00Z" };
  expect(question(closed, "", NOW)).toMatchObject({ since: closed.since, until: closed.until });
});

test("ranges that are none become the last hour", () => {
  expect(bounds("nonsense", "", NOW)).toEqual([NOW - 3600, NOW]);
  expect(bounds("30m", "nonsense", NOW)[1]).toBe(NOW);
  expect([seconds("2w"), seconds("12h"), seconds("h"), seconds("1y"), seconds("1234567d")]).toEqual([
    1209600, 43200, undefined, undefined, undefined,
  ]);
});

test("a filter is quoted where the language needs it, and read again as one term", () => {
  for (const value of ["alice", "a b", 'say "hi"', "back\\slash", "a\\", "ü", ""]) {
    const term = written({ field: "user", value, exclude: false });
    expect(terms(`x ${term} y`)).toEqual(["x", term, "y"]);
  }
  expect([quoted("a/b:c@d.e"), quoted('a "b"')]).toEqual(["a/b:c@d.e", '"a \\"b\\""']);
});

test("a filter comes, goes, and takes its opposite with it", () => {
  const filter = { field: "user", value: "alice b", exclude: false };
  const once = toggled('name=X "free text"', filter);
  expect(once).toBe('name=X "free text" user="alice b"');
  expect(toggled(once, filter)).toBe('name=X "free text"');
  expect(toggled(once, { ...filter, exclude: true })).toBe('name=X "free text" user!="alice b"');
});

test("a command is what a person would type", () => {
  const input = { AlarmName: "it's", ActionsEnabled: false, Threshold: -1, OKActions: ["a"], Unit: undefined };
  expect(command("cloudwatch", "PutMetricAlarm", "us-east-1", input).split(" \\\n    ")).toEqual([
    "aws cloudwatch put-metric-alarm --region us-east-1",
    `--alarm-name 'it'\\''s'`,
    "--no-actions-enabled",
    "--threshold=-1",
    `--ok-actions '["a"]'`,
  ]);
});

test("dragging chooses whole bars, from either side, and stops at the ends", () => {
  expect([barAt(-5, 300, 3), barAt(0, 300, 3), barAt(99.9, 300, 3), barAt(100, 300, 3), barAt(900, 300, 3)]).toEqual([
    0, 0, 0, 1, 2,
  ]);
  const at = (second: number) => new Date((NOW + second) * 1000).toISOString().replace(".000", "");
  const buckets = [0, 60, 120].map((second) => ({ start: at(second), write: 0, read: 0, error: 0 }));
  expect(zoomed([1, 2], buckets, 60)).toEqual([NOW + 60, NOW + 179]);
  expect(zoomed([2, 1], buckets, 60)).toEqual(zoomed([1, 2], buckets, 60));
  expect(zoomed([0, 0], [], 60)).toBeUndefined();
});
