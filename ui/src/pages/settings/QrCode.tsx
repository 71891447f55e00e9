import qrcode from "qrcode-generator";
import { useMemo } from "react";

const QUIET = 4;

/** A text as a QR code, always dark on white: readers want it so. */
export function QrCode({ text, label }: { text: string; label: string }) {
  const { path, size } = useMemo(() => drawn(text), [text]);
  return (
    <svg className="cairn-qr" viewBox={`${-QUIET} ${-QUIET} ${size + 2 * QUIET} ${size + 2 * QUIET}`} role="img" aria-label={label}>
      <path d={path} />
    </svg>
  );
}

function drawn(text: string): { path: string; size: number } {
  const code = qrcode(0, "M");
  code.addData(text);
  code.make();
  const size = code.getModuleCount();
  const all = Array.from({ length: size }, (_, at) => at);
  const dark = all.flatMap((row) => all.filter((column) => code.isDark(row, column)).map((column) => [column, row]));
  return { path: dark.map(([x, y]) => `M${x} ${y}h1v1h-1z`).join(""), size };
}
