// Which field each column fills, and how its values are cleaned.
import { useMemo, useState } from "react";
import { Alert, AutoComplete, Button, Checkbox, Form as Fields, Input, InputNumber, Popover, Select, Tag } from "antd";
import { ArrowRightOutlined, FilterOutlined, UndoOutlined } from "../../../icons";
import { useTexts } from "../../../i18n";
import { data } from "../../../i18n/data";
import { wizard } from "../../../i18n/wizard";
import { Section } from "../../../parts/heat";
import { faultOf, type Column, type Read } from "./model";

function Cleaning({ of, onChange }: { of: Column; onChange: (more: Record<string, unknown>) => void }) {
  const t = useTexts(wizard);
  const set = (key: string, value: unknown) => {
    const next = { ...of.more };
    if (value === null || value === undefined || value === "" || value === false || (Array.isArray(value) && !value.length)) delete next[key];
    else next[key] = value;
    onChange(next);
  };
  const number = of.type === "money" || of.type === "number" || of.type === "integer";
  return (
    <Fields layout="vertical" component="div" style={{ width: 280 }} size="small">
      <Fields.Item><Checkbox checked={of.more.required === true} onChange={(event) => set("required", event.target.checked)}>{t.required}</Checkbox></Fields.Item>
      <Fields.Item label={t.onInvalid}><Select value={(of.more.on_invalid as string | undefined) ?? "set_aside"} onChange={(value: string) => set("on_invalid", value === "empty" ? "empty" : null)} options={[{ value: "set_aside", label: t.setAside }, { value: "empty", label: t.empty }]} /></Fields.Item>
      <Fields.Item label={t.missing}><Select mode="tags" open={false} suffixIcon={null} placeholder={t.missingHint} value={(of.more.missing as string[] | undefined) ?? []} onChange={(value: string[]) => set("missing", value)} /></Fields.Item>
      {(of.type === "date" || of.type === "datetime") && <Fields.Item label={t.dateFormat}><Input value={(of.more.format as string | undefined) ?? ""} onChange={(event) => set("format", event.target.value)} /></Fields.Item>}
      {number && <Fields.Item label={t.scale}><InputNumber value={(of.more.scale as number | undefined) ?? null} onChange={(value) => set("scale", value)} style={{ width: "100%" }} /></Fields.Item>}
      <Fields.Item label={t.fallback} style={{ marginBlockEnd: 0 }}><Input value={(of.more.default as string | undefined) ?? ""} onChange={(event) => set("default", event.target.value)} /></Fields.Item>
    </Fields>
  );
}

function Line({ of, read, all, onChange }: { of: Column; read: Read; all: readonly Column[]; onChange: (next: Column) => void }) {
  const t = useTexts(wizard);
  const d = useTexts(data);
  const source = read.columns.find((one) => one.name === of.column);
  const fault = faultOf(of, all);
  const options = useMemo(() => [
    { label: t.standard, options: Object.keys(read.fields).map((value) => ({ value, label: value })) },
    { label: t.keys, options: read.keys.filter((key) => !(key in read.fields)).map((value) => ({ value, label: value })) },
  ], [read, t]);
  const put = (field: string | null) => onChange({ ...of, field: field || null, type: (field && read.fields[field]) || of.type, why: field === of.field ? of.why : field && field in read.fields ? "name" : "own" });
  return (
    <div className={`column-map${of.field === null ? " skipped" : ""}`}>
      <div className="what"><b>{of.column}</b> <Tag>{t.why[of.field === null && of.why !== "none" ? "none" : of.why] && (of.field === null ? t.leaveOut : t.why[of.why])}</Tag><div className="examples">{(source?.hidden ? [t.hidden[source.hidden]] : source?.examples.slice(0, 3) ?? []).map((one) => <span key={one}>{one}</span>)}</div></div>
      <ArrowRightOutlined className="arrow soft" aria-hidden />
      <div className="field">
        <AutoComplete aria-label={`${of.column}: ${t.field}`} value={of.field ?? ""} options={options} allowClear placeholder={t.leaveOut} status={fault ? "error" : ""} style={{ width: "100%" }} onChange={(value: string) => put(value)}
          showSearch={{ filterOption: (text, option) => !text || text === of.field || String((option as { value?: string } | undefined)?.value ?? "").includes(text.toLowerCase()) }} />
        {fault && <span role="alert" className="small" style={{ color: "var(--ant-color-error)" }}>{t[fault]}</span>}
      </div>
      <Select aria-label={`${of.column}: ${t.type}`} disabled={of.field === null} value={of.type} onChange={(type: string) => onChange({ ...of, type })} options={Object.entries(d.types).map(([value, label]) => ({ value, label }))} />
      <Popover trigger="click" placement="bottomRight" content={<Cleaning of={of} onChange={(more) => onChange({ ...of, more })} />} title={`${of.column} · ${t.clean}`}>
        <Button icon={<FilterOutlined />} disabled={of.field === null} type={Object.keys(of.more).length ? "primary" : "default"} ghost={Object.keys(of.more).length > 0} aria-label={`${of.column}: ${t.clean}${Object.keys(of.more).length ? ` (${t.more})` : ""}`} />
      </Popover>
    </div>
  );
}

export function MapStep({ read, columns, canUndo, onColumns, onUndo, onEntity }: { read: Read; columns: readonly Column[]; canUndo: boolean; onColumns: (next: Column[]) => void; onUndo: () => void; onEntity: (entity: string) => void }) {
  const t = useTexts(wizard);
  const d = useTexts(data);
  const [text, setText] = useState("");
  const shown = columns.filter((one) => !text || one.column.toLowerCase().includes(text.toLowerCase()) || one.field?.includes(text.toLowerCase()));
  const fields = columns.map((one) => one.field);
  const keyed = read.entity === "reference" || fields.some((field) => field !== null && (read.keys.includes(field) || field === "account_key"));
  return (
    <Section title={t.steps.map} base={t.mapHint} extra={<Button size="small" icon={<UndoOutlined />} disabled={!canUndo} title={t.undoHint} onClick={onUndo}>{t.undo}</Button>}>
      <div className="row" style={{ justifyContent: "space-between", marginBlockEnd: 8 }}>
        <label className="row">{t.entity}<Select aria-label={t.entity} value={read.entity} style={{ minWidth: 220 }} onChange={onEntity} options={Object.entries(d.entities).map(([value, label]) => ({ value, label }))} /></label>
        <span className="row"><span className="soft figures">{t.mapped(fields.filter((one) => one !== null).length, columns.length)}</span>{columns.length > 12 && <Input allowClear placeholder={t.column} aria-label={t.column} value={text} onChange={(event) => setText(event.target.value)} style={{ width: 160 }} />}</span>
      </div>
      {!keyed && <Alert type="warning" showIcon title={t.noKey} style={{ marginBlockEnd: 8 }} />}
      {shown.map((one) => <Line key={one.column} of={one} read={read} all={columns} onChange={(next) => onColumns(columns.map((old) => (old === one ? next : old)))} />)}
    </Section>
  );
}
