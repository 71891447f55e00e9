import ProgressBar from "@cloudscape-design/components/progress-bar";
import { useEffect, useState } from "react";

import type { Verification } from "./useVerify";

/** How far a verification is, how fast, and how long it will take. */
export function VerifyProgress({ verification }: { verification: Verification }) {
  const { digests, digestsTotal, logs } = verification.progress;
  const elapsed = (useNow() - verification.began) / 1000;
  const rate = elapsed > 0 ? logs / elapsed : 0;
  const left = digests ? (elapsed / digests) * (digestsTotal - digests) : undefined;
  return (
    <ProgressBar
      label="Verifying"
      value={digestsTotal ? (100 * digests) / digestsTotal : 0}
      description={
        digestsTotal
          ? `${digests.toLocaleString()} of ${digestsTotal.toLocaleString()} digest files`
          : "Reading the checkpoint log"
      }
      additionalInfo={[
        `${logs.toLocaleString()} log files, ${rate.toFixed(rate < 10 ? 1 : 0)} a second`,
        left !== undefined && `about ${duration(left)} left`,
      ]
        .filter(Boolean)
        .join(", ")}
    />
  );
}

function useNow(): number {
  const [now, setNow] = useState(() => performance.now());
  useEffect(() => {
    const timer = setInterval(() => setNow(performance.now()), 500);
    return () => clearInterval(timer);
  }, []);
  return now;
}

function duration(seconds: number): string {
  if (seconds < 90) return `${Math.max(1, Math.round(seconds))} s`;
  return `${Math.round(seconds / 60)} min`;
}
