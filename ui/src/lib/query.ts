/** The query language of `cairn search`, as the console writes it: FIELD=VALUE, FIELD!=VALUE, and free text. */

export interface Filter {
  field: string;
  value: string;
  exclude: boolean;
}

export function written(filter: Filter): string {
  return `${filter.field}${filter.exclude ? "!=" : "="}${quoted(filter.value)}`;
}

export function quoted(value: string): string {
  return /^[\w.@/:+*-]+$/.test(value) ? value : `"${value.replace(/[\\"]/g, "\\$&")}"`;
}

/** Split a query into its terms; a quotation holds its blanks together. */
export function terms(query: string): string[] {
  return query.match(/(?:[^\s"]|"(?:\\.|[^"\\])*"?)+/g) ?? [];
}

/** The query with a filter added, or taken away where it is there. */
export function toggled(query: string, filter: Filter): string {
  const term = written(filter);
  const opposite = written({ ...filter, exclude: !filter.exclude });
  const rest = terms(query).filter((each) => each !== opposite);
  return (rest.includes(term) ? rest.filter((each) => each !== term) : [...rest, term]).join(" ");
}
