import Box from "@cloudscape-design/components/box";
import Button from "@cloudscape-design/components/button";
import { useNavigate } from "react-router";

import { ListPage } from "../../app/ListPage";
import { PageLink } from "../../app/PageLink";
import { useSettings } from "../../app/settings";
import { useAsync } from "../../app/useAsync";
import { useUrlState } from "../../app/useUrlState";
import { BusPicker } from "./BusPicker";
import { DEFAULT_BUS, rulePath, rules, type Rule } from "./rule";
import { RuleStateLabel } from "./RuleStateLabel";

const USUAL = { bus: DEFAULT_BUS, name: "" };
const COMMAND = `aws events put-rule --name new-users --event-pattern '{"source": ["aws.iam"], "detail": {"eventName": ["CreateUser"]}}'`;

export default function RuleList() {
  const { region } = useSettings();
  const navigate = useNavigate();
  const [state, change] = useUrlState(USUAL);
  const asked = useAsync((signal) => rules(region, state.bus, signal), `${region} ${state.bus}`);
  const wanted = state.name.toLowerCase();
  const items = (asked.data ?? []).filter(({ Name }) => Name.toLowerCase().includes(wanted));
  return (
    <ListPage<Rule>
      title="Rules"
      description="A rule hands the events that its pattern means, or a schedule, to targets."
      json={{ to: "/rules.json", query: { region, bus: state.bus } }}
      asked={asked}
      items={items}
      trackBy="Name"
      name={state.name}
      onName={(name) => change({ name })}
      filters={<BusPicker region={region} bus={state.bus} onChange={(bus) => change({ bus })} />}
      actions={
        <Button variant="primary" onClick={() => navigate(`/rules/new?${new URLSearchParams({ bus: state.bus })}`)}>
          Create rule
        </Button>
      }
      none={{ title: "There is no rule on this bus.", command: COMMAND }}
      columns={[
        {
          id: "name",
          header: "Name",
          minWidth: 130,
          isRowHeader: true,
          cell: (rule) => <PageLink to={rulePath(region, rule)}>{rule.Name}</PageLink>,
        },
        { id: "state", header: "State", minWidth: 130, cell: (rule) => <RuleStateLabel state={rule.State} /> },
        {
          id: "when",
          header: "Pattern or schedule",
          minWidth: 240,
          cell: (rule) => <Box variant="code">{rule.EventPattern ?? rule.ScheduleExpression}</Box>,
        },
        { id: "description", header: "Description", minWidth: 140, cell: (rule) => rule.Description ?? "–" },
      ]}
    />
  );
}
