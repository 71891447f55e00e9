import Alert from "@cloudscape-design/components/alert";
import Button from "@cloudscape-design/components/button";
import { useNavigate } from "react-router";

import { colourOf, switchPath } from "../lib/roles";
import { PageLink } from "./PageLink";
import { useSession } from "./session";

/** A role lasts an hour: then nothing more can be asked as it. */
export function RoleExpired() {
  const { session, goBack } = useSession();
  const navigate = useNavigate();
  const role = session?.role;
  if (!role?.expired) return null;
  const { account, name, displayName } = role;
  const again = switchPath({ account, role: name, displayName, colour: colourOf(account, name) });
  return (
    <Alert
      type="warning"
      header="The role's hour is over"
      action={<Button onClick={() => void goBack().then(() => navigate("/"))}>Go back</Button>}
    >
      Go back to who signed in, or <PageLink to={again}>switch to it again</PageLink>.
    </Alert>
  );
}
