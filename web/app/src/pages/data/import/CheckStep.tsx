// What the mapping makes of all rows; what is still to be said of the source; and the YAML that will be written.
import { useEffect, useState } from "react";
import { Alert, AutoComplete, Button, Checkbox, Form as Fields, Input, InputNumber, Select, Table, Tabs } from "antd";
import { post, Problem } from "../../../api/client";
import { titleOf, useLanguage, useTexts } from "../../../i18n";
import { data } from "../../../i18n/data";
import { useFormats } from "../../../i18n/format";
import { wizard } from "../../../i18n/wizard";
import { ErrorView } from "../../../parts";
import { Section, Tracks } from "../../../parts/heat";
import { Flow } from "../marks";
import { bodyOf, FIELD, type About, type Column, type Form, type Preview, type Read } from "./model";

function Told({ of }: { of: Preview }) {
  const t = useTexts(wizard);
  const f = useFormats();
  const language = useLanguage();
  const repaired = of.columns.flatMap((one) => one.repaired.map((kind) => ({ key: `${one.name} ${kind.kind}`, name: <><span className="mono">{one.name}</span> {titleOf(kind.text, kind.kind, language)}</>, values: kind.values }))).sort((a, b) => b.values - a.values);
  if (of.fault) return <Alert type="error" showIcon title={t.fault} description={titleOf(of.fault, "", language)} />;
  return (
    <>
      <Flow parts={[{ key: "in", name: t.loaded, value: of.loaded, tone: "good" }, { key: "aside", name: t.aside, value: of.set_aside, tone: "warn" }]} />
      {of.reasons.length > 0 && <div style={{ marginBlockStart: 12 }}><Tracks first={t.reason} heads={["", ""]} rows={of.reasons.map((one) => ({ key: one.code, name: titleOf(one.text, one.code, language), share: one.rows / Math.max(of.set_aside, 1), cells: [f.count(one.rows), ""] }))} /></div>}
      <Tabs size="small" items={[
        { key: "rows", label: t.firstRows, children: <div className="scroll" tabIndex={0} role="region" aria-label={t.firstRows}><Table size="small" rowKey="row" pagination={false} style={{ minWidth: of.columns.length * 120 }} dataSource={of.rows.slice(0, 10)} columns={[{ title: t.row, dataIndex: "row", align: "end" }, ...of.columns.map((column) => ({ title: <span className="mono">{column.name}</span>, key: column.name, render: (_: unknown, one: Preview["rows"][number]) => one.values[column.name] ?? <span className="soft">–</span> }))]} /></div> },
        { key: "aside", label: `${t.asideRows} ${f.count(of.set_aside)}`, children: of.rejected.length ? <Table size="small" rowKey={(one) => `${one.row} ${one.column}`} pagination={of.rejected.length > 15 ? { pageSize: 15, size: "small" } : false} dataSource={of.rejected} columns={[{ title: t.row, dataIndex: "row", align: "end", width: 90 }, { title: t.field, dataIndex: "column", render: (value: string | null) => <span className="mono">{value ?? "–"}</span> }, { title: t.reason, key: "why", render: (_, one) => titleOf(one.text, one.code, language) }]} /> : <span className="soft">{t.noAside}</span> },
        { key: "repairs", label: t.repaired, children: repaired.length ? <Tracks first={t.field} heads={["", ""]} rows={repaired.slice(0, 30).map((one) => ({ key: one.key, name: one.name, share: one.values / repaired[0].values, cells: [f.count(one.values), ""] }))} /> : <span className="soft">–</span> },
        { key: "yaml", label: t.yaml, children: <pre className="yaml mono" tabIndex={0}>{of.yaml}</pre> },
      ]} />
      {of.issues.length > 0 && <Alert type="error" showIcon title={t.issues} description={of.issues.map((one, n) => <div key={n} className="mono">{one.file}:{one.line} {titleOf(one.message, "", language)}</div>)} />}
    </>
  );
}

