// How good the data are: a matrix of sources and measures, and for each source where every row went and why.
import { useState } from "react";
import { App, Button, Select, Switch, Table, Tabs, Drawer } from "antd";
import { Link, useSearchParams } from "react-router";
import { get, Problem } from "../../api/client";
import { useGet, usePages } from "../../api/hooks";
import { useMay } from "../../api/session";
import { titleOf, useLanguage, useTexts } from "../../i18n";
import { common } from "../../i18n/common";
import { data } from "../../i18n/data";
import { useFormats } from "../../i18n/format";
import { Answered, ErrorView, Nothing, Page } from "../../parts";
import { Section } from "../../parts/heat";
import { Flow, LightMark } from "./marks";
import { Matrix } from "./Matrix";
import { SourceQuality } from "./SourceQuality";
import type { Both, Finding, QualityTold } from "./types";

function Findings({ of }: { of: readonly Finding[] }) {
  const t = useTexts(data).quality;
  const language = useLanguage();
  const [all, setAll] = useState(false);
  const c = useTexts(common);
  if (!of.length) return <span className="soft">{t.none}</span>;
  return (
    <ul className="plain-list">
      {of.slice(0, all ? undefined : 6).map((one, n) => (
        <li key={n}><LightMark light={one.light} /> <Link className="mono" to={`/data/quality?source=${encodeURIComponent(one.source)}`}>{one.source}</Link> {titleOf(one.text, "", language)}<div className="soft small">{titleOf(one.advice, "", language)}</div></li>
      ))}
      {of.length > 6 && !all && <li><Button size="small" onClick={() => setAll(true)}>{c.all} {of.length}</Button></li>}
    </ul>
  );
}

interface Row { file: string | null; row: number | null; column: string | null; code?: string; kind?: string; reason?: unknown; raw?: string | null }
interface RowPage { rows: Row[]; total: number; next?: string | null; kinds?: { kind: string; text: Both }[] }

