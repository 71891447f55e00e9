import Button from "@cloudscape-design/components/button";
import Header from "@cloudscape-design/components/header";
import Input from "@cloudscape-design/components/input";
import Link from "@cloudscape-design/components/link";
import SpaceBetween from "@cloudscape-design/components/space-between";
import Table from "@cloudscape-design/components/table";
import { useEffect, useMemo, useState } from "react";

import { CopyCli } from "../../app/CopyCli";
import { Empty } from "../../app/Empty";
import { ErrorBox } from "../../app/ErrorBox";
import { RangePicker } from "../../app/RangePicker";
import { useSettings } from "../../app/settings";
import { ShowMore } from "../../app/ShowMore";
import { useAction } from "../../app/useAction";
import { useAsync } from "../../app/useAsync";
import { useUrlState } from "../../app/useUrlState";
import { bounds, shown } from "../../lib/time";
import { filterEvents, type FoundEvents, type LogEvent } from "./logs";
import { Message } from "./Message";
import { MessageModal } from "./MessageModal";

const EVENTS_A_PAGE = 100;
const USUAL = { pattern: "", since: "3h", until: "", stream: "", event: "" };

/** What a group's streams hold, the oldest first, as FilterLogEvents finds it. */
export function LogEvents({ region, group }: { region: string; group: string }) {
  const { zone } = useSettings();
  const [state, change] = useUrlState(USUAL);
  const [draft, setDraft] = useState(state.pattern);
  const [at, setAt] = useState(() => Date.now() / 1000);
  const [more, setMore] = useState<FoundEvents[]>([]);
  const action = useAction();
  const { pattern, since, until, stream } = state;
  const input = useMemo(() => {
    const [start, end] = bounds(since, until, at);
    return {
      logGroupName: group,
      limit: EVENTS_A_PAGE,
      ...(stream ? { logStreamNames: [stream] } : {}),
      ...(pattern ? { filterPattern: pattern } : {}),
      startTime: Math.floor(start * 1000),
      ...(until ? { endTime: Math.ceil(end * 1000) } : {}),
    };
  }, [group, pattern, since, until, stream, at]);
  const key = JSON.stringify([region, input]);
  const asked = useAsync((signal) => filterEvents(region, input, signal), key);
  useEffect(() => setMore([]), [key]);
  const events = [asked.data, ...more].flatMap((page) => page?.events ?? []);
  const next = (more.at(-1) ?? asked.data)?.nextToken;
  const open = events.find((event) => event.eventId === state.event);

  const search = () => {
    setAt(Date.now() / 1000);
    change({ pattern: draft });
  };
  const showMore = () =>
    action.run(async () => {
      const page = await filterEvents(region, { ...input, nextToken: next });
      setMore((before) => [...before, page]);
    });

  return (
    <SpaceBetween size="m">
      <form
        onSubmit={(event) => {
          event.preventDefault();
          search();
        }}
      >
        <Input
          type="search"
          ariaLabel="Filter pattern"
          placeholder='{ $.eventName = "ConsoleLogin" } or "a word"'
          value={draft}
          onChange={({ detail }) => setDraft(detail.value)}
        />
      </form>
      <SpaceBetween size="xs" direction="horizontal">
        <RangePicker
          since={since}
          until={until}
          onChange={(from, to) => {
            setAt(Date.now() / 1000);
            change({ since: from, until: to });
          }}
        />
        <Button onClick={search}>Search</Button>
        {stream && <Button iconName="close" onClick={() => change({ stream: "" })}>{`Stream ${stream}`}</Button>}
        <CopyCli service="logs" operation="FilterLogEvents" region={region} input={input} />
      </SpaceBetween>
      <ErrorBox error={asked.error ?? action.error} />
      <Table<LogEvent>
        items={events}
        trackBy="eventId"
        contentDensity="compact"
        wrapLines
        loading={asked.loading && !asked.data}
        loadingText="Searching"
        header={
          <Header variant="h2" counter={asked.data && `(${events.length}${next ? "+" : ""})`}>
            Events
          </Header>
        }
        columnDefinitions={[
          {
            id: "time",
            header: "Time",
            width: 210,
            minWidth: 110,
            isRowHeader: true,
            cell: (event) => (
              <Link
                href="#"
                onFollow={(follow) => {
                  follow.preventDefault();
                  change({ event: event.eventId });
                }}
              >
                {shown(event.timestamp / 1000, zone)}
              </Link>
            ),
          },
          { id: "message", header: "Message", minWidth: 220, cell: (event) => <Message text={event.message} /> },
        ]}
        empty={
          <Empty
            title="Nothing was found in this range."
            hint="Choose a longer range or another pattern, or write an event with"
            command={`aws logs put-log-events --log-group-name ${group} --log-stream-name STREAM --log-events "timestamp=$(date +%s000),message=hello"`}
          />
        }
        footer={next ? <ShowMore busy={action.busy} onMore={() => void showMore()} /> : undefined}
      />
      {open && <MessageModal event={open} onClose={() => change({ event: "" })} />}
    </SpaceBetween>
  );
}
