import Box from "@cloudscape-design/components/box";
import Button from "@cloudscape-design/components/button";
import ButtonDropdown from "@cloudscape-design/components/button-dropdown";
import Container from "@cloudscape-design/components/container";
import Header from "@cloudscape-design/components/header";
import KeyValuePairs from "@cloudscape-design/components/key-value-pairs";
import SpaceBetween from "@cloudscape-design/components/space-between";
import Spinner from "@cloudscape-design/components/spinner";
import { useState, type ReactNode } from "react";
import { useNavigate, useParams } from "react-router";

import { aws } from "../../api/client";
import { Confirm } from "../../app/Confirm";
import { CopyCli } from "../../app/CopyCli";
import { Empty } from "../../app/Empty";
import { ErrorBox } from "../../app/ErrorBox";
import { PageLink } from "../../app/PageLink";
import { useSettings } from "../../app/settings";
import { useAction } from "../../app/useAction";
import { useAsync } from "../../app/useAsync";
import { shown, type Zone } from "../../lib/time";
import { metricPath, title } from "../metrics/metric";
import { alarmNamed, alarmPath, condition, metricOfAlarm, MISSING, isComposite, type Alarm } from "./alarm";
import { AlarmGraph } from "./AlarmGraph";
import { AlarmHistory } from "./AlarmHistory";
import { AlarmState } from "./AlarmState";
import { SetState } from "./SetState";

export default function AlarmDetail() {
  const { region = "", name = "" } = useParams();
  const { zone } = useSettings();
  const navigate = useNavigate();
  const [asking, setAsking] = useState<"" | "delete" | "state">("");
  const [turn, setTurn] = useState(0);
  const { run, busy, error } = useAction();
  const asked = useAsync((signal) => alarmNamed(region, name, signal), `${region} ${name} ${turn}`);
  if (asked.error) return <ErrorBox error={asked.error} />;
  if (asked.data === undefined) return <Spinner size="large" />;
  if (!asked.data) return <Empty title={`There is no alarm ${name} in ${region}.`} />;
  const alarm = asked.data;
  const refresh = () => setTurn((before) => before + 1);

  async function act(operation: "EnableAlarmActions" | "DisableAlarmActions" | "DeleteAlarms") {
    if (!(await run(() => aws("cloudwatch", operation, region, { AlarmNames: [name] })))) return;
    if (operation === "DeleteAlarms") navigate("/alarms");
    else refresh();
  }

  function follow(id: string) {
    if (id === "copy") navigate(`${alarmPath(region, name)}/copy`);
    else if (id === "delete" || id === "state") setAsking(id);
    else void act(alarm.ActionsEnabled ? "DisableAlarmActions" : "EnableAlarmActions");
  }

  return (
    <SpaceBetween size="l">
      <Header
        variant="h1"
        description={alarm.AlarmDescription}
        actions={
          <SpaceBetween size="xs" direction="horizontal">
            <Button iconName="refresh" ariaLabel="Refresh" onClick={refresh} />
            <ButtonDropdown
              items={[
                { id: "toggle", text: alarm.ActionsEnabled ? "Disable actions" : "Enable actions" },
                { id: "state", text: "Set state" },
                { id: "copy", text: "Copy" },
                { id: "delete", text: "Delete" },
              ]}
              onItemClick={({ detail }) => follow(detail.id)}
            >
              Actions
            </ButtonDropdown>
            <Button variant="primary" onClick={() => navigate(`${alarmPath(region, name)}/edit`)}>
              Edit
            </Button>
          </SpaceBetween>
        }
      >
        {name}
      </Header>
      {!asking && <ErrorBox error={error} />}
      <Container header={
          <Header variant="h2">
            <AlarmState state={alarm.StateValue} />
          </Header>
        }>
        <SpaceBetween size="m">
          <Box variant="p">{alarm.StateReason}</Box>
          <KeyValuePairs columns={3} items={general(alarm, region, zone)} />
          <CopyCli service="cloudwatch" operation="DescribeAlarms" region={region} input={{ AlarmNames: [name] }} />
        </SpaceBetween>
      </Container>
      <AlarmGraph region={region} alarm={alarm} turn={turn} />
      <AlarmHistory region={region} name={name} turn={turn} />
      {asking === "delete" && (
        <Confirm
          header={`Delete ${name}?`}
          verb="Delete"
          busy={busy}
          error={error}
          onClose={() => setAsking("")}
          onConfirm={() => void act("DeleteAlarms")}
        >
          Nobody is told any more. Its history stays for a while; its metric and its topic stay as they are.
        </Confirm>
      )}
      {asking === "state" && (
        <SetState
          region={region}
          name={name}
          onClose={() => setAsking("")}
          onDone={() => {
            setAsking("");
            refresh();
          }}
        />
      )}
    </SpaceBetween>
  );
}

function general(alarm: Alarm, region: string, zone: Zone) {
  const told = (actions: string[]) => (actions.length ? actions.map((arn) => <div key={arn}>{arn}</div>) : "–");
  const metric = metricOfAlarm(alarm);
  const items: { label: string; value: ReactNode }[] = [
    { label: "State since", value: shown(alarm.StateUpdatedTimestamp, zone) },
    { label: isComposite(alarm) ? "Rule" : "Condition", value: condition(alarm) },
    { label: "Actions", value: alarm.ActionsEnabled ? "Enabled" : "Disabled" },
    { label: "Told when in alarm", value: told(alarm.AlarmActions) },
    { label: "Told when OK", value: told(alarm.OKActions) },
    { label: "Told without data", value: told(alarm.InsufficientDataActions) },
  ];
  if (!isComposite(alarm)) {
    const missing = MISSING.find(({ value }) => value === (alarm.TreatMissingData ?? "missing"));
    items.push({ label: "Missing data", value: missing?.label ?? "–" });
  }
  if (isComposite(alarm) && alarm.ActionsSuppressor) items.push({ label: "Suppressor", value: alarm.ActionsSuppressor });
  if (metric) items.push({ label: "Metric", value: <PageLink to={metricPath(region, metric)}>{title(metric)}</PageLink> });
  return [...items, { label: "ARN", value: alarm.AlarmArn }];
}
