import { useCallback, useEffect, useRef, useState } from "react";

import { ApiError, get } from "../../api/client";
import type { EventPage, EventRow } from "../../api/types";

const PAGE = 50;
/** Milliseconds for the first answer: what an index finds is there by then. */
const FIRST_MS = 150;
/** Further answers, of two seconds each, that a search makes by itself until a page is full. */
const GOES_ON_MAX = 10;

export interface EventPages {
  events: EventRow[];
  /** Events that were looked at. */
  looked: number;
  /** Why not everything was searched; empty: nothing is left to search, or a page is full. */
  partial: string;
  loading: boolean;
  error: ApiError | undefined;
  /** Whether there is more to find. */
  more: boolean;
  goOn: () => void;
  stop: () => void;
}

interface Found {
  pages: EventPage[];
  loading: boolean;
  error?: ApiError;
}

/** What fits a question, page after page. A search that takes long shows what it has found, and goes on. */
export function useEventPages(asks: Record<string, string>, key: string): EventPages {
  const [found, setFound] = useState<Found>({ pages: [], loading: true });
  const running = useRef(new AbortController());

  const search = useCallback(
    async (before: EventPage[]) => {
      running.current.abort();
      const { signal } = (running.current = new AbortController());
      let pages = before;
      setFound({ pages, loading: true });
      try {
        for (let turn = 0; turn <= GOES_ON_MAX; turn++) {
          const next = pages.at(-1)?.next;
          const within = next ? undefined : FIRST_MS;
          const page = await get<EventPage>("/events", { ...asks, limit: PAGE, next, within }, signal);
          if (signal.aborted) return;
          pages = [...pages, page];
          const full = count(pages) - count(before) >= PAGE || !page.partial || !page.next;
          const over = full || turn === GOES_ON_MAX;
          setFound({ pages, loading: !over });
          if (over) return;
        }
      } catch (error) {
        if (signal.aborted) return;
        const told = error instanceof ApiError ? error : new ApiError(0, "Unreachable", "The server does not answer.");
        setFound({ pages, loading: false, error: told });
      }
    },
    // `key` says all that `asks` holds
    [key],
  );

  useEffect(() => {
    void search([]);
    return () => running.current.abort();
  }, [search]);

  const last = found.pages.at(-1);
  return {
    events: found.pages.flatMap((page) => page.events),
    looked: found.pages.reduce((sum, page) => sum + page.looked, 0),
    partial: last?.partial ?? "",
    loading: found.loading,
    error: found.error,
    more: Boolean(last?.next),
    goOn: () => void search(found.pages),
    stop: () => {
      running.current.abort();
      setFound((before) => ({ ...before, loading: false }));
    },
  };
}

function count(pages: EventPage[]): number {
  return pages.reduce((sum, page) => sum + page.events.length, 0);
}
