// Finding customers. What is looked for stands behind # in the address: it can be shared, but no log of a server holds it.
import { useEffect, useRef, useState, type KeyboardEvent } from "react";
import { Alert, Card, Grid, Input, Table, Tag, Typography, type InputRef } from "antd";
import { SearchOutlined } from "../../icons";
import { Link, useLocation, useNavigate } from "react-router";
import { useAsk, useGet } from "../../api/hooks";
import { useTexts } from "../../i18n";
import { customer } from "../../i18n/customer";
import { useFormats } from "../../i18n/format";
import { Answered, Nothing, Page, Unbuilt } from "../../parts";
import type { Column, Found, Hit } from "../customer/types";
import { useValues } from "../customer/values";
import "../customer/style.css";

const SHOWN = 50;
const PAUSE = 300;
const SHORTEST = 2;
const RIGHT = new Set(["money", "number", "integer"]);

function asked(hash: string): string {
  return new URLSearchParams(hash.replace(/^#/, "")).get("q") ?? "";
}

export default function Customers() {
  const t = useTexts(customer);
  const { hash } = useLocation();
  const go = useNavigate();
  const query = asked(hash);
  const [text, setText] = useState(query);
  const [at, setAt] = useState(-1);
  const status = useGet<{ snapshot: string | null }>("/status");
  const box = useRef<InputRef>(null);
  const search = (wanted: string) => {
    setAt(-1);
    if (wanted.trim() !== query) void go({ hash: wanted.trim() ? `q=${encodeURIComponent(wanted.trim())}` : "" }, { replace: true });
  };
  useEffect(() => setText((now) => (now.trim() === query ? now : query)), [query]);
  useEffect(() => {
    const han = /\p{Script=Han}/u.test(text);
    if (text.trim() && text.trim().length < (han ? 1 : SHORTEST)) return;
    const pause = setTimeout(() => search(text), PAUSE);
    return () => clearTimeout(pause);
  }, [text]);
  useEffect(() => box.current?.focus(), []);
  const answer = useAsk<Found>("/customers/search", query ? { text: query, limit: SHOWN } : null);
  const hits = query ? answer.data?.found ?? [] : [];
  const move = (event: KeyboardEvent) => {
    if (event.key === "ArrowDown" || event.key === "ArrowUp") {
      event.preventDefault();
      setAt((now) => Math.max(-1, Math.min(hits.length - 1, now + (event.key === "ArrowDown" ? 1 : -1))));
    } else if (event.key === "Enter") {
      const hit = hits[at] ?? (hits.length === 1 && text.trim() === query ? hits[0] : undefined);
      if (hit) void go(`/customers/${encodeURIComponent(hit.customer_id)}`);
      else search(text);
    } else if (event.key === "Escape") setText("");
  };
  return (
    <Page title={t.title} about={t.about}>
      <Input
        ref={box} size="large" allowClear prefix={<SearchOutlined />} placeholder={t.placeholder} aria-label={t.find} value={text} maxLength={200}
        onChange={(event) => setText(event.target.value)} onKeyDown={move} autoComplete="off" spellCheck={false} aria-controls="found" data-tour="find"
      />
      <div id="found" aria-live="polite">
        {query ? <Answered of={answer}>{(found) => <Results found={found} at={at} onWant={setText} stale={answer.isPlaceholderData} />}</Answered> : status.data?.snapshot === null ? <Unbuilt /> : <Hints onWant={setText} />}
      </div>
    </Page>
  );
}

function Hints({ onWant }: { onWant: (text: string) => void }) {
  const t = useTexts(customer);
  const samples: Readonly<Record<keyof typeof t.hints, string>> = { name: "张伟", phone: "9686", id: "M87327309", value: "上海市", condition: "spend > 5000" };
  return (
    <Card size="small" title={<h2 className="plain-title">{t.hintTitle}</h2>}>
      <ul className="ways">
        {(Object.keys(t.hints) as (keyof typeof t.hints)[]).map((way) => (
          <li key={way}><button type="button" className="sample mono" onClick={() => onWant(samples[way])}>{samples[way]}</button><span>{t.hints[way]}</span></li>
        ))}
      </ul>
    </Card>
  );
}

function Results({ found, at, onWant, stale }: { found: Found; at: number; onWant: (text: string) => void; stale: boolean }) {
  const t = useTexts(customer);
  const f = useFormats();
  const { one, title } = useValues();
  const total = found.more ? t.atLeast(f.count(found.total)) : f.count(found.total);
  return (
    <div className="stack" style={{ opacity: stale ? 0.6 : 1 }}>
      {found.values.length > 0 && (
        <div className="row"><Typography.Text type="secondary">{t.meant}</Typography.Text>
          {found.values.map((value) => (
            <button type="button" className="chip" key={value.condition} onClick={() => onWant(value.condition)}>
              {title(value.title, value.name)}{t.colon}{one(value.value, value.value_title)} <span className="quiet figures">{f.count(value.count)}</span>
            </button>
          ))}
        </div>
      )}
      {found.whole_number && <Alert type="info" showIcon title={t.wholeNumber} />}
      {found.found.length === 0 ? <Card><Nothing title={t.none} hint={t.noneHint} /></Card> : (
        <>
          <Typography.Text type="secondary" className="figures">
            {t.found(total, f.number(found.elapsed_ms, 0))}{found.total > found.found.length ? ` · ${t.firstOf(f.count(found.found.length))}` : ""}
          </Typography.Text>
          <People hits={found.found} columns={found.columns} at={at} named={new Map(found.values.map((value) => [value.name, title(value.title, value.name)]))} />
        </>
      )}
    </div>
  );
}

function People({ hits, columns, at, named }: { hits: readonly Hit[]; columns: readonly Column[]; at: number; named: ReadonlyMap<string, string> }) {
  const t = useTexts(customer);
  const { one, title } = useValues();
  const go = useNavigate();
  const phone = !(Grid.useBreakpoint().md ?? true);
  const open = (hit: Hit) => `/customers/${encodeURIComponent(hit.customer_id)}`;
  const why = (hit: Hit) => hit.matched.map((by) => <Tag key={by}>{(t.by as Record<string, string>)[by] ?? named.get(by) ?? (t.names as Record<string, string>)[by] ?? by}</Tag>);
  const value = (hit: Hit, column: Column) => one(hit.values[column.name]?.value, hit.values[column.name]?.value_title, column.value_type, column.unit);
  if (phone) {
    return (
      <ul className="cards">
        {hits.map((hit, n) => (
          <li key={hit.customer_id} className={n === at ? "here" : ""}>
            <Link to={open(hit)}><strong>{hit.name ?? t.nameless}</strong> <span className="figures">{hit.phone}</span></Link>
            <div className="quiet mono">{hit.customer_id}</div>
            <div>{columns.filter((c) => c.role !== "segment").map((c) => value(hit, c)).filter((v) => v !== "–").join(" · ")}</div>
            <div className="row">{why(hit)}</div>
          </li>
        ))}
      </ul>
    );
  }
  return (
    <Table<Hit>
      size="small" rowKey="customer_id" dataSource={[...hits]} pagination={false} scroll={{ x: "max-content" }} rowClassName={(_, n) => (n === at ? "here" : "")}
      onRow={(hit) => ({ onClick: (event) => { if (!(event.target as Element).closest("a")) void go(open(hit)); }, style: { cursor: "pointer" } })}
      columns={[
        { title: t.person, key: "who", fixed: "left", render: (_, hit) => <div><Link to={open(hit)}><strong>{hit.name ?? t.nameless}</strong></Link><div className="quiet mono">{hit.customer_id}</div></div> },
        { title: t.phone, key: "phone", render: (_, hit) => <span className="figures">{hit.phone ?? "–"}</span> },
        { title: t.why, key: "why", render: (_, hit) => why(hit) },
        ...columns.map((column) => ({
          title: title(column.title, column.name), key: column.name, align: RIGHT.has(column.value_type) ? ("right" as const) : ("left" as const),
          render: (_: unknown, hit: Hit) => <span className={column.role === "segment" ? "narrow" : ""}>{value(hit, column)}</span>,
        })),
      ]}
    />
  );
}
