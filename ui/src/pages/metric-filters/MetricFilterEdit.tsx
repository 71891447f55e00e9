import Spinner from "@cloudscape-design/components/spinner";
import { useParams, useSearchParams } from "react-router";

import { Empty } from "../../app/Empty";
import { ErrorBox } from "../../app/ErrorBox";
import { useAsync } from "../../app/useAsync";
import { draftOf, metricFilters } from "./filters";
import { MetricFilterWizard } from "./MetricFilterWizard";

/** A metric filter that is there, by the name that the URL has. */
export default function MetricFilterEdit() {
  const { region = "", group = "" } = useParams();
  const [search] = useSearchParams();
  const name = search.get("name") ?? "";
  const { data, error } = useAsync((signal) => metricFilters(region, group, signal), `${region} ${group}`);
  if (error) return <ErrorBox error={error} />;
  if (!data) return <Spinner size="large" />;
  const before = data.find((filter) => filter.filterName === name);
  if (!before) return <Empty title={`${group} has no metric filter ${name}.`} />;
  return <MetricFilterWizard region={region} group={group} start={draftOf(before)} before={before} />;
}
