import Spinner from "@cloudscape-design/components/spinner";
import { useParams } from "react-router";

import { Empty } from "../../app/Empty";
import { ErrorBox } from "../../app/ErrorBox";
import { useAsync } from "../../app/useAsync";
import { draftOf } from "./draft";
import { rule } from "./rule";
import { RuleForm } from "./RuleForm";

/** A rule that is there, by its bus and name. */
export default function RuleEdit() {
  const { region = "", bus = "", name = "" } = useParams();
  const { data, error } = useAsync((signal) => rule(region, bus, name, signal), `${region} ${bus} ${name}`);
  if (error) return <ErrorBox error={error} />;
  if (data === undefined) return <Spinner size="large" />;
  if (!data) return <Empty title={`The bus ${bus} has no rule ${name}.`} />;
  return <RuleForm region={region} start={draftOf(data)} before={data} />;
}
