import Spinner from "@cloudscape-design/components/spinner";

import { aws } from "../../api/client";
import { ErrorBox } from "../../app/ErrorBox";
import { useSettings } from "../../app/settings";
import { useAsync } from "../../app/useAsync";
import { shown } from "../../lib/time";
import type { Insight } from "./insight";

const WIDTH = 600;
const HEIGHT = 120;
const AROUND_S = 1800;

interface MetricData {
  Timestamps: string[];
  Values: number[];
}

/** Calls a minute around an insight, which is shaded. */
export function RateGraph({ insight }: { insight: Insight }) {
  const { region, zone } = useSettings();
  const from = Date.parse(insight.start) / 1000 - AROUND_S;
  const end = insight.end ? Date.parse(insight.end) / 1000 : Date.now() / 1000;
  const until = Math.min(end + AROUND_S, Date.now() / 1000);
  const { data, error } = useAsync(
    (signal) =>
      aws<MetricData>(
        "cloudtrail",
        "ListInsightsMetricData",
        region,
        {
          EventSource: insight.source,
          EventName: insight.name,
          InsightType: insight.type,
          ...(insight.errorCode ? { ErrorCode: insight.errorCode } : {}),
          Period: 60,
          StartTime: new Date(from * 1000).toISOString(),
          EndTime: new Date(until * 1000).toISOString(),
          DataType: "FillWithZeros",
        },
        signal,
      ),
    insight.id,
  );
  if (error) return <ErrorBox error={error} />;
  if (!data) return <Spinner />;
  const most = Math.max(1, ...data.Values);
  const x = (seconds: number) => ((seconds - from) / (until - from)) * WIDTH;
  const points = data.Timestamps.map(
    (time, at) => `${x(Date.parse(time) / 1000)},${HEIGHT - ((data.Values[at] ?? 0) / most) * HEIGHT}`,
  );
  return (
    <figure style={{ margin: 0 }}>
      <svg
        className="cairn-histogram"
        viewBox={`0 0 ${WIDTH} ${HEIGHT}`}
        preserveAspectRatio="none"
        role="img"
        aria-label={`Calls a minute around the insight; the most are ${most}`}
      >
        <rect className="chosen" x={x(from + AROUND_S)} width={x(end) - x(from + AROUND_S)} y={0} height={HEIGHT} />
        <polyline points={points.join(" ")} fill="none" stroke="#c2703d" vectorEffect="non-scaling-stroke" />
      </svg>
      <figcaption>
        {shown(from, zone)} to {shown(until, zone)}, at most {most} calls a minute
      </figcaption>
    </figure>
  );
}
