import Spinner from "@cloudscape-design/components/spinner";
import { useParams } from "react-router";

import { Empty } from "../../app/Empty";
import { ErrorBox } from "../../app/ErrorBox";
import { useAsync } from "../../app/useAsync";
import { alarmNamed, isComposite } from "./alarm";
import { AlarmForm } from "./AlarmForm";
import { compositeDraftOf } from "./compositeDraft";
import { CompositeForm } from "./CompositeForm";
import { draftOf } from "./draft";

/** An alarm that is there, to be changed, or to make another one like it. */
export function AlarmEdit({ copying = false }: { copying?: boolean }) {
  const { region = "", name = "" } = useParams();
  const { data, error } = useAsync((signal) => alarmNamed(region, name, signal), `${region} ${name}`);
  if (error) return <ErrorBox error={error} />;
  if (data === undefined) return <Spinner size="large" />;
  if (!data) return <Empty title={`There is no alarm ${name} in ${region}.`} />;
  const called = copying ? { name: `${name} copy` } : {};
  const shared = { region, fresh: copying };
  return isComposite(data) ? (
    <CompositeForm {...shared} before={data} start={{ ...compositeDraftOf(data), ...called }} />
  ) : (
    <AlarmForm {...shared} before={data} start={{ ...draftOf(data), ...called }} />
  );
}

export default AlarmEdit;
