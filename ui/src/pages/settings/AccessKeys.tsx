import Button from "@cloudscape-design/components/button";
import ButtonDropdown from "@cloudscape-design/components/button-dropdown";
import Header from "@cloudscape-design/components/header";
import SpaceBetween from "@cloudscape-design/components/space-between";
import StatusIndicator from "@cloudscape-design/components/status-indicator";
import Table from "@cloudscape-design/components/table";
import { useState } from "react";

import { aws } from "../../api/client";
import { Confirm } from "../../app/Confirm";
import { Empty } from "../../app/Empty";
import { ErrorBox } from "../../app/ErrorBox";
import { useSettings } from "../../app/settings";
import { useAction } from "../../app/useAction";
import { useAsync } from "../../app/useAsync";
import { shown } from "../../lib/time";
import { NewAccessKey, type MadeKey } from "./NewAccessKey";

interface Key {
  AccessKeyId: string;
  Status: "Active" | "Inactive";
  CreateDate: string;
}

/** One's own access keys. */
export function AccessKeys({ user }: { user: string }) {
  const { region, zone } = useSettings();
  const [made, setMade] = useState<MadeKey>();
  const [deleting, setDeleting] = useState<Key>();
  const action = useAction();
  const asked = useAsync(
    (signal) => aws<{ AccessKeyMetadata: Key[] }>("iam", "ListAccessKeys", region, { UserName: user }, signal),
    user,
  );

  async function act(operation: string, input: Record<string, unknown>) {
    const done = await action.run(() => aws("iam", operation, region, { UserName: user, ...input }));
    asked.reload();
    return done;
  }

  async function create() {
    const input = { UserName: user };
    await action.run(async () => {
      setMade((await aws<{ AccessKey: MadeKey }>("iam", "CreateAccessKey", region, input)).AccessKey);
    });
    asked.reload();
  }

  return (
    <SpaceBetween size="xs">
      <ErrorBox error={asked.error ?? action.error} />
      <Table<Key>
        items={asked.data?.AccessKeyMetadata ?? []}
        trackBy="AccessKeyId"
        loading={asked.loading && !asked.data}
        loadingText="Loading access keys"
        header={
          <Header
            variant="h2"
            description="For the AWS CLI, SDKs, and Terraform."
            actions={<Button onClick={() => void create()}>Create access key</Button>}
          >
            Access keys
          </Header>
        }
        columnDefinitions={[
          { id: "id", header: "Access key ID", isRowHeader: true, cell: (key) => key.AccessKeyId },
          {
            id: "status",
            header: "Status",
            cell: (key) => (
              <StatusIndicator type={key.Status === "Active" ? "success" : "stopped"}>{key.Status}</StatusIndicator>
            ),
          },
          { id: "made", header: "Created", cell: (key) => shown(key.CreateDate, zone) },
          {
            id: "actions",
            header: "Actions",
            cell: (key) => (
              <ButtonDropdown
                ariaLabel={`Actions of ${key.AccessKeyId}`}
                variant="inline-icon"
                expandToViewport
                items={[
                  { id: "toggle", text: key.Status === "Active" ? "Deactivate" : "Activate" },
                  {
                    id: "delete",
                    text: "Delete",
                    disabled: key.Status === "Active",
                    disabledReason: "Deactivate it first, and see that nothing misses it.",
                  },
                ]}
                onItemClick={({ detail }) => {
                  if (detail.id === "delete") setDeleting(key);
                  else
                    void act("UpdateAccessKey", {
                      AccessKeyId: key.AccessKeyId,
                      Status: key.Status === "Active" ? "Inactive" : "Active",
                    });
                }}
              />
            ),
          },
        ]}
        empty={
          <Empty title="You have no access key." hint="Make one here, or with" command={`aws iam create-access-key --user-name ${user}`} />
        }
      />
      {made && <NewAccessKey made={made} onClose={() => setMade(undefined)} />}
      {deleting && (
        <Confirm
          header="Delete the access key?"
          verb="Delete"
          busy={action.busy}
          error={action.error}
          onClose={() => setDeleting(undefined)}
          onConfirm={() =>
            void act("DeleteAccessKey", { AccessKeyId: deleting.AccessKeyId }).then(
              (done) => done && setDeleting(undefined),
            )
          }
        >
          Nothing can be signed with {deleting.AccessKeyId} again.
        </Confirm>
      )}
    </SpaceBetween>
  );
}
