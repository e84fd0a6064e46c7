// How a tag or a measure spreads over an audience, beside a base.
import { useMemo, useState } from "react";
import { Segmented, Select, Table, Tooltip } from "antd";
import { QuestionCircleOutlined } from "../../icons";
import { useAsk } from "../../api/hooks";
import { Chart } from "../../charts/Chart";
import { Section, tint } from "../../parts/heat";
import { titleOf, useLanguage, useTexts } from "../../i18n";
import { useFormats } from "../../i18n/format";
import { analysis } from "../../i18n/analysis";
import { AnalysisPage, Ask, AudiencePicker, CATEGORIES, dated, EventPicker, Labelled, Nobody, NumberPicker, NUMBERS, numberIn, readEvent, Result, TagPicker, useBaseOf, useQuestion, useTagOptions, useValue, writeEvent, type Event, type Head, type Known } from "./parts";

const FUNCTIONS = ["count", "days", "distinct", "sum", "mean", "min", "max"] as const;
type Function = (typeof FUNCTIONS)[number];
interface Measure { event: Event; function: Function; field?: string; days?: number }
interface Question { kind: "tag" | "measure"; tag: string; measure: Measure; base: string; bins: number; audience: string }
interface Bin { low: number | string; high: number | string; count: number; share: number | null; base_count: number; base_share: number | null }
type Figures = { known: number; missing: number } & Record<"mean" | "p5" | "p25" | "p50" | "p75" | "p95" | "min" | "max", number | string | null>;
interface Value { value: unknown; title: unknown; count: number; share: number | null; base_count: number; base_share: number | null; tgi: number | null; tgi_low: number | null; tgi_high: number | null }
interface Told extends Head {
  of: { name?: string; title: unknown; unit?: string | null; source?: string; function?: Function; field?: string | null; days?: number | null }; kind: "numbers" | "dates" | "values";
  base: { condition: string | null; customers: number }; bins: Bin[] | null; figures: Figures | null; base_figures: Figures | null; distance: number | null;
  tag: { known: number; missing: number; values: Value[] } | null;
}

function Form({ known, question, ask, busy }: { known: Known; question: Question; ask: (question: Question) => void; busy: boolean }) {
  const t = useTexts(analysis);
  const [draft, setDraft] = useState(question);
  const change = (part: Partial<Question>) => setDraft((now) => ({ ...now, ...part }));
  const measure = (part: Partial<Measure>) => change({ measure: { ...draft.measure, ...part } });
  const counted = draft.measure.function === "count" || draft.measure.function === "days";
  const fields = known.sources.find((one) => one.name === draft.measure.event.source)?.fields.filter((one) => draft.measure.function === "distinct" || ["integer", "number", "money"].includes(one.type)) ?? [];
  const ready = draft.kind === "tag" ? Boolean(draft.tag) : counted || Boolean(draft.measure.field);
  return (
    <Ask onRun={() => ask(draft)} busy={busy} disabled={!ready}>
      <Labelled name={t.distribution.of}><Segmented value={draft.kind} onChange={(kind) => change({ kind })} options={(["tag", "measure"] as const).map((value) => ({ value, label: t.distribution.kinds[value] }))} /></Labelled>
      {draft.kind === "tag"
        ? <TagPicker known={known} types={[...NUMBERS, ...CATEGORIES]} name={t.tag} value={draft.tag} onChange={(tag) => change({ tag: tag ?? "" })} />
        : (
          <>
            <Labelled name={t.source}><EventPicker known={known} name={t.source} value={draft.measure.event} onChange={(event) => measure({ event, field: undefined })} /></Labelled>
            <Labelled name={t.distribution.function}><Select aria-label={t.distribution.function} style={{ width: 100 }} value={draft.measure.function} onChange={(one: Function) => measure({ function: one, field: undefined })} options={FUNCTIONS.map((value) => ({ value, label: t.distribution.functions[value] }))} /></Labelled>
            {!counted && <Labelled name={t.distribution.field}><Select aria-label={t.distribution.field} style={{ width: 150 }} value={draft.measure.field} placeholder={t.choose} onChange={(field: string) => measure({ field })} options={fields.map((one) => ({ value: one.name, label: one.name }))} /></Labelled>}
            <Labelled name={t.distribution.last}><Select aria-label={t.distribution.last} style={{ width: 110 }} value={draft.measure.days ?? 0} onChange={(days: number) => measure({ days: days || undefined })} options={[0, 7, 30, 90, 180, 365].map((value) => ({ value, label: value ? `${value} ${t.days}` : t.distribution.ever }))} /></Labelled>
          </>
        )}
      <hr className="break" style={{ border: 0 }} />
      <AudiencePicker known={known} value={draft.audience} onChange={(audience) => change({ audience })} />
      <AudiencePicker known={known} name={t.distribution.base} value={draft.base} onChange={(base) => change({ base })} />
      <NumberPicker name={t.distribution.bins} value={draft.bins} least={2} most={60} onChange={(bins) => change({ bins })} />
    </Ask>
  );
}

