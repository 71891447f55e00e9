import Container from "@cloudscape-design/components/container";
import FormField from "@cloudscape-design/components/form-field";
import Header from "@cloudscape-design/components/header";
import Input from "@cloudscape-design/components/input";
import SpaceBetween from "@cloudscape-design/components/space-between";

interface Names {
  name: string;
  description: string;
}

interface Props {
  draft: Names;
  set: (changed: Partial<Names>) => void;
  /** Whether the alarm is there: its name stays. */
  named: boolean;
}

/** What an alarm is called. */
export function NameFields({ draft, set, named }: Props) {
  return (
    <Container header={<Header variant="h2">Name</Header>}>
      <SpaceBetween size="m">
        <FormField label="Alarm name">
          <Input
            name="alarmName"
            disabled={named}
            value={draft.name}
            onChange={({ detail }) => set({ name: detail.value })}
          />
        </FormField>
        <FormField label="Description" description="What whoever is told should do.">
          <Input
            name="description"
            value={draft.description}
            onChange={({ detail }) => set({ description: detail.value })}
          />
        </FormField>
      </SpaceBetween>
    </Container>
  );
}
