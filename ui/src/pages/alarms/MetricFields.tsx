import Container from "@cloudscape-design/components/container";
import FormField from "@cloudscape-design/components/form-field";
import Header from "@cloudscape-design/components/header";
import Select from "@cloudscape-design/components/select";
import SpaceBetween from "@cloudscape-design/components/space-between";

import { CodeArea } from "../../app/CodeArea";
import { ErrorBox } from "../../app/ErrorBox";
import { useAsync } from "../../app/useAsync";
import { title, type Metric } from "../metrics/metric";
import { MetricGraph } from "../metrics/MetricGraph";
import { watchable, type AlarmDraft } from "./draft";

interface Props {
  region: string;
  draft: AlarmDraft;
  metric: Metric | undefined;
  onMetric: (metric: Metric) => void;
}

/** The one metric that an alarm watches, with its graph. */
export function MetricFields({ region, draft, metric, onMetric }: Props) {
  const known = useAsync((signal) => watchable(region, signal), region);
  const options = (known.data ?? []).map((each) => ({ value: title(each), label: title(each) }));
  return (
    <Container header={<Header variant="h2">Metric</Header>}>
      <SpaceBetween size="m">
        <ErrorBox error={known.error} />
        <FormField label="Metric" description="Of metric filters, also before their first match.">
          <Select
            filteringType="auto"
            placeholder="Choose a metric"
            statusType={known.loading ? "loading" : "finished"}
            loadingText="Loading metrics"
            empty="There is no metric: create a metric filter first."
            options={options}
            selectedOption={metric ? { value: title(metric), label: title(metric) } : null}
            onChange={({ detail }) => {
              const chosen = known.data?.find((each) => title(each) === detail.selectedOption.value);
              if (chosen) onMetric(chosen);
            }}
          />
        </FormField>
        {metric && (
          <MetricGraph
            region={region}
            metric={metric}
            plain
            statistic={draft.statistic}
            period={Number(draft.period)}
            since="12h"
            until=""
            threshold={draft.threshold === "" ? undefined : Number(draft.threshold) || 0}
          />
        )}
      </SpaceBetween>
    </Container>
  );
}

/** Metrics and expressions of an alarm that watches more than one metric. */
export function QueryFields({ queries, onChange }: { queries: string; onChange: (queries: string) => void }) {
  return (
    <Container header={<Header variant="h2">Metrics and expressions</Header>}>
      <FormField label="Metrics" description="As PutMetricAlarm takes them: one returns the data that is judged." stretch>
        <CodeArea name="queries" rows={14} value={queries} onChange={onChange} />
      </FormField>
    </Container>
  );
}
