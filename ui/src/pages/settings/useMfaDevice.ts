import { useCallback, useEffect, useRef, useState } from "react";

import { ApiError, aws } from "../../api/client";
import { useSettings } from "../../app/settings";

export interface MfaDevice {
  serial: string;
  secret: string;
  /** What a QR code holds for an authenticator. */
  uri: string;
}

interface Created {
  VirtualMFADevice: { SerialNumber: string; Base32StringSeed: string };
}

/** A new virtual MFA device, made once, not yet enabled. */
export function useMfaDevice(user: string, account: string, taken: string[]) {
  const { region } = useSettings();
  const [device, setDevice] = useState<MfaDevice>();
  const [error, setError] = useState<ApiError>();
  const begun = useRef(false);
  useEffect(() => {
    if (begun.current) return;
    begun.current = true;
    const name = freeName(user, taken);
    void create(name, region)
      .then(({ VirtualMFADevice: { SerialNumber, Base32StringSeed } }) => {
        const secret = atob(Base32StringSeed);
        setDevice({ serial: SerialNumber, secret, uri: uriOf(`${user}@${account}`, secret) });
      })
      .catch((caught: unknown) => {
        if (!(caught instanceof ApiError)) throw caught;
        setError(caught);
      });
  }, [user, account, region, taken]);
  const discard = useCallback(async () => {
    if (device) await aws("iam", "DeleteVirtualMFADevice", region, { SerialNumber: device.serial }).catch(() => undefined);
  }, [device, region]);
  return { device, error, discard };
}

/** Make a device. One of the name that was left half set up is made anew: its secret is shown only once. */
async function create(name: string, region: string): Promise<Created> {
  const input = { VirtualMFADeviceName: name };
  try {
    return await aws<Created>("iam", "CreateVirtualMFADevice", region, input);
  } catch (error) {
    if (!(error instanceof ApiError) || error.code !== "EntityAlreadyExists") throw error;
    const { VirtualMFADevices: unassigned } = await aws<{ VirtualMFADevices: { SerialNumber: string }[] }>(
      "iam",
      "ListVirtualMFADevices",
      region,
      { AssignmentStatus: "Unassigned" },
    );
    const left = unassigned.find(({ SerialNumber }) => SerialNumber.endsWith(`mfa/${name}`));
    if (!left) throw error;
    await aws("iam", "DeleteVirtualMFADevice", region, { SerialNumber: left.SerialNumber });
    return aws<Created>("iam", "CreateVirtualMFADevice", region, input);
  }
}

function freeName(user: string, taken: string[]): string {
  const names = new Set(taken.map((serial) => serial.split("/").at(-1)));
  for (let number = 1; ; number++) {
    const name = number === 1 ? user : `${user}-${number}`;
    if (!names.has(name)) return name;
  }
}

function uriOf(label: string, secret: string): string {
  return `otpauth://totp/Cairn:${encodeURIComponent(label)}?${new URLSearchParams({ secret, issuer: "Cairn" })}`;
}
