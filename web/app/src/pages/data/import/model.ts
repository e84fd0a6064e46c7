// What the wizard knows: the file as it was read, and how its columns are mapped.
import type { Both } from "../types";

export interface ReadColumn { name: string; type: string; filled: number; distinct: number; examples: string[]; hidden: "free_text" | "masked" | null }
export type Why = "name" | "project" | "content" | "catalogue" | "own" | "none";
export interface Read {
  id: string; name: string; bytes: number; expires_at: string; format: string | null; encoding: string | null; delimiter: string | null; sheets: string[]; sheet: string | number; header_row: number; rows: number; complete: boolean;
  columns: ReadColumn[]; problems: { row: number; column: string | null; code: string; text: Both }[]; problem_rows: number; fault: Both;
  entity: string; fields: Record<string, string>; suggestions: { column: string; field: string | null; type: string; why: Why; more: Record<string, unknown> }[]; keys: string[]; sources: string[];
}
export interface Form { encoding: string; delimiter: string; sheet: string; header_row: number; entity: string }
export interface Column { column: string; field: string | null; type: string; why: Why; more: Record<string, unknown> }
export interface Preview {
  rows_in: number; loaded: number; set_aside: number; left_out: number; reasons: { code: string; rows: number; text: Both }[];
  columns: { name: string; type: string; missing: number; repaired: { kind: string; values: number; text: Both }[] }[]; rows: { row: number; values: Record<string, string | null> }[];
  rejected: { row: number; column: string | null; code: string; text: Both }[]; yaml: string; fault: Both; issues: { file: string; line: number; message: Both }[]; new_attributes: { name: string; title: Both }[];
}
export interface About { name: string; zh: string; en: string; owner: string; purpose: string; legal_basis: string; unique: string[]; trust: number | null; attributes: string[] }
export interface Saved { name: string; file: string; data: string; created: boolean; attributes: string[]; warnings: { file: string; line: number; message: Both }[] }

export const FIELD = /^[a-z][a-z0-9_]{0,62}$/;
export const AUTO: Form = { encoding: "auto", delimiter: "auto", sheet: "", header_row: 0, entity: "" };

/** What is wrong with the field of a column. */
export function faultOf(one: Column, all: readonly Column[]): "twice" | "badName" | null {
  if (one.field === null) return null;
  if (!FIELD.test(one.field)) return "badName";
  return all.some((other) => other !== one && other.field === one.field) ? "twice" : null;
}

export function mappingOf(columns: readonly Column[]): Record<string, Record<string, unknown>> {
  return Object.fromEntries(columns.filter((one) => one.field).map((one) => [one.field, { from: one.column, type: one.type, ...one.more }]));
}

export function bodyOf(read: Read, form: Form, columns: readonly Column[], about: About, expected: string | null): Record<string, unknown> {
  const title = about.zh || about.en ? { zh: about.zh || about.en, en: about.en || about.zh } : null;
  return {
    file: read.id, encoding: form.encoding, delimiter: form.delimiter, sheet: form.sheet || 0, header_row: read.header_row, entity: read.entity, title, owner: about.owner || null,
    purpose: about.purpose || "-", legal_basis: about.legal_basis, unique: about.unique.length ? about.unique : null, trust: about.trust, columns: mappingOf(columns), attributes: about.attributes, expected,
  };
}
