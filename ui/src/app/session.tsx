import { createContext, useCallback, useContext, useEffect, useMemo, useRef, useState, type ReactNode } from "react";

import { ApiError, get, post, remove, setCsrf, whenOver } from "../api/client";
import type { Session } from "../api/types";
import type { Role } from "../lib/roles";

interface SignedIn {
  session: Session | null;
  /** Whether it is known yet who is signed in. */
  known: boolean;
  refresh: () => Promise<void>;
  /** Act as a role; `post` of it may be refused. */
  switchRole: (role: Role) => Promise<void>;
  goBack: () => Promise<void>;
  signOut: () => Promise<void>;
}

const Context = createContext<SignedIn | null>(null);

export function useSession(): SignedIn {
  const found = useContext(Context);
  if (!found) throw new Error("no session above this component");
  return found;
}

/** Who is signed in; null where nobody is. */
async function signedIn(): Promise<Session | null> {
  try {
    return await get<Session>("/session");
  } catch (error) {
    if (error instanceof ApiError && error.status === 401) return null;
    throw error;
  }
}

export function SessionProvider({ children }: { children: ReactNode }) {
  const [session, setSession] = useState<Session | null>(null);
  const [known, setKnown] = useState(false);
  const turn = useRef(0);
  const refresh = useCallback(async () => {
    const mine = ++turn.current;
    const found = await signedIn();
    if (mine !== turn.current) return; // asked again meanwhile: what was answered first may be from before
    if (found) setCsrf(found.csrf);
    setSession(found);
    setKnown(true);
  }, []);
  const switchRole = useCallback(
    async ({ account, role, displayName }: Role) => {
      await post("/session/role", { account, role, displayName });
      await refresh();
    },
    [refresh],
  );
  const goBack = useCallback(async () => {
    await remove("/session/role");
    await refresh();
  }, [refresh]);
  const signOut = useCallback(async () => {
    await remove("/session");
    turn.current += 1;
    setSession(null);
  }, []);
  useEffect(() => {
    whenOver(() => void refresh());
    void refresh();
  }, [refresh]);
  const value = useMemo(
    () => ({ session, known, refresh, switchRole, goBack, signOut }),
    [session, known, refresh, switchRole, goBack, signOut],
  );
  return <Context.Provider value={value}>{children}</Context.Provider>;
}
