/** Events that are ticked to be compared. */

import type { EventRow } from "../../api/types";

export const COMPARED_MAX = 5;

export function isChosen(chosen: EventRow[], { id }: EventRow): boolean {
  return chosen.some((each) => each.id === id);
}

/** Those that are ticked once an event was clicked; no more than can stand side by side. */
export function clicked(chosen: EventRow[], event: EventRow): EventRow[] {
  if (isChosen(chosen, event)) return chosen.filter(({ id }) => id !== event.id);
  return [...chosen, event].slice(0, COMPARED_MAX);
}
