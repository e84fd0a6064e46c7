// What the pages of analysis share: fields to choose from, events, audiences, tags, and a question that stands in the address.
import { useState, type ReactNode } from "react";
import { AutoComplete, Button, Card, Input, InputNumber, Select, Tooltip } from "antd";
import { FilterOutlined } from "../../icons";
import { Link, useSearchParams } from "react-router";
import type { UseQueryResult } from "@tanstack/react-query";
import type { Problem } from "../../api/client";
import { useGet } from "../../api/hooks";
import { Answered, CopyLink, Nothing, Page } from "../../parts";
import { titleOf, useLanguage, useTexts } from "../../i18n";
import { useFormats } from "../../i18n/format";
import { analysis } from "../../i18n/analysis";
import "./analysis.css";

export interface Field { name: string; title: unknown; kind: string; type: string; values: { value: unknown; title: unknown; count: number }[]; range: unknown }
export interface Source { name: string; title: unknown; entity: string; time: string | null; fields: { name: string; type: string }[] }
export interface Known { as_of: string; fields: Field[]; sources: Source[]; audiences: { name: string; title: unknown; size: number }[] }
export interface Event { source: string; where?: string; by?: string }
export interface Head { snapshot: string; as_of: string; audience: string | null; customers: number }
export const audienceOf = (when: string) => `/audiences/new?when=${encodeURIComponent(when)}`;

/** Sources whose rows have a time, those of what customers did first. */
export function dated(known: Known): Source[] {
  const order = ["order", "event", "interaction", "text", "order_line"];
  const rank = (one: Source) => (order.includes(one.entity) ? order.indexOf(one.entity) : order.length);
  return known.sources.filter((one) => one.time).sort((a, b) => rank(a) - rank(b));
}

/** An event as it stands in the address: the source, its field, and the condition after a space. */
export const writeEvent = (one: Event) => `${one.source}${one.by ? `/${one.by}` : ""}${one.where ? ` ${one.where}` : ""}`;
export function readEvent(text: string): Event {
  const at = text.indexOf(" ");
  const [source, by] = (at < 0 ? text : text.slice(0, at)).split("/");
  return { source, ...(by ? { by } : {}), ...(at < 0 ? {} : { where: text.slice(at + 1) }) };
}
export const numberIn = (search: URLSearchParams, key: string, fallback: number) => Number(search.get(key) ?? fallback) || fallback;

/** A question that stands in the address, or that of `first` where nothing does; asking another one changes the address. */
export function useQuestion<Q>(read: (search: URLSearchParams) => Q, write: (question: Q) => Record<string, string | string[] | number | undefined>) {
  const [search, setSearch] = useSearchParams();
  const ask = (question: Q) => {
    const next = new URLSearchParams();
    for (const [key, value] of Object.entries(write(question))) {
      if (Array.isArray(value)) for (const one of value) next.append(key, one);
      else if (value !== undefined && value !== "") next.set(key, String(value));
    }
    setSearch(next, { preventScrollReset: true });
  };
  return { question: read(search), key: search.toString(), ask };
}

/** The frame: what can be chosen is read first; without anything dated there is a hint. */
export function AnalysisPage({ title, about, needsEvents, children }: { title: string; about: string; needsEvents?: boolean; children: (known: Known) => ReactNode }) {
  const t = useTexts(analysis);
  const known = useGet<Known>("/query/fields");
  return (
    <Page title={title} about={about} actions={<CopyLink />}>
      <Answered of={known}>
        {(found) => needsEvents && !dated(found).length
          ? <Card><Nothing title={t.noEvents} hint={t.noEventsHint} action={<Link to="/data/sources"><Button>{t.toSources}</Button></Link>} /></Card>
          : children(found)}
      </Answered>
    </Page>
  );
}

export function Ask({ children, onRun, busy, disabled }: { children: ReactNode; onRun: () => void; busy: boolean; disabled?: boolean }) {
  const t = useTexts(analysis);
  return (
    <Card size="small">
      <form className="ask" onSubmit={(event) => { event.preventDefault(); if (!disabled) onRun(); }}>
        {children}
        <Button type="primary" htmlType="submit" loading={busy} disabled={disabled}>{t.run}</Button>
      </form>
    </Card>
  );
}

export function Labelled({ name, children }: { name: string; children: ReactNode }) {
  return <div className="field"><span className="name">{name}</span>{children}</div>;
}

export function AudiencePicker({ known, value, onChange, name }: { known: Known; value: string; onChange: (value: string) => void; name?: string }) {
  const t = useTexts(analysis);
  const f = useFormats();
  const language = useLanguage();
  const options = known.audiences.map((one) => ({ value: one.name, label: `${titleOf(one.title, one.name, language)}（${f.count(one.size)}）` }));
  return (
    <Labelled name={name ?? t.audience}>
      <Tooltip title={t.audienceHint}>
        <AutoComplete aria-label={name ?? t.audience} style={{ width: 260 }} allowClear value={value} options={options} onChange={(text?: string) => onChange(text ?? "")} placeholder={t.everyone} showSearch={{ filterOption: (text, one) => Boolean(one && `${one.value} ${one.label}`.toLowerCase().includes(text.toLowerCase())) }} />
      </Tooltip>
    </Labelled>
  );
}

