/** What the history may be asked for. */

export const CATEGORIES = [
  { value: "Management", label: "Management events" },
  { value: "Insight", label: "Insights events" },
];
