// A number, amount or date over the audience, beside everyone.
import { Card } from "antd";
import { useMemo } from "react";
import { useSearchParams } from "react-router";
import { useAsk } from "../../api/hooks";
import { titleOf, useLanguage, useTexts } from "../../i18n";
import { audience } from "../../i18n/audience";
import { useFormats } from "../../i18n/format";
import { binRanges } from "../../charts/bins";
import { Chart } from "../../charts/Chart";
import { Answered, ErrorView, Figure, Nothing } from "../../parts";
import { FieldPicker } from "../../parts/condition/FieldRow";
import { useFields } from "../../parts/condition/fields";
import type { NumbersTold } from "./types";

const KINDS = new Set(["integer", "number", "money", "date", "datetime"]);

export default function Numbers({ when }: { when: string }) {
  const t = useTexts(audience);
  const fields = useFields();
  const [search, setSearch] = useSearchParams();
  const known = (fields.data?.fields ?? []).filter((x) => KINDS.has(x.type));
  const of = known.find((x) => x.name === search.get("of")) ?? known.find((x) => x.type === "money" && x.kind === "tag") ?? known[0];
  const found = useAsk<NumbersTold>("/query/numbers", of ? { when, of: of.name } : null);
  const put = (name: string) => {
    const next = new URLSearchParams(search);
    next.set("of", name);
    setSearch(next, { replace: true });
  };
  if (fields.error) return <ErrorView error={fields.error} />;
  return (
    <>
      <Card size="small"><div className="row"><span className="quiet">{t.pickNumber}</span><FieldPicker label={t.pickNumber} width={260} fields={known} value={of?.name} onPick={(x) => put(x.name)} /></div></Card>
      {of ? <Answered of={found}>{(data) => <Told data={data} />}</Answered> : <Nothing title={t.pickNumber} />}
    </>
  );
}

function Told({ data }: { data: NumbersTold }) {
  const t = useTexts(audience);
  const f = useFormats();
  const language = useLanguage();
  const isDay = data.of.value_type === "date" || data.of.value_type === "datetime";
  const show = (v: unknown) => (v === null || v === undefined ? "–" : isDay || typeof v === "string" ? f.day(String(v)) : f.number(Number(v), Math.abs(Number(v)) >= 100 ? 0 : 2));
  const name = titleOf(data.of.title, data.of.name, language);
  const option = useMemo(() => {
    const bars = data.histogram ?? [];
    const all = bars.reduce((sum, b) => sum + b[2], 0) || 1;
    const base = bars.reduce((sum, b) => sum + b[3], 0) || 1;
    return {
      grid: { left: 4, right: 12, top: 36, bottom: 4, containLabel: true }, legend: { top: 0, left: 0, icon: "roundRect", itemWidth: 12, itemHeight: 8 },
      tooltip: { trigger: "axis", valueFormatter: (v: number) => f.percent(v) },
      xAxis: { type: "category", data: binRanges(bars, data.base.min, data.base.max, data.of.value_type, show), axisLabel: { formatter: (text: string) => text.split(" – ")[0] ?? "", hideOverlap: true } },
      yAxis: { type: "value", axisLabel: { formatter: (v: number) => f.percent(v, 0) } },
      series: [
        { type: "bar", name: t.inAudience, barCategoryGap: "20%", data: bars.map((b) => b[2] / all) },
        { type: "line", name: t.inBase, step: "middle", symbol: "none", data: bars.map((b) => b[3] / base) },
      ],
    };
  }, [data, language]);
  return (
    <>
      <div className="six">
        <Figure name={`${name} · ${t.median}`} value={show(data.median)} note={`${t.inBase}: ${show(data.base.median)}`} />
        {!isDay && <Figure name={`${name} · ${t.mean}`} value={show(data.mean)} note={`${t.inBase}: ${show(data.base.mean)}`} />}
        {!isDay && <Figure name={t.total} value={show(data.total)} note={data.of.unit ?? undefined} />}
        {data.index && <Figure name={t.index} value={f.number(data.index.value, 1)} note={`${f.number(data.index.low, 1)} – ${f.number(data.index.high, 1)}`} />}
      </div>
      <div className="grid two">
        <Card title={<h3 className="card-title">{name} · {t.histogram}</h3>}>
          <div className="quiet small">{t.known(f.count(data.known))} · {t.missing(f.count(data.missing))} · {t.baseNamed(`${t.inBase} ${f.count(data.base.known)}`)} · {f.day(data.as_of)}</div>
          {data.histogram?.length ? <Chart option={option} height={280} label={`${name}: ${t.median} ${show(data.median)}, ${t.inBase} ${show(data.base.median)}`} /> : <Nothing title={t.missing(f.count(data.missing))} />}
        </Card>
        <Card title={<h3 className="card-title">{name} · {t.quantiles}</h3>}>
          <div className="scroll">
            <table className="plain">
              <thead><tr><th scope="col">{t.quantiles}</th><th scope="col">{t.inAudience}</th><th scope="col">{t.inBase}</th></tr></thead>
              <tbody>{Object.keys(data.percentiles).map((p) => <tr key={p}><td>{t.p(Number(p))}</td><td>{show(data.percentiles[p])}</td><td>{show(data.base.percentiles[p])}</td></tr>)}</tbody>
            </table>
          </div>
        </Card>
      </div>
    </>
  );
}
