// From a file to a source in steps; nothing is written before the last. What was mapped is kept in this browser tab until then.
import { useCallback, useEffect, useRef, useState } from "react";
import { Alert, Button, Popconfirm, Result, Spin, Steps, Upload } from "antd";
import { InboxOutlined } from "../../icons";
import { useQueryClient } from "@tanstack/react-query";
import { Link, useSearchParams } from "react-router";
import { call, get, Problem } from "../../api/client";
import { useGet } from "../../api/hooks";
import { useMay } from "../../api/session";
import { titleOf, useLanguage, useTexts } from "../../i18n";
import { common } from "../../i18n/common";
import { wizard } from "../../i18n/wizard";
import { ErrorView, Page } from "../../parts";
import { CheckStep } from "./import/CheckStep";
import { MapStep } from "./import/MapStep";
import { AUTO, bodyOf, faultOf, type About, type Column, type Form, type Read, type Saved } from "./import/model";
import { ReadStep } from "./import/ReadStep";
import type { SourceDetail } from "./types";
import "./data.css";

const MOST = 64 * 1024 * 1024;
const ENDINGS = ".csv,.tsv,.txt,.xlsx,.xlsm,.xls,.json,.jsonl,.ndjson,.parquet";
const EMPTY: About = { name: "", zh: "", en: "", owner: "", purpose: "", legal_basis: "contract", unique: [], trust: null, attributes: [] };
const nameOf = (file: string) => file.replace(/\.[^.]+$/, "").toLowerCase().replace(/[^a-z0-9]+/g, "_").replace(/^_+|_+$/g, "").replace(/^(\d)/, "s_$1").slice(0, 63);
const columnsOf = (read: Read): Column[] => read.suggestions.map((one) => ({ ...one }));

interface Kept { step: number; form: Form; columns: Column[]; about: About }
const keyOf = (id: string) => `huaxiang.wizard.${id}`;
function kept(id: string): Kept | null {
  try { return JSON.parse(sessionStorage.getItem(keyOf(id)) ?? "null") as Kept | null; } catch { return null; }
}