function useNames(of: Told, known: Known) {
  const t = useTexts(analysis);
  const language = useLanguage();
  const named = (text: string | null) => {
    const one = known.audiences.find((each) => each.name === text);
    return one ? titleOf(one.title, one.name, language) : text || t.everyone;
  };
  const mine = named(of.audience);
  const theirs = named(of.base.condition);
  return { mine, theirs: theirs === mine ? `${theirs} ` : theirs, alone: (of.audience || "") === (of.base.condition || "") };
}

function Bins({ of, known }: { of: Told; known: Known }) {
  const t = useTexts(analysis);
  const f = useFormats();
  const language = useLanguage();
  const base = useBaseOf();
  const { mine, theirs, alone } = useNames(of, known);
  const title = titleOf(of.of.title, of.of.name ?? of.of.source ?? "", language) + (of.of.function ? ` · ${t.distribution.functions[of.of.function]}${of.of.field ? ` ${of.of.field}` : ""}` : "");
  const bins = of.bins ?? [];
  const plain = (v: number | string | null) => (typeof v === "number" ? f.number(v, Math.abs(v) < 10 ? 2 : 0) : v ? v.slice(0, 10) : "–");
  const each = bins.length > 1 && bins.every((one) => typeof one.low === "number" && typeof one.high === "number" && one.high - one.low === 1 && Number.isInteger(one.low));
  const option = useMemo(() => ({
    grid: { left: 8, right: 16, top: 40, bottom: 8, containLabel: true }, legend: alone ? undefined : { top: 4, left: 4, itemGap: 24 },
    xAxis: { type: "category", data: bins.map((one) => (each ? plain(one.low) : `${plain(one.low)} – ${plain(one.high)}`)), axisLabel: { hideOverlap: true, formatter: (text: string) => text.split(" – ")[0] } },
    yAxis: { type: "value", axisLabel: { formatter: (v: number) => f.percent(v, 0) } }, tooltip: { trigger: "axis", axisPointer: { type: "shadow" }, valueFormatter: (v: number) => f.percent(v) },
    series: [
      { name: mine, type: "bar", data: bins.map((one) => one.share), barGap: "5%", barCategoryGap: "18%" },
      ...(alone ? [] : [{ name: theirs, type: "bar", data: bins.map((one) => one.base_share), itemStyle: { opacity: 0.75 } }]),
    ],
  }), [of, f, t, mine, theirs]);
  if (!of.figures?.known) return <Nobody />;
  const rows = (["p50", "mean", "p5", "p25", "p75", "p95", "min", "max"] as const).filter((key) => of.figures?.[key] !== null).map((key) => ({ key, name: t.distribution[key], mine: plain(of.figures?.[key] ?? null), theirs: plain(of.base_figures?.[key] ?? null) }));
  return (
    <div className="analysis-columns">
      <Section title={`${title}${of.of.unit ? `（${of.of.unit}）` : ""}`} base={`${base(of, known)} · ${t.distribution.missing} ${f.count(of.figures.missing)} · ${t.distribution.outer}`}>
        <Chart option={option} height={340} label={`${t.distribution.label(title)} · ${t.distribution.p50} ${plain(of.figures.p50)}`} />
      </Section>
      <Section title={t.table} base={`${t.distribution.theirs}：${theirs} · ${f.count(of.base.customers)}`}>
        <div className="analysis-facts">{!alone && <span><b>{f.number(of.distance, 3)}</b> {t.distribution.distance} <Tooltip title={t.distribution.distanceHint}><QuestionCircleOutlined tabIndex={0} aria-label={t.distribution.distanceHint} className="soft" /></Tooltip></span>}</div>
        <Table
          size="small" rowKey="key" pagination={false} scroll={{ x: "max-content" }}
          dataSource={[{ key: "known", name: t.distribution.known, mine: f.count(of.figures.known), theirs: f.count(of.base_figures?.known) }, ...rows]}
          columns={[{ title: t.distribution.figure, dataIndex: "name" }, { title: mine, dataIndex: "mine", align: "right" }, ...(alone ? [] : [{ title: theirs, dataIndex: "theirs", align: "right" as const }])]}
        />
      </Section>
    </div>
  );
}

