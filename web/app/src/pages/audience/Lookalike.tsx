// Customers like those of the audience: asked for by a button, since a model is trained for it.
import { Alert, Button, Card, InputNumber, Select } from "antd";
import { useMemo, useState } from "react";
import { useAsk } from "../../api/hooks";
import { titleOf, useLanguage, useTexts } from "../../i18n";
import { audience } from "../../i18n/audience";
import { useFormats } from "../../i18n/format";
import { Chart } from "../../charts/Chart";
import { ErrorView, Figure } from "../../parts";
import type { Board } from "./types";

interface Point {
  readonly top: number;
  readonly customers: number;
  readonly reached: number;
  readonly lift: number;
  readonly low: number;
  readonly high: number;
  readonly baseline: number;
  readonly best: number;
  readonly asked: boolean;
}
interface Told {
  readonly as_of: string;
  readonly seed: { customers: number; held_out: number };
  readonly candidates: number;
  readonly size: number;
  readonly share: number;
  readonly curve: readonly Point[];
  readonly auc: { value: number; low: number; high: number };
  readonly baseline: { tag: string; title: unknown; auc: number };
  readonly drivers: readonly { tag: string; title: unknown; loss: number; text: unknown }[];
  readonly warnings: readonly { code: string; zh: string; en: string }[];
  readonly note: unknown;
  readonly seconds: number;
}

export default function Lookalike({ when, board }: { when: string; board: Board }) {
  const t = useTexts(audience);
  const language = useLanguage();
  const [share, setShare] = useState(5);
  const [model, setModel] = useState<"logistic" | "boosting">("logistic");
  const [exclude, setExclude] = useState<string | undefined>();
  const [asked, setAsked] = useState<object | null>(null);
  const found = useAsk<Told>("/query/lookalike", asked, { keep: false });
  return (
    <>
      <Card size="small">
        <p className="quiet" style={{ marginBlockStart: 0 }}>{t.lookAbout}</p>
        <div className="row">
          <label className="row"><span className="quiet">{t.lookShare}</span><InputNumber aria-label={t.lookSize} min={0.1} max={50} value={share} onChange={(v) => setShare(v ?? 5)} suffix="%" style={{ width: 100 }} /></label>
          <Select aria-label={t.exclude} placeholder={t.exclude} allowClear value={exclude} onChange={setExclude} style={{ width: 220 }} options={board.audiences.filter((a) => a.size !== null && a.name !== when).map((a) => ({ value: `in_audience('${a.name}')`, label: titleOf(a.title, a.name, language) }))} />
          <Select aria-label={t.model} value={model} onChange={setModel} style={{ width: 210 }} options={(["logistic", "boosting"] as const).map((m) => ({ value: m, label: t.models[m] }))} />
          <Button type="primary" loading={found.isFetching} onClick={() => setAsked({ seed: when, share: share / 100, model, ...(exclude ? { exclude } : {}) })}>{t.run}</Button>
        </div>
        {found.isFetching && <p className="quiet" role="status">{t.running}</p>}
      </Card>
      {found.error && <ErrorView error={found.error} />}
      {found.data && <Result data={found.data} />}
    </>
  );
}

function Result({ data }: { data: Told }) {
  const t = useTexts(audience);
  const f = useFormats();
  const language = useLanguage();
  const asked = data.curve.find((p) => p.asked);
  const option = useMemo(() => ({
    grid: { left: 4, right: 16, top: 36, bottom: 24, containLabel: true }, legend: { top: 0, left: 0, icon: "roundRect", itemWidth: 12, itemHeight: 8 },
    tooltip: { trigger: "axis", valueFormatter: (v: number) => f.number(v, 2) },
    xAxis: { type: "category", name: t.top, nameLocation: "middle", nameGap: 28, data: data.curve.map((p) => f.percent(p.top, 0)) }, yAxis: { type: "value", min: 0 },
    series: [
      { type: "line", name: t.lift, data: data.curve.map((p) => ({ value: p.lift, symbolSize: p.asked ? 12 : 6 })) },
      { type: "line", name: `${t.baseline} (${titleOf(data.baseline.title, data.baseline.tag, language)})`, lineStyle: { type: "dashed" }, data: data.curve.map((p) => p.baseline) },
      { type: "line", name: t.best, symbol: "none", lineStyle: { type: "dotted" }, data: data.curve.map((p) => p.best) },
      { type: "line", name: t.random, symbol: "none", lineStyle: { type: "dotted" }, data: data.curve.map(() => 1) },
    ],
  }), [data, language]);
  return (
    <>
      {data.warnings.map((w) => <Alert key={w.code} type="warning" showIcon title={language === "en" ? w.en : w.zh} />)}
      <div className="six">
        <Figure name={t.found} value={f.count(data.size)} note={`${f.percent(data.share)} / ${f.count(data.candidates)} · ${f.day(data.as_of)}`} />
        {asked && <Figure name={t.liftAt(f.percent(asked.top, 0))} value={`${f.number(asked.lift, 1)}×`} note={`${t.interval} ${f.number(asked.low, 1)} – ${f.number(asked.high, 1)}`} />}
        {asked && <Figure name={t.reached} value={f.percent(asked.reached)} note={t.baseNamed(f.count(data.seed.held_out))} />}
        <Figure name={t.auc} value={f.number(data.auc.value, 3)} note={`${f.number(data.auc.low, 3)} – ${f.number(data.auc.high, 3)} · ${t.baseline} ${f.number(data.baseline.auc, 3)}`} />
      </div>
      <div className="grid two">
        <Card title={<h3 className="card-title">{t.curve}</h3>}>
          <Chart option={option} height={300} label={`${t.curve}: ${data.curve.map((p) => `${f.percent(p.top, 0)} ${f.number(p.lift, 1)}`).join(", ")}`} />
        </Card>
        <Card title={<h3 className="card-title">{t.drivers}</h3>}>
          <dl className="audience-facts">{data.drivers.map((d, n) => <div key={n} style={{ display: "contents" }}><dt>{titleOf(d.title, d.tag, language)}</dt><dd>{titleOf(d.text, "", language)}</dd></div>)}</dl>
          <p className="quiet hint">{titleOf(data.note, "", language)}</p>
        </Card>
      </div>
    </>
  );
}