export default function Wizard() {
  const t = useTexts(wizard);
  const c = useTexts(common);
  const language = useLanguage();
  const may = useMay("define_sources");
  const client = useQueryClient();
  const [search, setSearch] = useSearchParams();
  const [step, setStep] = useState(0);
  const [read, setRead] = useState<Read | null>(null);
  const [form, setForm] = useState<Form>(AUTO);
  const [columns, setColumns] = useState<Column[]>([]);
  const [past, setPast] = useState<Column[][]>([]);
  const [about, setAbout] = useState<About>(EMPTY);
  const [busy, setBusy] = useState(false);
  const [fault, setFault] = useState<Problem | null>(null);
  const [hint, setHint] = useState<string | null>(null);
  const [ready, setReady] = useState(false);
  const [saved, setSaved] = useState<Saved | null>(null);
  const replacing = search.get("replace");
  const old = useGet<SourceDetail>(replacing ? `/sources/${encodeURIComponent(replacing)}` : null);
  const replace = replacing && old.data?.digest ? { name: replacing, digest: old.data.digest } : null;
  const put = useRef(search.get("file"));

  const take = useCallback((found: Read) => { setRead(found); setColumns(columnsOf(found)); setPast([]); }, []);
  const attempt = useCallback(async (work: () => Promise<void>) => {
    setBusy(true);
    setFault(null);
    setHint(null);
    try { await work(); } catch (error) { if (error instanceof Problem) setFault(error); else throw error; } finally { setBusy(false); }
  }, []);
  const asked = (id: string, how: Form) => get<Read>(`/wizard/files/${id}`, { ...how });

  useEffect(() => {  // a page that was left in the middle goes on where it was
    const id = put.current;
    if (!id) return;
    const held = kept(id);
    void attempt(async () => {
      const found = await asked(id, held?.form ?? AUTO).catch((error: unknown) => {
        if (error instanceof Problem && error.status === 404) { setHint(t.stale); setSearch({}, { replace: true }); return null; }
        throw error;
      });
      if (!found) return;
      take(found);
      if (held) { setForm(held.form); setColumns(held.columns); setAbout(held.about); setStep(held.step); } else setStep(1);
    });
  // eslint-disable-next-line react-hooks/exhaustive-deps -- once, when the page is opened
  }, []);
  useEffect(() => { if (read && !saved) sessionStorage.setItem(keyOf(read.id), JSON.stringify({ step, form, columns, about } satisfies Kept)); }, [read, step, form, columns, about, saved]);
  useEffect(() => {
    if (replace && old.data) setAbout((now) => now.name === replace.name ? now : { ...now, name: replace.name, zh: titleOf(old.data.title, "", "zh-CN"), en: titleOf(old.data.title, "", "en"), owner: old.data.owner ?? "", purpose: old.data.purpose ?? "", legal_basis: old.data.legal_basis ?? "contract", trust: old.data.trust });
  }, [replace?.digest, replace?.name, old.data]); // eslint-disable-line react-hooks/exhaustive-deps

  const upload = (file: File) => void attempt(async () => {
    if (file.size > MOST) { setHint(t.tooLarge); return; }
    const { data: found } = await call<Read>("POST", "/wizard/files", { query: { name: file.name }, body: new Blob([file], { type: "application/octet-stream" }) });
    const own = replacing ?? nameOf(file.name);
    setForm(AUTO);
    const next = replacing && old.data?.kind && old.data.kind !== found.entity ? await asked(found.id, { ...AUTO, entity: old.data.kind }) : found;
    take(next);
    setAbout((now) => ({ ...now, name: own }));
    setSearch((before) => { const changed = new URLSearchParams(before); changed.set("file", found.id); return changed; }, { replace: true });
    setStep(1);
  });
  const reread = (next: Form) => void attempt(async () => { if (!read) return; setForm(next); take(await asked(read.id, next)); });
  const change = (next: Column[]) => { setPast((before) => [...before.slice(-99), columns]); setColumns(next); };
  const undo = useCallback(() => setPast((before) => { const last = before.at(-1); if (last) setColumns(last); return before.slice(0, -1); }), []);
  useEffect(() => {
    const press = (event: KeyboardEvent) => { if (step === 2 && (event.ctrlKey || event.metaKey) && event.key === "z" && !(event.target instanceof HTMLInputElement)) { event.preventDefault(); undo(); } };
    window.addEventListener("keydown", press);
    return () => window.removeEventListener("keydown", press);
  }, [step, undo]);
  const leave = () => void attempt(async () => {
    if (read) { await call("DELETE", `/wizard/files/${read.id}`).catch(() => undefined); sessionStorage.removeItem(keyOf(read.id)); }
    setRead(null); setColumns([]); setAbout(EMPTY); setSaved(null); setStep(0); setForm(AUTO);
    setSearch((before) => { const next = new URLSearchParams(before); next.delete("file"); return next; }, { replace: true });
  });
  const save = () => void attempt(async () => {
    if (!read) return;
    const { data: done } = await call<Saved>("PUT", `/wizard/sources/${encodeURIComponent(about.name)}`, { body: bodyOf(read, form, columns, about, replace?.digest ?? null) });
    sessionStorage.removeItem(keyOf(read.id));
    setSaved(done);
    setStep(4);
    setSearch({}, { replace: true });
    void client.invalidateQueries();
  });

  if (!may) return <Page title={t.title}><Result status="403" title={c.forbidden} /></Page>;
  const names = Object.values(t.steps);
  const stuck = step === 1 ? !read || Boolean(read.fault) || !read.columns.length : step === 2 ? !columns.some((one) => one.field) || columns.some((one) => faultOf(one, columns)) : false;
  const foot = read && step > 0 && step < 4 && (
    <div className="row" style={{ justifyContent: "space-between" }}>
      <Popconfirm title={t.leaveAsk(read.name)} okText={t.leave} cancelText={c.cancel} onConfirm={leave}><Button danger type="text">{t.leave}</Button></Popconfirm>
      <span className="row">
        {step > 1 && <Button onClick={() => setStep(step - 1)}>{t.back}</Button>}
        {step < 3 ? <Button type="primary" disabled={stuck} onClick={() => setStep(step + 1)}>{t.next}</Button> : <Button type="primary" loading={busy} disabled={!ready} onClick={save}>{busy ? t.saving : t.save}</Button>}
      </span>
    </div>
  );
  return (
    <Page title={replacing ? t.replaceTitle(titleOf(old.data?.title, replacing, language)) : t.title} about={t.about}>
      <Steps size="small" current={step} items={names.map((title) => ({ title }))} responsive={false} titlePlacement="vertical" />
      {hint && <Alert type="warning" showIcon title={hint} closable />}
      {fault && <ErrorView error={fault} />}
      {old.error && <ErrorView error={old.error} />}
      <Spin spinning={busy && step < 3} description={step === 0 ? t.uploading : undefined}>
        {step === 0 && (
          <div data-tour="upload"><Upload.Dragger accept={ENDINGS} maxCount={1} showUploadList={false} disabled={busy} beforeUpload={(file) => { upload(file); return false; }}>
            <p className="ant-upload-drag-icon"><InboxOutlined /></p><p className="ant-upload-text">{t.drop}</p><p className="ant-upload-hint">{t.dropHint}</p>
          </Upload.Dragger></div>
        )}
        <div style={{ display: "flex", flexDirection: "column", gap: 16 }}>
          {step === 1 && read && <ReadStep of={read} form={form} onForm={reread} />}
          {step === 2 && read && <MapStep read={read} columns={columns} canUndo={past.length > 0} onColumns={change} onUndo={undo} onEntity={(entity) => reread({ ...form, header_row: read.header_row, entity })} />}
          {step === 3 && read && <CheckStep read={read} form={form} columns={columns} about={about} replace={replace} onAbout={setAbout} onReady={setReady} />}
          {foot}
        </div>
      </Spin>
      {step === 4 && saved && (
        <Result status="success" title={t.savedTitle} subTitle={<span className="mono">{t.savedHint(saved.file, saved.data)}</span>}
          extra={[<Link key="runs" to="/data/runs"><Button type="primary" tabIndex={-1}>{t.toRuns}</Button></Link>, <Link key="sources" to="/data/sources"><Button tabIndex={-1}>{t.toSources}</Button></Link>, <Button key="again" onClick={leave}>{t.again}</Button>]}>
          {saved.warnings.length > 0 && <Alert type="info" title={t.warnings} description={saved.warnings.map((one, n) => <div key={n} className="mono">{one.file}:{one.line} {titleOf(one.message, "", language)}</div>)} />}
        </Result>
      )}
    </Page>
  );
}
