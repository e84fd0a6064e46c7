// A comparison of one field: which, how, with what. Used for customers and for the rows of a source.
import { DatePicker, InputNumber, Input, Select } from "antd";
import dayjs from "dayjs";
import { useMemo } from "react";
import { useLanguage, useTexts } from "../../i18n";
import { condition } from "../../i18n/condition";
import { useFormats } from "../../i18n/format";
import { useTitle, valueText, type Field } from "./fields";
import type { FieldForm, Value } from "./model";

const isDate = (type: string) => type === "date" || type === "datetime";
const isNumber = (type: string) => type === "integer" || type === "number" || type === "money";
const MOST_LISTED = 40;
const SEVERAL = new Set(["in", "not_in", "has_any", "has_all", "has_none"]);

export function firstOp(field: Field): string {
  if (isDate(field.type)) return "last";
  const wanted = isNumber(field.type) ? ">=" : field.type === "list" ? "has_any" : field.type === "enum" ? "in" : field.type === "text" ? "contains" : "=";
  return field.operators.includes(wanted) ? wanted : (field.operators[0] ?? "=");
}

export function FieldPicker({ fields, value, onPick, label, width = 200 }: { fields: readonly Field[]; value?: string; onPick: (field: Field) => void; label: string; width?: number }) {
  const t = useTexts(condition);
  const title = useTitle();
  const options = useMemo(() => {
    const groups = new Map<string, { value: string; label: string; search: string }[]>();
    for (const field of fields) {
      const kind = field.kind ?? "";
      if (!groups.has(kind)) groups.set(kind, []);
      groups.get(kind)?.push({ value: field.name, label: title(field), search: `${title(field)} ${field.name}`.toLowerCase() });
    }
    if (groups.size < 2) return [...groups.values()].flat();
    return [...groups].map(([kind, items]) => ({ label: t.fieldGroups[kind as "attribute"] ?? kind, options: items }));
  }, [fields, t]);
  return (
    <Select
      aria-label={label} placeholder={label} style={{ width }} value={value} options={options as never} popupMatchSelectWidth={300} status={undefined}
      showSearch={{ filterOption: (text, option) => ((option as { search?: string } | undefined)?.search ?? "").includes(text.toLowerCase()) }}
      onChange={(name) => { const found = fields.find((f) => f.name === name); if (found) onPick(found); }}
      optionRender={(option) => <span className="option"><span>{option.label}</span><span className="quiet mono">{option.value}</span></span>}
    />
  );
}

export function FieldRow({ form, fields, onChange }: { form: FieldForm; fields: readonly Field[]; onChange: (form: FieldForm) => void }) {
  const t = useTexts(condition);
  const field = fields.find((f) => f.name === form.tag);
  const ops = field ? [...(isDate(field.type) ? ["last", "before", "next"] : []), ...field.operators] : [];
  const words = (op: string) => (field && isDate(field.type) && op in t.dateOp ? t.dateOp[op as "="] : (t.op[op as "="] ?? op));
  const changeOp = (op: string) => {
    const many = SEVERAL.has(op);
    const one = form.values?.[0];
    const keep = form.op && /^(last|before|next)$/.test(form.op) === /^(last|before|next)$/.test(op);
    onChange({ type: "field", tag: form.tag, op, ...(many ? { values: form.values ?? (form.value !== undefined && keep ? [form.value] : undefined) } : op.endsWith("between") ? { low: form.low, high: form.high } : { value: keep ? (form.value ?? one) : undefined }) });
  };
  return (
    <>
      <FieldPicker fields={fields} value={form.tag} label={t.pickField} onPick={(picked) => onChange({ type: "field", tag: picked.name, op: firstOp(picked), value: picked.type === "boolean" ? true : undefined })} />
      {field && <Select aria-label={t.pickOp} className="op" value={form.op} onChange={changeOp} popupMatchSelectWidth={false} options={ops.map((op) => ({ value: op, label: words(op) }))} />}
      {form.tag && !field && <Input readOnly aria-label={t.value} value={`${form.tag} ${form.op ?? ""}`} style={{ width: 200 }} />}
      {field && form.op && <Values field={field} form={form} onChange={onChange} />}
    </>
  );
}

