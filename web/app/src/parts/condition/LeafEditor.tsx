// One condition of any kind but a plain comparison.
import { Button, DatePicker, Input, InputNumber, Segmented, Select, Space } from "antd";
import { CloseOutlined, FilterOutlined, PlusOutlined } from "../../icons";
import dayjs from "dayjs";
import { useTexts } from "../../i18n";
import { condition } from "../../i18n/condition";
import { useFormats } from "../../i18n/format";
import { FieldPicker, FieldRow } from "./FieldRow";
import { useKnown, useTitle } from "./fields";
import { needsField, step, type BehaviourForm, type Form, type Join, type SequenceForm, type Span, type StepForm, type TopForm } from "./model";

const MEASURES = ["did", "did_not", "count", "days", "sum", "mean", "min", "max", "distinct", "first", "last"] as const;
const COMPARED = [">=", ">", "<=", "<", "=", "!="] as const;

export function LeafEditor({ form, onChange }: { form: Form; onChange: (form: Form) => void }) {
  const t = useTexts(condition);
  const known = useKnown();
  switch (form.type) {
    case "field": return <FieldRow form={form} fields={known.fields} onChange={onChange} />;
    case "behaviour": return <Behaviour form={form} onChange={onChange} />;
    case "sequence": return <Sequence form={form} onChange={onChange} />;
    case "audience":
    case "list": return <Pick type={form.type} name={form.name} onChange={(name) => onChange({ type: form.type, name })} />;
    case "sample":
      return (
        <>
          <span>{t.sample}</span><span className="quiet">{t.share}</span>
          <InputNumber aria-label={t.share} min={0.01} max={100} value={form.share === undefined ? undefined : Math.round(form.share * 1e6) / 1e4} suffix="%" style={{ width: 100 }} onChange={(v) => onChange({ ...form, share: v ? v / 100 : undefined })} />
          <Input aria-label={t.seed} placeholder={t.seed} value={form.seed} style={{ width: 150 }} onChange={(e) => onChange({ ...form, seed: e.target.value || undefined })} />
        </>
      );
    case "top": return <Top form={form} onChange={onChange} />;
    case "sql":
      return <Input.TextArea aria-label={t.sql} className="mono growing" rows={1} placeholder={t.sqlHint} value={form.text} onChange={(e) => onChange({ type: "sql", text: e.target.value })} style={{ flex: 1, minWidth: 220 }} />;
  }
}

function Pick({ type, name, onChange }: { type: "audience" | "list"; name?: string; onChange: (name: string) => void }) {
  const t = useTexts(condition);
  const f = useFormats();
  const title = useTitle();
  const known = useKnown();
  const items = (type === "audience" ? known.audiences : known.lists).map((one) => (typeof one === "string" ? { name: one } : one));
  const label = type === "audience" ? t.pickAudience : t.pickList;
  return (
    <>
      <span>{t[type]}</span>
      <Select
        aria-label={label} placeholder={items.length ? label : t.noLists} value={name} onChange={onChange} style={{ minWidth: 240, flex: "0 1 320px" }} popupMatchSelectWidth={320}
        showSearch={{ filterOption: (text, option) => ((option as { search?: string } | undefined)?.search ?? "").includes(text.toLowerCase()) }}
        options={items.map((one) => ({ value: one.name, label: title(one), search: `${title(one)} ${one.name}`.toLowerCase(), size: one.size }))}
        optionRender={(option) => <span className="option"><span>{option.label}</span><span className="quiet figures">{f.count((option.data as { size?: number }).size)}</span></span>}
      />
    </>
  );
}

