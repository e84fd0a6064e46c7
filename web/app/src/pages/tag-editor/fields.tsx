// Inputs for the parts of a tag: expressions with what they may name, layers, bands, windows.
import { useRef, type ReactNode } from "react";
import { AutoComplete, Button, Checkbox, Input, InputNumber, Select } from "antd";
import { ArrowDownOutlined, ArrowUpOutlined, DeleteOutlined, PlusOutlined } from "../../icons";
import type { TextAreaRef } from "antd/es/input/TextArea";
import { useTexts } from "../../i18n";
import { tags } from "../../i18n/tags";
import { useTitle } from "../tags/parts";
import type { Definition, Field, Kinds } from "../tags/types";

export interface Edit { readonly id: string; readonly value: unknown; readonly onChange: (value: unknown) => void; readonly fault: (pointer: string) => ReactNode }
interface Choice { readonly value: string; readonly label: string }

function useColumns(kinds: Kinds): readonly Choice[] {
  const title = useTitle();
  return kinds.columns.map((c) => ({ value: c.name, label: `${title(c.title, c.name)} · ${c.name}` }));
}

function fieldsOf(kinds: Kinds, source: unknown): readonly Choice[] {
  return (kinds.sources.find((s) => s.name === source)?.fields ?? []).map((f) => ({ value: f.name, label: `${f.name} · ${f.type}` }));
}

const search = { optionFilterProp: "label" as const };

/** A text of a condition or formula; names are put in where the cursor stands. */
export function Expression({ id, value, onChange, choices, insert, rows = 2, label }: { id: string; value: unknown; onChange: (value: string) => void; choices: readonly Choice[]; insert: string; rows?: number; label: string }) {
  const area = useRef<TextAreaRef>(null);
  const put = (name: string) => {
    const box = area.current?.resizableTextArea?.textArea;
    const text = String(value ?? "");
    const at = box ? box.selectionStart : text.length;
    const before = text.slice(0, at);
    onChange(`${before}${before && !/[\s(]$/.test(before) ? " " : ""}${name} ${text.slice(box ? box.selectionEnd : at)}`);
    box?.focus();
  };
  return (
    <div>
      <Input.TextArea id={id} ref={area} aria-label={label} value={String(value ?? "")} onChange={(e) => onChange(e.target.value)} rows={Math.min(12, Math.max(rows, Math.ceil(String(value ?? "").length / 70), String(value ?? "").split("\n").length))} spellCheck={false} />
      <Select size="small" showSearch={search} placeholder={insert} aria-label={insert} value={null} options={[...choices]} onChange={(name: string | null) => name && put(name)} style={{ width: 240, marginBlockStart: 4 }} popupMatchSelectWidth={360} />
    </div>
  );
}

function Layers({ value, onChange, fault, kinds }: Edit & { kinds: Kinds }) {
  const t = useTexts(tags).editor;
  const choices = useColumns(kinds);
  const rows = Array.isArray(value) && value.length ? (value as Definition[]) : [{}];
  const set = (i: number, changes: Definition) => onChange(rows.map((row, n) => (n === i ? { ...row, ...changes } : row)));
  const titleOf = (row: Definition) => (typeof row.title === "object" && row.title ? (row.title as { zh?: string; en?: string }) : { zh: String(row.title ?? ""), en: String(row.title ?? "") });
  const setTitle = (i: number, row: Definition, lang: "zh" | "en", text: string) => {
    const both = { ...titleOf(row), [lang]: text };
    set(i, { title: both.zh || both.en ? { zh: both.zh || both.en, en: both.en || both.zh } : undefined });
  };
  const move = (i: number, by: number) => {
    const next = [...rows];
    const [row] = next.splice(i, 1);
    next.splice(i + by, 0, row as Definition);
    onChange(next);
  };
  return (
    <div>
      {rows.map((row, i) => (
        <div className="layer" key={i}>
          <div>
            <div className="names">
              <Input aria-label={`${i + 1} ${t.layerValue}`} placeholder={t.layerValue} value={String(row.value ?? "")} onChange={(e) => set(i, { value: e.target.value })} />
              <Input aria-label={`${i + 1} ${t.layerTitleZh}`} placeholder={t.layerTitleZh} value={titleOf(row).zh ?? ""} onChange={(e) => setTitle(i, row, "zh", e.target.value)} />
              <Input aria-label={`${i + 1} ${t.layerTitleEn}`} placeholder={t.layerTitleEn} value={titleOf(row).en ?? ""} onChange={(e) => setTitle(i, row, "en", e.target.value)} />
            </div>
            <Expression id={`layer-${i}`} label={`${i + 1} ${t.layerWhen}`} value={row.when} onChange={(when) => set(i, { when })} choices={choices} insert={t.insertColumn} rows={1} />
            {fault(`layers/${i}/when`)}{fault(`layers/${i}/value`)}
          </div>
          <div className="row" style={{ alignContent: "start", flexDirection: "column" }}>
            <Button size="small" type="text" icon={<ArrowUpOutlined />} aria-label={`${t.up} ${i + 1}`} disabled={i === 0} onClick={() => move(i, -1)} />
            <Button size="small" type="text" icon={<ArrowDownOutlined />} aria-label={`${t.down} ${i + 1}`} disabled={i === rows.length - 1} onClick={() => move(i, 1)} />
            <Button size="small" type="text" icon={<DeleteOutlined />} aria-label={`${t.removeRow} ${i + 1}`} disabled={rows.length === 1} onClick={() => onChange(rows.filter((_, n) => n !== i))} />
          </div>
        </div>
      ))}
      <Button icon={<PlusOutlined />} onClick={() => onChange([...rows, {}])}>{t.addLayer}</Button>
    </div>
  );
}

