import Container from "@cloudscape-design/components/container";
import Header from "@cloudscape-design/components/header";
import KeyValuePairs from "@cloudscape-design/components/key-value-pairs";
import Link from "@cloudscape-design/components/link";
import Spinner from "@cloudscape-design/components/spinner";

import { get } from "../../api/client";
import { ErrorBox } from "../../app/ErrorBox";
import { useAsync } from "../../app/useAsync";

interface Facts {
  server: { version: string; account: string; region: string; authMode: string; authIam: string };
}

const MODES: Record<string, string> = {
  verify: "verify: signatures are checked",
  trust: "trust: any access key is believed",
};
const PERMISSIONS: Record<string, string> = {
  own: "own: calls to Cairn's own services and commands",
  enforce: "enforce: every call",
};

/** What one is signed in to. */
export function ServerFacts() {
  const { data, error } = useAsync((signal) => get<Facts>("/settings", {}, signal), "");
  if (!data) return error ? <ErrorBox error={error} /> : <Spinner />;
  const { version, account, region, authMode, authIam } = data.server;
  return (
    <Container header={<Header variant="h2">Server</Header>}>
      <KeyValuePairs
        columns={3}
        items={[
          { label: "Version", value: version },
          { label: "Endpoint", value: window.location.origin },
          { label: "Account", value: account },
          { label: "Region", value: region },
          { label: "auth.mode", value: MODES[authMode] ?? authMode },
          { label: "auth.iam: what needs a permission", value: PERMISSIONS[authIam] ?? authIam },
          {
            label: "API of this console",
            value: (
              <Link external href="/console/api/openapi.json">
                OpenAPI
              </Link>
            ),
          },
        ]}
      />
    </Container>
  );
}
