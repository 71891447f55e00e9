/** Roles that this browser switched to, the last first. */

export interface Role {
  account: string;
  role: string;
  displayName: string;
  colour: Colour;
}

export const COLOURS = ["none", "red", "orange", "green", "blue", "purple"] as const;
export type Colour = (typeof COLOURS)[number];

const KEY = "cairn.roles";
const KEPT = 5;

export function recentRoles(): Role[] {
  try {
    const kept: unknown = JSON.parse(localStorage.getItem(KEY) ?? "[]");
    return Array.isArray(kept) ? (kept as Role[]) : [];
  } catch {
    return [];
  }
}

export function remember(role: Role): void {
  const others = recentRoles().filter((each) => each.account !== role.account || each.role !== role.role);
  localStorage.setItem(KEY, JSON.stringify([role, ...others].slice(0, KEPT)));
}

/** The colour that was chosen for a role. */
export function colourOf(account: string, role: string): Colour {
  const known = recentRoles().find((each) => each.account === account && each.role === role);
  return known && COLOURS.includes(known.colour) ? known.colour : "none";
}

export function titleOf({ account, role, displayName }: Pick<Role, "account" | "role" | "displayName">): string {
  return displayName || `${role} @ ${account}`;
}

/** Where the form is, with a role filled in: AWS's own names, so that such links work here too. */
export function switchPath({ account, role, displayName, colour }: Role): string {
  return `/switch-role?${new URLSearchParams({ account, roleName: role, displayName, color: colour })}`;
}
