import { useRef, useState, type PointerEvent } from "react";

import type { Bucket } from "../../api/types";
import { shown, type Zone } from "../../lib/time";
import { barAt, zoomed } from "./zoom";

const HEIGHT = 96;

interface Props {
  buckets: Bucket[];
  bucketS: number;
  zone: Zone;
  onZoom: (since: number, until: number) => void;
}

/** Events over time, stacked; dragging over it chooses a range. */
export function Histogram({ buckets, bucketS, zone, onZoom }: Props) {
  const svg = useRef<SVGSVGElement>(null);
  const [drag, setDrag] = useState<[number, number] | null>(null);
  if (!buckets.length) return null;
  const most = Math.max(1, ...buckets.map((each) => each.write + each.read + each.error));

  function place(event: PointerEvent): number {
    const box = (svg.current as SVGSVGElement).getBoundingClientRect();
    return barAt(event.clientX - box.left, box.width, buckets.length);
  }

  function end() {
    if (!drag) return;
    setDrag(null);
    const range = zoomed(drag, buckets, bucketS);
    if (range) onZoom(...range);
  }

  return (
    <figure aria-label="Events over time" style={{ margin: 0 }}>
      <svg
        ref={svg}
        className="cairn-histogram"
        viewBox={`0 0 ${buckets.length} ${HEIGHT}`}
        preserveAspectRatio="none"
        role="img"
        aria-label={`${buckets.length} bars of ${bucketS} seconds; the highest has ${most} events`}
        onPointerDown={(event) => {
          event.currentTarget.setPointerCapture(event.pointerId);
          const at = place(event);
          setDrag([at, at]);
        }}
        onPointerMove={(event) => drag && setDrag([drag[0], place(event)])}
        onPointerUp={end}
        onPointerCancel={() => setDrag(null)}
      >
        {buckets.map((bucket, at) => (
          <Bar key={bucket.start} bucket={bucket} at={at} most={most} zone={zone} />
        ))}
        {drag && (
          <rect
            className="chosen"
            x={Math.min(...drag)}
            width={Math.abs(drag[1] - drag[0]) + 1}
            y={0}
            height={HEIGHT}
          />
        )}
      </svg>
      <figcaption className="cairn-legend">
        <span className="write">write</span>
        <span className="read">read</span>
        <span className="error">error</span>
      </figcaption>
    </figure>
  );
}

function Bar({ bucket, at, most, zone }: { bucket: Bucket; at: number; most: number; zone: Zone }) {
  let top = HEIGHT;
  const parts = (["write", "read", "error"] as const).map((kind) => {
    const height = (bucket[kind] / most) * HEIGHT;
    top -= height;
    return <rect key={kind} className={kind} x={at + 0.08} width={0.84} y={top} height={height} />;
  });
  const told = `${shown(bucket.start, zone)}: ${bucket.write} write, ${bucket.read} read, ${bucket.error} failed`;
  return (
    <g>
      <title>{told}</title>
      <rect x={at} width={1} y={0} height={HEIGHT} fill="transparent" />
      {parts}
    </g>
  );
}
