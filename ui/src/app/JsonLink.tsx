import Link from "@cloudscape-design/components/link";

/** What a page shows, as JSON; `to` is behind `/console`. */
export function JsonLink({ to, query = {} }: { to: string; query?: Record<string, string> }) {
  const search = new URLSearchParams(query).toString();
  return (
    <Link variant="secondary" fontSize="body-s" external href={`/console${to}${search && `?${search}`}`}>
      View as JSON
    </Link>
  );
}
