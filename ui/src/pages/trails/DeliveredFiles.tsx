import Box from "@cloudscape-design/components/box";
import Header from "@cloudscape-design/components/header";
import Link from "@cloudscape-design/components/link";
import Modal from "@cloudscape-design/components/modal";
import Spinner from "@cloudscape-design/components/spinner";
import Table from "@cloudscape-design/components/table";
import { useState } from "react";

import { aws, get, url } from "../../api/client";
import type { Trail } from "../../api/types";
import { ErrorBox } from "../../app/ErrorBox";
import { useSession } from "../../app/session";
import { useSettings } from "../../app/settings";
import { useAsync } from "../../app/useAsync";
import { shown } from "../../lib/time";
import { RecordView } from "../history/RecordView";

interface Stored {
  Key: string;
  LastModified: string;
  Size: number;
}

const SHOWN = 20;

/** The log files that a trail delivered today, or last, the newest first. */
export function DeliveredFiles({ trail }: { trail: Trail }) {
  const { session } = useSession();
  const { zone } = useSettings();
  const [open, setOpen] = useState<string>();
  const account = session?.account ?? "";
  const asked = useAsync((signal) => newest(trail, account, signal), trail.TrailARN);
  return (
    <>
      <ErrorBox error={asked.error} />
      <Table<Stored>
        items={asked.data ?? []}
        trackBy="Key"
        loading={asked.loading && !asked.data}
        loadingText="Listing the bucket"
        header={<Header variant="h2">Last delivered files</Header>}
        columnDefinitions={[
          {
            id: "key",
            header: "File",
            isRowHeader: true,
            cell: (file) => (
              <Link
                href="#"
                onFollow={(event) => {
                  event.preventDefault();
                  setOpen(file.Key);
                }}
              >
                {file.Key.split("/").at(-1)}
              </Link>
            ),
          },
          { id: "folder", header: "Folder", cell: (file) => file.Key.split("/").slice(0, -1).join("/") },
          { id: "time", header: "Delivered", cell: (file) => shown(file.LastModified, zone) },
          { id: "size", header: "Bytes", cell: (file) => file.Size.toLocaleString() },
          {
            id: "get",
            header: "Download",
            cell: (file) => <Link href={url("/files", { ...place(trail, file.Key), download: 1 })}>Download</Link>,
          },
        ]}
        empty={
          <Box textAlign="center" color="inherit">
            <b>No file was delivered yet.</b>
            <Box variant="p">Files come every five minutes, or now with</Box>
            <Box variant="code">cairn flush</Box>
          </Box>
        }
      />
      {open && <OpenFile trail={trail} name={open} onClose={() => setOpen(undefined)} />}
    </>
  );
}

function OpenFile({ trail, name, onClose }: { trail: Trail; name: string; onClose: () => void }) {
  const asked = useAsync((signal) => get<unknown>("/files", place(trail, name), signal), name);
  return (
    <Modal visible size="max" header={name.split("/").at(-1)} onDismiss={onClose}>
      <ErrorBox error={asked.error} />
      {asked.loading && <Spinner />}
      {asked.data !== undefined && <RecordView record={asked.data} query="" />}
    </Modal>
  );
}

function place(trail: Trail, name: string) {
  return { bucket: trail.S3BucketName, key: name, region: trail.HomeRegion };
}

/** Keys have the day in them: today's and yesterday's folders hold the newest. */
async function newest(trail: Trail, account: string, signal: AbortSignal): Promise<Stored[]> {
  const root = [trail.S3KeyPrefix, "AWSLogs"].filter(Boolean).join("/");
  const owner = trail.IsOrganizationTrail ? trail.TrailARN.split(":")[4] : account;
  const now = Date.now();
  const days = [0, 1].map((ago) => new Date(now - ago * 86_400_000).toISOString().slice(0, 10).replaceAll("-", "/"));
  const folders = ["CloudTrail", "CloudTrail-Insight"].flatMap((kind) =>
    days.map((day) => `${root}/${owner}/${kind}/${trail.HomeRegion}/${day}/`),
  );
  const found = await Promise.all(
    folders.map((Prefix) =>
      aws<{ Contents?: Stored[] }>("s3", "ListObjectsV2", trail.HomeRegion, { Bucket: trail.S3BucketName, Prefix }, signal),
    ),
  );
  return found
    .flatMap((page) => page.Contents ?? [])
    .sort((one, other) => other.LastModified.localeCompare(one.LastModified))
    .slice(0, SHOWN);
}
