import { useEffect, useRef, useState } from "react";

import { url } from "../../api/client";
import type { EventRow } from "../../api/types";

/** Rows that are shown: what came before is in the history. */
const KEPT = 100;
/** How often rows are added: many at once would take longer than a frame. */
const FLUSH_MS = 50;

interface Live {
  events: EventRow[];
  /** How many came since `paused`. */
  waiting: number;
}

/** New events as they happen, the newest first. While `paused`, they are only counted. */
export function useLive(paused: boolean, query: string, region: string): Live {
  const [live, setLive] = useState<Live>({ events: [], waiting: 0 });
  const buffer = useRef<EventRow[]>([]);
  const count = useRef(0);
  useEffect(() => {
    setLive({ events: [], waiting: 0 });
    buffer.current = [];
    count.current = 0;
    const source = new EventSource(url("/events/tail", { query, region }));
    source.onmessage = (message: MessageEvent<string>) => {
      count.current += 1;
      buffer.current.push(JSON.parse(message.data) as EventRow);
      if (buffer.current.length > KEPT) buffer.current.splice(0, buffer.current.length - KEPT);
    };
    return () => source.close();
  }, [query, region]);
  useEffect(() => {
    const timer = setInterval(() => {
      if (!count.current) return;
      if (paused) {
        setLive(({ events }) => ({ events, waiting: count.current }));
        return;
      }
      const came = buffer.current.splice(0).reverse();
      count.current = 0;
      setLive(({ events }) => ({ events: [...came, ...events].slice(0, KEPT), waiting: 0 }));
    }, FLUSH_MS);
    return () => clearInterval(timer);
  }, [paused]);
  return live;
}
