// Sources by measures: what is beyond its bound is tinted, and says why.
import type { CSSProperties } from "react";
import { Button } from "antd";
import { Section, tint } from "../../parts/heat";
import { titleOf, useLanguage, useTexts, type Language } from "../../i18n";
import { data } from "../../i18n/data";
import { useFormats } from "../../i18n/format";
import { LightMark } from "./marks";
import type { Finding, QualitySource, QualityTold } from "./types";

function mean(values: readonly (number | null | undefined)[]): number | null {
  const known = values.filter((one): one is number => one !== null && one !== undefined);
  return known.length ? known.reduce((sum, one) => sum + one, 0) / known.length : null;
}

function least(values: readonly (number | null | undefined)[]): number | null {
  const known = values.filter((one): one is number => one !== null && one !== undefined);
  return known.length ? Math.min(...known) : null;
}

interface Measure { key: "complete" | "valid" | "unique" | "age" | "drift" | "agree"; value: (of: QualitySource) => number | null; days?: boolean; codes: readonly string[] }
/** `codes`: the findings that speak of the measure. */
const MEASURES: Measure[] = [
  { key: "complete", value: (of) => mean(of.columns.map((one) => one.complete)), codes: ["complete", "complete_fell", "empty"] },
  { key: "valid", value: (of) => of.measures.valid_rows ?? null, codes: ["valid_rows", "valid", "condition"] },
  { key: "unique", value: (of) => least(of.columns.map((one) => one.unique)), codes: ["unique", "duplicates", "copies", "same_key"] },
  { key: "age", value: (of) => of.measures.age ?? null, days: true, codes: ["age", "later"] },
  { key: "drift", value: (of) => { const found = of.columns.map((one) => one.drift).filter((one): one is number => typeof one === "number"); return found.length ? Math.max(...found) : null; }, codes: ["drift", "appeared", "vanished"] },
  { key: "agree", value: (of) => least(of.agreement.map((one) => one.share)), codes: ["agree", "accuracy"] },
];

/** What was found of one cell: its tint, and why. */
function marked(findings: readonly Finding[], language: Language): { style?: CSSProperties; title?: string } {
  if (!findings.length) return {};
  const title = findings.map((one) => titleOf(one.text, one.code, language)).join("\n");
  return { style: tint(findings.some((one) => one.light === "bad") ? -1 : -0.5), title };
}

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
                  const found = of.findings.filter((each) => each.source === source.name && one.codes.includes(each.code));
                  return <td key={one.key} {...marked(found, language)}><span>{value === null ? "–" : one.days ? t.days(f.count(value)) : one.key === "drift" ? f.number(value, 3) : f.percent(value)}</span></td>;
                })}
                <td><span>{f.count(source.set_aside)}</span></td>
                <td style={{ background: "none", textAlign: "start" }}><span><LightMark light={source.light} /></span></td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
    </Section>
  );
}
