// The golden record: attributes by class, each with where it comes from; keys, rows by source, audiences.
import { useState } from "react";
import { Button, Card, Popover, Typography } from "antd";
import { Link } from "react-router";
import { useTexts } from "../../i18n";
import { customer } from "../../i18n/customer";
import { useFormats } from "../../i18n/format";
import type { CustomerData, Field, Mark } from "./types";
import type { Opened } from "./index";
import { isThere, useValues } from "./values";

export const CLASSES = ["demographic", "consumption", "psychographic", "social", "relationship", "technical", "business", "other"] as const;
type Class = (typeof CLASSES)[number];

/** Fields by class, in the order of CLASSES. */
export function byClass(fields: readonly Field[]): [Class, Field[]][] {
  const known = (name: string | null): Class => (CLASSES.includes(name as Class) ? (name as Class) : "other");
  return CLASSES.map((c): [Class, Field[]] => [c, fields.filter((field) => known(field.class) === c)]).filter(([, list]) => list.length > 0);
}

export function Profile({ data, opened }: { data: CustomerData; opened: Opened }) {
  const t = useTexts(customer);
  return (
    <div className="stack">
      {byClass(data.attributes).map(([name, fields]) => <Group key={name} title={t.classes[name]} fields={fields} data={data} opened={opened} />)}
      <div className="grid two">
        <Around data={data} />
        <Keys data={data} opened={opened} />
      </div>
    </div>
  );
}

function Group({ title, fields, data, opened }: { title: string; fields: readonly Field[]; data: CustomerData; opened: Opened }) {
  const t = useTexts(customer);
  const f = useFormats();
  const { show, title: titled } = useValues();
  const [all, setAll] = useState(false);
  const there = fields.filter((field) => isThere(field.value));
  const empty = fields.length - there.length;
  if (!there.length && !all) {
    return <Typography.Text type="secondary">{title}{t.colon}{t.empty(f.count(empty))}<Button type="link" size="small" className="no-print" onClick={() => setAll(true)}>{t.showEmpty}</Button></Typography.Text>;
  }
  return (
    <Card size="small" title={<h2 className="plain-title">{title}</h2>} extra={empty > 0 && <span className="quiet small">{t.empty(f.count(empty))}<Button type="link" size="small" className="no-print" onClick={() => setAll(!all)}>{all ? t.hideEmpty : t.showEmpty}</Button></span>}>
      <dl className="customer-facts">
        {(all ? fields : there).map((field) => (
          <div key={field.name}>
            <dt>{titled(field.title, field.name)}</dt>
            <dd>{show({ ...field, value: opened[field.name] ?? field.value })}{field.provenance && <Origin mark={field.provenance} data={data} />}</dd>
          </div>
        ))}
      </dl>
    </Card>
  );
}

/** Where a value comes from, in one line; the rest when asked. */
function Origin({ mark, data }: { mark: Mark; data: CustomerData }) {
  const t = useTexts(customer);
  const f = useFormats();
  const { title } = useValues();
  const source = title(data.records.find((r) => r.source === mark.source)?.title, mark.source ?? "");
  const rows: [string, string][] = [[t.provenance.source, source], [t.provenance.at, f.day(mark.at)], [t.provenance.agree, f.percent(mark.agree, 0)], [t.provenance.confidence, f.percent(mark.confidence)]];
  const more = <div className="why-box"><table><tbody>{rows.map(([name, value]) => <tr key={name}><td>{name}</td><td>{value}</td></tr>)}</tbody></table></div>;
  return <div><Popover trigger="click" content={more}><button type="button" className="mark">{source}{mark.confidence === null ? "" : ` · ${f.percent(mark.confidence, 0)}`}</button></Popover></div>;
}

function Around({ data }: { data: CustomerData }) {
  const t = useTexts(customer);
  const f = useFormats();
  const { title } = useValues();
  return (
    <Card size="small" title={<h2 className="plain-title">{t.audiences}</h2>}>
      <div className="stack">
        {data.audiences.length ? <div className="tag-chips">{data.audiences.map((name) => <Link key={name} className="chip" to={`/audiences/${encodeURIComponent(name)}`}>{title(data.audience_titles[name], name)}</Link>)}</div> : <Typography.Text type="secondary">{t.noAudience}</Typography.Text>}
        {data.segments.some((s) => s.segment) && (
          <div className="tag-chips">{data.segments.filter((s) => s.segment).map((s) => <Link key={s.clustering} className="chip" to={`/personas/${encodeURIComponent(s.clustering)}/${encodeURIComponent(s.segment ?? "")}`}><span className="name">{title(s.title, s.clustering)}{t.colon}</span>{title(s.persona, s.segment ?? "")}</Link>)}</div>
        )}
        <h3 className="plain-title">{t.records}</h3>
        <dl className="customer-facts">{data.records.filter((r) => r.rows > 0).map((r) => <div key={r.source}><dt>{title(r.title, r.source)}</dt><dd>{f.count(r.rows)}</dd></div>)}</dl>
      </div>
    </Card>
  );
}

function Keys({ data, opened }: { data: CustomerData; opened: Opened }) {
  const t = useTexts(customer);
  const names = [...new Set(data.identity.map((key) => key.key))];
  const values = (name: string) => (Array.isArray(opened[name]) ? (opened[name] as unknown[]) : data.identity.filter((key) => key.key === name).map((key) => key.value));
  return (
    <Card size="small" title={<h2 className="plain-title">{t.keys}</h2>}>
      <dl className="customer-facts">
        {names.map((name) => <div key={name}><dt>{(t.names as Record<string, string>)[name] ?? name}</dt><dd className="mono">{values(name).map((value, n) => <div key={n}>{value === null || value === undefined ? <span className="quiet small">{t.noRightKeys}</span> : String(value)}</div>)}</dd></div>)}
      </dl>
    </Card>
  );
}
