import Button from "@cloudscape-design/components/button";
import Header from "@cloudscape-design/components/header";
import Input from "@cloudscape-design/components/input";
import SpaceBetween from "@cloudscape-design/components/space-between";
import Table, { type TableProps } from "@cloudscape-design/components/table";
import type { ReactNode } from "react";

import { Empty } from "./Empty";
import { ErrorBox } from "./ErrorBox";
import { JsonLink } from "./JsonLink";
import type { Asked } from "./useAsync";

interface Props<T> {
  title: string;
  description: string;
  /** The same list as JSON. */
  json: { to: string; query: Record<string, string> };
  asked: Asked<T[]>;
  /** Those of `asked` that are looked for; all where it is not given. */
  items?: T[];
  trackBy: TableProps<T>["trackBy"];
  columns: TableProps.ColumnDefinition<T>[];
  /** What is typed to find some by name; undefined: nothing is. */
  name?: string;
  onName?: (name: string) => void;
  /** Further choices beside it. */
  filters?: ReactNode;
  /** Buttons that make one more. */
  actions: ReactNode;
  /** What an empty list says. */
  none: { title: string; command: string };
}

/** A page that is a list of what a Region has. */
export function ListPage<T>(props: Props<T>) {
  const { title, asked, name, onName } = props;
  const { data, error, loading } = asked;
  const items = props.items ?? data ?? [];
  const things = title.toLowerCase();
  return (
    <SpaceBetween size="m">
      <ErrorBox error={error} />
      <Table<T>
        variant="full-page"
        stickyHeader={false}
        wrapLines
        items={items}
        trackBy={props.trackBy}
        loading={loading && !data}
        loadingText={`Loading ${things}`}
        filter={
          onName && (
            <SpaceBetween size="xs" direction="horizontal">
              <Input
                type="search"
                ariaLabel={`Find ${things} by name`}
                placeholder="Find by name"
                value={name ?? ""}
                onChange={({ detail }) => onName(detail.value)}
              />
              {props.filters}
            </SpaceBetween>
          )
        }
        header={
          <Header
            variant="awsui-h1-sticky"
            info={<JsonLink {...props.json} />}
            counter={data && `(${items.length})`}
            description={props.description}
            actions={
              <SpaceBetween size="xs" direction="horizontal">
                <Button iconName="refresh" ariaLabel="Refresh" onClick={asked.reload} />
                {props.actions}
              </SpaceBetween>
            }
          >
            {title}
          </Header>
        }
        columnDefinitions={props.columns}
        empty={error ? <Empty title="They could not be listed." /> : <None found={Boolean(data?.length)} none={props.none} />}
      />
    </SpaceBetween>
  );
}

function None({ found, none }: { found: boolean; none: Props<unknown>["none"] }) {
  if (found) return <Empty title="There is none that you look for." />;
  return <Empty title={none.title} hint="Create one here, or with" command={none.command} />;
}
