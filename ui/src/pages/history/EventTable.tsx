import Box from "@cloudscape-design/components/box";
import Button from "@cloudscape-design/components/button";
import CollectionPreferences from "@cloudscape-design/components/collection-preferences";
import Header from "@cloudscape-design/components/header";
import Table from "@cloudscape-design/components/table";

import type { EventRow } from "../../api/types";
import { useSettings } from "../../app/settings";
import { columns } from "./columns";
import { COMPARED_MAX, isChosen } from "./selection";

const SELECTION = {
  selectionGroupLabel: "Events to compare",
  allItemsSelectionLabel: () => "Choose all events",
  itemSelectionLabel: (_: unknown, event: EventRow) => `Choose ${event.name} of ${event.time}`,
};

interface Props {
  events: EventRow[];
  /** How many there are, in words. */
  total: string | undefined;
  loading: boolean;
  selected: EventRow[];
  onSelect: (events: EventRow[]) => void;
  onRow: (index: number) => void;
  onOpen: (event: EventRow) => void;
  /** Undefined where there are no more. */
  onMore: (() => void) | undefined;
}

/** What a search found, in the columns of one's choice; up to five are chosen to be compared. */
export function EventTable({ events, total, loading, selected, onSelect, onRow, onOpen, onMore }: Props) {
  const { zone, visible, setVisible } = useSettings();
  const all = columns(zone, onOpen);
  return (
    <Table<EventRow>
      variant="container"
      contentDensity="compact"
      trackBy="id"
      items={events}
      loading={loading}
      loadingText="Searching"
      selectionType="multi"
      ariaLabels={SELECTION}
      selectedItems={selected}
      isItemDisabled={(event) => selected.length >= COMPARED_MAX && !isChosen(selected, event)}
      onSelectionChange={({ detail }) => onSelect(detail.selectedItems.slice(0, COMPARED_MAX))}
      onRowClick={({ detail }) => onRow(detail.rowIndex)}
      columnDefinitions={all}
      columnDisplay={all.map(({ id }) => ({ id: id as string, visible: visible.includes(id as string) }))}
      header={<Header counter={total && `(${total})`}>Events</Header>}
      preferences={
        <CollectionPreferences
          title="Columns"
          preferences={{ visibleContent: visible }}
          onConfirm={({ detail }) => setVisible(detail.visibleContent ?? visible)}
          visibleContentPreference={{
            title: "Shown",
            options: [
              {
                label: "Event",
                options: all.map((column) => ({
                  id: column.id as string,
                  label: String(column.header),
                  editable: column.id !== "name",
                })),
              },
            ],
          }}
        />
      }
      empty={
        <Box textAlign="center" color="inherit">
          <b>Nothing was found in this range.</b>
          <Box variant="p">Any call that changes something appears here: try</Box>
          <Box variant="code">aws s3api create-bucket --bucket my-first-bucket</Box>
        </Box>
      }
      footer={
        onMore && (
          <Box textAlign="center">
            <Button onClick={onMore}>Show more</Button>
          </Box>
        )
      }
    />
  );
}
