import Box from "@cloudscape-design/components/box";
import Container from "@cloudscape-design/components/container";
import Header from "@cloudscape-design/components/header";

import { RangePicker } from "../../app/RangePicker";
import { useUrlState } from "../../app/useUrlState";
import { MetricGraph } from "../metrics/MetricGraph";
import { isComposite, metricOfAlarm, statisticOf, type Alarm } from "./alarm";

const USUAL = { since: "3h", until: "" };

/** What an alarm looks at, with its threshold. */
export function AlarmGraph({ region, alarm, turn }: { region: string; alarm: Alarm; turn: number }) {
  const [{ since, until }, change] = useUrlState(USUAL);
  const metric = metricOfAlarm(alarm);
  if (isComposite(alarm)) return null;
  return (
    <Container
      header={
        <Header
          variant="h2"
          actions={
            <RangePicker since={since} until={until} onChange={(from, to) => change({ since: from, until: to })} />
          }
        >
          Metric
        </Header>
      }
    >
      {metric ? (
        <MetricGraph
          region={region}
          metric={metric}
          statistic={statisticOf(alarm)}
          period={alarm.Period ?? 0}
          since={since}
          until={until}
          threshold={alarm.Threshold}
          turn={turn}
        />
      ) : (
        <Box variant="code">{JSON.stringify(alarm.Metrics, null, 2)}</Box>
      )}
    </Container>
  );
}
