import { AlarmEdit } from "./AlarmEdit";

/** Another alarm like one that is there. */
export default function AlarmCopy() {
  return <AlarmEdit copying />;
}
