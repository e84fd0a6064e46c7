// How many customers go through steps in order.
import { Fragment, useState } from "react";
import { Button, DatePicker, Table } from "antd";
import { ArrowDownOutlined, ArrowUpOutlined, DeleteOutlined, PlusOutlined } from "../../icons";
import dayjs from "dayjs";
import { useAsk } from "../../api/hooks";
import { Section } from "../../parts/heat";
import { titleOf, useLanguage, useTexts } from "../../i18n";
import { useFormats } from "../../i18n/format";
import { analysis } from "../../i18n/analysis";
import { AnalysisPage, Ask, AudiencePicker, CATEGORIES, dated, EventPicker, Labelled, Nobody, NumberPicker, numberIn, readEvent, Result, TagPicker, useBaseOf, useQuestion, useValue, writeEvent, type Event, type Head, type Known } from "./parts";

interface Step { source: string; title: unknown; where: string | null; customers: number; share: number | null; of_previous: number | null; lost: number | null; median_hours: number | null }
interface Told extends Head { window_days: number; open: number; steps: Step[]; by: { name: string; title: unknown } | null; groups: { value: unknown; title: unknown; customers: number; counts: number[]; share: number | null }[] | null }
interface Question { steps: Event[]; window: number; since?: string; until?: string; by?: string; audience: string }

function first(known: Known): Event[] {
  const all = dated(known);
  const order = all.find((one) => one.entity === "order");
  const event = all.find((one) => one.entity === "event") ?? all.find((one) => one !== order);
  return [event ?? all[0], order ?? all[1] ?? all[0]].map((one) => ({ source: one.name }));
}

function Form({ known, question, ask, busy }: { known: Known; question: Question; ask: (question: Question) => void; busy: boolean }) {
  const t = useTexts(analysis);
  const [draft, setDraft] = useState(question);
  const change = (part: Partial<Question>) => setDraft((now) => ({ ...now, ...part }));
  const { steps } = draft;
  const put = (at: number, step: Event) => change({ steps: steps.map((one, n) => (n === at ? step : one)) });
  const swap = (a: number, b: number) => change({ steps: steps.map((one, n) => (n === a ? steps[b] : n === b ? steps[a] : one)) });
  return (
    <Ask onRun={() => ask(draft)} busy={busy}>
      <div className="steps">
        {steps.map((step, n) => (
          <div className="one" key={`${n}-${step.source}`}>
            <span className="name">{t.funnel.step(n + 1)}</span>
            <EventPicker known={known} value={step} name={t.funnel.step(n + 1)} onChange={(one) => put(n, one)} />
            <span>
              <Button type="text" size="small" icon={<ArrowUpOutlined />} aria-label={`${t.funnel.step(n + 1)} ${t.up}`} disabled={n === 0} onClick={() => swap(n, n - 1)} />
              <Button type="text" size="small" icon={<ArrowDownOutlined />} aria-label={`${t.funnel.step(n + 1)} ${t.down}`} disabled={n === steps.length - 1} onClick={() => swap(n, n + 1)} />
              <Button type="text" size="small" icon={<DeleteOutlined />} aria-label={`${t.funnel.step(n + 1)} ${t.removeOne}`} disabled={steps.length <= 2} onClick={() => change({ steps: steps.filter((_, at) => at !== n) })} />
            </span>
          </div>
        ))}
        <div><Button icon={<PlusOutlined />} size="small" disabled={steps.length >= 10} onClick={() => change({ steps: [...steps, steps[steps.length - 1]] })}>{t.funnel.addStep}</Button></div>
      </div>
      <NumberPicker name={t.window} value={draft.window} least={1} most={3660} after={t.days} onChange={(window) => change({ window })} />
      <Labelled name={t.funnel.since}>
        <DatePicker.RangePicker
          aria-label={t.funnel.since} allowEmpty={[true, true]} value={[draft.since ? dayjs(draft.since) : null, draft.until ? dayjs(draft.until) : null]} maxDate={dayjs(known.as_of)}
          onChange={(days) => change({ since: days?.[0]?.format("YYYY-MM-DD"), until: days?.[1]?.format("YYYY-MM-DD") })}
        />
      </Labelled>
      <TagPicker known={known} types={CATEGORIES} name={t.by} clear={t.none} value={draft.by} onChange={(by) => change({ by })} />
      <AudiencePicker known={known} value={draft.audience} onChange={(audience) => change({ audience })} />
    </Ask>
  );
}

