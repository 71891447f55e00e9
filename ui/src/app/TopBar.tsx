import TopNavigation from "@cloudscape-design/components/top-navigation";
import { useNavigate } from "react-router";

import type { Session } from "../api/types";
import { colourOf } from "../lib/roles";
import { useAccountMenu } from "./AccountMenu";
import { useSession } from "./session";
import { useSettings } from "./settings";

export function TopBar() {
  const { session } = useSession();
  return session && <Bar session={session} />;
}

function Bar({ session }: { session: Session }) {
  const { theme, zone, region, setTheme, setZone, setRegion } = useSettings();
  const navigate = useNavigate();
  const menu = useAccountMenu(session);
  const colour = session.role ? colourOf(session.role.account, session.role.name) : "none";
  return (
    <div className={`cairn-bar cairn-role-${colour}`}>
      <TopNavigation
        identity={{
          href: "/console/",
          logo: { src: "/console/cairn.svg", alt: "Cairn" },
          onFollow: (event) => {
            event.preventDefault();
            navigate("/");
          },
        }}
        utilities={[
          {
            type: "menu-dropdown",
            text: region,
            ariaLabel: `Region: ${region}`,
            items: session.regions.map((id) => ({ id, text: id })),
            onItemClick: ({ detail }) => setRegion(detail.id),
          },
          {
            type: "button",
            text: zone === "utc" ? "UTC" : "Local time",
            ariaLabel: `${zone === "utc" ? "UTC" : "Local time"}: show times in UTC or local time`,
            onClick: () => setZone(zone === "utc" ? "local" : "utc"),
          },
          {
            type: "button",
            text: theme === "dark" ? "Light" : "Dark",
            ariaLabel: `${theme === "dark" ? "Light" : "Dark"}: switch between light and dark`,
            onClick: () => setTheme(theme === "dark" ? "light" : "dark"),
          },
          menu,
        ]}
      />
    </div>
  );
}