function Values({ field, form, onChange }: { field: Field; form: FieldForm; onChange: (form: FieldForm) => void }) {
  const t = useTexts(condition);
  const op = form.op ?? "";
  if (op === "is_null" || op === "is_not_null") return null;
  if (op === "last" || op === "before" || op === "next")
    return <InputNumber aria-label={t.value} min={0} precision={0} value={form.value as number} onChange={(v) => onChange({ ...form, value: v ?? undefined })} suffix={t.days} style={{ width: 120 }} />;
  if (op.endsWith("between"))
    return (
      <span className="pair">
        <One field={field} label={t.from} value={form.low} onChange={(low) => onChange({ ...form, low })} />
        <span className="quiet">–</span>
        <One field={field} label={t.to} value={form.high} onChange={(high) => onChange({ ...form, high })} />
      </span>
    );
  if (SEVERAL.has(op)) return <Several field={field} values={form.values ?? []} onChange={(values) => onChange({ ...form, values })} />;
  return <One field={field} label={t.value} value={form.value} onChange={(value) => onChange({ ...form, value })} choose={op === "=" || op === "!="} />;
}

function useValueOptions(field: Field) {
  const t = useTexts(condition);
  const language = useLanguage();
  const f = useFormats();
  return useMemo(
    () => (field.values ?? []).map((known) => {
      const label = valueText(known, language, t.yes, t.no);
      return { value: known.value as string, label, search: `${label} ${String(known.value)}`.toLowerCase(), count: f.count(known.count) };
    }),
    [field, language],
  );
}

function Several({ field, values, onChange }: { field: Field; values: readonly Value[]; onChange: (values: Value[]) => void }) {
  const t = useTexts(condition);
  const options = useValueOptions(field);
  const number = isNumber(field.type);
  const closed = options.length > 0 && options.length < MOST_LISTED && field.type !== "text"; // all there are: nothing else can be typed
  const taken = (text: string) => options.find((one) => one.label === text)?.value ?? text; // who types a title means its value
  return (
    <Select
      mode={closed ? "multiple" : "tags"} aria-label={t.pickValue} placeholder={t.pickValue} className="values" value={values as string[]} options={options} maxTagCount={12} tokenSeparators={[",", "，", "、", "\t", "\n"]}
      showSearch={{ filterOption: (text, option) => (option?.search ?? "").includes(text.toLowerCase()) }}
      onChange={(chosen: string[]) => onChange(number ? chosen.map(Number).filter(Number.isFinite) : [...new Set(chosen.map(taken))])}
      optionRender={(option) => <span className="option"><span>{option.label}</span><span className="quiet figures">{(option.data as { count?: string }).count}</span></span>}
    />
  );
}

function One({ field, value, onChange, label, choose }: { field: Field; value?: Value; onChange: (value: Value | undefined) => void; label: string; choose?: boolean }) {
  const t = useTexts(condition);
  const f = useFormats();
  const options = useValueOptions(field);
  if (field.type === "boolean")
    return <Select aria-label={label} style={{ width: 100 }} value={value} onChange={onChange} options={[{ value: true, label: t.yes }, { value: false, label: t.no }]} />;
  if (isNumber(field.type)) {
    const hint = field.range ? t.range(f.number(Number(field.range.p5)), f.number(Number(field.range.p95))) : t.value;
    return <InputNumber aria-label={label} className="number" value={value as number} placeholder={hint} title={hint} onChange={(v) => onChange(v ?? undefined)} />;
  }
  if (isDate(field.type)) {
    const day = typeof value === "string" ? dayjs(value) : null;
    return <DatePicker aria-label={label} value={day?.isValid() ? day : null} onChange={(v) => onChange(v ? v.format("YYYY-MM-DD") : undefined)} />;
  }
  if (choose && options.length)
    return (
      <Select
        aria-label={label} placeholder={t.pickValue} style={{ minWidth: 160 }} popupMatchSelectWidth={260} value={value as string} options={options}
        showSearch={{ filterOption: (text, option) => (option?.search ?? "").includes(text.toLowerCase()) }} onChange={(v) => onChange(v)}
        optionRender={(option) => <span className="option"><span>{option.label}</span><span className="quiet figures">{(option.data as { count?: string }).count}</span></span>}
      />
    );
  return <Input aria-label={label} className="value" value={value as string} placeholder={t.value} onChange={(e) => onChange(e.target.value)} />;
}
