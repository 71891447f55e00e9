import Textarea from "@cloudscape-design/components/textarea";

interface Props {
  name: string;
  rows: number;
  value: string;
  placeholder?: string;
  onChange: (value: string) => void;
  onBlur?: () => void;
}

/** Many lines of JSON, a pattern or a record, which nobody spells for the person. */
export function CodeArea({ name, rows, value, placeholder, onChange, onBlur }: Props) {
  return (
    <div className="cairn-code">
      <Textarea
        name={name}
        rows={rows}
        spellcheck={false}
        placeholder={placeholder}
        value={value}
        onChange={({ detail }) => onChange(detail.value)}
        onBlur={onBlur}
      />
    </div>
  );
}
