// A tag over the builds that are kept: coverage, and shares of its values or its middle.
import { useMemo } from "react";
import { Card } from "antd";
import { Chart } from "../../charts/Chart";
import { Answered, Nothing } from "../../parts";
import { useTexts } from "../../i18n";
import { common } from "../../i18n/common";
import { useFormats } from "../../i18n/format";
import { tags } from "../../i18n/tags";
import { useTitle, valueText } from "../tags/parts";
import type { useGet } from "../../api/hooks";
import type { History, TagPage } from "../tags/types";

interface Line { readonly name: string; readonly data: readonly (number | null)[] }

function Lines({ days, lines, format, whole = false, label }: { days: readonly string[]; lines: readonly Line[]; format: (value: number) => string; whole?: boolean; label: string }) {
  const option = useMemo(() => ({
    grid: { left: 8, right: 16, top: lines.length > 1 ? 34 : 12, bottom: 4, containLabel: true },
    legend: lines.length > 1 ? { top: 0, left: 0, type: "scroll" as const, itemHeight: 8 } : undefined,
    tooltip: { trigger: "axis" as const, valueFormatter: (v: unknown) => (typeof v === "number" ? format(v) : "–") },
    xAxis: { type: "category" as const, data: [...days], axisLabel: { hideOverlap: true } },
    yAxis: { type: "value" as const, ...(whole ? { min: 0, max: 1 } : { scale: true }), axisLabel: { formatter: format }, splitNumber: 4 },
    series: lines.map((one) => ({ type: "line" as const, name: one.name, data: [...one.data], symbolSize: 6 })),
  }), [days, lines, format]);
  return <Chart option={option} height={210} label={label} />;
}

function Trends({ of, page }: { of: History; page: TagPage }) {
  const t = useTexts(tags).page;
  const c = useTexts(common);
  const f = useFormats();
  const title = useTitle();
  const { unit, value_type: type } = page.card;
  const made = useMemo(() => {
    const words = { yes: c.yes, no: c.no, title };
    const titles = Object.fromEntries(of.values.flatMap((v) => (v.title ? [[v.value, v.title]] : [])));
    const own = type === "boolean" ? of.values.filter((v) => v.value.toLowerCase() === "true") : of.values;
    const middle = (key: string) => of.trend.map((point) => { const v = point.quantiles?.[key]; return typeof v === "number" ? v : null; });
    const numbers = of.trend.some((point) => typeof point.quantiles?.p50 === "number");
    return {
      days: of.trend.map((point) => f.time(point.built_at).slice(5)),
      coverage: [{ name: t.coverage, data: of.trend.map((point) => point.coverage) }],
      values: numbers
        ? [{ name: t.upper, data: middle("p75") }, { name: t.median2, data: middle("p50") }, { name: t.lower, data: middle("p25") }]
        : own.map((v) => ({ name: valueText(v.value, titles, unit, f, words), data: of.trend.map((point) => point.shares[of.values.indexOf(v)] ?? null) })),
      percent: (v: number) => f.percent(v, 0),
      share: (v: number) => f.percent(v),
      amount: (v: number) => (unit === "%" ? f.percent(v) : f.number(v, Math.abs(v) >= 100 ? 0 : 2)),
      numbers,
    };
  }, [of, unit, type, f, t, c, title]);
  const first = of.trend[0], last = of.trend[of.trend.length - 1];
  const second = made.numbers ? t.trendMiddle : t.trendShares;
  return (
    <div className="grid two">
      <div><h3 className="chart-title">{t.coverage}</h3><Lines days={made.days} lines={made.coverage} format={made.percent} whole label={`${t.coverage} ${f.percent(first?.coverage)} → ${f.percent(last?.coverage)}`} /></div>
      {made.values.length > 0 && <div><h3 className="chart-title">{second}</h3><Lines days={made.days} lines={made.values} format={made.numbers ? made.amount : made.share} label={`${second}: ${made.values.map((line) => line.name).join(", ")}`} /></div>}
    </div>
  );
}

export function TrendCard({ history, page }: { history: ReturnType<typeof useGet<History>>; page: TagPage }) {
  const t = useTexts(tags).page;
  const f = useFormats();
  return (
    <Card size="small" title={t.trend} extra={history.data && <span className="soft small">{t.trendNote(f.count(history.data.trend.length))}</span>}>
      <Answered of={history}>{(of) => (of.trend.length > 1 ? <Trends of={of} page={page} /> : <Nothing title={t.onePoint} />)}</Answered>
    </Card>
  );
}