/** Bounds and labels side by side: the first band lies below the first bound. */
function Bands({ value, onChange, fault, labels, onLabels }: Edit & { labels: unknown; onLabels: (labels: unknown) => void }) {
  const t = useTexts(tags).editor;
  if (value === "age") return <Checkbox checked onChange={() => onChange([])}>{t.ageBands}</Checkbox>;
  const bounds = (Array.isArray(value) && value.length ? value : [null]) as (number | null)[];
  const names = Array.from({ length: bounds.length + 1 }, (_, i) => String((Array.isArray(labels) ? labels[i] : "") ?? ""));
  const setBound = (i: number, bound: number | null) => onChange(bounds.map((b, n) => (n === i ? bound : b)));
  const setName = (i: number, name: string) => { const next = names.map((one, n) => (n === i ? name : one)); onLabels(next.some(Boolean) ? next : undefined); };
  const drop = (i: number) => { onChange(bounds.filter((_, n) => n !== i)); if (names.some(Boolean)) onLabels(names.filter((_, n) => n !== i + 1)); };
  return (
    <div>
      <Checkbox checked={false} onChange={() => { onLabels(undefined); onChange("age"); }} style={{ marginBlockEnd: 8 }}>{t.ageBands}</Checkbox>
      <div className="bands-row"><span className="soft">{bounds[0] === null ? t.lowest : t.below(String(bounds[0]))}</span><Input aria-label={`${t.label} 1`} placeholder={t.label} value={names[0]} onChange={(e) => setName(0, e.target.value)} /><span style={{ width: 32 }} /></div>
      {bounds.map((bound, i) => (
        <div key={i}>
          <div className="bands-row">
            <InputNumber aria-label={`${t.from} ${i + 2}`} prefix="≥" value={bound} onChange={(v) => setBound(i, v as number | null)} style={{ width: "100%" }} />
            <Input aria-label={`${t.label} ${i + 2}`} placeholder={t.label} value={names[i + 1]} onChange={(e) => setName(i + 1, e.target.value)} />
            <Button type="text" icon={<DeleteOutlined />} aria-label={`${t.removeRow} ${i + 2}`} disabled={bounds.length === 1} onClick={() => drop(i)} />
          </div>
          {fault(`bounds/${i}`)}
        </div>
      ))}
      {fault("labels")}
      <Button icon={<PlusOutlined />} onClick={() => { onChange([...bounds, null]); if (names.some(Boolean)) onLabels([...names, ""]); }}>{t.addBand}</Button>
    </div>
  );
}

function WindowInput({ id, value, onChange }: Edit) {
  const t = useTexts(tags).editor;
  const found = typeof value === "string" ? { days: parseInt(value, 10) || null, offset: 0 } : ((value as { days?: number; offset?: number } | undefined) ?? { days: null, offset: 0 });
  const set = (days: number | null | undefined, offset: number | null | undefined) => onChange(days ? (offset ? { days, offset } : `${days}d`) : undefined);
  return (
    <div className="row">
      {t.last}<InputNumber id={id} aria-label={`${t.last} ${t.days}`} min={1} max={99999} precision={0} value={found.days ?? null} placeholder={t.allTime} onChange={(days) => set(days as number | null, found.offset)} />{t.days}
      {found.days ? <>{t.offset}<InputNumber aria-label={t.offset} min={0} max={99999} precision={0} value={found.offset ?? 0} onChange={(offset) => set(found.days, offset as number | null)} />{t.days}</> : null}
    </div>
  );
}

