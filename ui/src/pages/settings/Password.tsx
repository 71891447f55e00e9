import Alert from "@cloudscape-design/components/alert";
import Button from "@cloudscape-design/components/button";
import Container from "@cloudscape-design/components/container";
import Form from "@cloudscape-design/components/form";
import FormField from "@cloudscape-design/components/form-field";
import Header from "@cloudscape-design/components/header";
import Input from "@cloudscape-design/components/input";
import SpaceBetween from "@cloudscape-design/components/space-between";
import { useState, type FormEvent } from "react";

import { aws } from "../../api/client";
import { ErrorBox } from "../../app/ErrorBox";
import { useSettings } from "../../app/settings";
import { useAction } from "../../app/useAction";

const NOTHING = { old: "", new: "", again: "" };
const FIELDS = [
  { name: "old", label: "Current password", autoComplete: "current-password" },
  { name: "new", label: "New password", autoComplete: "new-password" },
  { name: "again", label: "New password again", autoComplete: "new-password" },
] as const;

/** Change one's own password. */
export function Password() {
  const { region } = useSettings();
  const action = useAction();
  const [values, setValues] = useState(NOTHING);
  const [changed, setChanged] = useState(false);
  const differs = values.again !== "" && values.again !== values.new;

  async function submit(event: FormEvent) {
    event.preventDefault();
    const input = { OldPassword: values.old, NewPassword: values.new };
    const done = await action.run(() => aws("iam", "ChangePassword", region, input));
    setChanged(done);
    if (done) setValues(NOTHING);
  }

  return (
    <form onSubmit={(event) => void submit(event)}>
      <Container header={<Header variant="h2">Password</Header>}>
        <Form
          actions={
            <Button loading={action.busy} disabled={!values.old || !values.new || values.again !== values.new}>
              Change password
            </Button>
          }
        >
          <SpaceBetween size="m">
            {FIELDS.map(({ name, label, autoComplete }) => (
              <FormField
                key={name}
                label={label}
                errorText={name === "again" && differs ? "It is not the same as above." : undefined}
              >
                <Input
                  type="password"
                  name={`${name}Password`}
                  autoComplete={autoComplete}
                  value={values[name]}
                  onChange={({ detail }) => setValues({ ...values, [name]: detail.value })}
                />
              </FormField>
            ))}
            <ErrorBox error={action.error} />
            {changed && (
              <Alert type="success" dismissible onDismiss={() => setChanged(false)}>
                The password was changed. It is asked for at the next sign-in.
              </Alert>
            )}
          </SpaceBetween>
        </Form>
      </Container>
    </form>
  );
}
