/** The leaves of records by their paths, and those in which the records differ. */

export function leaves(value: unknown, path = "", found = new Map<string, string>()): Map<string, string> {
  if (value !== null && typeof value === "object" && Object.keys(value).length) {
    for (const [name, each] of Object.entries(value)) leaves(each, path ? `${path}.${name}` : name, found);
  } else if (path) {
    found.set(path, typeof value === "string" ? value : JSON.stringify(value));
  }
  return found;
}

export function differences(records: unknown[]): { path: string; values: string[] }[] {
  const all = records.map((record) => leaves(record));
  const paths = [...new Set(all.flatMap((each) => [...each.keys()]))];
  return paths
    .map((path) => ({ path, values: all.map((each) => each.get(path) ?? "–") }))
    .filter(({ values }) => new Set(values).size > 1);
}
