import { createContext, useContext, useMemo, useState, type ReactNode } from "react";

interface Panel {
  panel: ReactNode;
  open: boolean;
  setPanel: (panel: ReactNode) => void;
  setOpen: (open: boolean) => void;
}

const Context = createContext<Panel | null>(null);

/** The split panel of the frame, which pages fill. */
export function useSplitPanelContent(): Panel {
  const found = useContext(Context);
  if (!found) throw new Error("no split panel above this component");
  return found;
}

export function SplitPanelProvider({ children }: { children: ReactNode }) {
  const [panel, setPanel] = useState<ReactNode>(null);
  const [open, setOpen] = useState(false);
  const value = useMemo(() => ({ panel, open, setPanel, setOpen }), [panel, open]);
  return <Context.Provider value={value}>{children}</Context.Provider>;
}
