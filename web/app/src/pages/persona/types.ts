// Persona cards as the API tells them (docs/personas.md).
export type Both = { zh: string; en: string };
export interface Worth { tag: string; title: Both; unit: string | null; mean: number | null; median: number | null; total: number; share_of_total: number | null; index: number | null }
export interface Line { segment: string; name: Both; named_by: string; size: number; share: number; worth: Worth | null; summary: Both; edited: number }
export interface SetOf { name: string; title: Both | string | null; kind: string | null; base_size: number | null; note: Both | null; cards: Line[] }
export interface Sets { snapshot: string; as_of: string; sets: SetOf[] }
export interface Statement {
  id: string; text: Both; kind: "share" | "mean" | "advice"; because: string[]; tag: string | null; tag_title: Both | null; value_title: Both | null; unit: string | null; defines_segment: boolean | null;
  share_segment: number | null; share_base: number | null; tgi: number | null; tgi_low: number | null; tgi_high: number | null; count_segment: number | null;
  mean_segment: number | null; mean_base: number | null; median_segment: number | null; median_base: number | null; index: number | null; index_low: number | null; index_high: number | null;
  n_segment: number | null; n_base: number | null; missing_segment: number | null; missing_base: number | null; q: number | null;
}
export interface Section { id: string; title: Both; statements: Statement[]; unknown: Both | null }
export interface Edited { part: string; original: Both; template: Both; edited_by: string; edited_at: string; version: number }
export interface Card extends Omit<Line, "edited"> {
  set: string; snapshot: string; as_of: string; base_size: number; alpha: number | null; comparisons: number | null; condition: string | null; sections: Section[]; unknown: Both[];
  edited: Record<string, Edited>; fell_away: { part: string; why: "gone" | "direction" | "changed"; text: Both; edited_by: string; edited_at: string }[];
}
export interface Cell { stated: boolean; figure: number | null; base: number | null; index: number | null; low: number | null; high: number | null; n: number | null; missing: number | null }
export interface Row { section: string; section_title: Both; kind: "share" | "mean"; tag: string; tag_title: Both; value: string | null; value_title: Both | null; unit: string | null; defines_segment: boolean | null; cells: (Cell | null)[] }
export interface Compared { snapshot: string; as_of: string; cards: (Line & { set: string; base_size: number })[]; rows: Row[] }
export interface Wording { digest: string | null; templates: Record<string, Both>; version: number; versions: { version: number; by: string; at: string; parts: Record<string, Both> }[] }
export interface Versions { versions: { snapshot: string; as_of: string; name: Both; size: number; share: number; base_size: number; worth: Worth | null; statements: number; new: Both[]; gone: Both[] }[] }

export const lang = (language: string): "zh" | "en" => (language === "en" ? "en" : "zh");
export const indexOf = (one: Statement) => one.tgi ?? one.index;
export const lowOf = (one: Statement) => one.tgi_low ?? one.index_low;
export const highOf = (one: Statement) => one.tgi_high ?? one.index_high;
/** A mean or worth with its unit. */
export function amount(value: number | null, unit: string | null, f: { number: (v: number | null, digits?: number) => string; percent: (v: number | null) => string; count: (v: number | null) => string }): string {
  if (value === null) return "–";
  if (unit === "%") return f.percent(value);
  const plain = Math.abs(value) >= 100 ? f.count(value) : f.number(value, 2);
  return unit === "CNY" ? `¥${plain}` : unit ? `${plain} ${unit}` : plain;
}
