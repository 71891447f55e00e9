import Container from "@cloudscape-design/components/container";
import FormField from "@cloudscape-design/components/form-field";
import SpaceBetween from "@cloudscape-design/components/space-between";

import { CodeArea } from "../../app/CodeArea";
import { PageLink } from "../../app/PageLink";
import { useUrlState } from "../../app/useUrlState";
import { newFilterPath } from "../metric-filters/filters";
import { PatternTester } from "./PatternTester";

const USUAL = { pattern: "" };

/** A filter pattern to try, before it becomes a search or a metric filter. */
export function PatternPage({ region, group }: { region: string; group: string }) {
  const [{ pattern }, change] = useUrlState(USUAL);
  return (
    <SpaceBetween size="m">
      <Container>
        <SpaceBetween size="s">
          <FormField label="Filter pattern" stretch>
            <CodeArea
              name="pattern"
              rows={3}
              placeholder='{ ($.eventName = ConsoleLogin) && ($.errorMessage = "Failed authentication") }'
              value={pattern}
              onChange={(value) => change({ pattern: value })}
            />
          </FormField>
          <PageLink to={newFilterPath(region, group, pattern)}>Create a metric filter of it</PageLink>
        </SpaceBetween>
      </Container>
      <PatternTester region={region} group={group} pattern={pattern} />
    </SpaceBetween>
  );
}
