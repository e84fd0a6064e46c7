// Any tag by any tag.
import { useState } from "react";
import { Alert, Button, Segmented, Tooltip } from "antd";
import { SwapOutlined } from "../../icons";
import { Link, useSearchParams } from "react-router";
import { useAsk } from "../../api/hooks";
import { Section, tint } from "../../parts/heat";
import { titleOf, useLanguage, useTexts } from "../../i18n";
import { useFormats } from "../../i18n/format";
import { analysis } from "../../i18n/analysis";
import { AnalysisPage, Ask, AudiencePicker, audienceOf, CATEGORIES, Labelled, Nobody, NumberPicker, numberIn, Result, TagPicker, useBaseOf, useQuestion, useTagOptions, useValue, type Head, type Known } from "./parts";

const MEASURES = ["count", "row", "column", "tgi"] as const;
type Measure = (typeof MEASURES)[number];
interface Axis { name: string; title: unknown; values: { value: unknown; title: unknown; when: string; customers: number; share: number | null }[]; left_out: number }
interface Told extends Head {
  rows: Axis; columns: Axis; known: number; missing: number; counts: number[][]; row_shares: (number | null)[][]; column_shares: (number | null)[][]; tgi: (number | null)[][]; few: boolean[][];
  test: { chi_square: number; degrees: number; p: number; cramers_v: number; few: number } | null;
}
interface Question { rows: string; columns: string; limit: number; audience: string }

function Form({ known, question, ask, busy }: { known: Known; question: Question; ask: (question: Question) => void; busy: boolean }) {
  const t = useTexts(analysis);
  const [draft, setDraft] = useState(question);
  const change = (part: Partial<Question>) => setDraft((now) => ({ ...now, ...part }));
  return (
    <Ask onRun={() => ask(draft)} busy={busy} disabled={!draft.rows || !draft.columns || draft.rows === draft.columns}>
      <TagPicker known={known} types={CATEGORIES} name={t.cross.rows} value={draft.rows} onChange={(rows) => change({ rows: rows ?? "" })} />
      <Tooltip title={t.cross.swap}><Button icon={<SwapOutlined />} aria-label={t.cross.swap} onClick={() => change({ rows: draft.columns, columns: draft.rows })} /></Tooltip>
      <TagPicker known={known} types={CATEGORIES} name={t.cross.columns} value={draft.columns} onChange={(columns) => change({ columns: columns ?? "" })} />
      <NumberPicker name={t.cross.limit} value={draft.limit} least={2} most={30} onChange={(limit) => change({ limit })} />
      <AudiencePicker known={known} value={draft.audience} onChange={(audience) => change({ audience })} />
    </Ask>
  );
}

function Test({ of }: { of: Told }) {
  const t = useTexts(analysis).cross;
  const f = useFormats();
  if (!of.test) return <div className="soft small">{t.noTest}</div>;
  const { cramers_v: v, p, chi_square: chi, degrees, few } = of.test;
  const strength = v < 0.05 ? t.strength.none : v < 0.15 ? t.strength.weak : v < 0.3 ? t.strength.middle : t.strength.strong;
  return (
    <>
      <div className="analysis-facts">
        <span><b>{f.number(v, 3)}</b> {t.v} · {strength}</span>
        <span className="soft">{t.chi} {f.number(chi, 1)}（{degrees}）· {t.p} {p < 0.001 ? "< 0.001" : f.number(p, 3)}</span>
      </div>
      {few > 0.2 && <Alert type="warning" showIcon title={t.bad(f.percent(few, 0))} style={{ marginBlockEnd: 10 }} />}
    </>
  );
}

