// Every source: what was loaded of it, how fresh and how good it is.
import { Button, Input, Select, Table, Tag, Tooltip } from "antd";
import { CloudUploadOutlined, DatabaseOutlined, FileOutlined, SwapOutlined } from "../../icons";
import { Link, useSearchParams } from "react-router";
import { useGet } from "../../api/hooks";
import { useMay } from "../../api/session";
import { titleOf, useLanguage, useTexts } from "../../i18n";
import { data } from "../../i18n/data";
import { useFormats } from "../../i18n/format";
import { Answered, Figure, Nothing, Page } from "../../parts";
import { LightMark } from "./marks";
import { SourceDrawer } from "./SourceDrawer";
import type { SourceLine, SourceList } from "./types";

function sum(lines: readonly SourceLine[], key: "rows_in" | "loaded" | "repaired" | "set_aside"): number {
  return lines.reduce((total, one) => total + (one[key] ?? 0), 0);
}

function Totals({ of }: { of: SourceList }) {
  const t = useTexts(data).sources;
  const f = useFormats();
  return (
    <div className="grid">
      <Figure name={t.count} value={f.count(of.sources.length)} note={t.about(f.day(of.as_of))} />
      <Figure name={t.loaded} value={f.count(sum(of.sources, "loaded"))} note={t.ofRows(f.count(sum(of.sources, "rows_in")))} />
      <Figure name={t.repaired} value={f.count(sum(of.sources, "repaired"))} note={t.ofLoaded} />
      <Figure name={t.setAside} value={f.count(sum(of.sources, "set_aside"))} note={t.setAsideNote} />
    </div>
  );
}

function Name({ of, onOpen }: { of: SourceLine; onOpen: () => void }) {
  const t = useTexts(data);
  const language = useLanguage();
  const origin = of.origin === "database" ? t.origins.database : of.origin.toUpperCase();
  return (
    <div>
      <Button type="link" size="small" style={{ padding: 0, height: "auto", whiteSpace: "normal", textAlign: "start" }} onClick={onOpen}>{titleOf(of.title, of.name, language)}</Button>
      <div className="soft small">{of.origin === "database" ? <DatabaseOutlined /> : <FileOutlined />} {of.name} · {origin}</div>
      <div className="row" style={{ gap: 4 }}>
        {of.state !== "built" && <Tag color={of.state === "new" ? "processing" : "default"}>{t.states[of.state]}</Tag>}
        {of.schema.length > 0 && <Tag color="warning" icon={<SwapOutlined />}>{t.sources.drift(of.schema.length)}</Tag>}
      </div>
    </div>
  );
}

export default function Sources() {
  const t = useTexts(data);
  const f = useFormats();
  const language = useLanguage();
  const define = useMay("define_sources");
  const [search, setSearch] = useSearchParams();
  const found = useGet<SourceList>("/sources");
  const set = (key: string, value: string | null) => setSearch((old) => { const next = new URLSearchParams(old); if (value) next.set(key, value); else next.delete(key); return next; }, { replace: key === "q" });
  const text = search.get("q") ?? "";
  const kind = search.get("kind");
  const fits = (one: SourceLine) => (!kind || one.kind === kind) && (!text || [one.name, one.owner, titleOf(one.title, "", language)].some((part) => part?.toLowerCase().includes(text.toLowerCase())));
  const add = define && <Link to="/data/wizard"><Button type="primary" icon={<CloudUploadOutlined />}>{t.sources.import}</Button></Link>;
  return (
    <Page title={t.sources.title} about={found.data && t.sources.about(f.day(found.data.as_of))} actions={add}>
      <Answered of={found}>
        {(of) => of.sources.length === 0 ? <Nothing title={t.sources.empty} hint={t.sources.emptyHint} action={add} /> : (
          <>
            <Totals of={of} />
            <div className="row">
              <Input.Search allowClear placeholder={t.sources.find} aria-label={t.sources.find} defaultValue={text} onChange={(event) => set("q", event.target.value)} style={{ maxWidth: 280 }} />
              <Select aria-label={t.sources.kind} value={kind ?? ""} style={{ minWidth: 168 }} onChange={(value: string) => set("kind", value || null)}
                options={[{ value: "", label: t.sources.allKinds }, ...[...new Set(of.sources.map((one) => one.kind))].filter((one) => one !== null).map((one) => ({ value: one, label: t.entities[one as keyof typeof t.entities] }))]} />
            </div>
            <Table<SourceLine>
              size="small" rowKey="name" pagination={false} dataSource={of.sources.filter(fits)} locale={{ emptyText: t.sources.noMatch }} onRow={(one) => ({ onClick: () => set("source", one.name), style: { cursor: "pointer" } })}
              columns={[
                { title: t.sources.name, key: "name", render: (_, one) => <Name of={one} onOpen={() => set("source", one.name)} />, sorter: (a, b) => a.name.localeCompare(b.name) },
                { title: t.sources.kind, key: "kind", responsive: ["lg"], render: (_, one) => (one.kind ? t.entities[one.kind as keyof typeof t.entities] : "–") },
                { title: t.sources.rows, key: "loaded", align: "end", render: (_, one) => f.count(one.loaded), sorter: (a, b) => (a.loaded ?? 0) - (b.loaded ?? 0) },
                { title: t.sources.repairs, key: "repaired", align: "end", responsive: ["md"], render: (_, one) => f.count(one.repaired), sorter: (a, b) => (a.repaired ?? 0) - (b.repaired ?? 0) },
                { title: t.sources.aside, key: "aside", align: "end", responsive: ["md"], sorter: (a, b) => (a.set_aside ?? 0) - (b.set_aside ?? 0), render: (_, one) => one.set_aside ? <Link to={`/data/quality?source=${encodeURIComponent(one.name)}&rows=rejected`} onClick={(event) => event.stopPropagation()}>{f.count(one.set_aside)}</Link> : f.count(one.set_aside) },
                { title: t.sources.last, key: "last", responsive: ["sm"], align: "end", sorter: (a, b) => (a.age_days ?? -1) - (b.age_days ?? -1), render: (_, one) => one.last_at ? <Tooltip title={f.day(one.last_at)}>{t.sources.days(one.age_days ?? 0)}</Tooltip> : "–" },
                { title: t.sources.light, key: "light", render: (_, one) => <LightMark light={one.light} /> },
                { title: t.sources.keys, key: "keys", responsive: ["xl"], render: (_, one) => <div className="examples">{one.keys.map((key) => <span key={key} className="mono">{key}</span>)}</div> },
              ]}
            />
          </>
        )}
      </Answered>
      <SourceDrawer name={search.get("source")} onClose={() => set("source", null)} />
    </Page>
  );
}
