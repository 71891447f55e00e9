import Header from "@cloudscape-design/components/header";
import SpaceBetween from "@cloudscape-design/components/space-between";
import Tabs from "@cloudscape-design/components/tabs";
import { useSearchParams } from "react-router";

import { JsonLink } from "../../app/JsonLink";
import { Credentials } from "./Credentials";
import { Preferences } from "./Preferences";
import { ServerFacts } from "./ServerFacts";

const TABS = [
  { id: "credentials", label: "Security credentials", content: <Credentials /> },
  { id: "preferences", label: "Preferences", content: <Preferences /> },
  { id: "server", label: "Server", content: <ServerFacts /> },
];

/** What is one's own: credentials, how pages look here, and what one is signed in to. */
export default function SettingsPage() {
  const [search, setSearch] = useSearchParams();
  const tab = TABS.find(({ id }) => id === search.get("tab")) ?? TABS[0]!;
  return (
    <SpaceBetween size="m">
      <Header variant="h1" info={<JsonLink to="/settings.json" />}>
        Settings
      </Header>
      <Tabs
        activeTabId={tab.id}
        tabs={TABS}
        onChange={({ detail }) => setSearch({ tab: detail.activeTabId }, { replace: true })}
      />
    </SpaceBetween>
  );
}
