import Button from "@cloudscape-design/components/button";
import { useState } from "react";
import { useNavigate } from "react-router";

import { ListPage } from "../../app/ListPage";
import { PageLink } from "../../app/PageLink";
import { useSettings } from "../../app/settings";
import { useAsync } from "../../app/useAsync";
import { useUrlState } from "../../app/useUrlState";
import { bytes } from "../../lib/numbers";
import { shown } from "../../lib/time";
import { CreateLogGroup } from "./CreateLogGroup";
import { groupPath, logGroups, retention, type LogGroup } from "./logs";

const USUAL = { name: "" };

export default function LogGroupList() {
  const { region, zone } = useSettings();
  const navigate = useNavigate();
  const [state, change] = useUrlState(USUAL);
  const [creating, setCreating] = useState(false);
  const asked = useAsync((signal) => logGroups(region, signal), region);
  const wanted = state.name.toLowerCase();
  const items = (asked.data ?? []).filter((group) => group.logGroupName.toLowerCase().includes(wanted));
  return (
    <>
      <ListPage<LogGroup>
        title="Log groups"
        description="A trail's log group gets its events within a second; agents and programs write here too."
        json={{ to: "/log-groups.json", query: { region } }}
        asked={asked}
        items={items}
        trackBy="logGroupName"
        name={state.name}
        onName={(name) => change({ name })}
        actions={
          <Button variant="primary" onClick={() => setCreating(true)}>
            Create log group
          </Button>
        }
        none={{
          title: "There is no log group in this Region.",
          command: "aws logs create-log-group --log-group-name CloudTrail/DefaultLogGroup",
        }}
        columns={[
          {
            id: "name",
            header: "Log group",
            isRowHeader: true,
            cell: ({ logGroupName: name }) => <PageLink to={groupPath(region, name)}>{name}</PageLink>,
          },
          { id: "retention", header: "Retention", cell: retention },
          { id: "filters", header: "Metric filters", cell: (group) => group.metricFilterCount ?? 0 },
          { id: "bytes", header: "Stored", cell: (group) => bytes(group.storedBytes ?? 0) },
          { id: "created", header: "Created", cell: (group) => shown(group.creationTime / 1000, zone) },
        ]}
      />
      {creating && (
        <CreateLogGroup
          region={region}
          onClose={() => setCreating(false)}
          onCreated={(name) => navigate(groupPath(region, name))}
        />
      )}
    </>
  );
}
