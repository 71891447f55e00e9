import KeyValuePairs from "@cloudscape-design/components/key-value-pairs";
import Modal from "@cloudscape-design/components/modal";

const KEYS = {
  "/": "Search",
  "j, k": "Next and previous event",
  Enter: "Open the event",
  c: "Compare the ticked events",
  l: "Live, or not",
  u: "UTC or local time",
  "?": "This help",
};

export function KeysHelp({ onClose }: { onClose: () => void }) {
  return (
    <Modal visible header="Keys" onDismiss={onClose}>
      <KeyValuePairs columns={2} items={Object.entries(KEYS).map(([label, value]) => ({ label, value }))} />
    </Modal>
  );
}
