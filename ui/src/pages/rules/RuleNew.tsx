import { useSearchParams } from "react-router";

import { useSettings } from "../../app/settings";
import { newRule } from "./draft";
import { DEFAULT_BUS } from "./rule";
import { RuleForm } from "./RuleForm";

/** A new rule, on the bus that the URL names. */
export default function RuleNew() {
  const { region } = useSettings();
  const [search] = useSearchParams();
  return <RuleForm region={region} start={newRule(search.get("bus") ?? DEFAULT_BUS)} />;
}
