import Container from "@cloudscape-design/components/container";
import FormField from "@cloudscape-design/components/form-field";
import Header from "@cloudscape-design/components/header";
import Multiselect from "@cloudscape-design/components/multiselect";
import RadioGroup from "@cloudscape-design/components/radio-group";
import SpaceBetween from "@cloudscape-design/components/space-between";

import { useSettings } from "../../app/settings";
import type { Zone } from "../../lib/time";
import { columns } from "../history/columns";

const COLUMNS = columns("utc", () => undefined).map(({ id, header }) => ({
  value: id as string,
  label: String(header),
  disabled: id === "name",
}));

/** How pages look in this browser. */
export function Preferences() {
  const { theme, zone, visible, setTheme, setZone, setVisible } = useSettings();
  return (
    <Container header={<Header variant="h2" description="Kept in this browser.">Preferences</Header>}>
      <SpaceBetween size="m">
        <FormField label="Theme">
          <RadioGroup
            value={theme}
            items={[
              { value: "light", label: "Light" },
              { value: "dark", label: "Dark" },
            ]}
            onChange={({ detail }) => setTheme(detail.value === "dark" ? "dark" : "light")}
          />
        </FormField>
        <FormField label="Times">
          <RadioGroup
            value={zone}
            items={[
              { value: "utc", label: "UTC" },
              { value: "local", label: "Local time" },
            ]}
            onChange={({ detail }) => setZone(detail.value as Zone)}
          />
        </FormField>
        <FormField label="Columns of the event history">
          <Multiselect
            options={COLUMNS}
            selectedOptions={COLUMNS.filter(({ value }) => visible.includes(value))}
            deselectAriaLabel={(option) => `Hide ${option.label}`}
            onChange={({ detail }) => setVisible(detail.selectedOptions.map(({ value }) => value as string))}
          />
        </FormField>
      </SpaceBetween>
    </Container>
  );
}
