import Button from "@cloudscape-design/components/button";
import FormField from "@cloudscape-design/components/form-field";
import Header from "@cloudscape-design/components/header";
import Select from "@cloudscape-design/components/select";
import Table from "@cloudscape-design/components/table";
import { useState } from "react";

import { aws } from "../../api/client";
import { Confirm } from "../../app/Confirm";
import { Empty } from "../../app/Empty";
import { useSettings } from "../../app/settings";
import { useAction } from "../../app/useAction";
import type { Account } from "./organization";

const ADMINISTRATORS_MAX = 3;

interface Props {
  administrators: Account[];
  /** Members that could be one. */
  accounts: Account[];
  /** Whether this is the management account, which alone may change them. */
  manages: boolean;
  onChange: () => void;
}

/** Members who may manage the organization's trails. */
export function DelegatedAdministrators({ administrators, accounts, manages, onChange }: Props) {
  const { region } = useSettings();
  const [registering, setRegistering] = useState<{ Id: string }>();
  const [removing, setRemoving] = useState<Account>();
  const action = useAction();
  const taken = new Set(administrators.map((each) => each.Id));
  const options = accounts
    .filter((each) => !taken.has(each.Id) && each.Status === "ACTIVE")
    .map((each) => ({ value: each.Id, label: each.Name, description: each.Id }));

  async function act(operation: string, input: Record<string, string>) {
    if (!(await action.run(() => aws("cloudtrail", operation, region, input)))) return;
    setRegistering(undefined);
    setRemoving(undefined);
    onChange();
  }

  return (
    <>
      <Table<Account>
        items={administrators}
        trackBy="Id"
        header={
          <Header
            variant="h2"
            counter={`(${administrators.length}/${ADMINISTRATORS_MAX})`}
            description="Member accounts that may manage the organization's trails."
            actions={
              manages && (
                <Button
                  disabled={!options.length || administrators.length >= ADMINISTRATORS_MAX}
                  onClick={() => {
                    action.clear();
                    setRegistering({ Id: options[0]?.value ?? "" });
                  }}
                >
                  Register administrator
                </Button>
              )
            }
          >
            Delegated administrators of CloudTrail
          </Header>
        }
        columnDefinitions={[
          { id: "name", header: "Name", isRowHeader: true, cell: (each) => each.Name },
          { id: "id", header: "Account ID", cell: (each) => each.Id },
          {
            id: "remove",
            header: "Actions",
            cell: (each) =>
              manages ? (
                <Button
                  variant="inline-link"
                  onClick={() => {
                    action.clear();
                    setRemoving(each);
                  }}
                >
                  Deregister
                </Button>
              ) : (
                "–"
              ),
          },
        ]}
        empty={
          <Empty
            title="The management account manages its trails alone."
            hint="Let a member account manage them, too, here, or with"
            command="aws cloudtrail register-organization-delegated-admin --member-account-id ACCOUNT"
          />
        }
      />
      {registering && (
        <Confirm
          header="Register a delegated administrator"
          verb="Register"
          busy={action.busy}
          error={action.error}
          onClose={() => setRegistering(undefined)}
          onConfirm={() => void act("RegisterOrganizationDelegatedAdmin", { MemberAccountId: registering.Id })}
        >
          <FormField label="Member account" description="It may create, change and delete the organization's trails.">
            <Select
              options={options}
              selectedOption={options.find(({ value }) => value === registering.Id) ?? null}
              onChange={({ detail }) => setRegistering({ Id: detail.selectedOption.value ?? "" })}
            />
          </FormField>
        </Confirm>
      )}
      {removing && (
        <Confirm
          header={`Deregister ${removing.Name}?`}
          verb="Deregister"
          busy={action.busy}
          error={action.error}
          onClose={() => setRemoving(undefined)}
          onConfirm={() => void act("DeregisterOrganizationDelegatedAdmin", { DelegatedAdminAccountId: removing.Id })}
        >
          It no longer manages the organization's trails. They stay as they are.
        </Confirm>
      )}
    </>
  );
}
