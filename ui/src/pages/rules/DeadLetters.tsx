import Box from "@cloudscape-design/components/box";
import Button from "@cloudscape-design/components/button";
import Header from "@cloudscape-design/components/header";
import Table from "@cloudscape-design/components/table";
import { useState } from "react";

import { aws } from "../../api/client";
import { Empty } from "../../app/Empty";
import { ErrorBox } from "../../app/ErrorBox";
import { useAction } from "../../app/useAction";

interface Message {
  MessageId: string;
  Body: string;
  MessageAttributes?: Record<string, { StringValue?: string }>;
}

/** What a dead-letter queue holds, looked at when it is asked for: looking counts as receiving. */
export function DeadLetters({ region, arn }: { region: string; arn: string }) {
  const [found, setFound] = useState<Message[]>();
  const { run, busy, error } = useAction();
  const look = () => run(async () => setFound(await letters(region, arn)));
  return (
    <>
      <ErrorBox error={error} />
      <Table<Message>
        items={found ?? []}
        trackBy="MessageId"
        wrapLines
        header={
          <Header
            variant="h2"
            description={arn}
            actions={
              <Button loading={busy} onClick={() => void look()}>
                Look into the queue
              </Button>
            }
          >
            Dead-letter queue
          </Header>
        }
        columnDefinitions={[
          { id: "code", header: "Error", isRowHeader: true, cell: (letter) => attribute(letter, "ERROR_CODE") },
          { id: "told", header: "What was said", minWidth: 220, cell: (letter) => attribute(letter, "ERROR_MESSAGE") },
          { id: "target", header: "Target", minWidth: 160, cell: (letter) => attribute(letter, "TARGET_ARN") },
          { id: "tried", header: "Tried again", minWidth: 90, cell: (letter) => attribute(letter, "RETRY_ATTEMPTS") },
          {
            id: "event",
            header: "Event",
            minWidth: 220,
            cell: ({ Body }) => <span className="cairn-message">{Body.slice(0, 300)}</span>,
          },
        ]}
        empty={
          found ? (
            <Empty title="The queue has no message now." />
          ) : (
            <Box textAlign="center">Messages stay in the queue; each look counts as a receive.</Box>
          )
        }
      />
    </>
  );
}

function attribute({ MessageAttributes = {} }: Message, name: string): string {
  return MessageAttributes[name]?.StringValue ?? "–";
}

async function letters(region: string, arn: string): Promise<Message[]> {
  const [, , , , QueueOwnerAWSAccountId, QueueName] = arn.split(":");
  const { QueueUrl } = await aws<{ QueueUrl: string }>("sqs", "GetQueueUrl", region, { QueueName, QueueOwnerAWSAccountId });
  const { Messages = [] } = await aws<{ Messages?: Message[] }>("sqs", "ReceiveMessage", region, {
    QueueUrl,
    MaxNumberOfMessages: 10,
    VisibilityTimeout: 0,
    MessageAttributeNames: ["All"],
  });
  return Messages;
}
