import Alert from "@cloudscape-design/components/alert";
import { Component, type ReactNode } from "react";

/** A page that fails leaves the others standing. */
export class Boundary extends Component<{ children: ReactNode }, { error: Error | null }> {
  override state: { error: Error | null } = { error: null };

  static getDerivedStateFromError(error: Error) {
    return { error };
  }

  override render() {
    if (!this.state.error) return this.props.children;
    return (
      <Alert type="error" header="This page failed">
        {this.state.error.message} Reload it; if it fails again, please report it.
      </Alert>
    );
  }
}
