import Alert from "@cloudscape-design/components/alert";

import type { ApiError } from "../api/client";

/** What went wrong, in the server's words, and what to do about it. */
export function ErrorBox({ error }: { error: ApiError | undefined }) {
  if (!error || error.code === "RoleExpired") return null; // of which the page tells above
  return (
    <Alert type="error" header={error.code}>
      {error.message} {error.advice}
    </Alert>
  );
}