function Shown({ of, known }: { of: Told; known: Known }) {
  const t = useTexts(analysis);
  const f = useFormats();
  const language = useLanguage();
  const base = useBaseOf();
  const value = useValue();
  const time = (hours: number) => (hours >= 48 ? t.funnel.daysLong(f.number(hours / 24, 1)) : t.funnel.hours(f.number(hours, 1)));
  const [begin] = of.steps;
  if (!begin.customers) return <Nobody />;
  const last = of.steps[of.steps.length - 1];
  return (
    <>
      <Section title={t.funnel.conversion} base={base(of, known)}>
        <div className="analysis-facts"><span><b>{f.percent(last.share)}</b> {t.funnel.label2(f.count(begin.customers), f.count(last.customers))}</span>{of.open > 0 && <span className="soft small">{t.funnel.open(f.count(of.open))}</span>}</div>
        <div className="funnel" role="group" aria-label={t.funnel.label(f.count(begin.customers), f.percent(last.share))}>
          {of.steps.map((step, n) => (
            <Fragment key={n}>
              {n > 0 && (
                <div className="between">
                  <span>{t.funnel.ofPrevious} <b>{f.percent(step.of_previous)}</b></span><span>{t.funnel.lost} {f.count(step.lost)}</span>
                  {step.median_hours !== null && <span>{t.funnel.median} {time(step.median_hours)}</span>}
                </div>
              )}
              <div className="funnel-step"><span className="step-name">{n + 1}. {titleOf(step.title, step.source, language)}{step.where && <div className="mono soft small">{step.where}</div>}</span>
              <span className="bar" aria-hidden><i style={{ width: `${(step.share ?? 0) * 100}%` }} /></span>
              <span className="figure-end"><b>{f.count(step.customers)}</b> <span className="soft">{f.percent(step.share)}</span></span></div>
            </Fragment>
          ))}
        </div>
      </Section>
      {of.groups && of.by && (
        <Section title={t.funnel.groups(titleOf(of.by.title, of.by.name, language))} base={base(of, known)}>
          <Table
            size="small" rowKey={(one) => String(one.value)} pagination={false} dataSource={of.groups} scroll={{ x: "max-content" }}
            columns={[
              { title: t.funnel.value, render: (_, one) => value(one.value, one.title) },
              ...of.steps.map((step, n) => ({
                title: `${n + 1}. ${titleOf(step.title, step.source, language)}`, align: "right" as const,
                render: (_: unknown, one: { counts: number[] }) => <>{f.count(one.counts[n])}{n > 0 && <span className="soft small"> {f.percent(one.counts[0] ? one.counts[n] / one.counts[0] : null)}</span>}</>,
              })),
              { title: t.funnel.final, align: "right" as const, sorter: (a, b) => (a.share ?? -1) - (b.share ?? -1), render: (_, one) => <b>{f.percent(one.share)}</b> },
            ]}
          />
        </Section>
      )}
    </>
  );
}

function Asked({ known }: { known: Known }) {
  const { question, key, ask } = useQuestion<Question>(
    (search) => ({
      steps: search.has("step") ? search.getAll("step").map(readEvent) : first(known), window: numberIn(search, "window", 30), since: search.get("since") ?? undefined, until: search.get("until") ?? undefined,
      by: search.get("by") ?? undefined, audience: search.get("audience") ?? "",
    }),
    (q) => ({ step: q.steps.map(writeEvent), window: q.window, since: q.since, until: q.until, by: q.by, audience: q.audience }),
  );
  const found = useAsk<Told>("/analysis/funnel", {
    steps: question.steps, window: question.window, since: question.since ?? null, until: question.until ?? null, by: question.by ?? null, audience: question.audience || null,
  });
  return <><Form key={key} known={known} question={question} ask={ask} busy={found.isFetching} /><Result of={found}>{(told) => <Shown of={told} known={known} />}</Result></>;
}

export default function Funnel() {
  const t = useTexts(analysis).funnel;
  return <AnalysisPage title={t.title} about={t.about} needsEvents>{(known) => <Asked known={known} />}</AnalysisPage>;
}