function Behaviour({ form, onChange }: { form: BehaviourForm; onChange: (form: Form) => void }) {
  const t = useTexts(condition);
  const known = useKnown();
  const source = known.source(form.step.source);
  const compared = form.measure !== "did" && form.measure !== "did_not";
  const of = source?.fields.find((one) => one.name === form.of);
  const numeric = !["first", "last"].includes(form.measure) && !(of?.type === "date" || of?.type === "datetime");
  const byMeasure = (measure: string) => {
    const right = (source?.fields ?? []).filter((one) => fits(measure, one.type)).map((one) => one.name);
    const field = needsField(measure) ? (form.of && right.includes(form.of) ? form.of : right.includes("amount") ? "amount" : right[0]) : undefined;
    onChange({ ...form, measure, of: field, op: form.op ?? ">=", value: compared ? form.value : 1 });
  };
  return (
    <>
      <SpanPicker span={form.span} timed={source ? source.time !== null : true} onChange={(span) => onChange({ ...form, span })} />
      <Select aria-label={t.behaviour} value={form.measure} onChange={byMeasure} popupMatchSelectWidth={false} style={{ width: 108 }} options={MEASURES.map((m) => ({ value: m, label: t.measures[m] }))} />
      <SourcePicker value={form.step.source} onChange={(name) => onChange({ ...form, step: step(name), of: undefined })} />
      {needsField(form.measure) && <FieldPicker label={t.of} width={150} value={form.of} fields={(source?.fields ?? []).filter((one) => fits(form.measure, one.type))} onPick={(picked) => onChange({ ...form, of: picked.name })} />}
      {compared && (
        <>
          <Select aria-label={t.pickOp} value={form.op ?? ">="} onChange={(op) => onChange({ ...form, op })} popupMatchSelectWidth={false} style={{ width: 92 }} options={COMPARED.map((op) => ({ value: op, label: t.op[op] }))} />
          {numeric
            ? <InputNumber aria-label={t.value} value={form.value as number} onChange={(v) => onChange({ ...form, value: v ?? undefined })} style={{ width: 110 }} />
            : of && (of.type === "date" || of.type === "datetime")
              ? <DatePicker aria-label={t.value} value={typeof form.value === "string" && dayjs(form.value).isValid() ? dayjs(form.value) : null} onChange={(v) => onChange({ ...form, value: v?.format("YYYY-MM-DD") })} />
              : <Input aria-label={t.value} value={form.value === undefined ? "" : String(form.value)} onChange={(e) => onChange({ ...form, value: e.target.value })} style={{ width: 130 }} />}
        </>
      )}
      <StepFilters form={form.step} onChange={(changed) => onChange({ ...form, step: changed })} />
    </>
  );
}

function fits(measure: string, type: string): boolean {
  const number = ["integer", "number", "money"].includes(type);
  if (measure === "sum" || measure === "mean") return number;
  if (measure === "min" || measure === "max") return number || type === "date" || type === "datetime";
  return type !== "list";
}

function Sequence({ form, onChange }: { form: SequenceForm; onChange: (form: Form) => void }) {
  const t = useTexts(condition);
  const setStep = (index: number, changed: StepForm | null) =>
    onChange({ ...form, steps: changed ? form.steps.map((one, n) => (n === index ? changed : one)) : form.steps.filter((_, n) => n !== index) });
  return (
    <div className="sequence">
      <div className="row"><SpanPicker span={form.span} timed onChange={(span) => onChange({ ...form, span })} /></div>
      {form.steps.map((one, index) => (
        <div className="row" key={index}>
          <span className="ordinal">{t.step(index + 1)}</span>
          <SourcePicker value={one.source} onChange={(name) => setStep(index, step(name))} />
          <StepFilters form={one} onChange={(changed) => setStep(index, changed)} />
          {form.steps.length > 2 && <Button type="text" size="small" icon={<CloseOutlined />} aria-label={t.removeStep} onClick={() => setStep(index, null)} />}
        </div>
      ))}
      {form.without && (
        <div className="row">
          <span className="ordinal">{t.without}</span>
          <SourcePicker value={form.without.source} onChange={(name) => onChange({ ...form, without: step(name) })} />
          <StepFilters form={form.without} onChange={(without) => onChange({ ...form, without })} />
          <Button type="text" size="small" icon={<CloseOutlined />} aria-label={t.removeStep} onClick={() => onChange({ ...form, without: undefined })} />
        </div>
      )}
      <div className="row">
        <span className="quiet">{t.within}</span>
        <InputNumber aria-label={t.within} min={1} precision={0} value={form.within} suffix={t.days} style={{ width: 104 }} onChange={(v) => onChange({ ...form, within: v ?? undefined })} />
        <Button size="small" type="link" icon={<PlusOutlined />} onClick={() => onChange({ ...form, steps: [...form.steps, step()] })}>{t.addStep}</Button>
        {!form.without && <Button size="small" type="link" onClick={() => onChange({ ...form, without: step() })}>{t.addWithout}</Button>}
      </div>
    </div>
  );
}

