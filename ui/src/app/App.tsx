import AppLayout from "@cloudscape-design/components/app-layout";
import { I18nProvider } from "@cloudscape-design/components/i18n";
import messages from "@cloudscape-design/components/i18n/messages/all.en";
import Spinner from "@cloudscape-design/components/spinner";
import { lazy, Suspense, useState, type ReactNode } from "react";
import { Navigate, Route, Routes, useLocation } from "react-router";

import { Boundary } from "./Boundary";
import { Navigation } from "./Navigation";
import { Pages } from "./Pages";
import { RoleExpired } from "./RoleExpired";
import { SessionProvider, useSession } from "./session";
import { SettingsProvider } from "./settings";
import { SplitPanelProvider, useSplitPanelContent } from "./splitPanel";
import { TopBar } from "./TopBar";

const NARROW_PX = 900;
/** Below it the navigation covers the page. */

const SignIn = lazy(() => import("../pages/sign-in/SignIn"));

export function App() {
  return (
    <I18nProvider locale="en" messages={[messages]}>
      <SettingsProvider>
        <SessionProvider>
          <Suspense fallback={<Spinner size="large" />}>
            <Routes>
              <Route path="/sign-in" element={<SignIn />} />
              <Route path="*" element={<SignedIn />} />
            </Routes>
          </Suspense>
        </SessionProvider>
      </SettingsProvider>
    </I18nProvider>
  );
}

function SignedIn() {
  const { session, known } = useSession();
  const { pathname, search } = useLocation();
  if (!known) return <Spinner size="large" />;
  if (!session) return <Navigate to={`/sign-in?then=${encodeURIComponent(pathname + search)}`} replace />;
  return (
    <SplitPanelProvider>
      <Frame>
        <Pages />
      </Frame>
    </SplitPanelProvider>
  );
}

function Frame({ children }: { children: ReactNode }) {
  const { session } = useSession();
  const { pathname } = useLocation();
  const [navigationOpen, setNavigationOpen] = useState(() => window.innerWidth > NARROW_PX);
  const { panel, open, setOpen } = useSplitPanelContent();
  return (
    <>
      <TopBar />
      <AppLayout
        headerSelector=".cairn-bar"
        footerSelector=".cairn-footer"
        toolsHide
        navigationOpen={navigationOpen}
        onNavigationChange={({ detail }) => setNavigationOpen(detail.open)}
        navigation={
          <Navigation onFollow={() => window.innerWidth <= NARROW_PX && setNavigationOpen(false)} />
        }
        splitPanel={panel}
        splitPanelOpen={open}
        onSplitPanelToggle={({ detail }) => setOpen(detail.open)}
        content={
          <Boundary key={`${session?.arn} ${pathname}`}>
            <RoleExpired />
            <Suspense fallback={<Spinner size="large" />}>{children}</Suspense>
          </Boundary>
        }
      />
      <footer className="cairn-footer">Cairn is not affiliated with Amazon Web Services.</footer>
    </>
  );
}
