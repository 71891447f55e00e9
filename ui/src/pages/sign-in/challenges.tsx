import FormField from "@cloudscape-design/components/form-field";
import Input from "@cloudscape-design/components/input";

import { ApiError } from "../../api/client";

/** What a sign-in may ask for beside the password. */
export type Challenge = "mfa" | "newPassword";

export const CHALLENGES: Partial<Record<string, Challenge>> = {
  MfaRequired: "mfa",
  PasswordResetRequired: "newPassword",
};

interface Props {
  challenge: Challenge;
  values: Record<string, string>;
  onChange: (name: string, value: string) => void;
}

export function ChallengeFields({ challenge, values, onChange }: Props) {
  if (challenge === "mfa") {
    return (
      <FormField label="MFA code" description="The six digits that your authenticator shows now.">
        <Input
          name="mfa"
          autoFocus
          inputMode="numeric"
          autoComplete="one-time-code"
          value={values.mfa ?? ""}
          onChange={({ detail }) => onChange("mfa", detail.value)}
        />
      </FormField>
    );
  }
  const fields = [
    { name: "newPassword", label: "New password", description: "Your password must be changed before you go on." },
    { name: "repeated", label: "New password again" },
  ];
  return fields.map(({ name, label, description }, index) => (
    <FormField key={name} label={label} description={description}>
      <Input
        name={name}
        type="password"
        autoFocus={index === 0}
        autoComplete="new-password"
        value={values[name] ?? ""}
        onChange={({ detail }) => onChange(name, detail.value)}
      />
    </FormField>
  ));
}

/** The new password, if it was given twice. */
export function repeated(values: Record<string, string>): string {
  const password = values.newPassword ?? "";
  if (password !== (values.repeated ?? "")) {
    throw new ApiError(0, "Passwords differ", "Give the new password twice.");
  }
  if (!password) throw new ApiError(0, "No password", "Choose a new password.");
  return password;
}
