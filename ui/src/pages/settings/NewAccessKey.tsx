import Alert from "@cloudscape-design/components/alert";
import Box from "@cloudscape-design/components/box";
import Button from "@cloudscape-design/components/button";
import CopyToClipboard from "@cloudscape-design/components/copy-to-clipboard";
import KeyValuePairs from "@cloudscape-design/components/key-value-pairs";
import Modal from "@cloudscape-design/components/modal";
import SpaceBetween from "@cloudscape-design/components/space-between";
import { useState } from "react";

export interface MadeKey {
  AccessKeyId: string;
  SecretAccessKey: string;
}

/** A new access key, whose secret is shown this once. */
export function NewAccessKey({ made, onClose }: { made: MadeKey; onClose: () => void }) {
  const [shows, setShows] = useState(false);
  const copied = (text: string, name: string) => (
    <CopyToClipboard
      variant="inline"
      textToCopy={text}
      textToDisplay={name === "secret" && !shows ? "•".repeat(20) : text}
      copyButtonAriaLabel={`Copy the ${name}`}
      copySuccessText="Copied"
      copyErrorText="It could not be copied"
    />
  );
  return (
    <Modal
      visible
      header="Access key created"
      onDismiss={onClose}
      footer={
        <Box float="right">
          <Button variant="primary" onClick={onClose}>
            Done
          </Button>
        </Box>
      }
    >
      <SpaceBetween size="m">
        <Alert type="warning">The secret is shown only now. Keep it where only you can read it.</Alert>
        <KeyValuePairs
          items={[
            { label: "Access key ID", value: copied(made.AccessKeyId, "id") },
            {
              label: "Secret access key",
              value: (
                <SpaceBetween size="xs">
                  {copied(made.SecretAccessKey, "secret")}
                  <Button variant="inline-link" onClick={() => setShows(!shows)}>
                    {shows ? "Hide" : "Show"}
                  </Button>
                </SpaceBetween>
              ),
            },
          ]}
        />
      </SpaceBetween>
    </Modal>
  );
}
