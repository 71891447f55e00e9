import Button from "@cloudscape-design/components/button";
import Container from "@cloudscape-design/components/container";
import Header from "@cloudscape-design/components/header";
import Select from "@cloudscape-design/components/select";
import SpaceBetween from "@cloudscape-design/components/space-between";
import { useState } from "react";
import { useNavigate } from "react-router";

import { RangePicker } from "../../app/RangePicker";
import { useSettings } from "../../app/settings";
import { useUrlState } from "../../app/useUrlState";
import { duration } from "../../lib/numbers";
import { newAlarmPath } from "../alarms/alarm";
import { metricOf, metricQuery, PERIODS, STATISTICS, title } from "./metric";
import { MetricGraph } from "./MetricGraph";
import { MetricTable } from "./MetricTable";

const USUAL = {
  region: "",
  namespace: "",
  metric: "",
  dimensions: "",
  find: "",
  statistic: "Sum",
  period: "0",
  since: "3h",
  until: "",
};
const STATISTIC_OPTIONS = STATISTICS.map((value) => ({ value, label: value }));
const PERIOD_OPTIONS = [
  { value: "0", label: "Period that fits" },
  ...PERIODS.map((each) => ({ value: String(each), label: duration(each) })),
];

export default function Metrics() {
  const settings = useSettings();
  const navigate = useNavigate();
  const [state, change] = useUrlState(USUAL);
  const [turn, setTurn] = useState(0);
  const region = state.region || settings.region;
  const metric = metricOf(state);
  return (
    <SpaceBetween size="l">
      <Header variant="h1" description="What programs publish, what metric filters count, and what Cairn counts of itself.">
        Metrics
      </Header>
      {metric && (
        <Container
          header={
            <Header
              variant="h2"
              actions={
                <SpaceBetween size="xs" direction="horizontal">
                  <Button iconName="refresh" ariaLabel="Refresh graph" onClick={() => setTurn(turn + 1)} />
                  <Button onClick={() => navigate(newAlarmPath(region, metric))}>Create alarm</Button>
                </SpaceBetween>
              }
            >
              {title(metric)}
            </Header>
          }
        >
          <SpaceBetween size="m">
            <SpaceBetween size="xs" direction="horizontal">
              <Select
                ariaLabel="Statistic"
                options={STATISTIC_OPTIONS}
                selectedOption={STATISTIC_OPTIONS.find(({ value }) => value === state.statistic) ?? null}
                onChange={({ detail }) => change({ statistic: detail.selectedOption.value })}
              />
              <Select
                ariaLabel="Period"
                options={PERIOD_OPTIONS}
                selectedOption={PERIOD_OPTIONS.find(({ value }) => value === state.period) ?? null}
                onChange={({ detail }) => change({ period: detail.selectedOption.value })}
              />
              <RangePicker
                since={state.since}
                until={state.until}
                onChange={(since, until) => change({ since, until })}
              />
            </SpaceBetween>
            <MetricGraph
              region={region}
              metric={metric}
              statistic={state.statistic}
              period={Number(state.period)}
              since={state.since}
              until={state.until}
              turn={turn}
            />
          </SpaceBetween>
        </Container>
      )}
      <MetricTable
        region={region}
        find={state.find}
        onFind={(find) => change({ find })}
        onChoose={(chosen) => change(metricQuery(chosen), false)}
      />
    </SpaceBetween>
  );
}
