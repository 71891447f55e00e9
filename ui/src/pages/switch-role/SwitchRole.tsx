import Box from "@cloudscape-design/components/box";
import Button from "@cloudscape-design/components/button";
import Container from "@cloudscape-design/components/container";
import Form from "@cloudscape-design/components/form";
import FormField from "@cloudscape-design/components/form-field";
import Header from "@cloudscape-design/components/header";
import Input from "@cloudscape-design/components/input";
import Select from "@cloudscape-design/components/select";
import SpaceBetween from "@cloudscape-design/components/space-between";
import { useState } from "react";
import { useNavigate, useSearchParams } from "react-router";

import { ErrorBox } from "../../app/ErrorBox";
import { PageLink } from "../../app/PageLink";
import { useSession } from "../../app/session";
import { useAction } from "../../app/useAction";
import { COLOURS, recentRoles, remember, switchPath, titleOf, type Colour, type Role } from "../../lib/roles";

const OPTIONS = COLOURS.map((value) => ({ value, label: value[0]!.toUpperCase() + value.slice(1) }));

/** Act as a role for an hour. The URL fills the form in, as at AWS. */
export default function SwitchRole() {
  const [search] = useSearchParams();
  return <RoleForm key={search.toString()} search={search} />;
}

function RoleForm({ search }: { search: URLSearchParams }) {
  const { session, switchRole } = useSession();
  const navigate = useNavigate();
  const action = useAction();
  const [role, setRole] = useState<Role>(() => ({
    account: search.get("account") ?? session?.account ?? "",
    role: search.get("roleName") ?? "",
    displayName: search.get("displayName") ?? "",
    colour: COLOURS.find((each) => each === search.get("color")) ?? "none",
  }));
  const change = (changed: Partial<Role>) => setRole({ ...role, ...changed });
  const recent = recentRoles();

  async function submit() {
    const given = { ...role, account: role.account.trim(), role: role.role.trim() };
    if (!(await action.run(() => switchRole(given)))) return;
    remember(given);
    navigate("/");
  }

  return (
    <SpaceBetween size="l">
      <Header variant="h1" description="Act with a role's permissions for an hour, then go back. Both are recorded.">
        Switch role
      </Header>
      <form
        onSubmit={(event) => {
          event.preventDefault();
          void submit();
        }}
      >
        <Form
          actions={
            <SpaceBetween size="xs" direction="horizontal">
              <Button variant="link" formAction="none" onClick={() => navigate(-1)}>
                Cancel
              </Button>
              <Button variant="primary" loading={action.busy} disabled={!role.account || !role.role}>
                Switch role
              </Button>
            </SpaceBetween>
          }
        >
          <Container>
            <SpaceBetween size="m">
              <FormField label="Account ID" description="Of the account that has the role.">
                <Input
                  name="account"
                  inputMode="numeric"
                  value={role.account}
                  onChange={({ detail }) => change({ account: detail.value })}
                />
              </FormField>
              <FormField label="Role name" description="With its path, if it has one. It must trust you.">
                <Input name="role" value={role.role} onChange={({ detail }) => change({ role: detail.value })} />
              </FormField>
              <FormField label="Display name - optional" description="What the top bar shows while you act as it.">
                <Input
                  name="displayName"
                  value={role.displayName}
                  onChange={({ detail }) => change({ displayName: detail.value.slice(0, 64) })}
                />
              </FormField>
              <FormField label="Colour" description="Of the line under the top bar.">
                <Select
                  options={OPTIONS}
                  selectedOption={OPTIONS.find((each) => each.value === role.colour) ?? OPTIONS[0]!}
                  onChange={({ detail }) => change({ colour: detail.selectedOption.value as Colour })}
                />
              </FormField>
              <ErrorBox error={action.error} />
            </SpaceBetween>
          </Container>
        </Form>
      </form>
      {recent.length > 0 && (
        <Container header={<Header variant="h2">Recent roles</Header>}>
          {recent.map((each) => (
            <Box key={switchPath(each)}>
              <PageLink to={switchPath(each)}>{titleOf(each)}</PageLink>
            </Box>
          ))}
        </Container>
      )}
    </SpaceBetween>
  );
}
