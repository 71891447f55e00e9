/** Calls as a person would type them. */

export function command(service: string, operation: string, region: string, input: Record<string, unknown>): string {
  const options = Object.entries(input)
    .filter(([, value]) => value !== undefined)
    .map(([name, value]) => option(kebab(name), value));
  return [`aws ${service} ${kebab(operation)} --region ${region}`, ...options].join(" \\\n    ");
}

function option(name: string, value: unknown): string {
  if (value === true) return `--${name}`;
  if (value === false) return `--no-${name}`;
  const text = typeof value === "string" ? value : JSON.stringify(value);
  return text.startsWith("-") ? `--${name}=${quoted(text)}` : `--${name} ${quoted(text)}`;
}

/** `PutMetricFilter` as `put-metric-filter`. */
function kebab(name: string): string {
  return name
    .replace(/([a-z0-9])([A-Z])/g, "$1-$2")
    .replace(/([A-Z]+)([A-Z][a-z])/g, "$1-$2")
    .toLowerCase();
}

function quoted(text: string): string {
  return /^[\w@%+=:,./-]+$/.test(text) ? text : `'${text.replaceAll("'", `'\\''`)}'`;
}
