// One source in full: where it comes from, its fields with what they hold, what changed and what was found.
import { Alert, Button, Descriptions, Drawer, Table, Tag } from "antd";
import { Link } from "react-router";
import { useGet } from "../../api/hooks";
import { useMay } from "../../api/session";
import { titleOf, useLanguage, useTexts } from "../../i18n";
import { data } from "../../i18n/data";
import { useFormats } from "../../i18n/format";
import { Answered } from "../../parts";
import { Flow, LightMark, ShareBar } from "./marks";
import type { SourceColumn, SourceDetail } from "./types";

export function Examples({ of }: { of: { examples: string[] | null; hidden?: string | null } }) {
  const t = useTexts(data).sources;
  if (of.hidden) return <span className="soft small">{t.hidden[of.hidden as keyof typeof t.hidden] ?? of.hidden}</span>;
  if (of.examples === null) return <span className="soft small">{t.noExamples}</span>;
  return <div className="examples">{of.examples.map((one) => <span key={one} title={one}>{one}</span>)}</div>;
}

function Fields({ of }: { of: SourceDetail }) {
  const t = useTexts(data);
  return (
    <Table<SourceColumn>
      size="small" rowKey="name" pagination={false} dataSource={of.columns} scroll={{ x: 560 }}
      columns={[
        { title: t.sources.column, key: "name", render: (_, one) => <><span className="mono">{one.name}</span> {one.key && <Tag>{t.sources.key}</Tag>}{one.from && one.from.join(" + ") !== one.name && <div className="soft small">← {one.from.join(" + ")}</div>}</> },
        { title: t.sources.type, key: "type", render: (_, one) => (one.type ? t.types[one.type as keyof typeof t.types] ?? one.type : "–") },
        { title: t.sources.complete, key: "complete", render: (_, one) => <ShareBar share={one.complete} /> },
        { title: t.sources.light, key: "light", render: (_, one) => (one.light ? <LightMark light={one.light} /> : "–") },
        { title: t.sources.examples, key: "examples", render: (_, one) => <Examples of={one} /> },
      ]}
    />
  );
}

function Detail({ of }: { of: SourceDetail }) {
  const t = useTexts(data);
  const f = useFormats();
  const language = useLanguage();
  const define = useMay("define_sources");
  return (
    <div style={{ display: "flex", flexDirection: "column", gap: 16 }}>
      <div className="row">
        <LightMark light={of.light} />
        <Link to={`/data/quality?source=${encodeURIComponent(of.name)}`}>{t.sources.toQuality}</Link>
        {define && of.origin !== "database" && <Link to={`/data/wizard?replace=${encodeURIComponent(of.name)}`}><Button size="small">{t.sources.replace}</Button></Link>}
      </div>
      {of.rows_in !== null && <Flow parts={[
        { key: "loaded", name: t.quality.loaded, value: of.loaded ?? 0, tone: "good" }, { key: "aside", name: t.quality.setAside, value: of.set_aside ?? 0, tone: "warn" }, { key: "out", name: t.quality.leftOut, value: of.left_out ?? 0, tone: "soft" },
      ]} />}
      {of.findings.map((one, n) => <Alert key={n} type={one.light === "bad" ? "error" : "warning"} showIcon title={titleOf(one.text, "", language)} description={titleOf(one.advice, "", language)} />)}
      {of.schema.length > 0 && <Alert type="info" showIcon title={t.sources.changes} description={<ul className="plain-list">{of.schema.map((one, n) => <li key={n}><span className="mono">{one.column}</span> {t.sources.change[one.change as keyof typeof t.sources.change] ?? one.change}{one.before || one.now ? ` ${String(one.before ?? "")} → ${String(one.now ?? "")}` : ""}</li>)}</ul>} />}
      <Descriptions size="small" column={{ xs: 1, sm: 2 }} items={[
        { key: "owner", label: t.sources.owner, children: of.owner ?? "–" },
        { key: "basis", label: t.sources.basis, children: of.legal_basis ? t.legal[of.legal_basis as keyof typeof t.legal] : "–" },
        { key: "purpose", label: t.sources.purpose, children: of.purpose ?? "–", span: "filled" },
        { key: "span", label: t.sources.span, children: of.last_at ? `${f.day(of.first_at)} – ${f.day(of.last_at)}` : "–" },
        { key: "loaded", label: t.sources.loadedAt, children: f.time(of.loaded_at) },
        { key: "place", label: t.sources.definition, children: <span className="mono">{of.place ?? "–"}</span> },
        { key: "trust", label: t.sources.trust, children: f.number(of.trust) },
        { key: "files", label: t.sources.file, span: "filled", children: <ul className="plain-list" style={{ gap: 2 }}>{of.files.slice(0, 6).map((one) => <li key={one.path} className="mono">{one.path} <span className="soft">{f.count(one.rows)}{one.encoding ? ` · ${one.encoding}` : ""}</span></li>)}{of.files.length > 6 && <li className="soft">… {of.files.length}</li>}</ul> },
        { key: "thresholds", label: t.sources.thresholds, span: "filled", children: of.thresholds ? <pre className="mono pre-wrap" style={{ margin: 0 }}>{Object.entries(of.thresholds).map(([key, value]) => `${key}: ${JSON.stringify(value)}`).join("\n")}</pre> : t.sources.noThresholds },
      ]} />
      <Fields of={of} />
      {of.unmapped.length > 0 && <div><b>{t.sources.unmapped}</b><div className="examples" style={{ marginBlockStart: 4 }}>{of.unmapped.map((one) => <span key={one}>{one}</span>)}</div></div>}
    </div>
  );
}

export function SourceDrawer({ name, onClose }: { name: string | null; onClose: () => void }) {
  const language = useLanguage();
  const found = useGet<SourceDetail>(name ? `/sources/${encodeURIComponent(name)}` : null);
  return (
    <Drawer open={name !== null} onClose={onClose} size={860} title={found.data && name === found.data.name ? titleOf(found.data.title, found.data.name, language) : name}>
      {name && <Answered of={found}>{(of) => <Detail of={of} />}</Answered>}
    </Drawer>
  );
}