export function CheckStep({ read, form, columns, about, replace, onAbout, onReady }: {
  read: Read; form: Form; columns: readonly Column[]; about: About; replace: { name: string; digest: string } | null; onAbout: (about: About) => void; onReady: (ready: boolean) => void;
}) {
  const t = useTexts(wizard);
  const d = useTexts(data);
  const language = useLanguage();
  const [told, setTold] = useState<Preview | null>(null);
  const [fault, setFault] = useState<Problem | null>(null);
  const [busy, setBusy] = useState(false);
  const wanted = JSON.stringify(bodyOf(read, form, columns, { ...about, attributes: [] }, replace?.digest ?? null));
  const name = FIELD.test(about.name) ? about.name : "preview";
  useEffect(() => {
    const stop = new AbortController();
    setBusy(true);
    const wait = setTimeout(() => {
      post<Preview>("/wizard/preview", { ...(JSON.parse(wanted) as object), name }, stop.signal)
        .then((found) => { setTold(found); setFault(null); setBusy(false); }, (error: unknown) => { if (error instanceof Problem) { setFault(error); setBusy(false); } });
    }, 500);
    return () => { clearTimeout(wait); stop.abort(); };
  }, [wanted, name]);
  const taken = !replace && read.sources.includes(about.name);
  const ready = told !== null && !told.fault && !told.issues.length && !fault && !taken && FIELD.test(about.name) && about.purpose.trim() !== "" && told.loaded > 0;
  useEffect(() => onReady(ready), [ready, onReady]);
  const set = <K extends keyof About>(key: K, value: About[K]) => onAbout({ ...about, [key]: value });
  const fields = columns.flatMap((one) => (one.field ? [one.field] : []));
  return (
    <div className="two-columns">
      <Section title={t.describe}>
        <Fields layout="vertical" component="div">
          <Fields.Item label={t.name} required extra={t.nameHint} validateStatus={taken || (about.name && !FIELD.test(about.name)) ? "error" : ""} help={taken ? t.nameTaken : undefined}><Input id="source-name" aria-label={t.name} value={about.name} disabled={replace !== null} onChange={(event) => set("name", event.target.value)} /></Fields.Item>
          <div style={{ display: "grid", gridTemplateColumns: "1fr 1fr", gap: "0 12px" }}>
            <Fields.Item label={t.titleZh}><Input aria-label={t.titleZh} value={about.zh} onChange={(event) => set("zh", event.target.value)} /></Fields.Item>
            <Fields.Item label={t.titleEn}><Input aria-label={t.titleEn} value={about.en} onChange={(event) => set("en", event.target.value)} /></Fields.Item>
          </div>
          <Fields.Item label={t.purpose} required extra={t.purposeHint}><Input aria-label={t.purpose} value={about.purpose} onChange={(event) => set("purpose", event.target.value)} /></Fields.Item>
          <div style={{ display: "grid", gridTemplateColumns: "1fr 1fr", gap: "0 12px" }}>
            <Fields.Item label={t.basis} required><Select aria-label={t.basis} value={about.legal_basis} onChange={(value: string) => set("legal_basis", value)} options={Object.entries(d.legal).map(([value, label]) => ({ value, label }))} /></Fields.Item>
            <Fields.Item label={t.owner}><AutoComplete aria-label={t.owner} value={about.owner} onChange={(value: string) => set("owner", value)} /></Fields.Item>
            <Fields.Item label={t.unique} extra={t.uniqueHint}><Select mode="multiple" aria-label={t.unique} value={about.unique.filter((one) => fields.includes(one))} onChange={(value: string[]) => set("unique", value)} options={fields.map((value) => ({ value, label: value }))} /></Fields.Item>
            <Fields.Item label={t.trust}><InputNumber aria-label={t.trust} min={0} max={1} step={0.1} value={about.trust} onChange={(value) => set("trust", value)} style={{ width: "100%" }} /></Fields.Item>
          </div>
          {told && told.new_attributes.length > 0 && <Fields.Item label={t.attributes} extra={t.attributesHint}><Checkbox.Group value={about.attributes} onChange={(value) => set("attributes", value as string[])} options={told.new_attributes.map((one) => ({ value: one.name, label: titleOf(one.title, one.name, language) }))} /></Fields.Item>}
        </Fields>
      </Section>
      <Section title={t.preview} extra={busy && <span role="status" className="soft">{t.previewing}</span>}>
        {fault && <ErrorView error={fault} />}
        {told ? <Told of={told} /> : !fault && <Button loading type="text">{t.previewing}</Button>}
      </Section>
    </div>
  );
}