/** Tags and attributes of some types, found by title or name. */
export function TagPicker({ known, types, name, value, onChange, clear }: { known: Known; types: readonly string[]; name: string; value?: string; onChange: (value: string | undefined) => void; clear?: string }) {
  const t = useTexts(analysis);
  return (
    <Labelled name={name}>
      <Select
        aria-label={name} style={{ width: 220 }} value={value || undefined} allowClear={clear !== undefined} placeholder={clear ?? t.choose} onChange={(one?: string) => onChange(one)}
        showSearch={{ optionFilterProp: "search" }} options={useTagOptions(known, types)} popupMatchSelectWidth={false}
      />
    </Labelled>
  );
}

export const CATEGORIES = ["enum", "boolean", "list", "integer"] as const;
export const NUMBERS = ["integer", "number", "money", "date", "datetime"] as const;

export function useTagOptions(known: Known, types: readonly string[]) {
  const language = useLanguage();
  const categories = new Set(["enum", "boolean", "list", "text"]);
  return known.fields
    .filter((one) => types.includes(one.type) && (categories.has(one.type) ? one.values.length > 0 : one.range !== null))
    .sort((a, b) => Number(a.kind === "attribute") - Number(b.kind === "attribute"))
    .map((one) => {
      const title = titleOf(one.title, one.name, language);
      return { value: one.name, label: title, search: `${title} ${one.name}` };
    });
}

export function EventPicker({ known, value, onChange, by, name }: { known: Known; value: Event; onChange: (value: Event) => void; by?: boolean; name: string }) {
  const t = useTexts(analysis);
  const language = useLanguage();
  const [open, setOpen] = useState(Boolean(value.where));
  const source = known.sources.find((one) => one.name === value.source);
  const fields = source?.fields.filter((one) => one.type === "text" || one.type === "boolean") ?? [];
  return (
    <div className="event">
      <Select
        aria-label={name} style={{ width: 200 }} value={value.source || undefined} placeholder={t.choose} popupMatchSelectWidth={false} showSearch={{ optionFilterProp: "label" }}
        onChange={(one: string) => onChange({ source: one })} options={dated(known).map((one) => ({ value: one.name, label: titleOf(one.title, one.name, language) }))}
      />
      {by && <Select aria-label={`${name} ${t.path.by}`} style={{ width: 150 }} value={value.by} allowClear placeholder={t.path.by} popupMatchSelectWidth={false} showSearch onChange={(one?: string) => onChange({ ...value, by: one })} options={fields.map((one) => ({ value: one.name, label: one.name }))} />}
      {open
        ? <Input aria-label={`${name} ${t.where}`} style={{ width: 260 }} className="mono" value={value.where ?? ""} placeholder={t.whereHint} allowClear onChange={(event) => onChange({ ...value, where: event.target.value })} />
        : <Tooltip title={t.whereHint}><Button type="text" icon={<FilterOutlined />} onClick={() => setOpen(true)}>{t.addWhere}</Button></Tooltip>}
    </div>
  );
}

export function NumberPicker({ name, value, onChange, least, most, after }: { name: string; value: number; onChange: (value: number) => void; least: number; most: number; after?: string }) {
  return <Labelled name={name}><InputNumber aria-label={name} style={{ width: after ? 110 : 84 }} min={least} max={most} precision={0} value={value} suffix={after} onChange={(one) => onChange(one ?? least)} /></Labelled>;
}

/** The answer, dimmed while a newer one is computed. */
export function Result<T>({ of, children }: { of: UseQueryResult<T, Problem>; children: (data: T) => ReactNode }) {
  const shown = of.error && !of.isFetching ? { ...of, data: undefined } as UseQueryResult<T, Problem> : of;
  return <div aria-busy={of.isFetching} aria-live="polite" style={{ display: "flex", flexDirection: "column", gap: 16, opacity: of.isFetching && of.data ? 0.55 : 1 }}><Answered of={shown}>{children}</Answered></div>;
}

export function Nobody() {
  const t = useTexts(analysis);
  return <Card><Nothing title={t.nobody} hint={t.nobodyHint} /></Card>;
}

/** The title of a value of a tag. */
export function useValue() {
  const t = useTexts(analysis);
  const language = useLanguage();
  return (value: unknown, title: unknown) => (typeof value === "boolean" ? (value ? t.yes : t.no) : value === null || value === undefined ? t.unknown : titleOf(title, String(value), language));
}

export function useBaseOf() {
  const t = useTexts(analysis);
  const f = useFormats();
  const language = useLanguage();
  return (head: Head, known: Known) => {
    const named = known.audiences.find((one) => one.name === head.audience);
    const who = head.audience ? (named ? titleOf(named.title, named.name, language) : head.audience) : t.everyone;
    return `${who} · ${t.baseOf(f.count(head.customers), f.day(head.as_of))}`;
  };
}
