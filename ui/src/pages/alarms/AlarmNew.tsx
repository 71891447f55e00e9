import { useSearchParams } from "react-router";

import { useSettings } from "../../app/settings";
import { AlarmForm } from "./AlarmForm";
import { NEW_ALARM } from "./draft";

/** A new alarm, on the metric that the URL may name. */
export default function AlarmNew() {
  const settings = useSettings();
  const [search] = useSearchParams();
  return <AlarmForm region={search.get("region") ?? settings.region} start={NEW_ALARM} fresh />;
}
