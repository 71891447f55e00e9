import { useSettings } from "../../app/settings";
import { CompositeForm } from "./CompositeForm";
import { NEW_COMPOSITE } from "./compositeDraft";

/** A new composite alarm. */
export default function CompositeNew() {
  const { region } = useSettings();
  return <CompositeForm region={region} start={NEW_COMPOSITE} fresh />;
}
