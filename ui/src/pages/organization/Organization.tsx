import Alert from "@cloudscape-design/components/alert";
import Button from "@cloudscape-design/components/button";
import Container from "@cloudscape-design/components/container";
import Header from "@cloudscape-design/components/header";
import KeyValuePairs from "@cloudscape-design/components/key-value-pairs";
import SpaceBetween from "@cloudscape-design/components/space-between";
import Spinner from "@cloudscape-design/components/spinner";

import { Empty } from "../../app/Empty";
import { ErrorBox } from "../../app/ErrorBox";
import { JsonLink } from "../../app/JsonLink";
import { useSession } from "../../app/session";
import { useSettings } from "../../app/settings";
import { useAsync } from "../../app/useAsync";
import { Accounts } from "./Accounts";
import { DelegatedAdministrators } from "./DelegatedAdministrators";
import { OrganizationTrails } from "./OrganizationTrails";
import { organizationOf, type OrganizationFacts } from "./organization";

/** Accounts that are managed together, and the trails that log all of them. */
export default function Organization() {
  const { region } = useSettings();
  const { session } = useSession();
  const asked = useAsync((signal) => organizationOf(region, signal), region);
  const { organization, trails, members } = asked.data ?? {};
  const manages = organization !== undefined && organization.MasterAccountId === session?.account;
  return (
    <SpaceBetween size="l">
      <Header
        variant="h1"
        info={<JsonLink to="/organization.json" query={{ region }} />}
        description="Accounts that are managed together, and the trails that log all of them."
        actions={<Button iconName="refresh" ariaLabel="Refresh" onClick={asked.reload} />}
      >
        Organization
      </Header>
      <ErrorBox error={asked.error} />
      {asked.loading && !asked.data && <Spinner size="large" />}
      {asked.data && !organization && (
        <Container>
          <Empty
            title="This account is in no organization."
            hint="Make it the management account of a new one, whose trails can log every account, with"
            command="aws organizations create-organization"
          />
        </Container>
      )}
      {organization && (
        <SpaceBetween size="l">
          <General organization={organization} />
          {members && !members.trusted && (
            <Alert type="info" header="CloudTrail may not log the organization yet">
              Let it: aws organizations enable-aws-service-access --service-principal cloudtrail.amazonaws.com
            </Alert>
          )}
          {!members && (
            <Alert type="info" header="You are in a member account">
              Members see which organization they belong to, and the organization's trails that log them with their
              status, by ARN. They can change neither, and who else is a member is listed to the management account and
              to delegated administrators. The event history is each account's own.
            </Alert>
          )}
          <OrganizationTrails trails={trails ?? []} manages={manages} />
          {members && <Accounts accounts={members.accounts} management={organization.MasterAccountId} />}
          {members && (
            <DelegatedAdministrators
              administrators={members.administrators}
              accounts={members.accounts.filter((each) => each.Id !== organization.MasterAccountId)}
              manages={manages}
              onChange={asked.reload}
            />
          )}
        </SpaceBetween>
      )}
    </SpaceBetween>
  );
}

function General({ organization }: { organization: OrganizationFacts }) {
  return (
    <Container header={<Header variant="h2">General</Header>}>
      <KeyValuePairs
        columns={3}
        items={[
          { label: "ID", value: organization.Id },
          { label: "Management account", value: organization.MasterAccountId },
          { label: "Its e-mail address", value: organization.MasterAccountEmail },
          { label: "Features", value: organization.FeatureSet === "ALL" ? "All" : organization.FeatureSet },
          { label: "ARN", value: organization.Arn },
        ]}
      />
    </Container>
  );
}
