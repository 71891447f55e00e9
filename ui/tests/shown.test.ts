/** What people read: numbers, times, text that would mislead, differences. */

import { expect, test } from "vitest";

import { differences } from "../src/lib/differences";
import { parsed, pretty } from "../src/lib/json";
import { bytes, duration, plural } from "../src/lib/numbers";
import { listed } from "../src/lib/pages";
import { isoSeconds, shown } from "../src/lib/time";
import { visible } from "../src/lib/visible";
import type { EventRow } from "../src/api/types";
import { clicked, COMPARED_MAX } from "../src/pages/history/selection";

test("sizes and durations have the unit that fits", () => {
  expect([0, 1, 1023, 1024, 1536, 150 * 1024, 1024 ** 3].map(bytes)).toEqual([
    "0 B", "1 B", "1023 B", "1.0 KB", "1.5 KB", "150 KB", "1.0 GB",
  ]);
  expect([1, 10, 60, 90, 3600, 86400].map(duration)).toEqual([
    "1 second", "10 seconds", "1 minute", "90 seconds", "1 hour", "1 day",
  ]);
  expect([plural(1, "time"), plural(0, "time")]).toEqual(["1 time", "0 times"]);
});

test("times are told as they are, and what is none as it stands", () => {
  expect(shown("2026-11-29T12:00:00Z", "utc")).toBe("2026-11-29 12:00:00 UTC");
  expect(shown(0, "utc")).toBe("1970-01-01 00:00:00 UTC");
  expect(shown("never", "utc")).toBe("never");
  expect(isoSeconds(0.9)).toBe("1970-01-01T00:00:00Z");
});

test("what hides, or turns other characters round, is written out", () => {
  expect(visible("a\u202egpj.exe")).toBe("a\\u202egpj.exe");
  expect(visible("Delete\u200bBucket\u2066\ufeff\0")).toBe("Delete\\u200bBucket\\u2066\\ufeff\\u0000");
  for (const text of ["plain", "naïve שלום 你好 🎉", "two\nlines\tand tabs", ""]) expect(visible(text)).toBe(text);
});

test("JSON is laid out, and what is none is left alone", () => {
  expect(pretty('{"a":1}')).toBe('{\n  "a": 1\n}');
  expect(pretty("{")).toBe("{");
  expect([parsed("null"), parsed("1"), parsed("[]")]).toEqual([undefined, undefined, []]);
});

test("records are compared leaf by leaf", () => {
  const [one, other] = [{ a: { b: 1, c: ["x"] }, same: true }, { a: { b: 2, c: ["x", "y"] }, same: true, empty: {} }];
  expect(differences([one, other])).toEqual([
    { path: "a.b", values: ["1", "2"] },
    { path: "a.c.1", values: ["–", "y"] },
    { path: "empty", values: ["–", "{}"] },
  ]);
  expect(differences([one, one])).toEqual([]);
});

test("no more events are ticked than stand side by side", () => {
  const event = (id: number) => ({ id: String(id) }) as EventRow;
  const many = [0, 1, 2, 3, 4, 5, 6].map(event).reduce(clicked, [] as EventRow[]);
  expect(many).toHaveLength(COMPARED_MAX);
  expect(clicked(many, event(2)).map(({ id }) => id)).toEqual(["0", "1", "3", "4"]);
});

test("lists are put together from their pages, up to a limit", async () => {
  const found = await listed(async (next) => [[next ?? "first"], next === "2" ? undefined : next ? "2" : "1"]);
  expect(found).toEqual(["first", "1", "2"]);
  expect((await listed(async () => [["x"], "again"])).length).toBe(20);
});
