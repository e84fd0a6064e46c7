// Who is who: the records of a customer, the evidence between them, and decisions about them.
import { useMemo, useState } from "react";
import { Alert, App, Button, Card, Table, Tag, Typography } from "antd";
import { Link } from "react-router";
import { useGet, useWrite } from "../../api/hooks";
import { useMay } from "../../api/session";
import { useTexts } from "../../i18n";
import { customer } from "../../i18n/customer";
import { useFormats } from "../../i18n/format";
import { Answered } from "../../parts";
import { Decide } from "./Decide";
import { Graph, MOST, type Picked } from "./Graph";
import type { CustomerData, Evidence, Explained, IdentityRecord } from "./types";
import { focusable, useValues } from "./values";

/** Parts of a field that stands there whole. */
const REPEATED = new Set(["street", "address_key", "surname", "given_name"]);

/** What fields of records are called. */
function useFieldNames(): (key: string) => string {
  const names = useTexts(customer).names as Readonly<Record<string, string>>;
  return (key) => names[key] ?? key;
}

/** A value of a record as people read it. */
function useFieldValues(): (record: IdentityRecord | undefined, key: string) => string {
  const { title } = useValues();
  return (record, key) => (record?.fields[key] === undefined ? "–" : title(record.titles[key], record.fields[key]));
}

interface Props { readonly id: string; readonly name: string; readonly records: CustomerData["records"] }

export default function Identity(props: Props) {
  const t = useTexts(customer).identity;
  const may = useMay("identifiers");
  const answer = useGet<Explained>(may ? `/identity/customers/${encodeURIComponent(props.id)}` : null);
  if (!may) return <Card><Typography.Text type="secondary">{t.noRight}</Typography.Text></Card>;
  return <Answered of={answer}>{(found) => <Known found={found} {...props} />}</Answered>;
}

function Known({ found, id, name, records }: Props & { found: Explained }) {
  const t = useTexts(customer).identity;
  const f = useFormats();
  const { title } = useValues();
  const decides = useMay("decide");
  const [picked, setPicked] = useState<Picked>(null);
  const [selected, setSelected] = useState<ReadonlySet<string>>(new Set());
  const [asked, setAsked] = useState<"split" | "merge" | null>(null);
  const [other, setOther] = useState<string | null>(null);
  const names = useMemo(() => new Map(records.map((r) => [r.source, title(r.title, r.source)])), [records]);
  const nameOf = (source: string) => names.get(source) ?? source;
  const toggle = (digest: string) => setSelected((now) => new Set(now.has(digest) ? [...now].filter((d) => d !== digest) : [...now, digest]));
  const fieldNames = useFieldNames();
  const valueOf = useFieldValues();
  const said = (record: IdentityRecord) => Object.entries(record.fields).filter(([key]) => !REPEATED.has(key)).map(([key]) => `${fieldNames(key)} ${valueOf(record, key)}`).join(" · ");
  return (
    <div className="stack">
      <Card size="small" title={<h2 className="plain-title">{t.graph(f.count(found.records.length), f.count(found.linked.length))}</h2>} extra={<span className="quiet small no-print">{t.hint}</span>}>
        <div className="graph">
          <div>
            <Graph records={found.records} linked={found.linked} selected={selected} picked={picked} nameOf={nameOf} onPick={setPicked} />
            {found.records.length > MOST && <span className="quiet small">{t.tooMany(String(MOST))}</span>}
          </div>
          <Detail picked={picked} found={found} nameOf={nameOf} selected={selected} onToggle={decides ? toggle : undefined} />
        </div>
      </Card>
      <Card
        size="small" title={<h2 className="plain-title">{t.all(f.count(found.records.length))}</h2>}
        extra={decides && (
          <span className="row no-print">
            {selected.size > 0 && <span className="quiet small">{t.selected(f.count(selected.size))}</span>}
            <Button size="small" disabled={!selected.size || selected.size >= found.records.length} onClick={() => setAsked("split")}>{t.split}</Button>
            <Button size="small" onClick={() => { setOther(null); setAsked("merge"); }}>{t.merge}</Button>
          </span>
        )}
      >
        {selected.size >= found.records.length && <Alert type="info" title={t.cannotAll} />}
        <Table<IdentityRecord>
          size="small" onRow={focusable} rowKey="digest" dataSource={[...found.records]} pagination={found.records.length > 20 ? { pageSize: 20 } : false} scroll={{ x: "max-content" }}
          rowSelection={decides ? { hideSelectAll: true, selectedRowKeys: [...selected], onChange: (keys) => setSelected(new Set(keys.map(String))), getCheckboxProps: (record) => ({ "aria-label": `${nameOf(record.source)} ${record.digest.slice(0, 8)}` }) } : undefined}
          columns={[
            { title: t.source, key: "source", render: (_, r) => nameOf(r.source) },
            { title: t.said, key: "said", render: (_, r) => <div style={{ maxWidth: 620, whiteSpace: "normal", overflowWrap: "anywhere" }}>{said(r)}{r.not_counted.map((n) => <div key={n.key} className="quiet small">{t.notCounted} · {fieldNames(n.key)} {n.value}（{n.reason === "blocked" ? t.blocked : t.heldBack(f.count(n.records))}）</div>)}</div> },
            { title: t.rowsCount, key: "rows", align: "right", render: (_, r) => f.count(r.rows) },
            { title: t.seen, key: "seen", render: (_, r) => (f.day(r.first_at) === f.day(r.last_at) ? f.day(r.first_at) : `${f.day(r.first_at)} – ${f.day(r.last_at)}`) },
          ]}
        />
      </Card>
      {found.review.length > 0 && <Waiting title={t.review} list={found.review} onMerge={decides ? (one) => { setOther(one); setAsked("merge"); } : undefined} />}
      {found.refused.length > 0 && <Waiting title={t.refused} list={found.refused} />}
      <Decisions found={found} />
      {asked && <Decide kind={asked} found={found} id={id} name={name} selected={selected} other={other} nameOf={nameOf} onClose={(done) => { setAsked(null); if (done) setSelected(new Set()); }} />}
    </div>
  );
}

