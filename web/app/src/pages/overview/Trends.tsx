// Revenue, orders, active and new customers month by month.
import { useMemo } from "react";
import { Chart } from "../../charts/Chart";
import { Section } from "../../parts/heat";
import { useTexts } from "../../i18n";
import { useFormats } from "../../i18n/format";
import { overview } from "../../i18n/overview";
import { Lacking } from "./Standing";
import type { Month, Overview } from "./types";

function axes(months: Month[]) {
  return { type: "category" as const, data: months.map((one) => one.month), axisLabel: { hideOverlap: true } };
}

export function Trends({ of }: { of: Overview }) {
  const t = useTexts(overview);
  const f = useFormats();
  const trends = of.trends;
  const months = trends?.months ?? [];
  const unit = trends?.unit ?? of.project.currency ?? "";
  const grid = { left: 8, right: 8, top: 44, bottom: 4, containLabel: true };
  const money = useMemo(() => ({
    grid, legend: { top: 4, left: 4, itemGap: 24 }, tooltip: { trigger: "axis", valueFormatter: (v: number) => f.count(v) }, xAxis: axes(months),
    yAxis: [
      { type: "value", axisLabel: { formatter: (v: number) => f.short(v) } },
      { type: "value", axisLabel: { formatter: (v: number) => f.short(v) }, splitLine: { show: false } },
    ],
    series: [
      ...(trends?.revenue_field ? [{ name: t.revenueName(unit), type: "bar", data: months.map((m) => ({ value: m.revenue, itemStyle: m.partial ? { opacity: 0.45 } : undefined })), barMaxWidth: 22 }] : []),
      { name: t.orders, type: "line", yAxisIndex: trends?.revenue_field ? 1 : 0, data: months.map((m) => m.orders), symbolSize: 5 },
    ],
  }), [months, f, t, unit, trends?.revenue_field]);
  const people = useMemo(() => ({
    grid, legend: { top: 4, left: 4, itemGap: 24 }, tooltip: { trigger: "axis", valueFormatter: (v: number) => f.count(v) }, xAxis: axes(months),
    yAxis: { type: "value", axisLabel: { formatter: (v: number) => f.short(v) } },
    series: [
      { name: t.activeLine, type: "line", data: months.map((m) => m.active), symbolSize: 5 },
      ...(trends?.orders_source ? [{ name: t.buyers, type: "line", data: months.map((m) => m.buyers), symbol: "rect", symbolSize: 5 }] : []),
      { name: t.newLine, type: "line", data: months.map((m) => m.new), symbol: "triangle", symbolSize: 6, lineStyle: { type: "dashed" } },
    ],
  }), [months, f, t, trends?.orders_source]);
  if (!trends) return <Section title={t.trends}><Lacking part="activity" /></Section>;
  const partial = months.at(-1)?.partial ? ` · ${t.partial}` : "";
  const last = months.filter((m) => !m.partial).at(-1);
  const base = `${t.allCustomers(f.day(of.as_of))}${partial}`;
  return (
    <div className="overview-two">
      {trends.orders_source && (
        <Section title={t.revenue} base={base}>
          <Chart option={money} height={250} label={`${t.revenue} · ${last?.month}: ${f.count(last?.revenue)} ${unit}, ${f.count(last?.orders)}`} />
        </Section>
      )}
      <Section title={t.people} base={base}>
        <Chart option={people} height={250} label={`${t.people} · ${last?.month}: ${f.count(last?.active)}, ${f.count(last?.new)}`} />
      </Section>
    </div>
  );
}
