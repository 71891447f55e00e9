import { useCallback, useState } from "react";

import { ApiError } from "../api/client";

export interface Action {
  /** Do it; false where it was refused, and `error` says why. */
  run: (act: () => Promise<unknown>) => Promise<boolean>;
  busy: boolean;
  error: ApiError | undefined;
  clear: () => void;
}

/** Something that a person sets off, which the server may refuse. */
export function useAction(): Action {
  const [busy, setBusy] = useState(false);
  const [error, setError] = useState<ApiError>();
  const run = useCallback(async (act: () => Promise<unknown>) => {
    setBusy(true);
    setError(undefined);
    try {
      await act();
      return true;
    } catch (caught) {
      if (!(caught instanceof ApiError)) throw caught;
      setError(caught);
      return false;
    } finally {
      setBusy(false);
    }
  }, []);
  const clear = useCallback(() => setError(undefined), []);
  return { run, busy, error, clear };
}
