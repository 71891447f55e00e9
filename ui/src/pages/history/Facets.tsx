import Box from "@cloudscape-design/components/box";
import ColumnLayout from "@cloudscape-design/components/column-layout";
import ExpandableSection from "@cloudscape-design/components/expandable-section";

import type { Summary } from "../../api/types";
import { terms, toggled, written } from "../../lib/query";
import { visible } from "../../lib/visible";

export const FACETS = { name: "Event name", source: "Event source", user: "User", error: "Error code" };
const SHOWN = 6;

interface Props {
  summary: Summary;
  query: string;
  onQuery: (query: string) => void;
}

/** The most frequent values: a click includes one, with Alt it excludes it. */
export function Facets({ summary, query, onQuery }: Props) {
  const chosen = new Set(terms(query));
  return (
    <ExpandableSection headerText="Most frequent values" headerDescription="Click to include, Alt-click to exclude">
      <ColumnLayout columns={4} variant="text-grid">
        {Object.entries(FACETS).map(([field, label]) => (
          <div key={field} className="cairn-facet">
            <Box variant="awsui-key-label">{label}</Box>
            {(summary.counts[field] ?? []).slice(0, SHOWN).map(([value, count]) => {
              const pressed = chosen.has(written({ field, value, exclude: false }));
              return (
                <button
                  key={value}
                  type="button"
                  aria-pressed={pressed}
                  onClick={(event) => onQuery(toggled(query, { field, value, exclude: event.altKey }))}
                >
                  <span>{pressed ? <b>{visible(value)}</b> : visible(value)}</span>
                  <span>{count.toLocaleString()}</span>
                </button>
              );
            })}
          </div>
        ))}
      </ColumnLayout>
    </ExpandableSection>
  );
}