/** The rows behind a count, by number; their texts for those who may see them, who say so. */
function Rows({ source, which, texts }: { source: string; which: "rejected" | "repairs"; texts: Record<string, Both> }) {
  const t = useTexts(data).quality;
  const c = useTexts(common);
  const f = useFormats();
  const language = useLanguage();
  const may = useMay("raw");
  const [raw, setRaw] = useState(false);
  const found = usePages<RowPage, Row>(`/quality/${encodeURIComponent(source)}/${which}`, { limit: 100, raw }, (page) => page.rows);
  const first = found.data?.pages[0];
  if (found.error) return <ErrorView error={found.error} onRetry={() => void found.refetch()} />;
  const kinds = Object.fromEntries((first?.kinds ?? []).map((one) => [one.kind, one.text]));
  return (
    <div style={{ display: "flex", flexDirection: "column", gap: 12 }}>
      <div className="row" style={{ justifyContent: "space-between" }}>
        <span className="soft">{first ? t.total(f.count(first.total)) : ""} {which === "repairs" && t.keptRaw}</span>
        {may && <label className="row"><Switch size="small" checked={raw} onChange={setRaw} />{t.showRaw}</label>}
      </div>
      <Table<Row>
        size="small" rowKey={(_, n) => String(n)} loading={found.isLoading} pagination={false} dataSource={found.rows} scroll={{ x: raw ? 720 : 420 }}
        columns={[
          { title: t.file, dataIndex: "file", render: (value: string | null) => <span className="mono">{value?.replace(/^data\//, "")}</span> },
          { title: t.row, dataIndex: "row", align: "end", render: (value: number | null) => f.count(value) },
          { title: t.column, dataIndex: "column", render: (value: string | null) => (value ? <span className="mono">{value}</span> : "–") },
          { title: which === "rejected" ? t.reason : t.kind, key: "why", render: (_, one) => titleOf(one.code ? texts[one.code] : kinds[one.kind ?? ""], String(one.code ?? one.kind), language) },
          ...(raw ? [{ title: t.raw, dataIndex: "raw", render: (value: string | null) => <span className="mono pre-wrap">{value}</span> }] : []),
        ]}
      />
      {found.hasNextPage && <Button onClick={() => void found.fetchNextPage()} loading={found.isFetchingNextPage}>{c.more}</Button>}
    </div>
  );
}

function AuditButton() {
  const t = useTexts(data).quality;
  const { message } = App.useApp();
  const [busy, setBusy] = useState(false);
  const run = async () => {
    setBusy(true);
    try {
      const told = await get<{ broken: number }>("/quality/audit");
      void message[told.broken ? "warning" : "success"](t.auditDone(told.broken));
    } catch (error) {
      void message.error(error instanceof Problem ? error.message : String(error));
    }
    setBusy(false);
  };
  return <Button loading={busy} onClick={() => void run()}>{t.audit}</Button>;
}

export default function Quality() {
  const t = useTexts(data);
  const f = useFormats();
  const language = useLanguage();
  const may = useMay("audit");
  const mayImport = useMay("define_sources");
  const [search, setSearch] = useSearchParams();
  const found = useGet<QualityTold>("/quality");
  const name = search.get("source");
  const rows = search.get("rows") as "rejected" | "repairs" | null;
  const choose = (changes: Record<string, string | null>) => setSearch((old) => { const next = new URLSearchParams(old); for (const [key, value] of Object.entries(changes)) if (value) next.set(key, value); else next.delete(key); return next; });
  return (
    <Page title={t.quality.title} about={found.data && t.quality.about(f.day(found.data.as_of))} actions={may && <AuditButton />}>
      <Answered of={found}>
        {(of) => {
          if (!of.sources.length) return <Nothing title={t.sources.empty} hint={t.sources.emptyHint} action={mayImport && <Link to="/data/wizard"><Button type="primary" tabIndex={-1}>{t.sources.import}</Button></Link>} />;
          const chosen = of.sources.find((one) => one.name === name);
          const shown = chosen ?? of;
          const texts = Object.fromEntries(of.sources.flatMap((one) => one.reasons.map((reason) => [reason.code, reason.text])));
          return (
            <>
              <div className="row">
                <Select aria-label={t.quality.source} showSearch={{ optionFilterProp: "label" }} value={chosen?.name ?? ""} style={{ minWidth: 240 }} onChange={(value: string) => choose({ source: value || null, rows: null })}
                  options={[{ value: "", label: t.quality.all }, ...of.sources.map((one) => ({ value: one.name, label: titleOf(one.title, one.name, language) }))]} />
                {chosen && <Button onClick={() => choose({ source: null, rows: null })}>{t.quality.back}</Button>}
              </div>
              <Section tour="rows" title={`${t.quality.rowsIn} ${f.count(shown.rows_in)}`} base={shown.adds_up ? t.quality.addsUp : t.quality.notAddsUp}>
                <Flow parts={[
                  { key: "loaded", name: t.quality.loaded, value: shown.loaded, tone: "good" }, { key: "aside", name: t.quality.setAside, value: shown.set_aside, tone: "warn" },
                  { key: "out", name: t.quality.leftOut, value: shown.left_out, tone: "soft" },
                ]} />
              </Section>
              {chosen ? <SourceQuality of={chosen} findings={of.findings.filter((one) => one.source === chosen.name)} onRows={(which) => choose({ rows: which })} /> : (
                <>
                  <Matrix of={of} onPick={(picked) => choose({ source: picked })} />
                  <Section title={t.quality.findings}><Findings of={of.findings} /></Section>
                </>
              )}
              <Drawer open={chosen !== undefined && rows !== null} onClose={() => choose({ rows: null })} size={860} title={chosen && (rows === "repairs" ? t.quality.repairsOf : t.quality.rejectedOf)(titleOf(chosen.title, chosen.name, language))}>
                {chosen && rows && <Tabs activeKey={rows} onChange={(key) => choose({ rows: key })} destroyOnHidden items={[
                  { key: "rejected", label: t.quality.setAside, children: <Rows source={chosen.name} which="rejected" texts={texts} /> },
                  { key: "repairs", label: t.quality.repairs, children: <Rows source={chosen.name} which="repairs" texts={texts} /> },
                ]} />}
              </Drawer>
            </>
          );
        }}
      </Answered>
    </Page>
  );
}