function Top({ form, onChange }: { form: TopForm; onChange: (form: Form) => void }) {
  const t = useTexts(condition);
  const known = useKnown();
  const ranked = known.fields.filter((f) => ["integer", "number", "money", "date", "datetime"].includes(f.type));
  const among = typeof form.among === "string" ? form.among : form.among && "sql" in form.among ? String(form.among.sql) : form.among ? undefined : "";
  return (
    <>
      <span className="quiet">{t.ranked}</span>
      <FieldPicker fields={ranked} value={form.by} label={t.pickField} onPick={(f) => onChange({ ...form, by: f.name })} />
      <Select aria-label={t.top} value={form.lowest} onChange={(lowest) => onChange({ ...form, lowest })} popupMatchSelectWidth={false} style={{ width: 96 }} options={[{ value: false, label: t.most }, { value: true, label: t.least }]} />
      <InputNumber aria-label={t.top} min={1} precision={0} value={form.count} suffix={t.people} style={{ width: 120 }} onChange={(v) => onChange({ ...form, count: v ?? undefined })} />
      {among !== undefined && <Input aria-label={t.among} title={t.amongHint} prefix={<span className="quiet">{t.among}</span>} value={among} onChange={(e) => onChange({ ...form, among: e.target.value || undefined })} style={{ width: 200 }} />}
    </>
  );
}

function SourcePicker({ value, onChange }: { value?: string; onChange: (name: string) => void }) {
  const t = useTexts(condition);
  const { sources } = useKnown();
  const title = useTitle();
  return (
    <Select
      aria-label={t.pickSource} placeholder={t.pickSource} value={value} onChange={onChange} style={{ width: 160 }} popupMatchSelectWidth={280}
      showSearch={{ filterOption: (text, option) => ((option as { search?: string } | undefined)?.search ?? "").includes(text.toLowerCase()) }}
      options={sources.map((s) => ({ value: s.name, label: title(s), search: `${title(s)} ${s.name}`.toLowerCase() }))}
      optionRender={(option) => <span className="option"><span>{option.label}</span><span className="quiet mono">{option.value}</span></span>}
    />
  );
}

function SpanPicker({ span, timed, onChange }: { span: Span; timed: boolean; onChange: (span: Span) => void }) {
  const t = useTexts(condition);
  if (!timed) return null;
  const day = (text: string | undefined) => (text ? dayjs(text) : null);
  return (
    <Space.Compact>
      <Select aria-label={t.spans.dates} value={span.mode} onChange={(mode) => onChange({ mode, days: mode === "days" ? (span.days ?? 30) : undefined })} popupMatchSelectWidth={false} options={(["ever", "days", "dates"] as const).map((m) => ({ value: m, label: t.spans[m] }))} />
      {span.mode === "days" && <InputNumber aria-label={t.days} min={1} precision={0} value={span.days} suffix={t.days} style={{ width: 100 }} onChange={(days) => onChange({ ...span, days: days ?? undefined })} />}
      {span.mode === "dates" && (
        <DatePicker.RangePicker allowEmpty={[true, true]} value={[day(span.since), day(span.until)]} placeholder={[t.since, t.until]} style={{ width: 230 }}
          onChange={(found) => onChange({ mode: "dates", since: found?.[0]?.format("YYYY-MM-DD"), until: found?.[1]?.format("YYYY-MM-DD") })} />
      )}
    </Space.Compact>
  );
}

function StepFilters({ form, onChange }: { form: StepForm; onChange: (form: StepForm) => void }) {
  const t = useTexts(condition);
  const source = useKnown().source(form.source);
  if (!source) return null;
  return (
    <>
      {!form.rest && <Button size="small" type="link" icon={<FilterOutlined />} onClick={() => onChange({ ...form, where: [...form.where, { type: "field" }] })}>{t.addWhere}</Button>}
      {form.rest && (
        <span className="row filter"><span className="quiet">{t.kept}</span><span className="mono">{typeof form.rest === "string" ? form.rest : "sql" in form.rest ? String(form.rest.sql) : JSON.stringify(form.rest)}</span>
          <Button type="text" size="small" icon={<CloseOutlined />} aria-label={t.removeWhere} onClick={() => onChange({ ...form, rest: undefined })} /></span>
      )}
      {form.where.map((one, index) => (
        <div className="row filter" key={index}>
          {index === 0 ? <span className="quiet">{t.kept}</span>
            : <Segmented size="small" aria-label={t.joined} value={form.join} onChange={(join) => onChange({ ...form, join: join as Join })} options={[{ value: "all", label: t.and }, { value: "any", label: t.or }]} />}
          <FieldRow form={one} fields={source.fields} onChange={(changed) => onChange({ ...form, where: form.where.map((w, n) => (n === index ? changed : w)) })} />
          <Button type="text" size="small" icon={<CloseOutlined />} aria-label={t.removeWhere} onClick={() => onChange({ ...form, where: form.where.filter((_, n) => n !== index) })} />
        </div>
      ))}
    </>
  );
}
