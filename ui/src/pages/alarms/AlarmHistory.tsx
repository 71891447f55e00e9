import Header from "@cloudscape-design/components/header";
import Link from "@cloudscape-design/components/link";
import Modal from "@cloudscape-design/components/modal";
import Select from "@cloudscape-design/components/select";
import Table from "@cloudscape-design/components/table";
import { useEffect, useState } from "react";

import { aws } from "../../api/client";
import { Empty } from "../../app/Empty";
import { ErrorBox } from "../../app/ErrorBox";
import { useSettings } from "../../app/settings";
import { ShowMore } from "../../app/ShowMore";
import { useAction } from "../../app/useAction";
import { useAsync } from "../../app/useAsync";
import { useUrlState } from "../../app/useUrlState";
import { parsed } from "../../lib/json";
import { shown } from "../../lib/time";
import { RecordView } from "../history/RecordView";

interface Item {
  Timestamp: string;
  HistoryItemType: string;
  HistorySummary: string;
  HistoryData: string;
}

interface Page {
  AlarmHistoryItems: Item[];
  NextToken?: string;
}

const USUAL = { kind: "" };
const KINDS = [
  { value: "", label: "Everything" },
  { value: "StateUpdate", label: "State changes" },
  { value: "Action", label: "Actions" },
  { value: "ConfigurationUpdate", label: "Configuration" },
];

/** What became of an alarm, the newest first: states, who was told, settings. */
export function AlarmHistory({ region, name, turn }: { region: string; name: string; turn: number }) {
  const { zone } = useSettings();
  const [{ kind }, change] = useUrlState(USUAL);
  const [more, setMore] = useState<Page[]>([]);
  const [open, setOpen] = useState<Item>();
  const action = useAction();
  const input = {
    AlarmName: name,
    AlarmTypes: ["MetricAlarm", "CompositeAlarm"],
    MaxRecords: 50,
    ...(kind ? { HistoryItemType: kind } : {}),
  };
  const ask = (also: Record<string, unknown>, signal?: AbortSignal) =>
    aws<Page>("cloudwatch", "DescribeAlarmHistory", region, { ...input, ...also }, signal);
  const key = `${region} ${name} ${kind} ${turn}`;
  const asked = useAsync((signal) => ask({}, signal), key);
  useEffect(() => setMore([]), [key]);
  const pages = asked.data ? [asked.data, ...more] : [];
  const NextToken = pages.at(-1)?.NextToken;
  const showMore = () =>
    action.run(async () => {
      const page = await ask({ NextToken });
      setMore((before) => [...before, page]);
    });
  return (
    <>
      <ErrorBox error={asked.error ?? action.error} />
      <Table<Item>
        items={pages.flatMap((page) => page.AlarmHistoryItems)}
        wrapLines
        contentDensity="compact"
        loading={asked.loading && !asked.data}
        loadingText="Loading history"
        header={
          <Header
            variant="h2"
            actions={
              <Select
                ariaLabel="Kind of history"
                options={KINDS}
                selectedOption={KINDS.find(({ value }) => value === kind) ?? KINDS[0]!}
                onChange={({ detail }) => change({ kind: detail.selectedOption.value })}
              />
            }
          >
            History
          </Header>
        }
        columnDefinitions={[
          {
            id: "time",
            header: "Time",
            minWidth: 140,
            isRowHeader: true,
            cell: (item) => (
              <Link
                href="#"
                onFollow={(event) => {
                  event.preventDefault();
                  setOpen(item);
                }}
              >
                {shown(item.Timestamp, zone)}
              </Link>
            ),
          },
          { id: "kind", header: "Kind", cell: (item) => item.HistoryItemType },
          { id: "summary", header: "What happened", minWidth: 220, cell: (item) => item.HistorySummary },
        ]}
        empty={<Empty title="Nothing of this kind has happened yet." />}
        footer={NextToken ? <ShowMore busy={action.busy} onMore={() => void showMore()} /> : undefined}
      />
      {open && (
        <Modal visible size="max" header={open.HistorySummary} onDismiss={() => setOpen(undefined)}>
          <RecordView record={parsed(open.HistoryData) ?? open.HistoryData} query="" />
        </Modal>
      )}
    </>
  );
}
