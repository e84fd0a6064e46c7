// A condition while it is edited: groups and leaves with identities, some not filled in yet. What it means is the server's business; here it is
// only taken apart, moved about, and put together as the tree of docs/conditions.md.
export type Value = string | number | boolean;
export interface Tree {
  readonly [key: string]: unknown;
}
export type Join = "all" | "any";
export interface Group {
  readonly id: string;
  readonly kind: "group";
  readonly join: Join;
  readonly negate: boolean;
  readonly items: readonly Item[];
}
export interface Leaf {
  readonly id: string;
  readonly kind: "leaf";
  readonly form: Form;
}
export type Item = Group | Leaf;

/** A comparison of a field; `op` is an operator of the tree, or `last`, `before`, `next` for days relative to the as-of day. */
export interface FieldForm {
  readonly type: "field";
  readonly tag?: string;
  readonly op?: string;
  readonly value?: Value;
  readonly low?: Value;
  readonly high?: Value;
  readonly values?: readonly Value[];
}
export interface Span {
  readonly mode: "ever" | "days" | "dates";
  readonly days?: number;
  readonly since?: string;
  readonly until?: string;
}
export interface StepForm {
  readonly source?: string;
  readonly where: readonly FieldForm[];
  readonly join: Join;
  /** A condition of rows that the form can't show: kept as it is. */
  readonly rest?: Tree | string;
}
export interface BehaviourForm {
  readonly type: "behaviour";
  readonly measure: string;
  readonly of?: string;
  readonly step: StepForm;
  readonly span: Span;
  readonly op?: string;
  readonly value?: Value;
}
export interface SequenceForm {
  readonly type: "sequence";
  readonly steps: readonly StepForm[];
  readonly within?: number;
  readonly without?: StepForm;
  readonly span: Span;
}
export interface PickForm {
  readonly type: "audience" | "list";
  readonly name?: string;
}
export interface SampleForm {
  readonly type: "sample";
  readonly share?: number;
  readonly seed?: string;
}
export interface TopForm {
  readonly type: "top";
  readonly lowest: boolean;
  readonly count?: number;
  readonly by?: string;
  readonly among?: Tree | string;
}
export interface SqlForm {
  readonly type: "sql";
  readonly text?: string;
}
export type Form = FieldForm | BehaviourForm | SequenceForm | PickForm | SampleForm | TopForm | SqlForm;
export type FormType = Form["type"];

let last = 0;
const fresh = () => `n${++last}`;
export const leaf = (form: Form): Leaf => ({ id: fresh(), kind: "leaf", form });
export const group = (items: readonly Item[] = [], join: Join = "all", negate = false): Group => ({ id: fresh(), kind: "group", join, negate, items });
export const step = (source?: string): StepForm => ({ source, where: [], join: "all" });

export function blank(type: FormType): Form {
  switch (type) {
    case "field": return { type };
    case "behaviour": return { type, measure: "did", step: step(), span: { mode: "days", days: 30 } };
    case "sequence": return { type, steps: [step(), step()], within: 7, span: { mode: "ever" } };
    case "sample": return { type, share: 0.1 };
    case "top": return { type, lowest: false, count: 1000 };
    default: return { type };
  }
}

// Reading

const RELATIVE = /^([\p{L}_][\p{L}\p{N}_]*) (>=|<|>|<=) as_of\(\)(?: ([-+]) (\d+))?$/u;

export function groupOf(tree: Tree | null | undefined): Group {
  if (!tree) return group();
  const item = itemOf(tree);
  return item.kind === "group" ? item : group([item]);
}

function itemOf(tree: Tree): Item {
  if ("all" in tree || "any" in tree) return group(((tree.all ?? tree.any) as Tree[]).map(itemOf), "all" in tree ? "all" : "any");
  if ("not" in tree) {
    const inner = itemOf(tree.not as Tree);
    return inner.kind === "group" && !inner.negate ? { ...inner, negate: true } : group([inner], "all", true);
  }
  return leaf(formOf(tree));
}

function formOf(tree: Tree): Form {
  const span = spanOf(tree);
  if ("tag" in tree) return fieldOf(tree);
  if ("did" in tree || "did_not" in tree) return { type: "behaviour", measure: "did" in tree ? "did" : "did_not", step: stepOf({ ...tree, did: tree.did ?? tree.did_not }), span };
  if ("measure" in tree)
    return { type: "behaviour", measure: String(tree.measure), of: tree.of as string | undefined, step: stepOf({ ...tree, did: tree.source }), span, op: String(tree.op ?? ">="), value: tree.value as Value };
  if ("sequence" in tree)
    return { type: "sequence", steps: (tree.sequence as Tree[]).map(stepOf), within: tree.within as number | undefined, without: tree.without ? stepOf(tree.without as Tree) : undefined, span };
  if ("audience" in tree) return { type: "audience", name: String(tree.audience) };
  if ("list" in tree) return { type: "list", name: String(tree.list) };
  if ("sample" in tree) return { type: "sample", share: tree.sample as number, seed: tree.seed as string | undefined };
  if ("top" in tree || "bottom" in tree) return { type: "top", lowest: "bottom" in tree, count: (tree.top ?? tree.bottom) as number, by: tree.by as string, among: tree.among as Tree | undefined };
  const text = String(tree.sql ?? "");
  const found = RELATIVE.exec(text);
  const op = found && relativeOp(found[2] ?? "", found[3]);
  return found && op ? { type: "field", tag: found[1], op, value: Number(found[4] ?? 0) } : { type: "sql", text };
}

