import Spinner from "@cloudscape-design/components/spinner";
import { useMemo } from "react";

import { CopyCli } from "../../app/CopyCli";
import { Empty } from "../../app/Empty";
import { ErrorBox } from "../../app/ErrorBox";
import { useAsync } from "../../app/useAsync";
import { bounds } from "../../lib/time";
import { LineGraph } from "./LineGraph";
import { dataInput, fittingPeriod, points, title, type Metric } from "./metric";

interface Props {
  region: string;
  metric: Metric;
  statistic: string;
  /** Seconds; 0 for one that fits the range. */
  period: number;
  since: string;
  until: string;
  threshold?: number;
  /** Without the command that asks for the same. */
  plain?: boolean;
  /** Another one asks anew. */
  turn?: number;
}

/** One statistic of one metric over time, with the threshold of an alarm where there is one. */
export function MetricGraph({ region, metric, statistic, period, since, until, threshold, plain, turn = 0 }: Props) {
  const key = JSON.stringify([region, metric, statistic, period, since, until, turn]);
  const [start, end, input] = useMemo(() => {
    const [from, to] = bounds(since, until, Date.now() / 1000);
    return [from, to, dataInput(metric, statistic, period || fittingPeriod(to - from), from, to)];
    // `key` says all that it depends on
  }, [key]);
  const { data, error } = useAsync((signal) => points(region, input, signal), key);
  if (error) return <ErrorBox error={error} />;
  if (!data) return <Spinner />;
  return (
    <>
      {data.length || threshold !== undefined ? (
        <LineGraph points={data} since={start} until={end} threshold={threshold} label={`${statistic} of ${title(metric)}`} />
      ) : (
        <Empty
          title="There are no data points in this range."
          hint="Choose a longer range, or publish one with"
          command={`aws cloudwatch put-metric-data --namespace ${metric.Namespace} --metric-name ${metric.MetricName} --value 1`}
        />
      )}
      {!plain && <CopyCli service="cloudwatch" operation="GetMetricData" region={region} input={input} />}
    </>
  );
}
