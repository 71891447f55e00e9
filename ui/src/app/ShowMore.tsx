import Box from "@cloudscape-design/components/box";
import Button from "@cloudscape-design/components/button";

/** At the end of a list that has more. */
export function ShowMore({ busy, onMore }: { busy: boolean; onMore: () => void }) {
  return (
    <Box textAlign="center">
      <Button loading={busy} onClick={onMore}>
        Show more
      </Button>
    </Box>
  );
}
