/** Ranges that a person chooses from, as URLs have them. */

export const RANGES = [
  { value: "30m", label: "Last 30 minutes" },
  { value: "1h", label: "Last hour" },
  { value: "3h", label: "Last 3 hours" },
  { value: "12h", label: "Last 12 hours" },
  { value: "1d", label: "Last day" },
  { value: "7d", label: "Last 7 days" },
  { value: "90d", label: "Last 90 days" },
];
