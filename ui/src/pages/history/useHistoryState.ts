import { useMemo } from "react";
import { useSearchParams } from "react-router";

import { bounds, isoSeconds } from "../../lib/time";

/** What is asked of the history, as the URL has it. */
export interface HistoryState {
  query: string;
  since: string;
  until: string;
  category: string;
  event: string;
}

const USUAL: HistoryState = { query: "readonly=false", since: "1h", until: "", category: "Management", event: "" };

export function useHistoryState(): [HistoryState, (change: Partial<HistoryState>, replace?: boolean) => void] {
  const [search, setSearch] = useSearchParams();
  const state = useMemo(
    () => ({
      query: search.get("query") ?? USUAL.query,
      since: search.get("since") ?? USUAL.since,
      until: search.get("until") ?? "",
      category: search.get("category") ?? USUAL.category,
      event: search.get("event") ?? "",
    }),
    [search],
  );
  function change(changed: Partial<HistoryState>, replace = false) {
    const next = { ...state, ...changed };
    const kept = Object.entries(next).filter(([name, value]) => value !== USUAL[name as keyof HistoryState]);
    setSearch(new URLSearchParams(kept), { replace });
  }
  return [state, change];
}

/** The question of a state, with its range made absolute at `now`, in seconds. */
export function question(state: HistoryState, region: string, now: number): Record<string, string> {
  const [since, until] = bounds(state.since, state.until, now);
  return {
    query: state.query,
    since: isoSeconds(since),
    ...(state.until ? { until: isoSeconds(until) } : {}),
    region,
    category: state.category,
  };
}
