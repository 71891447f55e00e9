import Box from "@cloudscape-design/components/box";
import Button from "@cloudscape-design/components/button";
import ButtonDropdown from "@cloudscape-design/components/button-dropdown";
import Header from "@cloudscape-design/components/header";
import Input from "@cloudscape-design/components/input";
import Select from "@cloudscape-design/components/select";
import SpaceBetween from "@cloudscape-design/components/space-between";
import Toggle from "@cloudscape-design/components/toggle";
import { useCallback, useEffect, useMemo, useRef, useState } from "react";

import { get, url } from "../../api/client";
import type { EventRow, Summary } from "../../api/types";
import { ErrorBox } from "../../app/ErrorBox";
import { JsonLink } from "../../app/JsonLink";
import { useSettings } from "../../app/settings";
import { useSplitPanelContent } from "../../app/splitPanel";
import { useAsync } from "../../app/useAsync";
import { RANGES } from "../../lib/ranges";
import { isoSeconds } from "../../lib/time";
import { CATEGORIES } from "./choices";
import { Compare } from "./Compare";
import { EventPanel } from "./EventPanel";
import { EventTable } from "./EventTable";
import { FACETS, Facets } from "./Facets";
import { Histogram } from "./Histogram";
import { KeysHelp } from "./KeysHelp";
import { LiveTable } from "./LiveTable";
import { SearchProgress } from "./SearchProgress";
import { clicked } from "./selection";
import { useEventPages } from "./useEventPages";
import { useHistoryState, question } from "./useHistoryState";
import { useKeys } from "./useKeys";

const BUCKETS = 90;
/** Milliseconds after which counts are of what was counted by then. */
const COUNTS_MS = 800;

