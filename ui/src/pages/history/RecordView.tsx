import { toggled } from "../../lib/query";
import { visible } from "../../lib/visible";

interface Props {
  record: unknown;
  query: string;
  onQuery?: (query: string) => void;
}

/** A record as JSON, of which each value filters by itself. */
export function RecordView({ record, query, onQuery }: Props) {
  return (
    <div className="cairn-record" tabIndex={0} role="region" aria-label="Record as JSON">
      <Node value={record} path="" depth={0} query={query} onQuery={onQuery} />
    </div>
  );
}

function Node({ value, path, depth, ...rest }: { value: unknown; path: string; depth: number } & Omit<Props, "record">) {
  const inset = "  ".repeat(depth + 1);
  if (Array.isArray(value)) {
    if (!value.length) return <>[]</>;
    return (
      <>
        {"[\n"}
        {value.map((each, at) => (
          <span key={at}>
            {inset}
            <Node value={each} path={path} depth={depth + 1} {...rest} />
            {at < value.length - 1 ? ",\n" : "\n"}
          </span>
        ))}
        {"  ".repeat(depth)}]
      </>
    );
  }
  if (value !== null && typeof value === "object") {
    const entries = Object.entries(value);
    if (!entries.length) return <>{"{}"}</>;
    return (
      <>
        {"{\n"}
        {entries.map(([name, each], at) => (
          <span key={name}>
            {inset}
            <span className="cairn-key">{visible(JSON.stringify(name))}</span>
            {": "}
            <Node value={each} path={path ? `${path}.${name}` : name} depth={depth + 1} {...rest} />
            {at < entries.length - 1 ? ",\n" : "\n"}
          </span>
        ))}
        {"  ".repeat(depth)}
        {"}"}
      </>
    );
  }
  return <Leaf value={value} path={path} {...rest} />;
}

function Leaf({ value, path, query, onQuery }: { value: unknown; path: string } & Omit<Props, "record">) {
  const text = visible(JSON.stringify(value));
  if (!onQuery || value === null || !path) return <>{text}</>;
  return (
    <button
      type="button"
      title={`Filter by ${path}`}
      onClick={(event) => onQuery(toggled(query, { field: path, value: String(value), exclude: event.altKey }))}
    >
      {text}
    </button>
  );
}
