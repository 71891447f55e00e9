/** Text that shows what it is: characters that hide or turn others round are written out, as in `console/event_page.py`. */

const MISLEADING = /[\0-\x08\x0b-\x1f\x7f-\x9f\u00ad\u061c\u180e\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb]/g;

export function visible(text: string): string {
  return text.replace(MISLEADING, (found) => `\\u${found.charCodeAt(0).toString(16).padStart(4, "0")}`);
}