function Shown({ of, known }: { of: Told; known: Known }) {
  const t = useTexts(analysis);
  const f = useFormats();
  const language = useLanguage();
  const base = useBaseOf();
  const value = useValue();
  const [search, setSearch] = useSearchParams();
  const measure = MEASURES.find((one) => one === search.get("show")) ?? "row";
  const show = (one: Measure) => setSearch((now) => { now.set("show", one); now.set("rows", of.rows.name); now.set("columns", of.columns.name); return now; }, { replace: true, preventScrollReset: true });
  if (!of.known) return <Nobody />;
  const grid: Record<Measure, (number | null)[][]> = { count: of.counts, row: of.row_shares, column: of.column_shares, tgi: of.tgi };
  const figures = grid[measure];
  const most = Math.max(...figures.flat().map((n) => n ?? 0), 1e-9);
  const told = (n: number | null) => (measure === "count" ? f.count(n) : measure === "tgi" ? f.number(n, 0) : f.percent(n));
  const strength = (n: number | null) => (n === null ? 0 : measure === "tgi" ? Math.max(-1, Math.min(1, (n - 100) / 100)) : n / most);
  const left = of.rows.left_out + of.columns.left_out;
  return (
    <Section
      title={`${titleOf(of.rows.title, of.rows.name, language)} × ${titleOf(of.columns.title, of.columns.name, language)}`}
      base={`${base(of, known)} · ${t.cross.known(f.count(of.known), f.count(of.missing))}${left > 0 ? ` · ${t.cross.left(f.count(left))}` : ""}${measure === "tgi" ? ` · ${t.cross.tgiHint}` : ""}`}
      extra={<Segmented size="small" aria-label={t.cross.show} value={measure} onChange={show} options={MEASURES.map((one) => ({ value: one, label: t.cross.measures[one] }))} />}
    >
      <Test of={of} />
      <div className="scroll">
        <table className="heat">
          <thead>
            <tr><th className="start" aria-label={titleOf(of.rows.title, of.rows.name, language)} />{of.columns.values.map((one) => <th key={String(one.value)} scope="col">{value(one.value, one.title)}</th>)}<th scope="col">{t.cross.total}</th></tr>
          </thead>
          <tbody>
            {of.rows.values.map((row, i) => (
              <tr key={String(row.value)}>
                <th className="start" scope="row">{value(row.value, row.title)}</th>
                {of.columns.values.map((column, j) => (
                  <td key={String(column.value)} style={tint(strength(figures[i][j]))}>
                    <Link to={audienceOf([of.audience ? `(${known.audiences.some((one) => one.name === of.audience) ? `in_audience('${of.audience}')` : of.audience})` : "", row.when, column.when].filter(Boolean).join(" AND "))} title={of.few[i][j] ? t.fewHint : t.makeAudience}>
                      {told(figures[i][j])}<small>{measure === "count" ? f.percent(of.row_shares[i][j]) : f.count(of.counts[i][j])}{of.few[i][j] ? ` ${t.few}` : ""}</small>
                    </Link>
                  </td>
                ))}
                <td><span>{f.count(row.customers)}<small>{f.percent(row.share)}</small></span></td>
              </tr>
            ))}
            <tr><th className="start" scope="row">{t.cross.total}</th>{of.columns.values.map((one) => <td key={String(one.value)}><span>{f.count(one.customers)}<small>{f.percent(one.share)}</small></span></td>)}<td><span>{f.count(of.known)}<small>{f.percent(1, 0)}</small></span></td></tr>
          </tbody>
        </table>
      </div>
    </Section>
  );
}

function Asked({ known }: { known: Known }) {
  const options = useTagOptions(known, ["enum", "boolean"]);
  const small = options.filter((one) => (known.fields.find((field) => field.name === one.value)?.values.length ?? 99) <= 12);
  const usual = [small.find((one) => /lifecycle|stage/.test(one.value)), ...small].filter((one) => one !== undefined);
  const { question, key, ask } = useQuestion<Question>(
    (search) => ({
      rows: search.get("rows") ?? usual[0]?.value ?? "", columns: search.get("columns") ?? usual.find((one) => one.value !== usual[0]?.value)?.value ?? "",
      limit: numberIn(search, "limit", 12), audience: search.get("audience") ?? "",
    }),
    (q) => ({ rows: q.rows, columns: q.columns, limit: q.limit, audience: q.audience }),
  );
  const ready = question.rows && question.columns;
  const found = useAsk<Told>("/analysis/cross", ready ? { ...question, audience: question.audience || null } : null);
  const shown = key.replace(/(^|&)show=\w+/, "");
  return <><Form key={shown} known={known} question={question} ask={ask} busy={found.isFetching} />{ready && <Result of={found}>{(told) => <Shown of={told} known={known} />}</Result>}</>;
}

export default function Cross() {
  const t = useTexts(analysis);
  return <AnalysisPage title={t.cross.title} about={t.cross.about}>{(known) => (useTagCount(known) < 2 ? <Labelled name={t.tag}><Nobody /></Labelled> : <Asked known={known} />)}</AnalysisPage>;
}

function useTagCount(known: Known): number {
  return known.fields.filter((one) => CATEGORIES.some((type) => type === one.type)).length;
}
