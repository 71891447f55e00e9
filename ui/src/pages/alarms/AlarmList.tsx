import Button from "@cloudscape-design/components/button";
import Select from "@cloudscape-design/components/select";
import SpaceBetween from "@cloudscape-design/components/space-between";
import { useNavigate } from "react-router";

import { ListPage } from "../../app/ListPage";
import { PageLink } from "../../app/PageLink";
import { useSettings } from "../../app/settings";
import { useAsync } from "../../app/useAsync";
import { useUrlState } from "../../app/useUrlState";
import { shown } from "../../lib/time";
import { alarmPath, alarms, condition, isComposite, STATES, type Alarm } from "./alarm";
import { AlarmState } from "./AlarmState";

const USUAL = { state: "", name: "" };
const CHOICES = [{ value: "", label: "Any state" }, ...STATES];
const COMMAND =
  "aws cloudwatch put-metric-alarm --alarm-name sign-in-failures --namespace CloudTrailMetrics " +
  "--metric-name SignInFailures --statistic Sum --period 300 --evaluation-periods 1 --threshold 3 " +
  "--comparison-operator GreaterThanOrEqualToThreshold --treat-missing-data notBreaching";

export default function AlarmList() {
  const { region, zone } = useSettings();
  const navigate = useNavigate();
  const [state, change] = useUrlState(USUAL);
  const asked = useAsync((signal) => alarms(region, signal), region);
  const wanted = state.name.toLowerCase();
  const items = (asked.data ?? []).filter(
    (alarm) =>
      (!state.state || alarm.StateValue === state.state) && alarm.AlarmName.toLowerCase().includes(wanted),
  );
  return (
    <ListPage<Alarm>
      title="Alarms"
      description="An alarm watches a metric, and tells a topic when it crosses a threshold."
      json={{ to: "/alarms.json", query: { region, state: state.state } }}
      asked={asked}
      items={items}
      trackBy="AlarmName"
      name={state.name}
      onName={(name) => change({ name })}
      filters={
        <Select
          ariaLabel="State"
          options={CHOICES}
          selectedOption={CHOICES.find(({ value }) => value === state.state) ?? CHOICES[0]!}
          onChange={({ detail }) => change({ state: detail.selectedOption.value })}
        />
      }
      actions={
        <SpaceBetween size="xs" direction="horizontal">
          <Button onClick={() => navigate("/alarms/new-composite")}>Create composite alarm</Button>
          <Button variant="primary" onClick={() => navigate("/alarms/new")}>
            Create alarm
          </Button>
        </SpaceBetween>
      }
      none={{ title: "There is no alarm in this Region.", command: COMMAND }}
      columns={[
        {
          id: "name",
          header: "Name",
          minWidth: 140,
          isRowHeader: true,
          cell: ({ AlarmName: name }) => <PageLink to={alarmPath(region, name)}>{name}</PageLink>,
        },
        { id: "state", header: "State", minWidth: 130, cell: (alarm) => <AlarmState state={alarm.StateValue} /> },
        { id: "since", header: "Last change", minWidth: 140, cell: (alarm) => shown(alarm.StateUpdatedTimestamp, zone) },
        { id: "kind", header: "Type", minWidth: 120, cell: (alarm) => (isComposite(alarm) ? "Composite" : "Metric") },
        { id: "condition", header: "Condition", minWidth: 220, cell: condition },
        {
          id: "actions",
          header: "Actions",
          minWidth: 120,
          cell: (alarm) => (alarm.ActionsEnabled ? "Enabled" : "Disabled"),
        },
      ]}
    />
  );
}