function Detail({ picked, found, nameOf, selected, onToggle }: { picked: Picked; found: Explained; nameOf: (source: string) => string; selected: ReadonlySet<string>; onToggle?: (digest: string) => void }) {
  const t = useTexts(customer).identity;
  const f = useFormats();
  const called = useFieldNames();
  const valueOf = useFieldValues();
  const record = (digest: string) => found.records.find((r) => r.digest === digest);
  if (!picked) return <Typography.Text type="secondary">{t.pickEdge}</Typography.Text>;
  if ("record" in picked) {
    const one = picked.record;
    return (
      <div className="stack" aria-live="polite">
        <h3 className="plain-title">{nameOf(one.source)}</h3>
        <dl className="customer-facts">{Object.keys(one.fields).map((key) => <div key={key}><dt>{called(key)}</dt><dd>{valueOf(one, key)}</dd></div>)}<div><dt>{t.rowsCount}</dt><dd>{f.count(one.rows)}</dd></div><div><dt>{t.seen}</dt><dd>{f.day(one.first_at)}</dd></div></dl>
        {onToggle && <Button size="small" type={selected.has(one.digest) ? "primary" : "default"} onClick={() => onToggle(one.digest)}>{selected.has(one.digest) ? t.leaves : t.split}</Button>}
      </div>
    );
  }
  const edge = picked.edge;
  const [a, b] = [record(edge.left), record(edge.right)];
  const fields = [...new Set([...Object.keys(a?.fields ?? {}), ...Object.keys(b?.fields ?? {})])];
  const same = (key: string) => a?.fields[key] !== undefined && a.fields[key] === b?.fields[key];
  return (
    <div className="stack" aria-live="polite">
      <h3 className="plain-title">{t.kinds[edge.kind]} · {called(edge.rule)}</h3>
      <dl className="customer-facts">
        {edge.weight !== null && <div><dt>{t.weight}</dt><dd>{f.number(edge.weight)}</dd></div>}
        {edge.probability !== null && <div><dt>{t.probability}</dt><dd>{f.percent(edge.probability)}</dd></div>}
        <div><dt>{t.since}</dt><dd>{f.day(edge.first_seen)}</dd></div>
        {edge.reason && <div><dt>{t.reason}</dt><dd>{edge.reason}</dd></div>}
      </dl>
      <Table
        size="small" onRow={focusable} rowKey="key" pagination={false} scroll={{ x: true }} dataSource={fields.map((key) => ({ key }))}
        columns={[
          { title: "", key: "field", render: (_, { key }) => <span className="quiet small">{called(key)}</span> },
          { title: a ? nameOf(a.source) : "–", key: "a", render: (_, { key }) => <span style={{ fontWeight: same(key) ? 600 : 400 }}>{valueOf(a, key)}</span> },
          { title: b ? nameOf(b.source) : "–", key: "b", render: (_, { key }) => <span style={{ fontWeight: same(key) ? 600 : 400 }}>{valueOf(b, key)}</span> },
        ]}
      />
    </div>
  );
}