/** The input for one field of a form. */
export function FieldInput({ field, definition, kinds, set, fault }: { field: Field; definition: Definition; kinds: Kinds; set: (changes: Definition) => void; fault: (pointer: string) => ReactNode }) {
  const t = useTexts(tags).editor;
  const title = useTitle();
  const columns = useColumns(kinds);
  const value = definition[field.key];
  const label = title(field.label, field.key);
  const id = `field-${field.key}`;
  const onChange = (next: unknown) => set({ [field.key]: next === "" || next === null ? undefined : next });
  const edit: Edit = { id, value, onChange, fault };
  const named = (list: readonly { readonly name: string; readonly title: { zh: string; en: string } }[]) => list.map((one) => ({ value: one.name, label: `${title(one.title, one.name)} · ${one.name}` }));
  const select = (options: readonly Choice[], more: object = {}) => <Select id={id} aria-label={label} showSearch={search} allowClear={!field.required} placeholder={t.choose} value={(value as string | undefined) ?? null} onChange={onChange} options={[...options]} style={{ width: "100%" }} {...more} />;
  switch (field.type) {
    case "source": return select(named(kinds.sources), { onChange: (source: string) => set({ source, of: undefined, by: undefined, where: undefined, share_of: undefined }) });
    case "measure": {
      const dated = Boolean(kinds.sources.find((s) => s.name === definition.source)?.time);
      return select(kinds.measures.map((m) => ({ value: m.name, label: title(m.title, m.name), disabled: m.dated && !dated })));
    }
    case "field": return <AutoComplete id={id} aria-label={label} value={(value as string | undefined) ?? ""} onChange={onChange} options={[...fieldsOf(kinds, definition.source)]} showSearch={{ filterOption: (text, option) => String(option?.value ?? "").includes(text) }} style={{ width: "100%" }} />;
    case "condition_of_source": return <Expression id={id} label={label} value={value} onChange={onChange} choices={fieldsOf(kinds, definition.source)} insert={t.insert} rows={1} />;
    case "condition": return <Expression id={id} label={label} value={typeof value === "object" ? JSON.stringify(value) : value} onChange={onChange} choices={columns} insert={t.insertColumn} rows={3} />;
    case "expression": return <Expression id={id} label={label} value={value} onChange={onChange} choices={columns} insert={t.insertColumn} rows={1} />;
    case "number_column": return select(named(kinds.columns.filter((c) => ["integer", "number", "money"].includes(c.type))));
    case "profile": return select(named(kinds.columns.filter((c) => c.takes)));
    case "attribute": return select(kinds.attributes.map((a) => ({ value: a.code, label: `${title(a.title, a.code)} · ${a.code}` })));
    case "class": return select(kinds.classes.map((c) => ({ value: c.name, label: title(c.title, c.name) })));
    case "choice": return select((field.choices ?? []).map((c) => ({ value: c.value, label: title(c.title, c.value) })), { value: value ?? field.default ?? null });
    case "number": return <InputNumber id={id} aria-label={label} value={(value as number | undefined) ?? null} placeholder={field.default === null ? undefined : String(field.default)} min={field.minimum ?? undefined} max={field.maximum ?? undefined} precision={0} onChange={onChange} />;
    case "window": return <WindowInput {...edit} />;
    case "layers": return <Layers {...edit} kinds={kinds} />;
    case "bounds": return <Bands {...edit} labels={definition.labels} onLabels={(labels) => set({ labels })} />;
    case "value": return <Input id={id} aria-label={label} value={String(value ?? "")} onChange={(e) => onChange(e.target.value.trim() !== "" && !Number.isNaN(Number(e.target.value)) ? Number(e.target.value) : e.target.value)} style={{ maxWidth: 200 }} />;
    case "title": {
      const both = typeof value === "string" ? { zh: value, en: value } : ((value as { zh?: string; en?: string } | undefined) ?? {});
      const put = (lang: "zh" | "en", text: string) => { const next = { ...both, [lang]: text }; set({ title: next.zh || next.en ? next : undefined }); };
      return <div className="columns"><Input id={id} aria-label={t.zh} placeholder={t.zh} value={both.zh ?? ""} onChange={(e) => put("zh", e.target.value)} /><Input aria-label={t.enName} placeholder={t.enName} value={both.en ?? ""} onChange={(e) => put("en", e.target.value)} /></div>;
    }
    default: return field.key === "owner"
      ? <AutoComplete id={id} aria-label={label} value={(value as string | undefined) ?? ""} onChange={onChange} options={kinds.owners.map((o) => ({ value: o }))} style={{ width: "100%" }} />
      : <Input id={id} aria-label={label} value={String(value ?? "")} onChange={(e) => onChange(e.target.value)} disabled={field.type === "name" && Boolean(definition.$kept)} />;
  }
}
