import Checkbox from "@cloudscape-design/components/checkbox";
import Container from "@cloudscape-design/components/container";
import FormField from "@cloudscape-design/components/form-field";
import Input from "@cloudscape-design/components/input";
import KeyValuePairs from "@cloudscape-design/components/key-value-pairs";
import RadioGroup from "@cloudscape-design/components/radio-group";
import Select from "@cloudscape-design/components/select";
import SpaceBetween from "@cloudscape-design/components/space-between";
import Wizard from "@cloudscape-design/components/wizard";
import { useState } from "react";
import { useNavigate } from "react-router";

import { ApiError } from "../../api/client";
import { ErrorBox } from "../../app/ErrorBox";
import { useSession } from "../../app/session";
import { useSettings } from "../../app/settings";
import { createTrail, NEW_TRAIL, type TrailDraft } from "./settings";

interface StepProps {
  draft: TrailDraft;
  set: (changed: Partial<TrailDraft>) => void;
}

export default function TrailWizard() {
  const { session } = useSession();
  const { region } = useSettings();
  const navigate = useNavigate();
  const [draft, setDraft] = useState(NEW_TRAIL);
  const [step, setStep] = useState(0);
  const [missing, setMissing] = useState("");
  const [error, setError] = useState<ApiError>();
  const [busy, setBusy] = useState(false);
  const set = (changed: Partial<TrailDraft>) => setDraft((before) => ({ ...before, ...changed }));

  async function submit() {
    setBusy(true);
    setError(undefined);
    try {
      await createTrail(draft, session?.account ?? "", region);
      navigate(`/trails/${region}/${encodeURIComponent(draft.name)}`);
    } catch (caught) {
      if (!(caught instanceof ApiError)) throw caught;
      setError(caught);
    } finally {
      setBusy(false);
    }
  }

  return (
    <Wizard
      activeStepIndex={step}
      isLoadingNextStep={busy}
      submitButtonText="Create trail"
      onCancel={() => navigate("/trails")}
      onSubmit={() => void submit()}
      onNavigate={({ detail }) => {
        const lacks = step === 0 && detail.requestedStepIndex > 0 && (!draft.name || !draft.bucket);
        setMissing(lacks ? "A trail needs a name and a bucket." : "");
        if (!lacks) setStep(detail.requestedStepIndex);
      }}
      steps={[
        {
          title: "Attributes",
          errorText: missing,
          content: <Attributes draft={draft} set={set} />,
        },
        { title: "Events", content: <Events draft={draft} set={set} /> },
        {
          title: "Review",
          content: (
            <SpaceBetween size="m">
              <ErrorBox error={error} />
              <Review draft={draft} />
            </SpaceBetween>
          ),
        },
      ]}
    />
  );
}

function Text({ draft, set, name, label, description }: StepProps & { name: TextMember; label: string; description?: string }) {
  return (
    <FormField label={label} description={description}>
      <Input name={name} value={draft[name]} onChange={({ detail }) => set({ [name]: detail.value })} />
    </FormField>
  );
}

type TextMember = "name" | "bucket" | "prefix" | "kmsKey" | "topic" | "logGroup" | "logRole";

function Attributes(props: StepProps) {
  const { draft, set } = props;
  return (
    <Container>
      <SpaceBetween size="m">
        <Text {...props} name="name" label="Trail name" />
        <Checkbox checked={draft.multiRegion} onChange={({ detail }) => set({ multiRegion: detail.checked })}>
          For all Regions
        </Checkbox>
        <Checkbox checked={draft.organization} onChange={({ detail }) => set({ organization: detail.checked })}>
          For all accounts of the organization
        </Checkbox>
        <FormField label="Bucket">
          <RadioGroup
            value={draft.newBucket ? "new" : "existing"}
            onChange={({ detail }) => set({ newBucket: detail.value === "new" })}
            items={[
              { value: "new", label: "A new bucket, which lets CloudTrail write" },
              { value: "existing", label: "A bucket that exists, whose policy lets CloudTrail write" },
            ]}
          />
        </FormField>
        <Text {...props} name="bucket" label="Bucket name" />
        <Text {...props} name="prefix" label="Prefix" description="Folders before AWSLogs/, if any." />
        <Checkbox checked={draft.validation} onChange={({ detail }) => set({ validation: detail.checked })}>
          Log file validation: signed digest files prove that nothing was changed
        </Checkbox>
        <Text {...props} name="kmsKey" label="KMS key" description="Files are encrypted with it; empty: as the bucket says." />
        <Text {...props} name="topic" label="SNS topic" description="Is told of each file." />
        <Text {...props} name="logGroup" label="Log group ARN" description="Gets each event within a second." />
        <Text {...props} name="logRole" label="Role ARN" description="With which CloudTrail writes to the log group." />
      </SpaceBetween>
    </Container>
  );
}

const READ_WRITES = [
  { value: "All", label: "Read and write" },
  { value: "WriteOnly", label: "Write only" },
  { value: "ReadOnly", label: "Read only" },
];

function Events({ draft, set }: StepProps) {
  const box = (name: keyof TrailDraft, label: string) => (
    <Checkbox checked={Boolean(draft[name])} onChange={({ detail }) => set({ [name]: detail.checked })}>
      {label}
    </Checkbox>
  );
  return (
    <Container>
      <SpaceBetween size="m">
        {box("management", "Management events: calls that make, change, delete and list resources")}
        <Select
          ariaLabel="API activity"
          selectedOption={READ_WRITES.find((each) => each.value === draft.readWrite) ?? READ_WRITES[0]!}
          options={READ_WRITES}
          onChange={({ detail }) => set({ readWrite: detail.selectedOption.value as TrailDraft["readWrite"] })}
        />
        {box("excludeKms", "Leave out AWS KMS")}
        {box("objects", "Data events: objects of all S3 buckets")}
        {box("functions", "Data events: invocations of all Lambda functions")}
        {box("callRate", "Insights: unusual API call rates")}
        {box("errorRate", "Insights: unusual API error rates")}
      </SpaceBetween>
    </Container>
  );
}

function Review({ draft }: { draft: TrailDraft }) {
  const items = Object.entries(draft)
    .filter(([, value]) => value !== "" && value !== false)
    .map(([label, value]) => ({ label, value: value === true ? "Yes" : String(value) }));
  return (
    <Container>
      <KeyValuePairs columns={3} items={items} />
    </Container>
  );
}
