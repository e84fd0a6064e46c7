// How a tag is spread over the customers: values with bars, or classes of numbers with quantiles.
import { useMemo } from "react";
import { Card } from "antd";
import { binRanges } from "../../charts/bins";
import { Chart } from "../../charts/Chart";
import { useTexts } from "../../i18n";
import { common } from "../../i18n/common";
import { useFormats } from "../../i18n/format";
import { tags } from "../../i18n/tags";
import { rowsOf, useTitle, valueText } from "../tags/parts";
import type { Shape, Titles } from "../tags/types";

interface Spread { readonly shape: Shape; readonly known: number; readonly titles: Titles; readonly unit: string | null; readonly type: string | null; readonly height?: number }

function useWords() {
  const t = useTexts(common);
  const title = useTitle();
  return useMemo(() => ({ yes: t.yes, no: t.no, title }), [t, title]);
}

function Values({ shape, known, titles, unit }: Spread) {
  const t = useTexts(tags).page;
  const f = useFormats();
  const words = useWords();
  const rows = rowsOf(shape);
  const most = Math.max(...rows.map((row) => row.count), 1);
  const other = shape.other ?? 0;
  return (
    <div style={{ maxHeight: 420, overflow: "auto" }} tabIndex={0} role="group" aria-label={t.distribution}>
      <table className="share-table">
        <thead><tr><th scope="col">{t.value}</th><th scope="col" aria-hidden /><th scope="col" className="n">{t.customers}</th><th scope="col" className="n">{t.share}</th></tr></thead>
        <tbody>
          {rows.map(({ value, count }) => (
            <tr key={String(value)}>
              <td className="value" title={String(value)}>{valueText(value, titles, unit, f, words)}</td>
              <td className="bar"><span style={{ width: `${(count / most) * 100}%` }} /></td>
              <td className="n">{f.count(count)}</td>
              <td className="n">{f.percent(known ? count / known : null)}</td>
            </tr>
          ))}
          {other > 0 && <tr><td className="value">{t.other}</td><td /><td className="n">{f.count(other)}</td><td className="n">{f.percent(known ? other / known : null)}</td></tr>}
        </tbody>
      </table>
    </div>
  );
}

function Numbers({ shape, titles, unit, type, height = 240 }: Spread) {
  const t = useTexts(tags).page;
  const f = useFormats();
  const words = useWords();
  const show = (value: unknown) => valueText(value, titles, unit, f, words);
  const bins = shape.bins ?? [];
  const ranges = binRanges(bins, shape.min, shape.max, type, show);
  const option = useMemo(() => ({
    grid: { left: 8, right: 8, top: 12, bottom: 4, containLabel: true },
    xAxis: { type: "category" as const, data: bins.map((bin, at) => (ranges[at]?.startsWith("<") ? ranges[at] : show(bin[0]))), axisLabel: { hideOverlap: true } },
    yAxis: { type: "value" as const, axisLabel: { formatter: (v: number) => f.short(v) } },
    tooltip: { trigger: "axis" as const, formatter: (p: unknown) => { const at = (p as { dataIndex: number }[])[0]?.dataIndex ?? 0; const bin = bins[at]; return bin ? `${ranges[at]}\n${t.customers} ${f.count(bin[2])}` : ""; } },
    series: [{ type: "bar" as const, data: bins.map(([, , n]) => n), barCategoryGap: "8%" }],
  }), [shape, f, words]);
  const first = bins[0], last = bins[bins.length - 1];
  if (!first || !last) return null;
  const names: readonly [string, string][] = [["min", t.min], ["p5", "P5"], ["p25", "P25"], ["p50", "P50"], ["p75", "P75"], ["p95", "P95"], ["max", t.max]];
  return (
    <>
      <Chart option={option} height={height} label={`${t.distribution}: ${names.map(([key, name]) => `${name} ${show(shape[key])}`).join(", ")}`} />
      <div className="soft small">{t.histogram(show(first[0]), show(last[1]))}</div>
      <dl className="quantiles">{names.map(([key, name]) => <div key={key}><dt>{name}</dt><dd>{show(shape[key])}</dd></div>)}</dl>
    </>
  );
}

export function Spread(props: Spread) {
  return props.shape.kind === "values" ? <Values {...props} /> : <Numbers {...props} />;
}

export function DistributionCard(props: Spread) {
  const t = useTexts(tags).page;
  const f = useFormats();
  const note = props.type === "list" ? t.listNote : t.distributionNote;
  return <Card size="small" title={t.distribution} extra={<span className="soft small">{note(f.count(props.known))}</span>}><Spread {...props} /></Card>;
}
