import Box from "@cloudscape-design/components/box";
import Button from "@cloudscape-design/components/button";
import ColumnLayout from "@cloudscape-design/components/column-layout";
import CopyToClipboard from "@cloudscape-design/components/copy-to-clipboard";
import Header from "@cloudscape-design/components/header";
import Link from "@cloudscape-design/components/link";
import SpaceBetween from "@cloudscape-design/components/space-between";
import Spinner from "@cloudscape-design/components/spinner";
import SplitPanel from "@cloudscape-design/components/split-panel";

import { get } from "../../api/client";
import type { EventDetail } from "../../api/types";
import { ErrorBox } from "../../app/ErrorBox";
import { useAsync } from "../../app/useAsync";
import { visible } from "../../lib/visible";
import { ProofView } from "./ProofView";
import { RecordView } from "./RecordView";

interface Props {
  id: string;
  query: string;
  onQuery: (query: string) => void;
}

/** One event: what happened in a sentence, what it is related to, its proof, its record. */
export function EventPanel({ id, query, onQuery }: Props) {
  const { data, error, loading } = useAsync(
    (signal) => get<EventDetail>(`/events/${encodeURIComponent(id)}`, {}, signal),
    id,
  );
  return (
    <SplitPanel header={visible(data?.event.name ?? "Event")}>
      <SpaceBetween size="m">
        <ErrorBox error={error} />
        {loading && !data && <Spinner />}
        {data && (
          <SpaceBetween size="m">
            <Box variant="p" fontSize="heading-s">
              {visible(data.sentence)}
            </Box>
            <SpaceBetween size="xs" direction="horizontal">
              <Button href={`/console/events/${encodeURIComponent(id)}`} iconName="external" target="_blank">
                Page without JavaScript
              </Button>
              <CopyToClipboard
                textToCopy={`aws cloudtrail lookup-events --lookup-attributes AttributeKey=EventId,AttributeValue=${id}`}
                copyButtonText="Copy as aws cli"
                copySuccessText="Copied"
                copyErrorText="This browser does not let pages copy"
              />
            </SpaceBetween>
            <ColumnLayout columns={2}>
              <div>
                <Header variant="h3">Related</Header>
                {data.related.map((related) => (
                  <div key={related.reason}>
                    <Link
                      href="#"
                      onFollow={(event) => {
                        event.preventDefault();
                        onQuery(related.query);
                      }}
                    >
                      {related.reason}
                    </Link>{" "}
                    ({related.count.toLocaleString()})
                  </div>
                ))}
                {!data.related.length && "No other events share its key, session or request."}
              </div>
              <ProofView proof={data.proof} />
            </ColumnLayout>
            <RecordView record={data.event.record} query={query} onQuery={onQuery} />
          </SpaceBetween>
        )}
      </SpaceBetween>
    </SplitPanel>
  );
}
