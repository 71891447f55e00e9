import Button from "@cloudscape-design/components/button";
import Header from "@cloudscape-design/components/header";
import SpaceBetween from "@cloudscape-design/components/space-between";
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
import { MfaSetup } from "./MfaSetup";

interface Device {
  SerialNumber: string;
  EnableDate: string;
}

/** One's own virtual MFA devices: their codes are asked for at sign-in. */
export function MfaDevices({ user, account }: { user: string; account: string }) {
  const { region, zone } = useSettings();
  const [adding, setAdding] = useState(false);
  const [removing, setRemoving] = useState<Device>();
  const action = useAction();
  const asked = useAsync(
    (signal) => aws<{ MFADevices: Device[] }>("iam", "ListMFADevices", region, { UserName: user }, signal),
    user,
  );

  async function remove({ SerialNumber }: Device) {
    const done = await action.run(async () => {
      await aws("iam", "DeactivateMFADevice", region, { UserName: user, SerialNumber });
      await aws("iam", "DeleteVirtualMFADevice", region, { SerialNumber });
    });
    if (done) setRemoving(undefined);
    asked.reload();
  }

  return (
    <SpaceBetween size="xs">
      <ErrorBox error={asked.error} />
      <Table<Device>
        items={asked.data?.MFADevices ?? []}
        trackBy="SerialNumber"
        loading={asked.loading && !asked.data}
        loadingText="Loading devices"
        header={
          <Header
            variant="h2"
            description="An app that shows six digits, which sign-in asks for beside the password."
            actions={<Button onClick={() => setAdding(true)}>Set up device</Button>}
          >
            MFA devices
          </Header>
        }
        columnDefinitions={[
          { id: "serial", header: "Serial number", isRowHeader: true, cell: (device) => device.SerialNumber },
          { id: "since", header: "Enabled", cell: (device) => shown(device.EnableDate, zone) },
          {
            id: "remove",
            header: "Actions",
            cell: (device) => (
              <Button variant="inline-link" onClick={() => setRemoving(device)}>
                Deactivate
              </Button>
            ),
          },
        ]}
        empty={<Empty title="No device is asked for." hint="Whoever learns your password can sign in with it alone." />}
      />
      {adding && (
        <MfaSetup
          user={user}
          account={account}
          taken={asked.data?.MFADevices.map((device) => device.SerialNumber) ?? []}
          onClose={() => {
            setAdding(false);
            asked.reload();
          }}
        />
      )}
      {removing && (
        <Confirm
          header="Deactivate the device?"
          verb="Deactivate"
          busy={action.busy}
          error={action.error}
          onConfirm={() => void remove(removing)}
          onClose={() => setRemoving(undefined)}
        >
          {removing.SerialNumber} is no longer asked for at sign-in, and is deleted.
        </Confirm>
      )}
    </SpaceBetween>
  );
}
