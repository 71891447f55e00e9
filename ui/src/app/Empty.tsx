import Box from "@cloudscape-design/components/box";
import type { ReactNode } from "react";

/** What an empty list says: why it is empty, and the command that would fill it. */
export function Empty({ title, hint, command }: { title: string; hint?: ReactNode; command?: string }) {
  return (
    <Box textAlign="center" color="inherit">
      <b>{title}</b>
      {hint && <Box variant="p">{hint}</Box>}
      {command && <Box variant="code">{command}</Box>}
    </Box>
  );
}
