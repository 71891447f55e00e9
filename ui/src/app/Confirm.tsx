import Box from "@cloudscape-design/components/box";
import Button from "@cloudscape-design/components/button";
import Modal, { type ModalProps } from "@cloudscape-design/components/modal";
import SpaceBetween from "@cloudscape-design/components/space-between";
import type { ReactNode } from "react";

import type { ApiError } from "../api/client";
import { ErrorBox } from "./ErrorBox";

interface Props {
  header: string;
  size?: ModalProps.Size;
  /** What the button says that does it. */
  verb: string;
  busy?: boolean;
  disabled?: boolean;
  error?: ApiError;
  onConfirm: () => void;
  onClose: () => void;
  children: ReactNode;
}

/** Asks before something is done, or for what it takes to do it. */
export function Confirm({ header, size, verb, busy, disabled, error, onConfirm, onClose, children }: Props) {
  return (
    <Modal
      visible
      header={header}
      size={size}
      onDismiss={onClose}
      footer={
        <Box float="right">
          <SpaceBetween size="xs" direction="horizontal">
            <Button variant="link" onClick={onClose}>
              Cancel
            </Button>
            <Button variant="primary" loading={busy} disabled={disabled} onClick={onConfirm}>
              {verb}
            </Button>
          </SpaceBetween>
        </Box>
      }
    >
      <SpaceBetween size="m">
        {children}
        <ErrorBox error={error} />
      </SpaceBetween>
    </Modal>
  );
}
