import ExpandableSection from "@cloudscape-design/components/expandable-section";
import Table from "@cloudscape-design/components/table";

import { useSettings } from "../../app/settings";
import { plural } from "../../lib/numbers";
import { shown } from "../../lib/time";
import type { Point } from "./metric";

const WIDTH = 600;
const HEIGHT = 160;
const ROOM = 1.1;
/** How much higher than the highest value a graph is. */
const ROWS_MAX = 100;

interface Props {
  points: Point[];
  /** Seconds since the epoch, as `until`. */
  since: number;
  until: number;
  threshold?: number;
  label: string;
}

/** Values over time as a line with a dot for each, and the same as a table for who cannot see it. */
export function LineGraph({ points, since, until, threshold, label }: Props) {
  const { zone } = useSettings();
  const values = points.map(({ value }) => value).concat(threshold ?? []);
  const low = Math.min(0, ...values);
  const high = Math.max(0, ...values) * ROOM || 1;
  const x = (time: number) => ((time - since) / (until - since)) * WIDTH;
  const y = (value: number) => HEIGHT - ((value - low) / (high - low)) * HEIGHT;
  const most = points.length ? Math.max(...points.map(({ value }) => value)) : undefined;
  const told = `${plural(points.length, "point")}${most === undefined ? "" : `, at most ${number(most)}`}`;
  return (
    <figure className="cairn-graph" aria-label={label}>
      <div className="cairn-graph-title">{label}</div>
      <svg viewBox={`0 0 ${WIDTH} ${HEIGHT}`} preserveAspectRatio="none" role="img" aria-label={`${label}: ${told}`}>
        <line className="axis" x1={0} x2={WIDTH} y1={y(0)} y2={y(0)} />
        {threshold !== undefined && (
          <line className="threshold" x1={0} x2={WIDTH} y1={y(threshold)} y2={y(threshold)}>
            <title>{`Threshold ${number(threshold)}`}</title>
          </line>
        )}
        <polyline className="line" points={points.map(({ time, value }) => `${x(time)},${y(value)}`).join(" ")} />
        {points.map(({ time, value }) => (
          <path key={time} className="dot" d={`M${x(time)} ${y(value)}h0`}>
            <title>{`${shown(time, zone)}: ${number(value)}`}</title>
          </path>
        ))}
      </svg>
      <figcaption className="cairn-legend">
        <span className="line">{told}</span>
        {threshold !== undefined && <span className="threshold">threshold {number(threshold)}</span>}
        <span className="times">
          {shown(since, zone)} to {shown(until, zone)}
        </span>
      </figcaption>
      {points.length > 0 && (
        <ExpandableSection headerText="As a table">
          <Table<Point>
            variant="embedded"
            contentDensity="compact"
            items={points.slice(-ROWS_MAX).reverse()}
            trackBy={({ time }) => String(time)}
            columnDefinitions={[
              { id: "time", header: "Time", isRowHeader: true, cell: ({ time }) => shown(time, zone) },
              { id: "value", header: "Value", cell: ({ value }) => number(value) },
            ]}
          />
        </ExpandableSection>
      )}
    </figure>
  );
}

function number(value: number): string {
  return value.toLocaleString(undefined, { maximumFractionDigits: 3 });
}
