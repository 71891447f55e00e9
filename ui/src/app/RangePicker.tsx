import DateRangePicker, { type DateRangePickerProps } from "@cloudscape-design/components/date-range-picker";

import { isoSeconds, seconds } from "../lib/time";

const UNITS = { m: "minute", h: "hour", d: "day", w: "week" } as const;
const OFFERED = ["30m", "1h", "3h", "12h", "1d", "7d", "30d"];

interface Props {
  /** `3h`, or an ISO time where `until` is one. */
  since: string;
  until: string;
  onChange: (since: string, until: string) => void;
}

/** A range of time, relative or absolute, as URLs have it. */
export function RangePicker({ since, until, onChange }: Props) {
  return (
    <DateRangePicker
      value={until ? { type: "absolute", startDate: since, endDate: until } : relative(since)}
      relativeOptions={OFFERED.map(relative)}
      isValidRange={valid}
      showClearButton={false}
      placeholder="Choose a range"
      i18nStrings={{ ariaLabel: "Range", todayAriaLabel: "Today" }}
      onChange={({ detail: { value } }) => {
        if (value?.type === "relative") onChange(`${value.amount}${value.unit[0]}`, "");
        if (value?.type === "absolute") onChange(iso(value.startDate), iso(value.endDate));
      }}
    />
  );
}

const iso = (time: string) => isoSeconds(Date.parse(time) / 1000);

function relative(range: string): DateRangePickerProps.RelativeOption {
  const unit = range.slice(-1) as keyof typeof UNITS;
  return { key: range, type: "relative", amount: Number(range.slice(0, -1)), unit: UNITS[unit] ?? "hour" };
}

function valid(value: DateRangePickerProps.Value | null): DateRangePickerProps.ValidationResult {
  const refused = (errorMessage: string) => ({ valid: false as const, errorMessage });
  if (value?.type === "absolute" && !(Date.parse(value.startDate) < Date.parse(value.endDate))) {
    return refused("The range has to end after it begins.");
  }
  if (value?.type === "relative" && !(value.unit[0]! in UNITS && seconds(`${value.amount}${value.unit[0]}`))) {
    return refused("Choose minutes, hours, days or weeks.");
  }
  return { valid: true };
}