function Waiting({ title, list, onMerge }: { title: string; list: readonly Evidence[]; onMerge?: (other: string) => void }) {
  const called = useFieldNames();
  const t = useTexts(customer).identity;
  const f = useFormats();
  return (
    <Card size="small" title={<h2 className="plain-title">{title}</h2>}>
      <Table<Evidence>
        size="small" onRow={focusable} rowKey={(e) => `${e.left}${e.right}${e.rule}`} pagination={list.length > 8 ? { pageSize: 8 } : false} scroll={{ x: "max-content" }} dataSource={[...list]}
        columns={[
          { title: t.record, key: "other", render: (_, e) => (e.other ? <Link to={`/customers/${encodeURIComponent(e.other)}?tab=identity`} className="mono">{e.other}</Link> : "–") },
          { title: t.evidence, key: "kind", render: (_, e) => `${t.kinds[e.kind]} · ${called(e.rule)}` },
          { title: t.probability, key: "p", align: "right", render: (_, e) => f.percent(e.probability) },
          { title: t.reason, key: "reason", render: (_, e) => e.reason || t.verdict[e.verdict] },
          ...(onMerge ? [{ title: "", key: "do", render: (_: unknown, e: Evidence) => e.other && <Button size="small" onClick={() => onMerge(e.other as string)}>{t.merge}</Button> }] : []),
        ]}
      />
    </Card>
  );
}

function Decisions({ found }: { found: Explained }) {
  const t = useTexts(customer).identity;
  const f = useFormats();
  const decides = useMay("decide");
  const { message } = App.useApp();
  const write = useWrite<{ number: number }, { path: string; body?: unknown }>("POST", ["/identity"]);
  const undo = (path: string, body: unknown) => write.mutate({ path, body }, { onSuccess: () => void message.success(t.undone), onError: (error) => void message.error(error.message) });
  return (
    <Card size="small" title={<h2 className="plain-title">{t.decisions}</h2>}>
      {found.was.length > 0 && (
        <p className="row"><span className="quiet small">{t.was}</span>{found.was.map((w) => <span key={w.customer_id} className="mono">{w.customer_id}</span>)}
          {decides && <Button size="small" loading={write.isPending} onClick={() => undo("/identity/unmerge", { customer_id: found.customer_id, why: t.unmerge })}>{t.unmerge}</Button>}
        </p>
      )}
      {!found.decisions.length ? <Typography.Text type="secondary">{t.none}</Typography.Text> : (
        <Table
          size="small" onRow={focusable} rowKey="number" pagination={false} scroll={{ x: "max-content" }} dataSource={[...found.decisions].reverse()}
          columns={[
            { title: "#", dataIndex: "number" },
            { title: t.decisions, key: "kind", render: (_, d) => <span className="row">{t.decisionKinds[d.kind] ?? d.kind}<Tag color={d.active ? "success" : "default"}>{d.active ? t.inForce : t.taken}</Tag></span> },
            { title: t.why, dataIndex: "why" },
            { title: t.seen, key: "when", render: (_, d) => `${d.who} · ${f.time(d.when)}` },
            { title: "", key: "undo", render: (_, d) => decides && d.active && d.kind !== "undo" && <Button size="small" loading={write.isPending} onClick={() => undo(`/identity/decisions/${d.number}/undo`, { why: t.undoWhy })}>{t.undo} #{d.number}</Button> },
          ]}
        />
      )}
    </Card>
  );
}
