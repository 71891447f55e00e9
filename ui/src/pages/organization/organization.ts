import { ApiError, aws } from "../../api/client";
import type { Trail } from "../../api/types";

export interface OrganizationFacts {
  Id: string;
  Arn: string;
  FeatureSet: string;
  MasterAccountId: string;
  MasterAccountEmail: string;
}

export interface Account {
  Id: string;
  Name: string;
  Email: string;
  Status: string;
  JoinedMethod?: string;
  JoinedTimestamp?: string;
}

export interface Found {
  /** Undefined where the account is in none. */
  organization: OrganizationFacts | undefined;
  trails: Trail[];
  /** Undefined for whom the organization is not listed to: accounts that are members and no more. */
  members: { accounts: Account[]; administrators: Account[]; trusted: boolean } | undefined;
}

const PRINCIPAL = "cloudtrail.amazonaws.com";
const NOT_FOR_MEMBERS = new Set(["AccessDeniedException", "AccessDenied"]);

/** All that the page shows. */
export async function organizationOf(region: string, signal: AbortSignal): Promise<Found> {
  const organization = await described(region, signal);
  if (!organization) return { organization, trails: [], members: undefined };
  const { trailList } = await aws<{ trailList: Trail[] }>("cloudtrail", "DescribeTrails", region, {}, signal);
  const trails = trailList.filter((trail) => trail.IsOrganizationTrail);
  return { organization, trails, members: await listed(region, signal) };
}

async function described(region: string, signal: AbortSignal): Promise<OrganizationFacts | undefined> {
  try {
    return (
      await aws<{ Organization: OrganizationFacts }>("organizations", "DescribeOrganization", region, {}, signal)
    ).Organization;
  } catch (error) {
    if (error instanceof ApiError && error.code === "AWSOrganizationsNotInUseException") return undefined;
    throw error;
  }
}

async function listed(region: string, signal: AbortSignal): Promise<Found["members"]> {
  try {
    const [accounts, administrators, services] = await Promise.all([
      all<"Accounts", Account>("ListAccounts", "Accounts", region, {}, signal),
      all<"DelegatedAdministrators", Account>(
        "ListDelegatedAdministrators",
        "DelegatedAdministrators",
        region,
        { ServicePrincipal: PRINCIPAL },
        signal,
      ),
      all<"EnabledServicePrincipals", { ServicePrincipal: string }>(
        "ListAWSServiceAccessForOrganization",
        "EnabledServicePrincipals",
        region,
        {},
        signal,
      ),
    ]);
    if (!accounts.length) return undefined;
    return { accounts, administrators, trusted: services.some((each) => each.ServicePrincipal === PRINCIPAL) };
  } catch (error) {
    if (error instanceof ApiError && NOT_FOR_MEMBERS.has(error.code)) return undefined;
    throw error;
  }
}

async function all<K extends string, T>(
  operation: string,
  member: K,
  region: string,
  input: Record<string, unknown>,
  signal: AbortSignal,
): Promise<T[]> {
  const found: T[] = [];
  for (let NextToken: string | undefined; ; ) {
    const page: Partial<Record<K, T[]>> & { NextToken?: string } = await aws(
      "organizations",
      operation,
      region,
      { ...input, ...(NextToken ? { NextToken } : {}) },
      signal,
    );
    found.push(...(page[member] ?? []));
    NextToken = page.NextToken;
    if (!NextToken) return found;
  }
}
