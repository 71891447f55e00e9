import { useParams, useSearchParams } from "react-router";

import { NEW_FILTER } from "./filters";
import { MetricFilterWizard } from "./MetricFilterWizard";

/** A new metric filter, with the pattern that the URL may have. */
export default function MetricFilterNew() {
  const { region = "", group = "" } = useParams();
  const [search] = useSearchParams();
  const start = { ...NEW_FILTER, pattern: search.get("pattern") ?? "" };
  return <MetricFilterWizard region={region} group={group} start={start} />;
}
