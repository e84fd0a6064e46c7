// What the pages of tags share: status, kind, small outlines of distributions, values as people read them.
import { useCallback } from "react";
import { Tag, Tooltip } from "antd";
import { titleOf, useLanguage, useTexts } from "../../i18n";
import { useFormats, type Formats } from "../../i18n/format";
import { tags } from "../../i18n/tags";
import type { Both, Card, Scalar, Shape, Titles } from "./types";
import "./tags.css";

export function useTitle(): (title: Both | string | null | undefined, fallback: string) => string {
  const language = useLanguage();
  return useCallback((title, fallback) => titleOf(title, fallback, language), [language]);
}

/** Descriptions are often written “中文 · English”: shows the half that is meant. */
export function useSide(): (text: string | null | undefined) => string {
  const language = useLanguage();
  return (text) => {
    const parts = (text ?? "").split(" · ");
    return parts.length === 2 ? (language === "en" ? parts[1] : parts[0]) ?? "" : text ?? "";
  };
}

const DOTS: Readonly<Record<string, string>> = { online: "on", draft: "wait", offline: "off", removed: "off" };

export function StatusMark({ card }: { card: Pick<Card, "status" | "review"> }) {
  const t = useTexts(tags);
  const status = card.status ?? "online";
  return (
    <span className="tag-status">
      <span className={`dot ${DOTS[status] ?? "off"}`} aria-hidden />
      {t.states[status]}
      {card.review && <Tag color="warning">{card.review.action === "propose" ? t.reviewChange : t.reviewDraft}</Tag>}
    </span>
  );
}

/** The outline of a distribution, drawn small; figures stand beside it. */
export function Sketch({ shares }: { shares: readonly number[] }) {
  if (!shares.length) return <span className="sketch empty" aria-hidden />;
  const most = Math.max(...shares);
  const width = 100 / shares.length;
  return (
    <svg className="sketch" viewBox="0 0 100 28" preserveAspectRatio="none" aria-hidden focusable="false">
      {shares.map((share, i) => {
        const height = most ? Math.max((share / most) * 27, share > 0 ? 1.5 : 0.5) : 0.5;
        return <rect key={i} x={i * width + width * 0.1} y={28 - height} width={width * 0.8} height={height} />;
      })}
    </svg>
  );
}

export function CoverageBar({ share }: { share: number | null }) {
  const f = useFormats();
  return (
    <span className="coverage">
      <span className="track" aria-hidden><span className="fill" style={{ width: `${(share ?? 0) * 100}%` }} /></span>
      <span className="figures">{f.percent(share)}</span>
    </span>
  );
}

/** What changed since the build before, in a few words; nothing where nothing did. */
export function useChange(): (card: Card) => string {
  const t = useTexts(tags);
  const f = useFormats();
  return ({ change }) => {
    if (!change) return "";
    if (change.new) return t.isNew;
    if (change.redefined) return t.redefined;
    const signed = (v: number) => `${v > 0 ? "+" : "−"}${f.percent(Math.abs(v))}`;
    if (change.coverage && Math.abs(change.coverage) >= 0.0005) return t.coverageBy(signed(change.coverage));
    if (change.moved && change.moved >= 0.0005) return t.movedBy(f.percent(change.moved));
    return "";
  };
}

export function Freshness({ card }: { card: Card }) {
  const t = useTexts(tags);
  const f = useFormats();
  if (!card.built) return <>{t.notBuilt}</>;
  if (card.lag_days === null) return <>–</>;
  return <Tooltip title={f.time(card.fresh_to)}><span className="figures">{card.lag_days ? t.fresh(f.count(card.lag_days)) : t.freshNow}</span></Tooltip>;
}

/** A value of a tag: with its title, per cent where the unit says so, yes and no. */
export function valueText(value: unknown, titles: Titles, unit: string | null, f: Formats, words: { yes: string; no: string; title: (t: Both, d: string) => string }): string {
  if (value === null || value === undefined) return "–";
  if (value === true || value === "true") return words.yes;
  if (value === false || value === "false") return words.no;
  if (typeof value === "number") return unit === "%" ? f.percent(value) : f.number(value, Math.abs(value) >= 1000 ? 0 : 2);
  const text = String(value);
  if (/^\d{4}-\d{2}-\d{2}T/.test(text)) return text.endsWith("T00:00:00") ? text.slice(0, 10) : text.replace("T", " ");
  const title = titles[text];
  return title ? words.title(title, text) : text;
}

/** The rows of a distribution of values: what is counted, how often, and the rest. */
export function rowsOf(shape: Shape): readonly { readonly value: Scalar; readonly count: number }[] {
  return (shape.values ?? []).map(([value, count]) => ({ value, count }));
}
