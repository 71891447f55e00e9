import FormField from "@cloudscape-design/components/form-field";
import Input from "@cloudscape-design/components/input";
import Select from "@cloudscape-design/components/select";
import { useState } from "react";

import { Confirm } from "../../app/Confirm";
import { useAction } from "../../app/useAction";
import { createTopic } from "./actions";

const PROTOCOLS = [
  { value: "email", label: "E-mail", placeholder: "you@example.org" },
  { value: "https", label: "HTTPS server", placeholder: "https://example.org/told" },
  { value: "http", label: "HTTP server", placeholder: "http://example.org/told" },
];

interface Props {
  region: string;
  onClose: () => void;
  /** Told the new topic's ARN. */
  onCreated: (arn: string) => void;
}

/** A topic with its first subscriber. */
export function CreateTopic({ region, onClose, onCreated }: Props) {
  const [name, setName] = useState("");
  const [protocol, setProtocol] = useState(PROTOCOLS[0]!);
  const [endpoint, setEndpoint] = useState("");
  const { run, busy, error } = useAction();
  const create = () => run(async () => onCreated(await createTopic(region, name, protocol.value, endpoint)));
  return (
    <Confirm
      header="Create SNS topic"
      verb="Create topic"
      busy={busy}
      disabled={!name || !endpoint}
      error={error}
      onClose={onClose}
      onConfirm={() => void create()}
    >
      <FormField label="Topic name">
        <Input name="topic" value={name} onChange={({ detail }) => setName(detail.value)} />
      </FormField>
      <FormField label="Subscriber">
        <Select
          options={PROTOCOLS}
          selectedOption={protocol}
          onChange={({ detail }) =>
            setProtocol(PROTOCOLS.find(({ value }) => value === detail.selectedOption.value) ?? protocol)
          }
        />
      </FormField>
      <FormField label="Address" description="Is asked to confirm, and is told of nothing before.">
        <Input
          name="endpoint"
          placeholder={protocol.placeholder}
          value={endpoint}
          onChange={({ detail }) => setEndpoint(detail.value)}
        />
      </FormField>
    </Confirm>
  );
}
