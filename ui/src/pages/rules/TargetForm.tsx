import Alert from "@cloudscape-design/components/alert";
import ColumnLayout from "@cloudscape-design/components/column-layout";
import FormField from "@cloudscape-design/components/form-field";
import Input from "@cloudscape-design/components/input";
import Select from "@cloudscape-design/components/select";
import { useState } from "react";

import { Confirm } from "../../app/Confirm";
import { CopyCli } from "../../app/CopyCli";
import { useSession } from "../../app/session";
import { useAction } from "../../app/useAction";
import { putTarget, type Rule, type Target } from "./rule";
import { draftOf, KINDS, NEW_TARGET, notAsked, pathsOf, targetOf, type TargetDraft } from "./targetDraft";
import { TargetInput } from "./TargetInput";
import { TargetRights } from "./TargetRights";

interface Props {
  region: string;
  rule: Rule;
  /** The target that is edited; otherwise one is added. */
  before?: Target;
  onClose: () => void;
  onPut: () => void;
}

type Texts = "id" | "place" | "dead" | "role" | "attempts" | "age";

/** Who is handed a rule's events, in which form, and what becomes of those that are not taken. */
export function TargetForm({ region, rule, before, onClose, onPut }: Props) {
  const { session } = useSession();
  const [draft, setDraft] = useState(before ? draftOf(before) : NEW_TARGET);
  const { run, busy, error } = useAction();
  const kind = KINDS.find(({ value }) => value === draft.kind) ?? KINDS[0]!;
  const target = targetOf(draft, region, session?.account ?? "", before);
  const kept = Object.keys(notAsked(before));
  const set = (changed: Partial<TargetDraft>) => setDraft((earlier) => ({ ...earlier, ...changed }));
  const put = async () => (await run(() => putTarget(region, rule, target))) && onPut();
  const text = (name: Texts, label: string, description?: string, more: { placeholder?: string; disabled?: boolean } = {}) => (
    <FormField label={label} description={description} stretch={name === "place"}>
      <Input name={name} {...more} value={draft[name]} onChange={({ detail }) => set({ [name]: detail.value })} />
    </FormField>
  );
  return (
    <Confirm
      size="large"
      header={before ? `Edit target ${before.Id} of ${rule.Name}` : `Add a target to ${rule.Name}`}
      verb={before ? "Save target" : "Add target"}
      busy={busy}
      disabled={!draft.id || !draft.place || (draft.sent === "template" && !pathsOf(draft.paths))}
      error={error}
      onClose={onClose}
      onConfirm={() => void put()}
    >
      <FormField label="Kind">
        <Select
          options={KINDS}
          selectedOption={kind}
          onChange={({ detail }) => set({ kind: detail.selectedOption.value ?? "arn" })}
        />
      </FormField>
      {text("place", kind.asks, undefined, { placeholder: kind.example })}
      {text("id", "Target id", "Its name within the rule.", { disabled: Boolean(before) })}
      <TargetRights rule={rule} kind={draft.kind} arn={target.Arn} />
      <TargetInput region={region} rule={rule} draft={draft} target={target} set={set} />
      {text("dead", "Dead-letter queue", "Name or ARN of the queue for what cannot be handed over; may be empty.")}
      <ColumnLayout columns={2}>
        {text("attempts", "Tried again at the most", "0 to 185 times.", { placeholder: "185" })}
        {text("age", "For so many seconds", "60 to 86400.", { placeholder: "86400" })}
      </ColumnLayout>
      {text("role", "Role ARN", "With which the target is told, where it needs one; may be empty.")}
      {kept.length > 0 && <Alert type="info">{kept.join(", ")}: kept, and changed with the command below.</Alert>}
      <CopyCli
        service="events"
        operation="PutTargets"
        region={region}
        input={{ Rule: rule.Name, EventBusName: rule.EventBusName, Targets: [target] }}
      />
    </Confirm>
  );
}
