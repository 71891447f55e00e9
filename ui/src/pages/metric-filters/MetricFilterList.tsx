import { useSettings } from "../../app/settings";
import { MetricFilterTable } from "./MetricFilterTable";

export default function MetricFilterList() {
  const { region } = useSettings();
  return <MetricFilterTable region={region} group="" />;
}
