import { applyMode, Mode } from "@cloudscape-design/global-styles";
import { createContext, useContext, useEffect, useMemo, useState, type ReactNode } from "react";

import type { Zone } from "../lib/time";

const USUAL_COLUMNS = ["name", "time", "user", "source", "type", "resource"];

type Theme = "light" | "dark";

interface Settings {
  theme: Theme;
  zone: Zone;
  region: string;
  /** Columns that the event history shows. */
  visible: readonly string[];
  setTheme: (theme: Theme) => void;
  setZone: (zone: Zone) => void;
  setRegion: (region: string) => void;
  setVisible: (columns: readonly string[]) => void;
}

const Context = createContext<Settings | null>(null);

export function useSettings(): Settings {
  const found = useContext(Context);
  if (!found) throw new Error("no settings above this component");
  return found;
}

/** What a person chose, kept in this browser. */
export function SettingsProvider({ children }: { children: ReactNode }) {
  const [theme, setTheme] = useKept<Theme>("theme", preferred());
  const [zone, setZone] = useKept<Zone>("zone", "utc");
  const [region, setRegion] = useKept<string>("region", "us-east-1");
  const [columns, setColumns] = useKept<string>("columns", USUAL_COLUMNS.join(","));
  useEffect(() => applyMode(theme === "dark" ? Mode.Dark : Mode.Light), [theme]);
  const value = useMemo(
    () => ({
      theme,
      zone,
      region,
      visible: columns.split(","),
      setTheme,
      setZone,
      setRegion,
      setVisible: (chosen: readonly string[]) => setColumns(chosen.join(",")),
    }),
    [theme, zone, region, columns, setTheme, setZone, setRegion, setColumns],
  );
  return <Context.Provider value={value}>{children}</Context.Provider>;
}

function preferred(): Theme {
  return window.matchMedia("(prefers-color-scheme: dark)").matches ? "dark" : "light";
}

function useKept<T extends string>(name: string, usual: T): [T, (value: T) => void] {
  const key = `cairn.${name}`;
  const [value, setValue] = useState<T>(() => (localStorage.getItem(key) as T | null) ?? usual);
  return useMemo(
    () => [
      value,
      (chosen: T) => {
        localStorage.setItem(key, chosen);
        setValue(chosen);
      },
    ],
    [key, value],
  );
}
