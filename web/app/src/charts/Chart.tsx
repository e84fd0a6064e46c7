// A chart, fetched when it is first shown. Give `option` as ECharts takes it, without colours: they come from the appearance.
import { lazy, Suspense } from "react";
import { Skeleton } from "antd";
import type { EChartsCoreOption } from "echarts/core";

const Plain = lazy(() => import("./Drawn"));
const Any = lazy(async () => {
  const [drawn] = await Promise.all([import("./Drawn"), import("./more")]);
  return drawn;
});

/** Whether an option is drawn with bars and lines alone, as most are. */
function isPlain(option: EChartsCoreOption): boolean {
  const series = [option.series].flat() as readonly ({ type?: string } | undefined)[];
  return !("visualMap" in option || "dataZoom" in option) && series.every((one) => one?.type === "bar" || one?.type === "line");
}

export interface ChartProps {
  readonly option: EChartsCoreOption;
  /** What the chart shows, in words, for people who don't see it. */
  readonly label: string;
  readonly height?: number;
  /** Called with the name and the data of what was clicked. */
  readonly onPick?: (picked: { name: string; data: unknown; seriesName?: string; dataIndex: number }) => void;
}

export function Chart(props: ChartProps) {
  const Drawn = isPlain(props.option) ? Plain : Any;
  return (
    <Suspense fallback={<Skeleton.Node active style={{ width: "100%", height: props.height ?? 260 }} />}>
      <Drawn {...props} />
    </Suspense>
  );
}
