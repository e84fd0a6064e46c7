// What a condition may name, as /query/fields tells it, ready for pickers.
import { createContext, useContext, useMemo } from "react";
import { useGet } from "../../api/hooks";
import { titleOf, useLanguage, type Language } from "../../i18n";
import type { Value } from "./model";

export interface Known {
  readonly value: Value;
  readonly title: unknown;
  readonly count: number;
}
export interface Field {
  readonly name: string;
  readonly title?: unknown;
  readonly kind?: string;
  readonly type: string;
  readonly operators: readonly string[];
  readonly values?: readonly Known[];
  readonly range?: { min: number | string; p5: number | string; p50: number | string; p95: number | string; max: number | string } | null;
}
export interface Source {
  readonly name: string;
  readonly title?: unknown;
  readonly time: string | null;
  readonly fields: readonly Field[];
}
export interface Named {
  readonly name: string;
  readonly title?: unknown;
  readonly size?: number;
}
export interface Fields {
  readonly as_of: string;
  readonly fields: readonly Field[];
  readonly sources: readonly Source[];
  readonly functions: readonly { name: string; signature: string; zh: string; en: string; example: string }[];
  readonly audiences: readonly Named[];
  readonly lists: readonly (Named | string)[];
}

export const useFields = () => useGet<Fields>("/query/fields", {}, { stale: 300_000 });
export const FieldsContext = createContext<Fields | null>(null);

export function useKnown(): Fields & { field: (name: string | undefined) => Field | undefined; source: (name: string | undefined) => Source | undefined } {
  const found = useContext(FieldsContext);
  if (!found) throw new Error("no fields");
  return useMemo(() => {
    const fields = new Map(found.fields.map((f) => [f.name, f]));
    const sources = new Map(found.sources.map((s) => [s.name, s]));
    return { ...found, field: (name) => (name ? fields.get(name) : undefined), source: (name) => (name ? sources.get(name) : undefined) };
  }, [found]);
}

export function useTitle(): (item: { name: string; title?: unknown } | undefined) => string {
  const language = useLanguage();
  return (item) => (item ? titleOf(item.title, item.name, language) : "");
}

/** A value as people read it. */
export function valueText(known: Known, language: Language, yes: string, no: string): string {
  if (typeof known.value === "boolean") return known.value ? yes : no;
  return titleOf(known.title, String(known.value), language);
}
