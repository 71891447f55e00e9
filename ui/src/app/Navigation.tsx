import SideNavigation, { type SideNavigationProps } from "@cloudscape-design/components/side-navigation";
import { useLocation, useNavigate } from "react-router";

const link = (text: string, page: string) => ({ type: "link", text, href: `/console/${page}` }) as const;

const PAGES: SideNavigationProps.Item[] = [
  link("Dashboard", ""),
  link("Event history", "history"),
  link("Trails", "trails"),
  link("Insights", "insights"),
  {
    type: "section",
    text: "Logs and alarms",
    items: [
      link("Log groups", "log-groups"),
      link("Metric filters", "metric-filters"),
      link("Metrics", "metrics"),
      link("Alarms", "alarms"),
    ],
  },
  link("Rules", "rules"),
  link("Organization", "organization"),
  link("Health", "health"),
  link("Settings", "settings"),
];
const LINKS = PAGES.flatMap((page) => (page.type === "section" ? page.items : [page])).flatMap((page) =>
  page.type === "link" ? [page.href] : [],
);

/** The list of pages at the side; `onFollow` is told when one is chosen. */
export function Navigation({ onFollow }: { onFollow: () => void }) {
  const navigate = useNavigate();
  const { pathname } = useLocation();
  return (
    <SideNavigation
      header={{ text: "Cairn", href: "/console/" }}
      activeHref={LINKS.findLast((href) => `/console${pathname}`.startsWith(href))}
      items={PAGES}
      onFollow={(event) => {
        event.preventDefault();
        navigate(event.detail.href.replace(/^\/console/, "") || "/");
        onFollow();
      }}
    />
  );
}
