/** What dragging over a histogram chooses. */

import type { Bucket } from "../../api/types";

/** The bar at a place, in pixels from the left of `width`; beyond the ends the first or the last. */
export function barAt(place: number, width: number, bars: number): number {
  const at = Math.floor((place / width) * bars);
  return Math.max(0, Math.min(bars - 1, at));
}

/** The range of the bars from one to another, both included, in seconds since the epoch; undefined where there are none. */
export function zoomed([from, to]: [number, number], buckets: Bucket[], bucketS: number): [number, number] | undefined {
  const [first, last] = [buckets[Math.min(from, to)], buckets[Math.max(from, to)]];
  if (!first || !last || !bucketS) return undefined;
  return [Date.parse(first.start) / 1000, Date.parse(last.start) / 1000 + bucketS - 1];
}
