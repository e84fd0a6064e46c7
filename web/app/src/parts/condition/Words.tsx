// A condition in words, to be read and not changed: fields and values by their titles, groups as lists.
import { useLanguage, useTexts } from "../../i18n";
import { condition } from "../../i18n/condition";
import { useFormats } from "../../i18n/format";
import { useKnown, useTitle, valueText, type Field } from "./fields";
import { groupOf, type FieldForm, type Form, type Item, type Span, type StepForm, type Tree, type Value } from "./model";

const DATE = /^(DATE|TIMESTAMP)/;

function useWords() {
  const t = useTexts(condition);
  const f = useFormats();
  const language = useLanguage();
  const known = useKnown();
  const title = useTitle();
  const comma = language === "en" ? ", " : "、";
  const named = (all: readonly ({ name: string; title?: unknown } | string)[], name?: string) => {
    const found = all.find((one) => (typeof one === "string" ? one : one.name) === name);
    return typeof found === "object" ? title(found) : (name ?? "–");
  };
  const valueOf = (of: Field | undefined, value: Value | undefined): string => {
    if (value === undefined) return "–";
    const found = of?.values?.find((one) => one.value === value);
    if (found) return valueText(found, language, t.yes, t.no);
    return typeof value === "number" ? f.number(value) : typeof value === "boolean" ? (value ? t.yes : t.no) : value;
  };
  const field = (form: FieldForm, among?: readonly Field[]): string => {
    const of = among ? among.find((one) => one.name === form.tag) : known.field(form.tag);
    const name = of ? title(of) : (form.tag ?? "–");
    const op = form.op ?? "=";
    if (form.value === true && op === "=") return name;
    if (form.value === false && op === "=") return `${t.negated} ${name}`;
    const how = of && DATE.test(of.type) ? ((t.dateOp as Readonly<Record<string, string>>)[op] ?? t.op[op as keyof typeof t.op]) : t.op[op as keyof typeof t.op];
    if (op === "last" || op === "before" || op === "next") return `${name} ${how.replace("N", String(form.value))}`;
    if (op === "is_null" || op === "is_not_null") return `${name} ${how}`;
    if (op.endsWith("between")) return `${name} ${how} ${valueOf(of, form.low)} – ${valueOf(of, form.high)}`;
    const values = form.values ? form.values.map((one) => valueOf(of, one)).join(comma) : valueOf(of, form.value);
    return `${name} ${how ?? op} ${values}`;
  };
  const rows = (step: StepForm): string => {
    const source = known.source(step.source);
    const parts = step.where.map((one) => field(one, source?.fields ?? []));
    const where = typeof step.rest === "string" ? step.rest : step.rest ? "…" : parts.join(` ${step.join === "any" ? t.or : t.and} `);
    return (source ? title(source) : (step.source ?? "–")) + (where ? (language === "en" ? ` (${where})` : `（${where}）`) : "");
  };
  const span = (of: Span): string =>
    of.mode === "days" ? `${t.spans.days} ${of.days} ${t.days} ` : of.mode === "dates" ? `${of.since ? f.day(of.since) : ""} – ${of.until ? f.day(of.until) : ""} ` : "";
  return (form: Form): string => {
    switch (form.type) {
      case "field": return field(form);
      case "audience": return `${t.audience} “${named(known.audiences, form.name)}”`;
      case "list": return `${t.list} “${named(known.lists, form.name)}”`;
      case "sample": return `${t.sample} ${f.percent(form.share ?? 0)}`;
      case "sql": return form.text ?? "";
      case "top": {
        const by = known.field(form.by);
        return `${t.ranked} ${by ? title(by) : form.by} ${form.lowest ? t.least : t.most} ${f.count(form.count ?? 0)}`;
      }
      case "sequence": return `${span(form.span)}${form.steps.map(rows).join(" → ")}${form.within ? `, ${t.within} ${form.within} ${t.days}` : ""}${form.without ? `, ${t.without} ${rows(form.without)}` : ""}`;
      case "behaviour": {
        const measure = t.measures[form.measure as keyof typeof t.measures];
        if (form.measure === "did" || form.measure === "did_not") return `${span(form.span)}${measure} ${rows(form.step)}`;
        const of = known.source(form.step.source)?.fields.find((one) => one.name === form.of);
        const what = form.of ? `${measure} ${of ? title(of) : form.of}` : measure;
        return `${span(form.span)}${rows(form.step)} ${what} ${t.op[(form.op ?? ">=") as keyof typeof t.op]} ${valueOf(of, form.value)}`;
      }
    }
  };
}

function Part({ item, said }: { item: Item; said: (form: Form) => string }) {
  const t = useTexts(condition);
  if (item.kind === "leaf") return <>{said(item.form)}</>;
  const list = (
    <ul className="condition-words">
      {item.items.map((one, n) => <li key={one.id}>{n > 0 && <span className="quiet join">{item.join === "all" ? t.and : t.or}</span>}<Part item={one} said={said} /></li>)}
    </ul>
  );
  return item.negate ? <><span className="quiet join">{t.not}</span>{list}</> : list;
}

/** Stands below a FieldsContext. */
export function Words({ form }: { form: Tree }) {
  const said = useWords();
  return <Part item={groupOf(form)} said={said} />;
}
