import Button from "@cloudscape-design/components/button";
import Form from "@cloudscape-design/components/form";
import Header from "@cloudscape-design/components/header";
import SpaceBetween from "@cloudscape-design/components/space-between";
import type { ReactNode } from "react";

import type { ApiError } from "../api/client";
import { ErrorBox } from "./ErrorBox";

interface Props {
  header: string;
  description: string;
  /** What the button says that does it. */
  verb: string;
  busy: boolean;
  disabled?: boolean;
  /** What is missing, in words. */
  missing?: string;
  error: ApiError | undefined;
  onSubmit: () => void;
  onCancel: () => void;
  children: ReactNode;
}

/** A page that asks for what something is to be. */
export function FormPage({ header, description, verb, busy, disabled, missing, error, onSubmit, onCancel, children }: Props) {
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault();
        onSubmit();
      }}
    >
      <Form
        header={
          <Header variant="h1" description={description}>
            {header}
          </Header>
        }
        errorText={missing}
        actions={
          <SpaceBetween size="xs" direction="horizontal">
            <Button variant="link" formAction="none" onClick={onCancel}>
              Cancel
            </Button>
            <Button variant="primary" loading={busy} disabled={disabled}>
              {verb}
            </Button>
          </SpaceBetween>
        }
      >
        <SpaceBetween size="l">
          <ErrorBox error={error} />
          {children}
        </SpaceBetween>
      </Form>
    </form>
  );
}
