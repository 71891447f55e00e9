/** JSON that may be none. */

/** The object or array that `text` is; undefined where it is neither. */
export function parsed(text: string): object | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === "object" && value !== null ? value : undefined;
  } catch {
    return undefined;
  }
}

export function pretty(text: string): string {
  const value = parsed(text);
  return value ? JSON.stringify(value, null, 2) : text;
}
