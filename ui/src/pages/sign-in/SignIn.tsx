import Alert from "@cloudscape-design/components/alert";
import Box from "@cloudscape-design/components/box";
import Button from "@cloudscape-design/components/button";
import Container from "@cloudscape-design/components/container";
import Form from "@cloudscape-design/components/form";
import FormField from "@cloudscape-design/components/form-field";
import Header from "@cloudscape-design/components/header";
import Input from "@cloudscape-design/components/input";
import SegmentedControl from "@cloudscape-design/components/segmented-control";
import SpaceBetween from "@cloudscape-design/components/space-between";
import { useState, type FormEvent } from "react";
import { useNavigate, useSearchParams } from "react-router";

import { ApiError, post } from "../../api/client";
import { useSession } from "../../app/session";
import { ChallengeFields, CHALLENGES, repeated, type Challenge } from "./challenges";

type Way = "user" | "root" | "keys";

interface Field {
  name: string;
  label: string;
  type?: "text" | "password";
  autoComplete?: string;
}

const FIELDS: Record<Way, Field[]> = {
  user: [
    { name: "account", label: "Account ID", autoComplete: "organization" },
    { name: "user", label: "User name", autoComplete: "username" },
    { name: "password", label: "Password", type: "password", autoComplete: "current-password" },
  ],
  root: [
    { name: "account", label: "Account ID", autoComplete: "organization" },
    { name: "password", label: "Secret access key of the administrator, as `cairn up` prints it", type: "password" },
  ],
  keys: [
    { name: "accessKeyId", label: "Access key ID", autoComplete: "username" },
    { name: "secretAccessKey", label: "Secret access key", type: "password", autoComplete: "current-password" },
    { name: "sessionToken", label: "Session token, if it has one", type: "password" },
  ],
};

/** An event as a page of the server's own, which is none of these pages. */
const EVENT_PAGE = /^\/events\/[^/?#]+$/;

export default function SignIn() {
  const [way, setWay] = useState<Way>("user");
  const [values, setValues] = useState<Record<string, string>>({});
  const [needs, setNeeds] = useState<readonly Challenge[]>([]);
  const [error, setError] = useState<ApiError | null>(null);
  const [busy, setBusy] = useState(false);
  const { refresh } = useSession();
  const navigate = useNavigate();
  const [search] = useSearchParams();

  function goOn(then: string) {
    if (EVENT_PAGE.test(then)) window.location.replace(`/console${then}`);
    else navigate(then, { replace: true });
  }

  async function submit(event: FormEvent) {
    event.preventDefault();
    setBusy(true);
    setError(null);
    try {
      const given = FIELDS[way].map(({ name }) => [name, (values[name] ?? "").trim()]).filter(([, value]) => value);
      const body = Object.fromEntries(given) as Record<string, unknown>;
      if (way === "root") body.root = true;
      if (needs.includes("mfa")) body.mfa = (values.mfa ?? "").trim();
      if (needs.includes("newPassword")) body.newPassword = repeated(values);
      await post("/session", body);
      await refresh();
      goOn(search.get("then") ?? "/");
    } catch (caught) {
      const told = caught instanceof ApiError ? caught : new ApiError(0, "Unreachable", "The server does not answer.");
      const challenge = CHALLENGES[told.code];
      if (challenge) setNeeds([...needs.filter((each) => each !== challenge), challenge]);
      else setError(told);
    } finally {
      setBusy(false);
    }
  }

  return (
    <main className="cairn-signin">
      <SpaceBetween size="l">
        <Box textAlign="center">
          <img src="/console/cairn.svg" alt="" />
        </Box>
        <form onSubmit={(event) => void submit(event)}>
          <Form actions={<Button variant="primary" formAction="submit" loading={busy}>Sign in</Button>}>
            <Container header={<Header variant="h1">Sign in to Cairn</Header>}>
              <SpaceBetween size="m">
                <SegmentedControl
                  label="Sign in as"
                  selectedId={way}
                  onChange={({ detail }) => {
                    setWay(detail.selectedId as Way);
                    setNeeds([]);
                    setError(null);
                  }}
                  options={[
                    { id: "user", text: "IAM user" },
                    { id: "root", text: "Root" },
                    { id: "keys", text: "Access key" },
                  ]}
                />
                {FIELDS[way].map(({ name, label, type, autoComplete }) => (
                  <FormField key={`${way} ${name}`} label={label}>
                    <Input
                      name={name}
                      type={type ?? "text"}
                      autoComplete={autoComplete ?? "off"}
                      value={values[name] ?? ""}
                      onChange={({ detail }) => setValues({ ...values, [name]: detail.value })}
                    />
                  </FormField>
                ))}
                {needs.map((challenge) => (
                  <ChallengeFields
                    key={challenge}
                    challenge={challenge}
                    values={values}
                    onChange={(name, value) => setValues({ ...values, [name]: value })}
                  />
                ))}
                {error && (
                  <Alert type="error" header={error.code === "SignInFailed" ? "Sign-in failed" : error.code}>
                    {error.message} {error.advice}
                  </Alert>
                )}
              </SpaceBetween>
            </Container>
          </Form>
        </form>
        <Box textAlign="center" color="text-body-secondary" fontSize="body-s">
          Cairn is not affiliated with Amazon Web Services.
        </Box>
      </SpaceBetween>
    </main>
  );
}
