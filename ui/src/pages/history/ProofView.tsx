import Box from "@cloudscape-design/components/box";
import Header from "@cloudscape-design/components/header";
import Link from "@cloudscape-design/components/link";
import StatusIndicator from "@cloudscape-design/components/status-indicator";

import { url } from "../../api/client";
import type { Proof, ProvenBy } from "../../api/types";

/** The log files that hold an event: whether each is what was delivered, and whether a digest file vouches for it. */
export function ProofView({ proof: { files, more, denied } }: { proof: Proof }) {
  return (
    <div>
      <Header variant="h3">Proof</Header>
      {files.map((file) => (
        <Box key={`${file.bucket}/${file.key}`} margin={{ bottom: "xs" }}>
          <Intact file={file} />
          <div>
            In{" "}
            <Link href={url("/files", { bucket: file.bucket, key: file.key, download: 1 })}>
              {file.key.split("/").at(-1)}
            </Link>{" "}
            of bucket {file.bucket}, {file.digest ? "named by a digest file" : "not yet named by a digest file"}
          </div>
        </Box>
      ))}
      {more && (
        <Box variant="small">
          Only the first log files of that time were looked into: there may be others that hold it. Verify a trail to check
          all of its files.
        </Box>
      )}
      {denied && "You may not see trails (cloudtrail:DescribeTrails), nor which log files hold this event."}
      {!files.length && !more && !denied && "No trail has delivered it yet."}
    </div>
  );
}

function Intact({ file }: { file: ProvenBy }) {
  if (file.intact === null) return <StatusIndicator type="info">You may not read the log file</StatusIndicator>;
  return file.intact ? (
    <StatusIndicator>The log file is what was delivered</StatusIndicator>
  ) : (
    <StatusIndicator type="error">The log file was changed after it was delivered</StatusIndicator>
  );
}
