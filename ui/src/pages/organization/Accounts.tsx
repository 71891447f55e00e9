import Badge from "@cloudscape-design/components/badge";
import Header from "@cloudscape-design/components/header";
import StatusIndicator, { type StatusIndicatorProps } from "@cloudscape-design/components/status-indicator";
import Table from "@cloudscape-design/components/table";

import { PageLink } from "../../app/PageLink";
import { useSettings } from "../../app/settings";
import { switchPath } from "../../lib/roles";
import { shown } from "../../lib/time";
import type { Account } from "./organization";

const STATES: Record<string, StatusIndicatorProps.Type> = { ACTIVE: "success", SUSPENDED: "stopped" };
const ROLE = "OrganizationAccountAccessRole";

export function Accounts({ accounts, management }: { accounts: Account[]; management: string }) {
  const { zone } = useSettings();
  return (
    <Table<Account>
      items={accounts}
      trackBy="Id"
      header={
        <Header
          variant="h2"
          counter={`(${accounts.length})`}
          description={`Act in an account that was created here as its role ${ROLE}.`}
        >
          Accounts
        </Header>
      }
      columnDefinitions={[
        {
          id: "name",
          header: "Name",
          isRowHeader: true,
          cell: (each) => (
            <>
              {each.Name} {each.Id === management && <Badge color="blue">Management</Badge>}
            </>
          ),
        },
        { id: "id", header: "Account ID", cell: (each) => each.Id },
        { id: "email", header: "E-mail address", cell: (each) => each.Email },
        {
          id: "status",
          header: "Status",
          cell: (each) => (
            <StatusIndicator type={STATES[each.Status] ?? "pending"}>
              {each.Status[0] + each.Status.slice(1).toLowerCase()}
            </StatusIndicator>
          ),
        },
        { id: "joined", header: "Joined", cell: (each) => (each.JoinedTimestamp ? shown(each.JoinedTimestamp, zone) : "–") },
        {
          id: "switch",
          header: "Act there",
          cell: (each) =>
            each.Id === management ? (
              "–"
            ) : (
              <PageLink
                to={switchPath({ account: each.Id, role: ROLE, displayName: `admin @ ${each.Name}`, colour: "none" })}
              >
                Switch role
              </PageLink>
            ),
        },
      ]}
      empty="There is no account."
    />
  );
}
