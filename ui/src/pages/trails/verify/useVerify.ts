import { useCallback, useEffect, useRef, useState } from "react";

import { ApiError, lines } from "../../../api/client";

export interface Verdict {
  what: string;
  verdict?: "valid" | "invalid" | "unknown" | "note";
  why?: string;
  bucket?: string;
  key?: string;
  name?: string;
  line: string;
}

interface Validity {
  valid: number;
  invalid: number;
}

export interface Summary {
  logs: Validity;
  digests: Validity;
  unknown: number;
  byCairn: number;
  omitted: number;
}

export interface Progress {
  digests: number;
  digestsTotal: number;
  logs: number;
}

type Line =
  | ({ type: "progress" } & Progress)
  | ({ type: "verdict" } & Verdict)
  | ({ type: "summary" } & Summary)
  | { type: "error"; error: { code: string; message: string; advice: string } };

export interface Verification {
  trail: string;
  start: string;
  end: string;
  /** Milliseconds, as `performance.now` has them. */
  began: number;
  running: boolean;
  progress: Progress;
  verdicts: Verdict[];
  summary?: Summary;
  error?: ApiError;
}

/** One verification at a time; it ends with the page. */
export function useVerify() {
  const [verification, setVerification] = useState<Verification>();
  const aborter = useRef<AbortController>(undefined);
  const cancel = useCallback(() => {
    aborter.current?.abort();
    setVerification(undefined);
  }, []);
  useEffect(() => () => aborter.current?.abort(), []);
  const begin = useCallback(async (trail: string, start: string, end: string) => {
    aborter.current?.abort();
    const mine = new AbortController();
    aborter.current = mine;
    const progress = { digests: 0, digestsTotal: 0, logs: 0 };
    let now: Verification = { trail, start, end, began: performance.now(), running: true, progress, verdicts: [] };
    setVerification(now);
    try {
      for await (const line of lines<Line>("/verify", { trail, start, end }, mine.signal)) {
        now = after(now, line);
        setVerification(now);
      }
      if (!now.summary && !now.error) now = { ...now, error: new ApiError(0, "Unreachable", "The server broke off.") };
    } catch (error) {
      if (mine.signal.aborted) return;
      const told = error instanceof ApiError ? error : new ApiError(0, "Unreachable", "The server does not answer.");
      now = { ...now, error: told };
    }
    setVerification({ ...now, running: false });
  }, []);
  return { verification, begin, cancel };
}

function after(before: Verification, line: Line): Verification {
  if (line.type === "progress") return { ...before, progress: line };
  if (line.type === "verdict") return { ...before, verdicts: [...before.verdicts, line] };
  if (line.type === "summary") return { ...before, summary: line };
  return { ...before, error: new ApiError(0, line.error.code, line.error.message, line.error.advice) };
}
