import type { TopNavigationProps } from "@cloudscape-design/components/top-navigation";
import { useNavigate } from "react-router";

import type { Session } from "../api/types";
import { recentRoles, switchPath, titleOf } from "../lib/roles";
import { useSession } from "./session";

/** Who is signed in, as whom they act, and what they may do about it. */
export function useAccountMenu(session: Session): TopNavigationProps.MenuDropdownUtility {
  const { goBack, signOut } = useSession();
  const navigate = useNavigate();
  const { role } = session;
  const recent = recentRoles().filter((each) => each.account !== role?.account || each.role !== role.name);
  const who = role
    ? titleOf({ account: role.account, role: role.name, displayName: role.displayName })
    : session.name;
  return {
    type: "menu-dropdown",
    text: who,
    ariaLabel: `Account: ${who}`,
    description: session.account,
    iconName: "user-profile",
    items: [
      { id: "arn", text: session.arn, disabled: true },
      ...(role ? [{ id: "back", text: "Go back from the role" }] : []),
      ...(recent.length
        ? [{ text: "Recent roles", items: recent.map((each) => ({ id: switchPath(each), text: titleOf(each) })) }]
        : []),
      { id: "/switch-role", text: "Switch role" },
      { id: "/settings", text: "Settings" },
      { id: "sign-out", text: "Sign out" },
    ],
    onItemClick: ({ detail }) => {
      if (detail.id === "sign-out") void signOut();
      else if (detail.id === "back") void goBack().then(() => navigate("/"));
      else navigate(detail.id);
    },
  };
}
