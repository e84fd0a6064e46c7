// Sources by measures: what needs a look is tinted, and says its figure.
import { Button } from "antd";
import { Section, tint } from "../../parts/heat";
import { titleOf, useLanguage, useTexts } from "../../i18n";
import { data } from "../../i18n/data";
import { useFormats } from "../../i18n/format";
import { LightMark } from "./marks";
import type { QualitySource, QualityTold } from "./types";

function mean(values: readonly (number | null | undefined)[]): number | null {
  const known = values.filter((one): one is number => one !== null && one !== undefined);
  return known.length ? known.reduce((sum, one) => sum + one, 0) / known.length : null;
}

function least(values: readonly (number | null | undefined)[]): number | null {
  const known = values.filter((one): one is number => one !== null && one !== undefined);
  return known.length ? Math.min(...known) : null;
}

interface Measure { key: "complete" | "valid" | "unique" | "age" | "drift" | "agree"; value: (of: QualitySource) => number | null; bad: (value: number) => number; days?: boolean }
/** `bad`: from 0 (as it should be) to 1. */
const MEASURES: Measure[] = [
  { key: "complete", value: (of) => mean(of.columns.map((one) => one.complete)), bad: (v) => (1 - v) * 1.2 },
  { key: "valid", value: (of) => of.measures.valid_rows ?? null, bad: (v) => (1 - v) * 20 },
  { key: "unique", value: (of) => least(of.columns.map((one) => one.unique)), bad: (v) => (1 - v) * 4 },
  { key: "age", value: (of) => of.measures.age ?? null, bad: (v) => v / 60, days: true },
  { key: "drift", value: (of) => { const found = of.columns.map((one) => one.drift).filter((one): one is number => typeof one === "number"); return found.length ? Math.max(...found) : null; }, bad: (v) => v * 4 },
  { key: "agree", value: (of) => least(of.agreement.map((one) => one.share)), bad: (v) => (1 - v) * 1.6 },
];

export function Matrix({ of, onPick }: { of: QualityTold; onPick: (name: string) => void }) {
  const t = useTexts(data).quality;
  const f = useFormats();
  const language = useLanguage();
  return (
    <Section title={t.matrix} base={t.matrixBase}>
      <div className="scroll" tabIndex={0} role="region" aria-label={t.matrix}>
        <table className="heat">
          <thead><tr><th className="start" scope="col">{t.source}</th>{MEASURES.map((one) => <th key={one.key} scope="col">{t[one.key]}</th>)}<th scope="col">{t.setAside}</th><th className="start" scope="col">{t.light}</th></tr></thead>
          <tbody>
            {of.sources.map((source) => (
              <tr key={source.name}>
                <th className="start" scope="row"><Button type="link" size="small" onClick={() => onPick(source.name)}>{titleOf(source.title, source.name, language)}</Button></th>
                {MEASURES.map((one) => {
                  const value = one.value(source);
                  return <td key={one.key} style={value === null ? undefined : tint(-one.bad(value))}><span>{value === null ? "–" : one.days ? t.days(f.count(value)) : one.key === "drift" ? f.number(value, 3) : f.percent(value)}</span></td>;
                })}
                <td style={source.set_aside ? tint(-Math.min(0.8, 0.15 + (source.set_aside / Math.max(source.rows_in, 1)) * 20)) : undefined}><span>{f.count(source.set_aside)}</span></td>
                <td style={{ background: "none", textAlign: "start" }}><span><LightMark light={source.light} /></span></td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
    </Section>
  );
}