function relativeOp(op: string, sign: string | undefined): string | null {
  if (sign === "+") return op === "<=" ? "next" : null;
  return op === ">=" ? "last" : op === "<" ? "before" : null;
}

function fieldOf(tree: Tree): FieldForm {
  const op = String(tree.op ?? "=");
  return { type: "field", tag: String(tree.tag), op, value: (tree.value ?? (tree.op ? undefined : true)) as Value | undefined, low: tree.low as Value, high: tree.high as Value, values: tree.values as Value[] | undefined };
}

function stepOf(tree: Tree): StepForm {
  const source = tree.did as string | undefined;
  const where = tree.where as Tree | string | undefined;
  if (where === undefined) return step(source);
  const parts = typeof where === "string" ? null : "tag" in where ? [where] : ((where.all ?? where.any) as Tree[] | undefined);
  if (parts && parts.every((p) => typeof p === "object" && "tag" in p)) return { source, where: parts.map(fieldOf), join: typeof where === "object" && "any" in where ? "any" : "all" };
  return { source, where: [], join: "all", rest: where };
}

function spanOf(tree: Tree): Span {
  if (tree.days) return { mode: "days", days: tree.days as number };
  return tree.since || tree.until ? { mode: "dates", since: tree.since as string, until: tree.until as string } : { mode: "ever" };
}

// Writing: `undefined` for what is not filled in yet

export function treeOf(item: Item, path?: Map<string, readonly (string | number)[]>, at: readonly (string | number)[] = []): Tree | undefined {
  if (item.kind === "leaf") {
    path?.set(item.id, at);
    return formTree(item.form);
  }
  const items: Tree[] = [];
  const negated = item.negate ? [...at, "not"] : at;
  for (const inner of item.items) {
    const tree = treeOf(inner, path, [...negated, item.join, items.length]);
    if (tree) items.push(tree);
  }
  if (!items.length) return undefined;
  const joined: Tree = { [item.join]: items };
  return item.negate ? { not: joined } : joined;
}

/** How many leaves are not filled in yet. */
export function open(item: Item): number {
  return item.kind === "leaf" ? (formTree(item.form) ? 0 : 1) : item.items.reduce((sum, inner) => sum + open(inner), 0);
}

export function formTree(form: Form): Tree | undefined {
  switch (form.type) {
    case "field": return fieldTree(form);
    case "audience": return form.name ? { audience: form.name } : undefined;
    case "list": return form.name ? { list: form.name } : undefined;
    case "sample": return form.share ? { sample: form.share, ...(form.seed ? { seed: form.seed } : {}) } : undefined;
    case "top": return form.count && form.by ? { [form.lowest ? "bottom" : "top"]: form.count, by: form.by, ...(form.among ? { among: form.among } : {}) } : undefined;
    case "sql": return form.text?.trim() ? { sql: form.text.trim() } : undefined;
    case "sequence": {
      const steps = form.steps.map((s) => stepTree(s, "did"));
      const without = form.without && stepTree(form.without, "did");
      if (steps.some((s) => !s) || (form.without && !without)) return undefined;
      return { sequence: steps, ...(form.within ? { within: form.within } : {}), ...(without ? { without } : {}), ...spanTree(form.span) };
    }
    case "behaviour": {
      if (form.measure === "did" || form.measure === "did_not") {
        const tree = stepTree(form.step, form.measure);
        return tree && { ...tree, ...spanTree(form.span) };
      }
      const tree = stepTree(form.step, "source");
      if (!tree || form.value === undefined || form.value === "" || (needsField(form.measure) && !form.of)) return undefined;
      return { measure: form.measure, ...(form.of ? { of: form.of } : {}), ...tree, ...spanTree(form.span), op: form.op ?? ">=", value: form.value };
    }
  }
}

export const needsField = (measure: string) => !["did", "did_not", "count", "days"].includes(measure);

function fieldTree(form: FieldForm): Tree | undefined {
  const { tag, op } = form;
  if (!tag || !op) return undefined;
  const there = (value: Value | undefined) => value !== undefined && value !== "";
  if (op === "is_null" || op === "is_not_null") return { tag, op };
  if (op === "last" || op === "before" || op === "next") {
    if (typeof form.value !== "number") return undefined;
    return { sql: `${tag} ${op === "last" ? ">=" : op === "before" ? "<" : "<="} as_of() ${op === "next" ? "+" : "-"} ${form.value}` };
  }
  if (op.endsWith("between")) return there(form.low) && there(form.high) ? { tag, op, low: form.low, high: form.high } : undefined;
  if (op === "in" || op === "not_in" || op.startsWith("has_")) return form.values?.length ? { tag, op, values: form.values } : undefined;
  return there(form.value) ? { tag, op, value: form.value } : undefined;
}

function stepTree(form: StepForm, key: string): Tree | undefined {
  if (!form.source) return undefined;
  const filled = form.where.map(fieldTree).filter((t) => t !== undefined);
  const where = filled.length > 1 ? { [form.join]: filled } : (filled[0] ?? form.rest);
  return { [key]: form.source, ...(where ? { where } : {}) };
}

function spanTree(span: Span): Tree {
  if (span.mode === "days") return span.days ? { days: span.days } : {};
  return span.mode === "dates" ? { ...(span.since ? { since: span.since } : {}), ...(span.until ? { until: span.until } : {}) } : {};
}