function Values({ of, known }: { of: Told; known: Known }) {
  const t = useTexts(analysis);
  const f = useFormats();
  const language = useLanguage();
  const base = useBaseOf();
  const value = useValue();
  const { mine, theirs, alone } = useNames(of, known);
  const values = of.tag?.values ?? [];
  const title = titleOf(of.of.title, of.of.name ?? "", language);
  const option = useMemo(() => {
    const shown = values;
    return {
      grid: { left: 8, right: 24, top: alone ? 8 : 40, bottom: 8, containLabel: true }, legend: alone ? undefined : { top: 4, left: 4, itemGap: 24 },
      yAxis: { type: "category", inverse: true, data: shown.map((one) => value(one.value, one.title)) }, xAxis: { type: "value", axisLabel: { formatter: (v: number) => f.percent(v, 0) } },
      tooltip: { trigger: "axis", axisPointer: { type: "shadow" }, valueFormatter: (v: number) => f.percent(v) },
      series: [
        { name: mine, type: "bar", data: shown.map((one) => one.share), barGap: "5%" },
        ...(alone ? [] : [{ name: theirs, type: "bar", data: shown.map((one) => one.base_share), itemStyle: { opacity: 0.75 } }]),
      ],
    };
  }, [of, f, mine, theirs, language]);
  if (!of.tag?.known) return <Nobody />;
  return (
    <div className="analysis-columns">
      <Section title={title} base={`${base(of, known)} · ${t.distribution.missing} ${f.count(of.tag.missing)}`}>
        <Chart option={option} height={Math.max(200, values.length * (alone ? 26 : 40) + 50)} label={t.distribution.label(title)} />
      </Section>
      <Section title={t.table} base={`${t.distribution.theirs}：${theirs} · ${f.count(of.base.customers)}`}>
        <Table
          size="small" rowKey={(one) => String(one.value)} pagination={false} dataSource={values} scroll={{ x: "max-content" }}
          columns={[
            { title, render: (_, one) => value(one.value, one.title) }, { title: t.count, align: "right", render: (_, one) => f.count(one.count) },
            { title: t.share, align: "right", render: (_, one) => f.percent(one.share) },
            ...(alone ? [] : [{ title: t.distribution.tgi, align: "right" as const, onCell: (one: Value) => ({ style: one.tgi === null ? {} : tint(Math.max(-1, Math.min(1, (one.tgi - 100) / 100))) ?? {} }), render: (_: unknown, one: Value) => f.number(one.tgi, 0) }]),
          ]}
        />
      </Section>
    </div>
  );
}

function Asked({ known }: { known: Known }) {
  const options = useTagOptions(known, NUMBERS);
  const usual = options.find((one) => known.fields.some((field) => field.name === one.value && field.type === "money")) ?? options[0];
  const events = dated(known);
  const { question, key, ask } = useQuestion<Question>(
    (search) => ({
      kind: search.has("event") ? "measure" : "tag", tag: search.get("tag") ?? usual?.value ?? "", base: search.get("base") ?? "", bins: numberIn(search, "bins", 20), audience: search.get("audience") ?? "",
      measure: { event: readEvent(search.get("event") ?? events[0]?.name ?? ""), function: FUNCTIONS.find((one) => one === search.get("function")) ?? "count", field: search.get("field") ?? undefined, days: Number(search.get("days")) || undefined },
    }),
    (q) => ({
      ...(q.kind === "tag" ? { tag: q.tag } : { event: writeEvent(q.measure.event), function: q.measure.function, field: q.measure.field, days: q.measure.days }), base: q.base, bins: q.bins, audience: q.audience,
    }),
  );
  const { event, ...measured } = question.measure;
  const of = question.kind === "tag" ? question.tag : { ...event, ...measured };
  const found = useAsk<Told>("/analysis/distribution", of ? { of, base: question.base || null, bins: question.bins, audience: question.audience || null } : null);
  return (
    <>
      <Form key={key} known={known} question={question} ask={ask} busy={found.isFetching} />
      {of && <Result of={found}>{(told) => (told.kind === "values" ? <Values of={told} known={known} /> : <Bins of={told} known={known} />)}</Result>}
    </>
  );
}

export default function Distribution() {
  const t = useTexts(analysis).distribution;
  return <AnalysisPage title={t.title} about={t.about}>{(known) => <Asked known={known} />}</AnalysisPage>;
}
