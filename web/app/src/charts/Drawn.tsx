import { useEffect, useRef } from "react";
import { BarChart, LineChart } from "echarts/charts";
import { AriaComponent, GridComponent, LegendComponent, MarkLineComponent, TitleComponent, TooltipComponent } from "echarts/components";
import { init, use, type ECharts } from "echarts/core";
import { LabelLayout } from "echarts/features";
import { SVGRenderer } from "echarts/renderers";
import { SERIES } from "../shell/theme";
import { useSettings } from "../shell/settings";
import type { ChartProps } from "./Chart";

use([BarChart, LineChart, AriaComponent, GridComponent, LegendComponent, MarkLineComponent, TitleComponent, TooltipComponent, LabelLayout, SVGRenderer]);

function look(dark: boolean, fontFamily: string) {
  const text = dark ? "rgba(255,255,255,0.85)" : "rgba(0,0,0,0.85)";
  const soft = dark ? "rgba(255,255,255,0.68)" : "rgba(0,0,0,0.62)";
  const line = dark ? "rgba(255,255,255,0.16)" : "rgba(0,0,0,0.12)";
  const axis = { axisLabel: { color: soft }, axisLine: { lineStyle: { color: line } }, axisTick: { show: false }, splitLine: { lineStyle: { color: line } }, nameTextStyle: { color: soft } };
  return {
    color: dark ? SERIES.dark : SERIES.light,
    textStyle: { color: text, fontFamily },
    categoryAxis: { ...axis, splitLine: { show: false } }, valueAxis: axis, timeAxis: axis, logAxis: axis,
    legend: { textStyle: { color: soft } },
    tooltip: { backgroundColor: dark ? "#262626" : "#ffffff", borderColor: line, textStyle: { color: text } },
    visualMap: { textStyle: { color: soft } },
    label: { color: text },
  };
}

export default function Drawn({ option, label, height = 260, onPick }: ChartProps) {
  const place = useRef<HTMLDivElement>(null);
  const chart = useRef<ECharts | null>(null);
  const pick = useRef(onPick);
  pick.current = onPick;
  const { dark } = useSettings();
  useEffect(() => {
    if (!place.current) return;
    const made = init(place.current, look(dark, getComputedStyle(place.current).fontFamily), { renderer: "svg" });
    chart.current = made;
    made.on("click", (event) => pick.current?.({ name: event.name, data: event.data, seriesName: event.seriesName, dataIndex: event.dataIndex }));
    const watch = new ResizeObserver(() => made.resize());
    watch.observe(place.current);
    return () => {
      watch.disconnect();
      made.dispose();
      chart.current = null;
    };
  }, [dark]);
  useEffect(() => {
    const still = matchMedia("(prefers-reduced-motion: reduce)").matches;
    chart.current?.setOption({ animation: !still, aria: { enabled: true, description: label }, ...option, tooltip: { renderMode: "richText", confine: true, ...(option.tooltip as object) } }, { notMerge: true });
  }, [option, label, dark]);
  return <div ref={place} role="img" aria-label={label} className="chart" style={{ height }} />;
}
