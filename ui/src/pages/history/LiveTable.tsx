import Button from "@cloudscape-design/components/button";
import Container from "@cloudscape-design/components/container";
import Header from "@cloudscape-design/components/header";
import { memo, useEffect, useState } from "react";

import type { EventRow } from "../../api/types";
import { timeOfDay, type Zone } from "../../lib/time";
import { visible } from "../../lib/visible";
import { COMPARED_MAX, isChosen } from "./selection";
import { useLive } from "./useLive";

/** Whoever scrolled so far reads: nothing moves then. */
const SCROLLED_PX = 300;

interface Props {
  query: string;
  region: string;
  zone: Zone;
  /** Events that are ticked to be compared: also those that others have pushed out of the table. */
  selected: EventRow[];
  onSelect: (event: EventRow) => void;
  onOpen: (event: EventRow) => void;
  /** Told what is shown, the newest first. */
  onShown: (events: EventRow[]) => void;
}

/** Events as they happen: a plain table that draws nothing but what is new, so that hundreds a second do not stutter. */
export function LiveTable({ query, region, zone, selected, onSelect, onOpen, onShown }: Props) {
  const scrolled = useScrolled();
  const { events, waiting } = useLive(scrolled, query, region);
  useEffect(() => onShown(events), [events, onShown]);
  return (
    <Container
      header={
        <Header
          variant="h2"
          actions={
            waiting > 0 && <Button onClick={() => window.scrollTo({ top: 0 })}>{waiting.toLocaleString()} new events</Button>
          }
        >
          Live
        </Header>
      }
    >
      <table className="cairn-live" aria-label="Live events">
        <thead>
          <tr>
            <td />
            <th scope="col">Event name</th>
            <th scope="col">{zone === "utc" ? "Time, UTC" : "Time"}</th>
            <th scope="col">User name</th>
            <th scope="col">Event source</th>
            <th scope="col">Resource name</th>
          </tr>
        </thead>
        <tbody>
          {events.map((event) => (
            <Row
              key={event.id}
              event={event}
              zone={zone}
              chosen={isChosen(selected, event)}
              full={selected.length >= COMPARED_MAX}
              onSelect={onSelect}
              onOpen={onOpen}
            />
          ))}
        </tbody>
      </table>
      {events.length === 0 && <p>Waiting for the next event that the search finds.</p>}
    </Container>
  );
}

function useScrolled(): boolean {
  const [scrolled, setScrolled] = useState(false);
  useEffect(() => {
    const scroll = () => setScrolled(window.scrollY > SCROLLED_PX);
    window.addEventListener("scroll", scroll, { passive: true });
    return () => window.removeEventListener("scroll", scroll);
  }, []);
  return scrolled;
}

interface RowProps {
  event: EventRow;
  zone: Zone;
  chosen: boolean;
  /** Whether no more can be chosen. */
  full: boolean;
  onSelect: (event: EventRow) => void;
  onOpen: (event: EventRow) => void;
}

const Row = memo(
  function Row({ event, zone, chosen, full, onSelect, onOpen }: RowProps) {
    return (
      <tr>
        <td>
          <input
            type="checkbox"
            aria-label={`Choose ${visible(event.name)} of ${event.time}`}
            checked={chosen}
            disabled={full && !chosen}
            onChange={() => onSelect(event)}
          />
        </td>
        <th scope="row">
          <a
            href={`/console/events/${encodeURIComponent(event.id)}`}
            onClick={(click) => {
              click.preventDefault();
              onOpen(event);
            }}
          >
            {visible(event.name)}
          </a>
        </th>
        <td>{timeOfDay(event.time, zone)}</td>
        <td>{visible(event.user) || "–"}</td>
        <td>{event.source}</td>
        <td>{event.resources.map((each) => visible(each.name)).join(", ") || "–"}</td>
      </tr>
    );
  },
  (before, after) =>
    before.event === after.event &&
    before.zone === after.zone &&
    before.chosen === after.chosen &&
    before.full === after.full,
);
