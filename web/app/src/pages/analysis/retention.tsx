// How many of those who first did something in a period came back later.
import { useMemo, useState } from "react";
import { Segmented } from "antd";
import { useAsk } from "../../api/hooks";
import { Chart } from "../../charts/Chart";
import { Section, tint } from "../../parts/heat";
import { useTexts } from "../../i18n";
import { useFormats } from "../../i18n/format";
import { analysis } from "../../i18n/analysis";
import { AnalysisPage, Ask, AudiencePicker, dated, EventPicker, Labelled, Nobody, NumberPicker, numberIn, readEvent, Result, useBaseOf, useQuestion, writeEvent, type Event, type Head, type Known } from "./parts";

type Unit = "day" | "week" | "month";
type Kind = "bounded" | "unbounded";
interface Cell { period: number; count: number | null; share: number | null; complete: boolean }
interface Told extends Head { unit: Unit; kind: Kind; periods: number; cohorts: { begin: string; end: string; size: number; cells: Cell[] }[]; mean: { period: number; count: number; size: number; share: number | null }[] }
interface Question { first: Event; again: Event; unit: Unit; kind: Kind; periods: number; cohorts: number; audience: string }

function Form({ known, question, ask, busy }: { known: Known; question: Question; ask: (question: Question) => void; busy: boolean }) {
  const t = useTexts(analysis);
  const [draft, setDraft] = useState(question);
  const change = (part: Partial<Question>) => setDraft((now) => ({ ...now, ...part }));
  return (
    <Ask onRun={() => ask(draft)} busy={busy}>
      <Labelled name={t.retention.first}><EventPicker known={known} name={t.retention.first} value={draft.first} onChange={(first) => change({ first })} /></Labelled>
      <Labelled name={t.retention.again}><EventPicker known={known} name={t.retention.again} value={draft.again} onChange={(again) => change({ again })} /></Labelled>
      <hr className="break" style={{ border: 0 }} />
      <Labelled name={t.retention.unit}><Segmented value={draft.unit} onChange={(unit) => change({ unit })} options={(["day", "week", "month"] as const).map((value) => ({ value, label: t.retention.units[value] }))} /></Labelled>
      <Labelled name={t.retention.kind}><Segmented value={draft.kind} onChange={(kind) => change({ kind })} options={(["bounded", "unbounded"] as const).map((value) => ({ value, label: t.retention.kinds[value] }))} /></Labelled>
      <NumberPicker name={t.retention.periods} value={draft.periods} least={1} most={60} onChange={(periods) => change({ periods })} />
      <NumberPicker name={t.retention.cohorts} value={draft.cohorts} least={1} most={120} onChange={(cohorts) => change({ cohorts })} />
      <AudiencePicker known={known} value={draft.audience} onChange={(audience) => change({ audience })} />
    </Ask>
  );
}

function Shown({ of, known }: { of: Told; known: Known }) {
  const t = useTexts(analysis);
  const f = useFormats();
  const base = useBaseOf();
  const period = (n: number) => t.retention.period(n, t.retention.units[of.unit]);
  const most = Math.max(...of.cohorts.flatMap((one) => one.cells.map((cell) => cell.share ?? 0)), 1e-9);
  const shares = of.mean.map((one) => one.share);
  const option = useMemo(() => ({
    grid: { left: 8, right: 24, top: 24, bottom: 4, containLabel: true }, xAxis: { type: "category", data: of.mean.map((one) => period(one.period)) },
    yAxis: { type: "value", min: 0, axisLabel: { formatter: (v: number) => f.percent(v, 0) } }, tooltip: { trigger: "axis", valueFormatter: (v: number | null) => f.percent(v) },
    series: [{ name: t.retention.mean, type: "line", data: shares, symbolSize: 6, areaStyle: { opacity: 0.12 }, label: { show: of.mean.length <= 12, formatter: ({ value }: { value: number }) => f.percent(value) } }],
  }), [of, f, t]);
  if (!of.cohorts.length) return <Nobody />;
  const name = (one: { begin: string; end: string }) => (of.unit === "month" ? one.begin.slice(0, 7) : of.unit === "day" ? one.begin : `${one.begin} – ${one.end.slice(5)}`);
  return (
    <>
      <Section title={t.retention.curve} base={`${base(of, known)} · ${t.retention[of.kind]} · ${t.retention.meanHint}`}>
        <Chart option={option} height={230} label={t.retention.label(period(1), f.percent(shares[0]))} />
      </Section>
      <Section title={t.retention.tableTitle} base={<>{base(of, known)} · {t.retention[of.kind]} · <span className="partial">{t.retention.partial}</span></>}>
        <div className="scroll" tabIndex={0} role="region" aria-label={t.retention.tableTitle}>
          <table className="heat">
            <thead><tr><th className="start" scope="col">{t.retention.cohort}</th><th scope="col">{t.retention.size}</th>{of.mean.map((one) => <th key={one.period} scope="col">{period(one.period)}</th>)}</tr></thead>
            <tbody>
              <tr>
                <th className="start" scope="row"><b>{t.retention.mean}</b></th><td><span>{f.count(of.cohorts.reduce((sum, one) => sum + one.size, 0))}</span></td>
                {of.mean.map((one) => <td key={one.period}><span><b>{f.percent(one.share)}</b></span></td>)}
              </tr>
              {of.cohorts.map((one) => (
                <tr key={one.begin}>
                  <th className="start" scope="row">{name(one)}</th><td><span>{f.count(one.size)}</span></td>
                  {one.cells.map((cell) => (
                    <td key={cell.period} style={cell.share === null ? { background: "none" } : tint(cell.share / most)} title={cell.complete || cell.count === null ? undefined : t.retention.partial}>
                      {cell.count !== null && <span><span className={cell.complete ? undefined : "partial"}>{f.percent(cell.share)}</span><small>{f.count(cell.count)}</small></span>}
                    </td>
                  ))}
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      </Section>
    </>
  );
}

function Asked({ known }: { known: Known }) {
  const [usual] = dated(known);
  const { question, key, ask } = useQuestion<Question>(
    (search) => ({
      first: readEvent(search.get("first") ?? usual.name), again: readEvent(search.get("return") ?? usual.name), unit: (["day", "week", "month"] as const).find((one) => one === search.get("unit")) ?? "month",
      kind: search.get("kind") === "unbounded" ? "unbounded" : "bounded", periods: numberIn(search, "periods", 6), cohorts: numberIn(search, "cohorts", 12), audience: search.get("audience") ?? "",
    }),
    (q) => ({ first: writeEvent(q.first), return: writeEvent(q.again), unit: q.unit, kind: q.kind, periods: q.periods, cohorts: q.cohorts, audience: q.audience }),
  );
  const { again, audience, ...rest } = question;
  const found = useAsk<Told>("/analysis/retention", { ...rest, return: again, audience: audience || null });
  return <><Form key={key} known={known} question={question} ask={ask} busy={found.isFetching} /><Result of={found}>{(told) => <Shown of={told} known={known} />}</Result></>;
}

export default function Retention() {
  const t = useTexts(analysis).retention;
  return <AnalysisPage title={t.title} about={t.about} needsEvents>{(known) => <Asked known={known} />}</AnalysisPage>;
}
