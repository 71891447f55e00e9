import Alert from "@cloudscape-design/components/alert";
import Container from "@cloudscape-design/components/container";
import Header from "@cloudscape-design/components/header";
import KeyValuePairs from "@cloudscape-design/components/key-value-pairs";
import SpaceBetween from "@cloudscape-design/components/space-between";

import type { Session } from "../../api/types";
import { useSession } from "../../app/session";
import { useSettings } from "../../app/settings";
import { shown } from "../../lib/time";
import { AccessKeys } from "./AccessKeys";
import { MfaDevices } from "./MfaDevices";
import { Password } from "./Password";

/** Who am I, and with what do I prove it. */
export function Credentials() {
  const { session } = useSession();
  if (!session) return null;
  return (
    <SpaceBetween size="l">
      <WhoAmI session={session} />
      {session.type === "IAMUser" ? (
        <SpaceBetween size="l">
          <Password />
          <MfaDevices user={session.name} account={session.account} />
          <AccessKeys user={session.name} />
        </SpaceBetween>
      ) : (
        <Alert type="info">
          Passwords, MFA devices and access keys belong to IAM users.{" "}
          {session.role ? "Go back from the role to see your own." : "Sign in as one to see its own."}
        </Alert>
      )}
    </SpaceBetween>
  );
}

function WhoAmI({ session }: { session: Session }) {
  const { zone } = useSettings();
  const { role } = session;
  return (
    <Container header={<Header variant="h2">Who am I</Header>}>
      <KeyValuePairs
        columns={3}
        items={[
          { label: "Name", value: session.name },
          { label: "Type", value: session.type },
          { label: "Account", value: session.account },
          { label: "ARN", value: session.arn },
          { label: "Signed in until", value: shown(session.expires, zone) },
          { label: "Role", value: role ? `${role.name}, until ${shown(role.expires, zone)}` : "–" },
        ]}
      />
    </Container>
  );
}
