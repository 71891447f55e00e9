import Box from "@cloudscape-design/components/box";
import Button from "@cloudscape-design/components/button";
import Container from "@cloudscape-design/components/container";
import Header from "@cloudscape-design/components/header";
import KeyValuePairs from "@cloudscape-design/components/key-value-pairs";
import SpaceBetween from "@cloudscape-design/components/space-between";
import Spinner from "@cloudscape-design/components/spinner";
import Tabs from "@cloudscape-design/components/tabs";
import { useState } from "react";
import { useNavigate, useParams } from "react-router";

import { aws } from "../../api/client";
import { Confirm } from "../../app/Confirm";
import { CopyCli } from "../../app/CopyCli";
import { Empty } from "../../app/Empty";
import { ErrorBox } from "../../app/ErrorBox";
import { useAction } from "../../app/useAction";
import { useAsync } from "../../app/useAsync";
import { useUrlState } from "../../app/useUrlState";
import { parsed } from "../../lib/json";
import { RecordView } from "../history/RecordView";
import { DeliveryErrors } from "./DeliveryErrors";
import { EventTester } from "./EventTester";
import { deleteRule, rule, rulePath, type Rule } from "./rule";
import { RuleStateLabel } from "./RuleStateLabel";
import { Targets } from "./Targets";

const USUAL = { tab: "targets" };

export default function RuleDetail() {
  const { region = "", bus = "", name = "" } = useParams();
  const navigate = useNavigate();
  const [state, change] = useUrlState(USUAL);
  const [deleting, setDeleting] = useState(false);
  const { run, busy, error } = useAction();
  const asked = useAsync((signal) => rule(region, bus, name, signal), `${region} ${bus} ${name}`);
  if (asked.error) return <ErrorBox error={asked.error} />;
  if (asked.data === undefined) return <Spinner size="large" />;
  if (!asked.data) return <Empty title={`The bus ${bus} has no rule ${name} in ${region}.`} />;
  const found = asked.data;
  const named = { Name: name, EventBusName: bus };

  const toggle = (operation: "EnableRule" | "DisableRule") =>
    run(() => aws("events", operation, region, named)).then((done) => done && asked.reload());
  const remove = () =>
    run(() => deleteRule(region, found)).then((done) => done && navigate(`/rules?${new URLSearchParams({ bus })}`));

  const tabs = [
    { id: "targets", label: "Targets", content: <Targets region={region} rule={found} /> },
    { id: "errors", label: "Delivery", content: <DeliveryErrors region={region} rule={found} /> },
  ];
  if (found.EventPattern) {
    const content = <EventTester region={region} pattern={found.EventPattern} />;
    tabs.push({ id: "test", label: "Pattern tester", content });
  }
  return (
    <SpaceBetween size="l">
      <Header
        variant="h1"
        description={found.Description}
        actions={
          <SpaceBetween size="xs" direction="horizontal">
            <Button iconName="refresh" ariaLabel="Refresh" onClick={asked.reload} />
            <Button onClick={() => setDeleting(true)}>Delete</Button>
            {found.State === "DISABLED" ? (
              <Button onClick={() => void toggle("EnableRule")}>Enable</Button>
            ) : (
              <Button onClick={() => void toggle("DisableRule")}>Disable</Button>
            )}
            <Button variant="primary" onClick={() => navigate(`${rulePath(region, found)}/edit`)}>
              Edit
            </Button>
          </SpaceBetween>
        }
      >
        {name}
      </Header>
      {!deleting && <ErrorBox error={error} />}
      <Container>
        <SpaceBetween size="m">
          <KeyValuePairs columns={3} items={general(found)} />
          {found.EventPattern && <RecordView record={parsed(found.EventPattern) ?? found.EventPattern} query="" />}
          <CopyCli service="events" operation="DescribeRule" region={region} input={named} />
        </SpaceBetween>
      </Container>
      <Tabs activeTabId={state.tab} onChange={({ detail }) => change({ tab: detail.activeTabId })} tabs={tabs} />
      {deleting && (
        <Confirm
          header={`Delete ${name}?`}
          verb="Delete"
          busy={busy}
          error={error}
          onClose={() => setDeleting(false)}
          onConfirm={() => void remove()}
        >
          Its targets are removed with it; what they were given stays.
        </Confirm>
      )}
    </SpaceBetween>
  );
}

function general(found: Rule) {
  return [
    { label: "State", value: <RuleStateLabel state={found.State} /> },
    { label: "Event bus", value: found.EventBusName },
    {
      label: found.EventPattern ? "Fires on" : "Schedule",
      value: found.EventPattern ? "events of the pattern below" : <Box variant="code">{found.ScheduleExpression}</Box>,
    },
    { label: "ARN", value: found.Arn },
  ];
}
