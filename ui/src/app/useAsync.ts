import { useCallback, useEffect, useState } from "react";

import { ApiError } from "../api/client";

export interface Asked<T> {
  data: T | undefined;
  error: ApiError | undefined;
  loading: boolean;
  reload: () => void;
}

/** Ask again whenever `key` changes; an answer to an older question is dropped. */
export function useAsync<T>(ask: (signal: AbortSignal) => Promise<T>, key: string): Asked<T> {
  const [state, setState] = useState<Omit<Asked<T>, "reload">>({ data: undefined, error: undefined, loading: true });
  const [turn, setTurn] = useState(0);
  useEffect(() => {
    const aborter = new AbortController();
    setState((before) => ({ ...before, loading: true }));
    ask(aborter.signal).then(
      (data) => !aborter.signal.aborted && setState({ data, error: undefined, loading: false }),
      (error: unknown) => {
        if (aborter.signal.aborted) return;
        const told = error instanceof ApiError ? error : new ApiError(0, "Unreachable", "The server does not answer.");
        setState({ data: undefined, error: told, loading: false });
      },
    );
    return () => aborter.abort();
    // `key` says all that `ask` depends on
  }, [key, turn]);
  const reload = useCallback(() => setTurn((before) => before + 1), []);
  return { ...state, reload };
}
