import Header from "@cloudscape-design/components/header";
import Input from "@cloudscape-design/components/input";
import Link from "@cloudscape-design/components/link";
import Pagination from "@cloudscape-design/components/pagination";
import Table from "@cloudscape-design/components/table";
import { useState } from "react";

import { Empty } from "../../app/Empty";
import { ErrorBox } from "../../app/ErrorBox";
import { JsonLink } from "../../app/JsonLink";
import { useAsync } from "../../app/useAsync";
import { metricPath, metrics, title, type Metric } from "./metric";

const PAGE = 20;

interface Props {
  region: string;
  /** Words that names and dimensions must have. */
  find: string;
  onFind: (find: string) => void;
  onChoose: (metric: Metric) => void;
}

/** All metrics of a Region, of which one is chosen. */
export function MetricTable({ region, find, onFind, onChoose }: Props) {
  const [page, setPage] = useState(1);
  const { data, error, loading } = useAsync((signal) => metrics(region, signal), region);
  const words = find.toLowerCase().split(/\s+/);
  const found = (data ?? []).filter((metric) => words.every((word) => title(metric).toLowerCase().includes(word)));
  return (
    <>
      <ErrorBox error={error} />
      <Table<Metric>
        items={found.slice((page - 1) * PAGE, page * PAGE)}
        trackBy={title}
        wrapLines
        loading={loading && !data}
        loadingText="Loading metrics"
        header={
          <Header
            variant="h2"
            info={<JsonLink to="/metrics.json" query={{ region }} />}
            counter={data && `(${found.length})`}
          >
            All metrics
          </Header>
        }
        filter={
          <Input
            type="search"
            ariaLabel="Find metrics"
            placeholder="Find by namespace, name or dimension"
            value={find}
            onChange={({ detail }) => {
              setPage(1);
              onFind(detail.value);
            }}
          />
        }
        pagination={
          <Pagination
            currentPageIndex={page}
            pagesCount={Math.max(1, Math.ceil(found.length / PAGE))}
            onChange={({ detail }) => setPage(detail.currentPageIndex)}
          />
        }
        columnDefinitions={[
          {
            id: "name",
            header: "Metric",
            isRowHeader: true,
            cell: (metric) => (
              <Link
                href={`/console${metricPath(region, metric)}`}
                onFollow={(event) => {
                  event.preventDefault();
                  onChoose(metric);
                  window.scrollTo({ top: 0 });
                }}
              >
                {metric.MetricName}
              </Link>
            ),
          },
          { id: "namespace", header: "Namespace", cell: (metric) => metric.Namespace },
          {
            id: "dimensions",
            header: "Dimensions",
            cell: ({ Dimensions = [] }) => Dimensions.map(({ Name, Value }) => `${Name}=${Value}`).join(", ") || "–",
          },
        ]}
        empty={
          data?.length ? (
            <Empty title="No metric has all these words." />
          ) : (
            <Empty
              title="There is no metric in this Region."
              hint="A metric filter makes one with its first match; publish one with"
              command="aws cloudwatch put-metric-data --namespace Shop --metric-name Orders --value 3"
            />
          )
        }
      />
    </>
  );
}
