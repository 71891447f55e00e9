import CopyToClipboard from "@cloudscape-design/components/copy-to-clipboard";

import { command } from "../lib/cli";

interface Props {
  service: string;
  operation: string;
  region: string;
  input: Record<string, unknown>;
}

/** The same call for a terminal. */
export function CopyCli({ service, operation, region, input }: Props) {
  return (
    <CopyToClipboard
      textToCopy={command(service, operation, region, input)}
      copyButtonText="Copy as aws cli"
      copySuccessText="Copied"
      copyErrorText="This browser does not let pages copy"
    />
  );
}
