import { useMemo } from "react";
import { useSearchParams } from "react-router";

/** The state of a page as the URL has it: what is as `usual` is not written. */
export function useUrlState<T extends Record<string, string>>(
  usual: T,
): [T, (changed: Partial<T>, replace?: boolean) => void] {
  const [search, setSearch] = useSearchParams();
  const state = useMemo(() => {
    const named = Object.entries(usual).map(([name, value]) => [name, search.get(name) ?? value]);
    return Object.fromEntries(named) as T;
  }, [search, usual]);
  function change(changed: Partial<T>, replace = true) {
    const next = new URLSearchParams(search);
    for (const [name, value] of Object.entries({ ...state, ...changed })) {
      if (value === usual[name]) next.delete(name);
      else next.set(name, value);
    }
    setSearch(next, { replace });
  }
  return [state, change];
}
