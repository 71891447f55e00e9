import Box from "@cloudscape-design/components/box";
import CopyToClipboard from "@cloudscape-design/components/copy-to-clipboard";
import FormField from "@cloudscape-design/components/form-field";
import Input from "@cloudscape-design/components/input";
import SpaceBetween from "@cloudscape-design/components/space-between";
import Spinner from "@cloudscape-design/components/spinner";
import { useState } from "react";

import { aws } from "../../api/client";
import { Confirm } from "../../app/Confirm";
import { ErrorBox } from "../../app/ErrorBox";
import { useSettings } from "../../app/settings";
import { useAction } from "../../app/useAction";
import { useMfaDevice } from "./useMfaDevice";
import { QrCode } from "./QrCode";

interface Props {
  user: string;
  account: string;
  /** Serial numbers of the devices that there are. */
  taken: string[];
  onClose: () => void;
}

const CODES = [
  { name: "AuthenticationCode1", label: "Code" },
  { name: "AuthenticationCode2", label: "The next code, half a minute later" },
];

/** Give a secret to an app, and prove by two codes in a row that it has it. */
export function MfaSetup({ user, account, taken, onClose }: Props) {
  const { region } = useSettings();
  const { device, error, discard } = useMfaDevice(user, account, taken);
  const [codes, setCodes] = useState<Record<string, string>>({});
  const action = useAction();

  async function enable() {
    const input = { UserName: user, SerialNumber: device?.serial, ...codes };
    if (await action.run(() => aws("iam", "EnableMFADevice", region, input))) onClose();
  }

  return (
    <Confirm
      header="Set up a virtual MFA device"
      verb="Enable"
      busy={action.busy}
      disabled={!device || CODES.some(({ name }) => !/^\d{6}$/.test(codes[name] ?? ""))}
      error={action.error}
      onConfirm={() => void enable()}
      onClose={() => void discard().then(onClose)}
    >
      <ErrorBox error={error} />
      {!device && !error && <Spinner />}
      {device && (
        <SpaceBetween size="m">
          <Box>Scan this with an authenticator app, or type the secret into it.</Box>
          <QrCode text={device.uri} label="QR code of the secret" />
          <FormField label="Secret">
            <CopyToClipboard
              variant="inline"
              textToCopy={device.secret}
              copyButtonAriaLabel="Copy the secret"
              copySuccessText="Copied"
              copyErrorText="It could not be copied"
            />
          </FormField>
          {CODES.map(({ name, label }) => (
            <FormField key={name} label={label}>
              <Input
                name={name}
                inputMode="numeric"
                autoComplete="one-time-code"
                value={codes[name] ?? ""}
                onChange={({ detail }) => setCodes({ ...codes, [name]: detail.value.trim() })}
              />
            </FormField>
          ))}
        </SpaceBetween>
      )}
    </Confirm>
  );
}