export default function EventHistory() {
  const { zone, region, setZone } = useSettings();
  const [state, change] = useHistoryState();
  const { setPanel, setOpen } = useSplitPanelContent();
  const [draft, setDraft] = useState(state.query);
  const [selected, setSelected] = useState<EventRow[]>([]);
  const [comparing, setComparing] = useState(false);
  const [helping, setHelping] = useState(false);
  const [live, setLive] = useState(false);
  const [cursor, setCursor] = useState(0);
  const search = useRef<HTMLDivElement>(null);
  const [asked, setAsked] = useState(() => Date.now() / 1000);
  const asks = useMemo(() => question(state, region, asked), [state, region, asked]);
  const key = JSON.stringify({ ...asks, event: undefined });
  const pages = useEventPages(asks, key);
  const summary = useAsync(
    (signal) =>
      get<Summary>(
        "/events/summary",
        { ...asks, fields: Object.keys(FACETS).join(","), buckets: BUCKETS, within: COUNTS_MS },
        signal,
      ),
    key,
  );
  const shownLive = useRef<EventRow[]>([]);
  const setShown = useCallback((events: EventRow[]) => void (shownLive.current = events), []);
  const select = useCallback((event: EventRow) => setSelected((before) => clicked(before, event)), []);
  const events = () => (live ? shownLive.current : pages.events);
  const open = (event: EventRow) => change({ event: event.id }, true);

  function ask(query: string) {
    setDraft(query);
    setAsked(Date.now() / 1000);
    change({ query });
  }

  useEffect(() => {
    setSelected([]);
    setCursor(0);
  }, [key]);
  useEffect(() => {
    setPanel(state.event ? <EventPanel id={state.event} query={state.query} onQuery={ask} /> : null);
    setOpen(Boolean(state.event));
    // `ask` is another one each time, and does the same
  }, [state.event, state.query]);
  useEffect(() => () => setPanel(null), [setPanel]);

  useKeys({
    "?": () => setHelping(true),
    "/": () => search.current?.querySelector("input")?.focus(),
    j: () => setCursor(Math.min(cursor + 1, Math.max(events().length - 1, 0))),
    k: () => setCursor(Math.max(cursor - 1, 0)),
    Enter: () => events()[cursor] && open(events()[cursor]!),
    c: () => selected.length > 1 && setComparing(true),
    l: () => setLive(!live),
    u: () => setZone(zone === "utc" ? "local" : "utc"),
  });

  return (
    <SpaceBetween size="m">
      <Header
        variant="h1"
        info={<JsonLink to="/history.json" query={asks} />}
        description="Management events of this account and Region, the newest first."
        actions={
          <SpaceBetween size="xs" direction="horizontal">
            <Button iconName="refresh" ariaLabel="Refresh" onClick={() => setAsked(Date.now() / 1000)} />
            <Button disabled={selected.length < 2} onClick={() => setComparing(true)}>
              Compare
            </Button>
            <ButtonDropdown
              items={[
                { id: "csv", text: "CSV", href: url("/events/download", { ...asks, format: "csv" }) },
                { id: "json", text: "JSON", href: url("/events/download", { ...asks, format: "json" }) },
              ]}
            >
              Download
            </ButtonDropdown>
            <Button iconName="status-info" ariaLabel="Keys" onClick={() => setHelping(true)} />
          </SpaceBetween>
        }
      >
        Event history
      </Header>
      <SpaceBetween size="xs">
        <form
          onSubmit={(event) => {
            event.preventDefault();
            ask(draft);
          }}
        >
          <div ref={search}>
            <Input
              type="search"
              ariaLabel="Search"
              placeholder='name=CreateUser,DeleteUser user=alice error=* -source=kms "no such key"'
              value={draft}
              onChange={({ detail }) => setDraft(detail.value)}
            />
          </div>
        </form>
        <SpaceBetween size="xs" direction="horizontal" alignItems="center">
          <Select
            ariaLabel="Range"
            selectedOption={RANGES.find((range) => range.value === state.since) ?? { value: "", label: "Chosen range" }}
            options={RANGES}
            onChange={({ detail }) => {
              setAsked(Date.now() / 1000);
              change({ since: detail.selectedOption.value ?? "1h", until: "" });
            }}
          />
          <Select
            ariaLabel="Category"
            selectedOption={CATEGORIES.find((each) => each.value === state.category) ?? CATEGORIES[0]!}
            options={CATEGORIES}
            onChange={({ detail }) => change({ category: detail.selectedOption.value ?? "Management" })}
          />
          <Toggle checked={live} onChange={({ detail }) => setLive(detail.checked)}>
            Live
          </Toggle>
        </SpaceBetween>
      </SpaceBetween>
      <ErrorBox error={pages.error ?? summary.error} />
      {!live && <SearchProgress pages={pages} />}
      {!live && summary.data && (
        <>
          <Histogram
            buckets={summary.data.histogram}
            bucketS={summary.data.bucket_s}
            zone={zone}
            onZoom={(since, until) => change({ since: isoSeconds(since), until: isoSeconds(until) })}
          />
          <Facets summary={summary.data} query={state.query} onQuery={ask} />
          {summary.data.partial && (
            <Box color="text-body-secondary">Counts are of the newest events alone: {summary.data.partial}.</Box>
          )}
        </>
      )}
      {live ? (
        <LiveTable
          query={state.query}
          region={region}
          zone={zone}
          selected={selected}
          onSelect={select}
          onOpen={open}
          onShown={setShown}
        />
      ) : (
        <EventTable
          events={pages.events}
          total={summary.data && `${summary.data.total.toLocaleString()}${summary.data.partial && "+"}`}
          loading={pages.loading && !pages.events.length}
          selected={selected}
          onSelect={setSelected}
          onRow={setCursor}
          onOpen={open}
          onMore={pages.more && !pages.loading ? pages.goOn : undefined}
        />
      )}
      {comparing && <Compare events={selected} onClose={() => setComparing(false)} />}
      {helping && <KeysHelp onClose={() => setHelping(false)} />}
    </SpaceBetween>
  );
}
