import Alert from "@cloudscape-design/components/alert";
import { useMemo, useState } from "react";
import { useNavigate } from "react-router";

import { aws } from "../../api/client";
import { CopyCli } from "../../app/CopyCli";
import { FormPage } from "../../app/FormPage";
import { useAction } from "../../app/useAction";
import { useUrlState } from "../../app/useUrlState";
import { metricOf, metricQuery, type Metric } from "../metrics/metric";
import { ActionFields } from "./ActionFields";
import { alarmNamed, alarmPath, isTaken, metricOfAlarm, type MetricAlarm } from "./alarm";
import { ConditionFields } from "./ConditionFields";
import { keptOf, lacking, putInput, type AlarmDraft } from "./draft";
import { MetricFields, QueryFields } from "./MetricFields";
import { NameFields } from "./NameFields";

interface Props {
  region: string;
  start: AlarmDraft;
  /** The alarm that is edited, or copied. */
  before?: MetricAlarm;
  /** Whether the name is a new one. */
  fresh: boolean;
}

/** An alarm on a metric or an expression. Which metric, the URL says, or the alarm that is edited. */
export function AlarmForm({ region, start, before, fresh }: Props) {
  const navigate = useNavigate();
  const usual = useMemo(() => metricQuery((before && metricOfAlarm(before)) ?? NO_METRIC), [before]);
  const [query, change] = useUrlState(usual);
  const [draft, setDraft] = useState(start);
  const [missing, setMissing] = useState("");
  const { run, busy, error } = useAction();
  const metric = metricOf(query);
  const set = (changed: Partial<AlarmDraft>) => setDraft((earlier) => ({ ...earlier, ...changed }));
  const band = Boolean(before?.ThresholdMetricId);
  const input = putInput(draft, metric, before);
  const kept = Object.keys(keptOf(before));

  async function submit() {
    const told = lacking(draft, metric, band);
    setMissing(told);
    if (told) return;
    await run(async () => {
      if (fresh && (await alarmNamed(region, draft.name))) return setMissing(isTaken(draft.name));
      await aws("cloudwatch", "PutMetricAlarm", region, input);
      navigate(alarmPath(region, draft.name));
    });
  }

  return (
    <FormPage
      header={fresh ? "Create alarm" : `Edit ${start.name}`}
      description={`In ${region}`}
      verb={fresh ? "Create alarm" : "Save alarm"}
      busy={busy}
      missing={missing}
      error={error}
      onSubmit={() => void submit()}
      onCancel={() => navigate(before ? alarmPath(region, before.AlarmName) : "/alarms")}
    >
      {start.queries ? (
        <QueryFields queries={draft.queries} onChange={(queries) => set({ queries })} />
      ) : (
        <MetricFields region={region} draft={draft} metric={metric} onMetric={(chosen) => change(metricQuery(chosen))} />
      )}
      <ConditionFields draft={draft} set={set} band={band} />
      <ActionFields region={region} actions={draft.actions} onChange={(actions) => set({ actions })} />
      <NameFields draft={draft} set={set} named={!fresh} />
      {kept.length > 0 && (
        <Alert type="info">{kept.join(", ")}: kept as they are. They are changed with the command below.</Alert>
      )}
      <CopyCli service="cloudwatch" operation="PutMetricAlarm" region={region} input={input} />
    </FormPage>
  );
}

const NO_METRIC: Metric = { Namespace: "", MetricName: "" };
