import Box from "@cloudscape-design/components/box";
import Button from "@cloudscape-design/components/button";
import Header from "@cloudscape-design/components/header";
import SpaceBetween from "@cloudscape-design/components/space-between";
import Table from "@cloudscape-design/components/table";
import { useState } from "react";

import { Confirm } from "../../app/Confirm";
import { Empty } from "../../app/Empty";
import { ErrorBox } from "../../app/ErrorBox";
import { useAction } from "../../app/useAction";
import { useAsync } from "../../app/useAsync";
import { pretty } from "../../lib/json";
import { duration, plural } from "../../lib/numbers";
import { removeTargets, targets, type Rule, type Target } from "./rule";
import { TargetForm } from "./TargetForm";

/** Who is handed a rule's events, and in which form. */
export function Targets({ region, rule }: { region: string; rule: Rule }) {
  /** The target that is edited; "new" for one to come. */
  const [editing, setEditing] = useState<Target | "new">();
  const [removing, setRemoving] = useState<Target>();
  const { run, busy, error } = useAction();
  const { data, error: refused, loading, reload } = useAsync(
    (signal) => targets(region, rule, signal),
    `${region} ${rule.Arn}`,
  );

  async function remove(target: Target) {
    if (!(await run(() => removeTargets(region, rule, [target.Id])))) return;
    setRemoving(undefined);
    reload();
  }

  return (
    <>
      <ErrorBox error={refused} />
      <Table<Target>
        items={data ?? []}
        trackBy="Id"
        wrapLines
        loading={loading && !data}
        loadingText="Loading targets"
        header={
          <Header
            variant="h2"
            counter={data && `(${data.length})`}
            actions={
              <SpaceBetween size="xs" direction="horizontal">
                <Button iconName="refresh" ariaLabel="Refresh targets" onClick={reload} />
                <Button onClick={() => setEditing("new")}>Add target</Button>
              </SpaceBetween>
            }
          >
            Targets
          </Header>
        }
        columnDefinitions={[
          { id: "id", header: "Id", isRowHeader: true, cell: (target) => target.Id },
          { id: "arn", header: "ARN", minWidth: 220, cell: (target) => target.Arn },
          { id: "input", header: "Is sent", minWidth: 180, cell: (target) => <Sent target={target} /> },
          { id: "dead", header: "Dead-letter queue", minWidth: 180, cell: ({ DeadLetterConfig: dead }) => dead?.Arn ?? "–" },
          { id: "role", header: "Role", cell: (target) => target.RoleArn ?? "–" },
          { id: "retries", header: "Tried again", minWidth: 130, cell: ({ RetryPolicy }) => retries(RetryPolicy) },
          {
            id: "actions",
            header: "Actions",
            minWidth: 110,
            cell: (target) => (
              <SpaceBetween size="xs" direction="horizontal">
                <Button
                  variant="inline-icon"
                  iconName="edit"
                  ariaLabel={`Edit ${target.Id}`}
                  onClick={() => setEditing(target)}
                />
                <Button
                  variant="inline-icon"
                  iconName="remove"
                  ariaLabel={`Remove ${target.Id}`}
                  onClick={() => setRemoving(target)}
                />
              </SpaceBetween>
            ),
          },
        ]}
        empty={
          <Empty
            title="This rule has no target: what it matches is handed to nobody."
            hint="Add one here, or with"
            command={`aws events put-targets --rule ${rule.Name} --event-bus-name ${rule.EventBusName} --targets Id=queue,Arn=QUEUE-ARN`}
          />
        }
      />
      {editing && (
        <TargetForm
          region={region}
          rule={rule}
          before={editing === "new" ? undefined : editing}
          onClose={() => setEditing(undefined)}
          onPut={() => {
            setEditing(undefined);
            reload();
          }}
        />
      )}
      {removing && (
        <Confirm
          header={`Remove ${removing.Id}?`}
          verb="Remove"
          busy={busy}
          error={error}
          onClose={() => setRemoving(undefined)}
          onConfirm={() => void remove(removing)}
        >
          {removing.Arn} is handed nothing more. What waits for it is tried once more.
        </Confirm>
      )}
    </>
  );
}

function retries(policy: Target["RetryPolicy"]): string {
  const { MaximumRetryAttempts: most = 185, MaximumEventAgeInSeconds: age = 86400 } = policy ?? {};
  return `${plural(most, "time")}, for ${duration(age)}`;
}

function Sent({ target: { Input, InputPath, InputTransformer } }: { target: Target }) {
  if (Input !== undefined) return <Box variant="code">{pretty(Input)}</Box>;
  if (InputPath !== undefined) return <Box variant="code">{InputPath}</Box>;
  if (InputTransformer) return <Box variant="code">{InputTransformer.InputTemplate}</Box>;
  return <>the event</>;
}
