import Header from "@cloudscape-design/components/header";
import Table from "@cloudscape-design/components/table";
import { useState } from "react";

import { Empty } from "../../app/Empty";
import { ErrorBox } from "../../app/ErrorBox";
import { PageLink } from "../../app/PageLink";
import { useSettings } from "../../app/settings";
import { ShowMore } from "../../app/ShowMore";
import { useAction } from "../../app/useAction";
import { useAsync } from "../../app/useAsync";
import { shown } from "../../lib/time";
import { groupPath, logStreams, type LogStream } from "./logs";

/** A group's streams, the last written first; each leads to its events. */
export function LogStreams({ region, group }: { region: string; group: string }) {
  const { zone } = useSettings();
  const [more, setMore] = useState<{ logStreams: LogStream[]; nextToken?: string }[]>([]);
  const action = useAction();
  const asked = useAsync((signal) => logStreams(region, group, undefined, signal), `${region} ${group}`);
  const pages = asked.data ? [asked.data, ...more] : [];
  const next = pages.at(-1)?.nextToken;
  const time = (at: number | undefined) => (at ? shown(at / 1000, zone) : "–");
  const showMore = () =>
    action.run(async () => {
      const page = await logStreams(region, group, next);
      setMore((before) => [...before, page]);
    });
  return (
    <>
      <ErrorBox error={asked.error ?? action.error} />
      <Table<LogStream>
        items={pages.flatMap((page) => page.logStreams)}
        trackBy="logStreamName"
        loading={asked.loading && !asked.data}
        loadingText="Loading streams"
        header={<Header variant="h2">Streams</Header>}
        columnDefinitions={[
          {
            id: "name",
            header: "Stream",
            isRowHeader: true,
            cell: ({ logStreamName: name }) => (
              <PageLink to={`${groupPath(region, group)}?${new URLSearchParams({ stream: name, since: "7d" })}`}>
                {name}
              </PageLink>
            ),
          },
          { id: "first", header: "First event", cell: (stream) => time(stream.firstEventTimestamp) },
          { id: "last", header: "Last event", cell: (stream) => time(stream.lastEventTimestamp) },
          { id: "written", header: "Last written", cell: (stream) => time(stream.lastIngestionTime) },
        ]}
        empty={
          <Empty
            title="This group has no stream."
            hint="A trail makes its own with its first event; make one with"
            command={`aws logs create-log-stream --log-group-name ${group} --log-stream-name STREAM`}
          />
        }
        footer={next ? <ShowMore busy={action.busy} onMore={() => void showMore()} /> : undefined}
      />
    </>
  );
}
