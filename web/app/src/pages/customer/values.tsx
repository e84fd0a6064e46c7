// Values of customers as people read them.
import { useMemo } from "react";
import { titleOf, useLanguage, useTexts } from "../../i18n";
import { common } from "../../i18n/common";
import { customer } from "../../i18n/customer";
import { useFormats } from "../../i18n/format";
import type { Shown } from "./types";

const SIGNS: Readonly<Record<string, string>> = { CNY: "¥", USD: "$", EUR: "€", GBP: "£" };
const DAY = /^\d{4}-\d{2}-\d{2}$/;
const MOMENT = /^\d{4}-\d{2}-\d{2}[T ]\d{2}:\d{2}/;

export function useValues() {
  const language = useLanguage();
  const t = useTexts(common);
  const f = useFormats();
  const words = useTexts(customer);
  const units = words.units as Readonly<Record<string, string>>;
  const cents = useMemo(() => new Intl.NumberFormat(language, { minimumFractionDigits: 2, maximumFractionDigits: 2 }), [language]);
  const one = (value: unknown, title: unknown, type?: string | null, unit?: string | null): string => {
    if (value === null || value === undefined || value === "") return "–";
    if (title) return titleOf(title, String(value), language);
    if (typeof value === "boolean") return value ? t.yes : t.no;
    const number = typeof value === "number" ? value : /^(number|integer|money)$/.test(type ?? "") && typeof value === "string" ? Number(value) : NaN;
    if (Number.isFinite(number)) {
      if (unit === "%") return f.percent(number);
      const sign = SIGNS[unit ?? ""];
      if (sign) return `${number < 0 ? "-" : ""}${sign}${cents.format(Math.abs(number))}`;
      if (type === "money") return cents.format(number);
      return f.number(number) + (unit ? ` ${units[unit] ?? unit}` : "");
    }
    const text = String(value);
    if (DAY.test(text)) return f.day(text);
    return MOMENT.test(text) ? text.slice(0, 16).replace("T", " ") : text;
  };
  /** A value with its titles, type and unit. */
  const show = (shown: Shown): string =>
    Array.isArray(shown.value)
      ? shown.value.length ? shown.value.map((item, n) => one(item, shown.value_titles?.[n], null, null)).join(words.comma) : "–"
      : one(shown.value, shown.value_title, shown.value_type, shown.unit);
  return { one, show, title: (title: unknown, fallback: string) => titleOf(title, fallback, language) };
}

/** Whether a value stands there masked. */
export function isMasked(value: unknown): boolean {
  return Array.isArray(value) ? value.some(isMasked) : typeof value === "string" && value.includes("****");
}

/** Whether there is a value. */
export function isThere(value: unknown): boolean {
  return value !== null && value !== undefined && value !== "" && !(Array.isArray(value) && !value.length);
}

/** For rows of tables that scroll sideways: reached by the keyboard, so that the rest can be. */
export const focusable = () => ({ tabIndex: 0 });
