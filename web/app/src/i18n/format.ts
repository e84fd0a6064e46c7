// Numbers, shares and days as people read them, in the language of the page.
import { useMemo } from "react";
import { useLanguage, type Language } from "./index";

export interface Formats {
  /** 12,345 */ count: (value: number | null | undefined) => string;
  /** 12,345.68, at most `digits` decimals */ number: (value: number | null | undefined, digits?: number) => string;
  /** a share of 0…1 as 34.1% */ percent: (value: number | null | undefined, digits?: number) => string;
  /** 12.3 万 / 123K */ short: (value: number | null | undefined) => string;
  /** 2026-10-31 */ day: (value: string | null | undefined) => string;
  /** 2026-10-31 14:05, in the reader's time zone */ time: (value: string | null | undefined) => string;
}
const NOTHING = "–";

export function formats(language: Language): Formats {
  const plain = new Intl.NumberFormat(language, { maximumFractionDigits: 0, signDisplay: "negative" }); // no "-0"
  const compact = new Intl.NumberFormat(language, { notation: "compact", maximumFractionDigits: 1 });
  const there = (value: number | null | undefined): value is number => value !== null && value !== undefined && Number.isFinite(value);
  return {
    count: (v) => (there(v) ? plain.format(v) : NOTHING),
    number: (v, digits = 2) => (there(v) ? new Intl.NumberFormat(language, { maximumFractionDigits: digits, signDisplay: "negative" }).format(v) : NOTHING),
    percent: (v, digits = 1) => (there(v) ? `${(v * 100).toFixed(digits)}%` : NOTHING),
    short: (v) => (there(v) ? compact.format(v) : NOTHING),
    day: (v) => (v ? v.slice(0, 10) : NOTHING),
    time: (v) => {
      if (!v) return NOTHING;
      const at = new Date(v);
      if (Number.isNaN(at.getTime())) return v;
      const two = (n: number) => String(n).padStart(2, "0");
      return `${at.getFullYear()}-${two(at.getMonth() + 1)}-${two(at.getDate())} ${two(at.getHours())}:${two(at.getMinutes())}`;
    },
  };
}

export function useFormats(): Formats {
  const language = useLanguage();
  return useMemo(() => formats(language), [language]);
}
