/** Answers that come in pages, put together. */

const PAGES_MAX = 20;

/** All that `ask` lists, page by page, up to a limit that keeps a page quick. */
export async function listed<T>(ask: (next: string | undefined) => Promise<[T[], string | undefined]>): Promise<T[]> {
  const found: T[] = [];
  let next: string | undefined;
  for (let page = 0; page < PAGES_MAX; page++) {
    const [items, token] = await ask(next);
    found.push(...items);
    if (!token) break;
    next = token;
  }
  return found;
}
